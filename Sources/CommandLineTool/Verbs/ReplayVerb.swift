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
        for path in invocation.operands {
            let bytes = try FileError.read(path, limit: 4 << 30)
            var replay = CaptureReplay(assembly)
            let summary =
                CaptureReplay.isStream(bytes)
                ? replay.run(bytes, marks: try ReplayVerb.marks(beside: path)) : replay.run(log: bytes)
            if summary.messageCount == 0, summary.calls.isEmpty, !bytes.isEmpty {
                console.complain(
                    "\(path): neither manager messages (what `nc pbx 5038` prints) nor CEL or CDR rows in it")
                code = .found
            }
            for refused in summary.refused {
                console.complain("\(path): event at byte \(refused.offset) refused: \(refused.reason)")
            }
            if let error = summary.error {
                console.complain("\(path): \(error)")
                code = .found
            }
            for call in summary.calls {
                let json = CaptureReplay.withRecordingsTakenAsReady(call).record.json
                if console.isTerminal && !invocation.has("--json") {
                    if let record = RecordView(json) { records.append(record) }
                } else {
                    guard console.write(json + [0x0A]) else { return .found }
                }
            }
        }
        if !records.isEmpty {
            for line in CallsTable.lines(records, for: console) { guard console.line(line) else { return .found } }
        }
        return code
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
