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
