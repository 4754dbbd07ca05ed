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
