import AsteriskWire
import CallAssembly
import Daemon
import EventLoop
import Storage
import Telephony

/// `hookswitch backfill`: adds calls that were missed, from Asterisk's own CDR and CEL files.
struct BackfillVerb {
    private let console: Console
    private let configuration: Configuration
    private let sources: [BackfillSource]
    private let since: Instant?

    /// - Throws: when neither the arguments nor the configuration name a file.
    init(_ invocation: Invocation, _ console: Console, _ configuration: Configuration) throws(Invocation.UsageError) {
        (self.console, self.configuration) = (console, configuration)
        let isNamed = invocation.has("--cdr") || invocation.has("--cel")
        let pbx = invocation.options["--pbx"]
        sources =
            isNamed
            ? [BackfillSource(pbx: pbx, cdr: invocation.options["--cdr"], cel: invocation.options["--cel"])]
            : Backfill(configuration).sources.filter { pbx == nil || $0.pbx == nil || $0.pbx == pbx }
                .map { BackfillSource(pbx: pbx ?? $0.pbx, cdr: $0.cdr, cel: $0.cel) }
        since = try invocation.time("--since", console)
        if sources.isEmpty {
            throw Invocation.UsageError(
                verb: .backfill, problem: "which file? give --cdr or --cel, or name them in [backfill]")
        }
    }

    /// Reads the files, gives what they hold to the store or to the daemon that has it, and says how many calls were
    /// new, and how many were left because they may go on.
    /// - Returns: `found` where a line of a file could not be read; the others count.
    /// - Throws: `FileError` for a file that cannot be read, `UsageError` where `--pbx` names no section, or several
    ///   are configured and none is told to have written the files.
    func run(_ loop: EventLoop) async throws -> ExitCode {
        let progress = ProgressLine(console, "backfill")
        defer { progress.clear() }
        let addition: Backfill.Addition
        do {
            addition = try await Backfill(configuration).add(
                from: sources, since: since, now: console.now(), folder: configuration.general.stateDirectory,
                loop: loop, report: { [console] in console.complain($0) }, onProgress: { progress.show($0, of: $1) })
            progress.clear()
        } catch let error as BackfillError {
            if case .unreadable(let error) = error { throw error }
            throw Invocation.UsageError(verb: .backfill, problem: "\(error): \(error.hint)")
        }
        console.complain(ofLines: addition.problems)
        switch addition.outcome {
        case .added(let new, let known):
            console.line("\(new) calls added, \(known) were known")
        case .handedOver(let count, let unknown):
            console.line(
                "\(count) calls given to the running daemon: \(unknown) to be added, \(count - unknown) are known")
        }
        let left = addition.left
        if left > 0 {
            console.line("\(left) calls left: the CEL has no end of them, they may go on; run backfill again later")
        }
        return addition.problems.isEmpty ? .fine : .found
    }
}
