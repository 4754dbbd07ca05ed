/// How much a log line matters, from the finest to the gravest.
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
    /// Frames and commands, redacted.
    case trace
    /// Decisions of the code.
    case debug
    /// Once a life-cycle step.
    case info
    /// A state an operator should know: connected, caught up.
    case notice
    /// Degraded but safe.
    case warning
    /// A person must act; the line's `hint` says how.
    case error

    /// Rank from 0 (trace) to 5 (error).
    public var severity: Int {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        }
    }

    /// The syslog priority that sd-daemon(3) puts as `<N>` before a line: 7 debug to 3 error.
    var journalPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        }
    }

    public static func < (a: LogLevel, b: LogLevel) -> Bool { a.severity < b.severity }
}
