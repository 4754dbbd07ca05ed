/// One row of Asterisk's call detail records, from a `Cdr` event or a file.
///
/// A call has one or more; see `CallAssembly` for how little they can be trusted and what for.
public struct CDRRow: Sendable, Hashable {
    public var uniqueID: UniqueID
    /// Only where `cdr_manager.conf` or `cdr_custom.conf` maps it.
    public var linkedID: LinkedID?
    /// Order among the rows of one Asterisk run; nil where it is not written.
    public var sequence: Int?
    public var source: String?
    public var destination: String?
    public var context: String?
    /// `"name" <number>`, as Asterisk writes it.
    public var callerID: String?
    public var channel: ChannelName
    public var destinationChannel: ChannelName?
    public var lastApplication: String?
    public var lastData: String?
    /// Local time without a zone.
    public var start: CivilTime?
    public var answer: CivilTime?
    public var end: CivilTime?
    /// Whole seconds, as Asterisk counted them.
    public var duration: Int?
    public var billableSeconds: Int?
    /// `ANSWERED`, `NO ANSWER`, `BUSY`, `FAILED`, `CONGESTION`.
    public var disposition: String?
    public var accountCode: String?
    public var peerAccount: String?
    public var userField: String?
    /// What FreePBX adds to its `cdr` table: the number dialled from outside, the caller's own number and name before the dialplan
    /// changed them, and the recording's file name, without its folder.
    public var did: String?
    public var callerNumber: String?
    public var callerName: String?
    public var recordingFile: String?

    public init(uniqueID: UniqueID, channel: ChannelName) { (self.uniqueID, self.channel) = (uniqueID, channel) }
}
