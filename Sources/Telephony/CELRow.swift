/// One channel event log entry, from an `Event: CEL`, a `cel_custom` file or a `cel` table.
public struct CELRow: Sendable, Hashable {
    /// `CHAN_START`, `ANSWER`, `BRIDGE_ENTER`, …, as Asterisk spells it; numeric types are translated by the reader.
    public var event: String
    public var at: Instant
    public var uniqueID: UniqueID
    public var linkedID: LinkedID
    /// False where the source has no linked ids: `linkedID` is the channel's own then.
    public var isLinkStated = true
    public var channel: ChannelName
    public var number: String?
    public var name: String?
    public var ani: String?
    public var dnid: String?
    public var exten: String
    public var context: String
    public var application: String?
    public var applicationData: String?
    public var accountCode: String?
    public var peerAccount: String?
    public var userField: String?
    /// Names of the other channels concerned, comma separated.
    public var peer: String?
    /// What the type adds, from `Extra`; empty where that is missing or not JSON.
    public var extra: [String: String]

    public init(event: String, at: Instant, uniqueID: UniqueID, linkedID: LinkedID, channel: ChannelName) {
        (self.event, self.at, self.uniqueID, self.linkedID) = (event, at, uniqueID, linkedID)
        self.channel = channel
        (exten, context, extra) = ("", "", [:])
    }
}
