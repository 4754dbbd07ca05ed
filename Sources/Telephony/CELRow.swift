/// One channel event log entry, from an `Event: CEL`, a `cel_custom` file or a `cel` table.
public struct CELRow: Sendable, Hashable {
    /// `CHAN_START`, `ANSWER`, `BRIDGE_ENTER`, …, as Asterisk spells it; numeric types are translated by the reader.
    public var event: String
    /// When it happened, in UTC: `Timestamp` of the event, else its `EventTime`; a table's local time has been shifted
    /// by the PBX's zone.
    public var at: Instant
    /// The channel the entry is of; header `UniqueID`, spelt so in CEL and `Cdr` only.
    public var uniqueID: UniqueID
    /// The call it belonged to at that moment; the last entry of each is `LINKEDID_END`.
    public var linkedID: LinkedID
    /// False where the source has no linked ids: `linkedID` is the channel's own then.
    public var isLinkStated = true
    /// The channel the entry is of; empty where the source does not name it.
    public var channel: ChannelName
    /// The channel's caller id; empty until a dialled channel has one.
    public var number: String?
    /// The name beside it.
    public var name: String?
    /// `CallerIDani`: the number the network billed, which the dialplan seldom changes; stands in where `number` is missing.
    public var ani: String?
    /// `CallerIDdnid`: the number dialled, which outlives menus and transfers where the channel driver sets it.
    public var dnid: String?
    /// Where in the dialplan the channel was; empty for one that runs none, as a dialled channel.
    public var exten: String
    /// The context of `exten`; empty with it.
    public var context: String
    /// The dialplan application that was running, as `Dial`; `AppDial` and `AppDial2` on channels that were dialled.
    public var application: String?
    /// What `application` was given, unparsed.
    public var applicationData: String?
    /// Of the channel itself; nil for an empty one.
    public var accountCode: String?
    /// What the dialplan put into `CHANNEL(userfield)`, not the CDR's.
    public var userField: String?
    /// Names of the other channels concerned, comma separated.
    public var peer: String?
    /// What the type adds, from `Extra`; empty where that is missing or not JSON.
    public var extra: [String: String]

    /// An entry in no extension and without details.
    public init(event: String, at: Instant, uniqueID: UniqueID, linkedID: LinkedID, channel: ChannelName) {
        (self.event, self.at, self.uniqueID, self.linkedID) = (event, at, uniqueID, linkedID)
        self.channel = channel
        (exten, context, extra) = ("", "", [:])
    }
}
