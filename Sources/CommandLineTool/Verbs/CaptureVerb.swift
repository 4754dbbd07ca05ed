import AMI
import Daemon
import Diagnostics
import EventLoop
import Glibc
import Telephony

/// `hookswitch capture`: the raw manager stream into a file, and when each part of it came into another.
///
/// FILE holds the bytes as they came, connections one after another; FILE.ts the index that `replay` reads:
/// `# conn N opened epoch=SECONDS`, `N OFFSET LENGTH MONOTONIC EPOCH` for each read, `# conn N closed epoch=SECONDS`.
struct CaptureVerb {
    private let console: Console
    private let pbx: Configuration.PBX
    private let path: String
    private let duration: Duration?
    private let isMasked: Bool

    /// Finds the PBX to listen to: the one that `--pbx` names, else the first of the configuration.
    /// - Throws: where there is no such PBX, or `--for` is no length of time.
    init(_ invocation: Invocation, _ console: Console, _ configuration: Configuration) throws(Invocation.UsageError) {
        self.console = console
        path = invocation.operands[0]
        isMasked = invocation.has("--mask")
        let name = invocation.options["--pbx"]
        guard let pbx = configuration.pbxs.first(where: { name == nil || $0.name == name }) else {
            let hint = NearestName.hint(for: name ?? "", among: configuration.pbxs.map(\.name))
            throw Invocation.UsageError(verb: .capture, problem: "no [pbx:\(name ?? "")]; \(hint)")
        }
        self.pbx = pbx
        if let text = invocation.options["--for"] {
            guard let duration = TimeExpression.duration(text) else {
                throw Invocation.UsageError(verb: .capture, problem: "--for \(text): not a time; write 90s, 10m or 2h")
            }
            self.duration = duration
        } else {
            duration = nil
        }
    }

    /// Logs in and writes until SIGINT, SIGTERM or the time of `--for`; a lost connection is made again, into the same
    /// file.
    /// - Returns: `found` where not a byte came.
    /// - Throws: `FileError` where a file could not be made or written.
    func run(_ loop: EventLoop) async throws -> ExitCode {
        let capture = try CaptureFile(path, isMasked: isMasked, now: console.now)
        let client = AMIClient(pbx.amiConfiguration, on: loop)
        let console = console
        let ami = pbx.ami
        var handler = AMIHandler(report: { report in
            switch report {
            case .loggedIn: console.complain("connected to \(ami); SIGINT ends the capture")
            case .lost(let error, _, let retryIn):
                capture.closed()
                if retryIn != nil { console.complain("\(error)") }
            default: break
            }
        })
        handler.bytes = { capture.take($0) }
        let running = Task(name: "capture", executorPreference: loop) { [handler] in await client.run(handler) }
        let timer = duration.map { loop.schedule(after: $0) { client.stop() } }
        let signals = loop.signals([SIGINT, SIGTERM])
        let stop = Task(name: "capture-signals", executorPreference: loop) {
            for await _ in signals {
                client.stop()
                break
            }
        }
        await running.value
        timer?.cancel()
        stop.cancel()
        let total = capture.close()
        console.complain(total > 0 ? "\(total) bytes in \(path)" : "no byte came: there is no \(path)")
        if let failure = capture.failure { throw failure }
        return total > 0 ? .fine : .found
    }
}
