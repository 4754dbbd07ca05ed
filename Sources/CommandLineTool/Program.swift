import Daemon
import EventLoop
import Glibc
import Storage
import Telephony

/// The program without its process: arguments in, an exit code out.
public struct Program: Sendable {
    /// Where every verb writes; `run` alone has a log of its own instead.
    let console: Console
    /// Where configurations find environment variables and secret files.
    let environment: ConfigurationEnvironment

    /// For the tests, which have a console and an environment of their own; `main` takes the process's.
    init(console: Console, environment: ConfigurationEnvironment) {
        (self.console, self.environment) = (console, environment)
    }

    /// Runs the verb that the process's arguments ask for.
    /// - Returns: the exit code, as the contract has it.
    public static func main(_ arguments: [String]) -> Int32 {
        unblockSignals()
        let program = Program(console: .process(), environment: .process)
        return program.run(Array(arguments.dropFirst())).rawValue
    }

    /// Whoever started us may have blocked signals, and a child inherits that: a daemon that cannot be stopped is of no use.
    private static func unblockSignals() {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, number) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    /// Reads the arguments and runs the verb on an event loop of its own.
    func run(_ arguments: [String]) -> ExitCode {
        do throws(Invocation.UsageError) {
            switch try Invocation.parse(arguments) {
            case .help(let text):
                _ = console.write(Array(text.utf8))
                return .fine
            case .invocation(let invocation):
                return runVerb(invocation)
            }
        } catch {
            return complain(of: error)
        }
    }

    private func runVerb(_ invocation: Invocation) -> ExitCode {
        do {
            let loop = try EventLoop()
            let program = self
            return try loop.run { try await program.perform(invocation, loop) }
        } catch let error as Invocation.UsageError {
            return complain(of: error)
        } catch let error as ConfigurationError {
            for problem in error.problems { console.complain(problem.description) }
            return .badConfiguration
        } catch {
            console.complain("\(error)")
            return .found
        }
    }

    private func perform(_ invocation: Invocation, _ loop: EventLoop) async throws -> ExitCode {
        switch invocation.verb {
        case .run: return try await RunVerb(configuration(invocation), environment).run(loop)
        case .calls: return try await CallsVerb(invocation, console).run(store(invocation))
        case .show: return try await ShowVerb(invocation, console).run(store(invocation))
        case .tail: return try await TailVerb(invocation, console).run(store(invocation), loop)
        case .deliveries:
            return try await DeliveriesVerb(invocation, console).run(
                stateDirectory(invocation),
                Configuration.webhookNames(invocation.configurationPath, environment: environment), loop)
        case .replay:
            let isConfigured = invocation.has("--config")
            return try ReplayVerb(invocation, console, isConfigured ? configuration(invocation) : nil).run()
        case .testWebhook:
            return try await TestWebhookVerb(invocation, console, configuration(invocation)).run(loop)
        case .capture: return try await CaptureVerb(invocation, console, configuration(invocation)).run(loop)
        case .backfill: return try await BackfillVerb(invocation, console, configuration(invocation)).run(loop)
        case .backup: return try await BackupVerb(invocation, console).run(store(invocation))
        case .check: return try await CheckVerb(invocation, console).run(configuration(invocation), loop)
        case .version: return VersionVerb.run(invocation, console)
        }
    }

    private func complain(of error: Invocation.UsageError) -> ExitCode {
        console.complain(error.problem)
        console.writeError(Array((error.usage + "\n").utf8))
        return .wrongUsage
    }

    /// The configuration that the invocation names.
    func configuration(_ invocation: Invocation) throws(ConfigurationError) -> Configuration {
        try Configuration.load(invocation.configurationPath, environment: environment)
    }

    /// The store of the daemon that the invocation's configuration belongs to.
    private func store(_ invocation: Invocation) throws(ConfigurationError) -> StoreReader {
        StoreReader(folder: try stateDirectory(invocation))
    }

    private func stateDirectory(_ invocation: Invocation) throws(ConfigurationError) -> String {
        try Configuration.loadGeneral(invocation.configurationPath, environment: environment).stateDirectory
    }
}

extension Invocation {
    /// The configuration file it names, or the one a package installs.
    fileprivate var configurationPath: String { options["--config"] ?? Configuration.defaultPath }
}
