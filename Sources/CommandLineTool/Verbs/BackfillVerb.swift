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
    private let cdr: String?
    private let cel: String?
    private let since: Instant?

    /// - Throws: when neither the arguments nor `[backfill]` name a file.
    init(_ invocation: Invocation, _ console: Console, _ configuration: Configuration) throws(Invocation.UsageError) {
        (self.console, self.configuration) = (console, configuration)
        let isNamed = invocation.has("--cdr") || invocation.has("--cel")
        cdr = isNamed ? invocation.options["--cdr"] : configuration.backfill.cdr
        cel = isNamed ? invocation.options["--cel"] : configuration.backfill.cel
        since = try invocation.time("--since", console)
        if cdr == nil, cel == nil {
            throw Invocation.UsageError(
                verb: .backfill, problem: "which file? give --cdr or --cel, or name them in [backfill]")
        }
    }

    func run(_ loop: EventLoop) async throws -> ExitCode {
        let result = try Backfill(configuration).read(cdr: cdr, cel: cel, since: since)
        for problem in result.problems.prefix(20) { console.complain(problem) }
        if result.problems.count > 20 { console.complain("\(result.problems.count - 20) more lines could not be read") }
        let folder = configuration.general.stateDirectory
        let outcome = try await Backfill(configuration).add(result.calls, folder: folder, loop: loop)
        switch outcome {
        case .added(let new, let known):
            console.line("\(new) calls added, \(known) were known")
        case .handedOver(let count):
            console.line("\(count) calls given to the running daemon; those it knows are not added twice")
        }
        return result.problems.isEmpty ? .fine : .found
    }
}
