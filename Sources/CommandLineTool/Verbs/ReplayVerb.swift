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

    /// Replays one file after another, each by a fold of its own; a CEL and a CDR log given together are one story.
    /// - Returns: `found` where something could not be read, or nobody reads the output any more.
    /// - Throws: `FileError` for a file that cannot be opened.
    func run() throws -> ExitCode {
        var code = ExitCode.fine
        var records: [RecordView] = []
        let paths = invocation.operands.map { $0 == "-" ? "/dev/stdin" : $0 }
        if let pair = try ReplayVerb.pair(paths) {
            let name = paths.joined(separator: " and ")
            guard let told = tell(name, &records, { $0.run(cel: pair.cel, cdr: pair.cdr) }) else { return .found }
            if !complain(name, told.summary, holdsNothing: false) { code = .found }
        } else {
            for path in paths {
                // `<(zcat FILE)` and /dev/stdin give their bytes once.
                let piped = LogFile.isReadOnce(path) ? try FileError.read(path, limit: 4 << 30) : nil
                let head = try piped ?? LogFile.head(path)
                let told = try tell(path, &records) { replay in
                    CaptureReplay.isStream(head)
                        ? replay.run(
                            try piped ?? FileError.read(path, limit: 4 << 30), marks: try ReplayVerb.marks(beside: path)
                        )
                        : replay.run(log: try piped.map { LogBytes($0) } ?? LogFile.open(path))
                }
                guard let told else { return .found }
                if !complain(path, told.summary, holdsNothing: !head.isEmpty && told.count == 0) { code = .found }
            }
        }
        if !records.isEmpty {
            for line in CallsTable.lines(records, for: console) { guard console.line(line) else { return .found } }
        }
        return code
    }

    /// Replays one capture or log and writes its calls, or keeps them for the table.
    /// - Returns: what came of it, and how many calls; nil where nobody reads on.
    private func tell(
        _ name: String, _ records: inout [RecordView], _ run: (inout CaptureReplay) throws -> CaptureReplay.Summary
    ) rethrows -> (summary: CaptureReplay.Summary, count: Int)? {
        var replay = CaptureReplay(assembly)
        let isDrawn = console.isTerminal && !invocation.has("--json")
        var isRead = true
        var count = 0
        var kept: [RecordView] = []
        replay.onCall = { call, _ in
            count += 1
            let json = CaptureReplay.withRecordingsTakenAsReady(call).record.json
            if isDrawn {
                if let record = RecordView(json) { kept.append(record) }
            } else if isRead {
                isRead = console.write(json + [0x0A])
            }
        }
        let progress = ProgressLine(console, name)
        replay.onProgress = { progress.show($0, of: $1) }
        let summary = try run(&replay)
        progress.clear()
        records += kept
        return isRead ? (summary, count) : nil
    }

    /// A CEL log and a CDR log given together are of the same calls: one record each. Nil for anything else.
    private static func pair(_ paths: [String]) throws -> (cel: CELFile, cdr: CDRFile)? {
        guard paths.count == 2, !paths.contains(where: LogFile.isReadOnce),
            try !paths.contains(where: { CaptureReplay.isStream(try LogFile.head($0)) })
        else { return nil }
        for (cel, cdr) in [(paths[0], paths[1]), (paths[1], paths[0])] {
            let events = CELFile(try LogFile.open(cel))
            guard !events.isEmpty else { continue }
            let rows = CDRFile(try LogFile.open(cdr))
            return rows.rows.isEmpty ? nil : (events, rows)
        }
        return nil
    }

    /// Says what could not be read; false if anything could not.
    /// - Parameter holdsNothing: no call came of a file that is not empty; an empty log is one without calls.
    private func complain(_ path: String, _ summary: CaptureReplay.Summary, holdsNothing: Bool) -> Bool {
        console.complain(ofLines: summary.problems.lazy.map { "\(path):\($0.line): \($0.reason)" }, in: path)
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
