import EventLoop
import Storage

/// Why the daemon could not start. Nothing is half started: what had begun has been stopped again.
public struct DaemonError: Error, Sendable, CustomStringConvertible {
    /// Which part could not be had; a bounded set.
    public enum Code: String, Sendable {
        /// The state folder or the database cannot be used.
        case storage
        /// The FastAGI address cannot be listened on.
        case listen
        /// The log file cannot be opened.
        case log
    }
    /// What a program decides by.
    public let code: Code
    /// What was being done and what came of it.
    public let detail: String
    /// The sentence an operator needs.
    public let hint: String

    /// - Parameter detail: names files, addresses and the system's words, no secret.
    public init(_ code: Code, detail: String, hint: String) {
        (self.code, self.detail, self.hint) = (code, detail, hint)
    }

    /// Of the store: `storage`, whatever it was.
    init(_ error: StorageError) {
        // The error's own description ends with its hint.
        let reason = error.underlying.isEmpty ? error.code.rawValue : error.underlying
        self.init(.storage, detail: "\(error.context): \(reason)", hint: error.hint)
    }
    /// Of the FastAGI listener: `listen`.
    init(_ error: EventLoopError) {
        self.init(
            .listen, detail: "\(error.operation): \(error.detail)",
            hint: error.code == .addressInUse
                ? "another server has the port: give [fastagi] another listen address" : error.hint)
    }

    /// One line, as the `run` verb prints it before it exits.
    public var description: String { "cannot start: \(detail); \(hint)" }
}
