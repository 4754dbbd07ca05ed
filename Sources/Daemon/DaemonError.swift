import EventLoop
import Storage

/// Why the daemon could not start. Nothing is half started: what had begun has been stopped again.
public struct DaemonError: Error, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// The state folder or the database cannot be used.
        case storage
        /// The FastAGI address cannot be listened on.
        case listen
        /// The log file cannot be opened.
        case log
    }
    public let code: Code
    /// What was being done and what came of it.
    public let detail: String
    /// The sentence an operator needs.
    public let hint: String

    public init(_ code: Code, detail: String, hint: String) {
        (self.code, self.detail, self.hint) = (code, detail, hint)
    }

    init(_ error: StorageError) {
        // The error's own description ends with its hint.
        let reason = error.underlying.isEmpty ? error.code.rawValue : error.underlying
        self.init(.storage, detail: "\(error.context): \(reason)", hint: error.hint)
    }
    init(_ error: EventLoopError) {
        self.init(
            .listen, detail: "\(error.operation): \(error.detail)",
            hint: error.code == .addressInUse
                ? "another server has the port: give [fastagi] another listen address" : error.hint)
    }

    public var description: String { "cannot start: \(detail); \(hint)" }
}
