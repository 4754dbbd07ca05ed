import AsteriskWire
import CallAssembly
import Daemon
import Telephony

/// `hookswitch replay`: captures in, call records out.
struct ReplayVerb {
    private let invocation: Invocation
    private let console: Console
    private let assembly: AssemblyConfiguration

    /// - Parameter configuration: trunks, internal numbers and variables; nil: what can be learned from the capture itself.
    init(_ invocation: Invocation, _ console: Console, _ configuration: Configuration?) {
        (self.invocation, self.console) = (invocation, console)
        // The name a configuration without [general] gives.
        assembly =
            configuration.flatMap { $0.pbxs.first?.assembly(recordings: $0.recordings) }
            ?? AssemblyConfiguration(system: Configuration.General().name)
    }

    func run() throws -> ExitCode {
        var code = ExitCode.fine
        var records: [RecordView] = []
        for path in invocation.operands.map({ $0 == "-" ? "/dev/stdin" : $0 }) {
            // `<(zcat FILE)` and /dev/stdin give their bytes once.
            let piped = LogFile.isReadOnce(path) ? try FileError.read(path, limit: 4 << 30) : nil
            let head = try piped ?? LogFile.head(path)
            let isStream = CaptureReplay.isStream(head)
            var replay = CaptureReplay(assembly)
            let isDrawn = console.isTerminal && !invocation.has("--json")
            var isRead = true
            var count = 0
            replay.onCall = { call in
                count += 1
                let json = CaptureReplay.withRecordingsTakenAsReady(call).record.json
                if isDrawn {
                    if let record = RecordView(json) { records.append(record) }
                } else if isRead {
                    isRead = console.write(json + [0x0A])
                }
            }
            let progress = ProgressLine(console, path)
            replay.onProgress = { progress.show($0, of: $1) }
            let summary =
                isStream
                ? replay.run(
                    try piped ?? FileError.read(path, limit: 4 << 30), marks: try ReplayVerb.marks(beside: path))
                : replay.run(log: try piped.map { LogBytes($0) } ?? LogFile.open(path))
            progress.clear()
            guard isRead else { return .found }
            if !complain(path, summary, holdsNothing: !head.isEmpty && count == 0) { code = .found }
        }
        if !records.isEmpty {
            for line in CallsTable.lines(records, for: console) { guard console.line(line) else { return .found } }
        }
        return code
    }

    /// Says what could not be read; false if anything could not.
    /// - Parameter holdsNothing: no call came of a file that is not empty; an empty log is one without calls.
    private func complain(_ path: String, _ summary: CaptureReplay.Summary, holdsNothing: Bool) -> Bool {
        for problem in summary.problems.prefix(20) {
            console.complain("\(path):\(problem.line): \(problem.reason)")
        }
        if summary.problems.count > 20 {
            console.complain("\(path): \(summary.problems.count - 20) more lines could not be read")
        }
        var isWhole = summary.problems.isEmpty
        if summary.messageCount == 0, summary.rowCount == 0, holdsNothing {
            console.complain(
                """
                \(path): neither manager messages (what `nc pbx 5038` prints) nor CEL or CDR rows: allowed are CSV, TSV, \
                JSON, the tables of psql and mysql, and dumps of mysqldump, pg_dump and sqlite3
                """)
            isWhole = false
        }
        for refused in summary.refused {
            console.complain("\(path): event at byte \(refused.offset) refused: \(refused.reason)")
        }
        if let error = summary.error {
            console.complain("\(path): \(error)")
            isWhole = false
        }
        return isWhole
    }

    /// The capture's index, `FILE.ts` or, for `NAME.ami`, `NAME.ts`; none where there is no such file.
    private static func marks(beside path: String) throws -> [CaptureReplay.Mark] {
        var names = ["\(path).ts"]
        if path.hasSuffix(".ami") { names.append("\(path.dropLast(4)).ts") }
        for name in names {
            do throws(FileError) {
                let bytes = try FileError.read(name, limit: 1 << 30)
                return CaptureReplay.marks(index: String(decoding: bytes, as: UTF8.self))
            } catch {
                if !error.isMissing { throw error }
            }
        }
        return []
    }
}
