public import AsteriskWire

/// What a client tells about its connection, in the order it happens and in step with the messages.
public enum AMIReport: Sendable, Equatable {
    /// An attempt begins; 1 for the first since the last login.
    case connecting(attempt: Int)
    /// The login was accepted. Events may follow from here on.
    case loggedIn(managerVersion: String)
    /// Asterisk is up, and since when, if it says so.
    case fullyBooted(uptime: Duration?)
    /// What the server said of itself; after each login, before the live channels.
    case server(AMIServer)
    /// The live channels will follow as messages, `Status` first, then `CoreShowChannel`.
    case resyncBegan
    /// Every live channel has been told, or not: then the reasons say why, `permissionMissing` first among them.
    case resyncEnded(failures: [AMIError])
    /// The session is over. `offset` counts the bytes it carried; with `retryIn` nil no other will follow.
    case lost(AMIError, offset: Int64, retryIn: Duration?)
}

/// A manager's own description.
public struct AMIServer: Sendable, Equatable {
    /// From the greeting: `11.0.0`.
    public var managerVersion: String
    /// From CoreSettings: `22.10.0`; empty where the user may not ask.
    public var asteriskVersion = ""
    /// `systemname` of asterisk.conf, which prefixes each Uniqueid; empty where there is none.
    public var systemName = ""
    /// When Asterisk started, in its local time: `2026-11-21 02:17:33`; empty where the user may not ask.
    public var startedAt = ""
    /// Calls in progress, as Asterisk counts them.
    public var currentCalls: Int?
}

/// Who gets what a client reads. Both functions are called on the loop and must return soon: while they run nothing is
/// read, and Asterisk drops a reader that stalls for seconds.
@safe public struct AMIHandler {
    /// Each message of the stream, banner and answers included; a view that is valid only during the call.
    /// `message.offset` is its place in the stream since connect.
    public var message: (borrowing AMIMessage) -> Void
    public var report: (AMIReport) -> Void
    /// The bytes of each read before they are decoded, for captures; nil: not wanted.
    public var bytes: ((UnsafeRawBufferPointer) -> Void)?

    public init(
        message: @escaping (borrowing AMIMessage) -> Void = { _ in }, report: @escaping (AMIReport) -> Void = { _ in }
    ) {
        (self.message, self.report) = (message, report)
    }
}
