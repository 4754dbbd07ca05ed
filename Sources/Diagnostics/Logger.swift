import Glibc
import Synchronization

/// What a module logs with: passed in, never global. A value; copies share the handler and the tally of repeats.
///
/// ```swift
/// logger.warning("webhook failed", [.endpoint: .text(name), .httpStatus: .number(503)], repeats: .counted)
/// ```
/// A line below the level costs one comparison: its metadata is not built. Safe from any thread.
public struct Logger: Sendable {
    /// What happens to a line that has just been said of the same thing.
    public enum Repeats: Sendable {
        /// It is printed again.
        case printed
        /// Within a minute it is only counted; the next one printed says how many (`log.repeated`).
        case counted
    }

    private final class Core: Sendable {
        let handler: any LogHandler
        let tally = Mutex(RepeatTally())
        let now: @Sendable () -> Int64
        init(handler: any LogHandler, now: @escaping @Sendable () -> Int64) {
            (self.handler, self.now) = (handler, now)
        }
    }

    private let core: Core?
    /// Lines below this are not made.
    public let level: LogLevel
    private let component: String
    private let context: LogMetadata

    private init(core: Core?, level: LogLevel, component: String, context: LogMetadata) {
        (self.core, self.level, self.component, self.context) = (core, level, component, context)
    }

    /// A logger that writes to `handler`.
    /// - Parameter now: microseconds since the epoch; the machine's clock unless a test gives its own.
    public init(
        _ handler: any LogHandler, level: LogLevel, component: String,
        now: @escaping @Sendable () -> Int64 = Logger.wallClock
    ) {
        self.init(core: Core(handler: handler, now: now), level: level, component: component, context: [:])
    }

    /// Says nothing, for commands that print their own output.
    public static let silent = Logger(core: nil, level: .error, component: "", context: [:])

    /// The same log for another part of the program, with data added to each of its lines.
    public func part(_ component: String, _ metadata: LogMetadata = [:]) -> Logger {
        Logger(core: core, level: level, component: component, context: context.adding(metadata))
    }

    /// Whether a line of `level` would be written; for work that only a log line needs.
    public func logs(_ level: LogLevel) -> Bool { core != nil && level >= self.level }

    /// Frames and commands, redacted.
    public func trace(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:]) {
        log(.trace, message, metadata(), repeats: .printed)
    }
    /// Decisions of the code.
    public func debug(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:]) {
        log(.debug, message, metadata(), repeats: .printed)
    }
    /// Once a life-cycle step.
    public func info(_ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:]) {
        log(.info, message, metadata(), repeats: .printed)
    }
    /// A state an operator should know.
    public func notice(
        _ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:], repeats: Repeats = .printed
    ) {
        log(.notice, message, metadata(), repeats: repeats)
    }
    /// Degraded but safe.
    public func warning(
        _ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:], repeats: Repeats = .printed
    ) {
        log(.warning, message, metadata(), repeats: repeats)
    }
    /// A person must act; give `.hint`.
    public func error(
        _ message: StaticString, _ metadata: @autoclosure () -> LogMetadata = [:], repeats: Repeats = .printed
    ) {
        log(.error, message, metadata(), repeats: repeats)
    }

    /// Writes one line, or counts it.
    public func log(
        _ level: LogLevel, _ message: StaticString, _ metadata: @autoclosure () -> LogMetadata, repeats: Repeats
    ) {
        guard level >= self.level, let core else { return }
        var data = context.adding(metadata())
        let now = core.now()
        let text = message.description
        if repeats == .counted {
            let subject = data.items.filter { Logger.subjectKeys.contains($0.key) }.map(\.value)
            let key = RepeatTally.Key(component: component, message: text, subject: subject)
            guard let heldBack = core.tally.withLock({ $0.admit(key, at: now) }) else { return }
            if heldBack > 0 { data.append(.repeated, .number(heldBack)) }
        }
        core.handler.handle(
            LogEntry(
                time: now, level: level, component: component, message: text, metadata: data, threshold: self.level))
    }

    /// Data that names what a line is about; two lines that differ in other data only are repeats of each other.
    private static let subjectKeys: Set<LogKey> = [.pbx, .endpoint, .errorCode, .amiEvent, .agiScript, .file, .state]

    /// The machine's clock in microseconds since the epoch.
    public static let wallClock: @Sendable () -> Int64 = {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
