import Daemon
import Diagnostics
import EventLoop
import Glibc

/// `hookswitch run`: the daemon in the foreground, until SIGTERM or SIGINT.
struct RunVerb {
    private let configuration: Configuration
    private let environment: ConfigurationEnvironment
    private let log: StreamLog
    private let logger: Logger

    /// - Throws: when the log file cannot be opened.
    init(_ configuration: Configuration, _ environment: ConfigurationEnvironment) throws(DaemonError) {
        (self.configuration, self.environment) = (configuration, environment)
        let general = configuration.general
        let target = general.logFile.map { StreamLog.Target.file($0) } ?? .standardError
        guard let log = StreamLog(target, format: general.logFormat) else {
            throw DaemonError(
                .log, detail: "open \(general.logFile ?? ""): \(String(cString: strerror(errno)))",
                hint: "make its folder and give it to the user hookswitch runs as, or set log_file")
        }
        self.log = log
        logger = Logger(log, level: general.logLevel, component: "daemon")
    }

    /// Starts the daemon and waits for signals: SIGHUP reads anew, SIGTERM and SIGINT stop it gracefully.
    /// - Throws: `DaemonError` where it could not start.
    func run(_ loop: EventLoop) async throws -> ExitCode {
        let signals = loop.signals([SIGTERM, SIGINT, SIGHUP])
        let notifier = ServiceNotifier(variable: environment.variable)
        let daemon = Daemon(configuration, loop: loop, logger: logger)
        try await daemon.start()
        notifier.ready(status(daemon))
        let watchdog = watch(daemon, notifier, loop)
        for await signal in signals {
            if signal == SIGHUP {
                await reload(daemon, notifier)
                continue
            }
            logger.notice("stopping", [.signal: .number(Int(signal))])
            break
        }
        notifier.stopping()
        watchdog.cancel()
        await daemon.stop()
        return .fine
    }

    private func status(_ daemon: Daemon) -> String {
        daemon.isConnected ? "connected, \(configuration.endpoints.count) webhooks" : "no manager connection yet"
    }

    /// Feeds the service manager's watchdog from the loop: a loop that hangs is not fed.
    private func watch(_ daemon: Daemon, _ notifier: ServiceNotifier, _ loop: EventLoop) -> Task<Void, Never> {
        Task(name: "watchdog", executorPreference: loop) {
            var last = ""
            while !Task.isCancelled {
                do throws(CancellationError) {
                    try await loop.sleep(for: notifier.watchdogInterval ?? .seconds(30))
                } catch {
                    return
                }
                if notifier.watchdogInterval != nil { notifier.watchdog() }
                let now = status(daemon)
                if now != last { notifier.status(now) }
                last = now
            }
        }
    }

    /// SIGHUP: logs are reopened; the webhooks are read anew, and stay as they are where the file has a mistake.
    private func reload(_ daemon: Daemon, _ notifier: ServiceNotifier) async {
        notifier.reloading()
        if !log.reopen() {
            logger.error("the log file could not be reopened", [.file: .text(configuration.general.logFile ?? "")])
        }
        do throws(ConfigurationError) {
            await daemon.reload(try Configuration.load(configuration.file, environment: environment))
        } catch {
            await daemon.reopenCallsLog()
            for problem in error.problems {
                logger.error(
                    "the configuration has a mistake; the old one stays",
                    [.file: .text(problem.file), .line: .number(problem.line), .error: .text(problem.description)])
            }
        }
        notifier.ready(status(daemon))
    }
}
