/// One row of Asterisk's call detail records, from a `Cdr` event or a file.
///
/// A call has one or more; see `CallAssembly` for how little they can be trusted and what for.
public struct CDRRow: Sendable, Hashable {
    /// The channel the row is of, header `UniqueID` of `Cdr`; a made-up one (`channel@start`) where a file has no such column.
    public var uniqueID: UniqueID
    /// Only where `cdr_manager.conf` or `cdr_custom.conf` maps it.
    public var linkedID: LinkedID?
    /// Order among the rows of one Asterisk run; nil where it is not written.
    public var sequence: Int?
    /// `src`: the caller's number when the row began, often one the dialplan has changed.
    public var source: String?
    /// `dst`: the extension the channel had got to, which after a menu or a transfer is not what was dialled.
    public var destination: String?
    /// `dcontext`, the context of `destination`.
    public var context: String?
    /// `"name" <number>`, as Asterisk writes it.
    public var callerID: String?
    /// The channel the row is of.
    public var channel: ChannelName
    /// The channel it was connected with, or tried last; nil where nothing was dialled.
    public var destinationChannel: ChannelName?
    /// The application that ran last, as `Dial` or `Queue`; what it was given is `lastData`.
    public var lastApplication: String?
    /// Arguments of `lastApplication`, unparsed: `PJSIP/1001,30,tT`.
    public var lastData: String?
    /// Local time without a zone.
    public var start: CivilTime?
    /// When the PBX or a dialled line answered; nil where neither did. Also local and without a zone.
    public var answer: CivilTime?
    /// When the row was closed: at the hangup, or at a transfer. Local as well.
    public var end: CivilTime?
    /// Whole seconds, as Asterisk counted them.
    public var duration: Int?
    /// `billsec`: whole seconds from `answer` to `end`, rounded down, row by row.
    public var billableSeconds: Int?
    /// `ANSWERED`, `NO ANSWER`, `BUSY`, `FAILED`, `CONGESTION`.
    public var disposition: String?
    /// Of the caller's channel; nil for an empty one.
    public var accountCode: String?
    /// Account code of `destinationChannel`.
    public var peerAccount: String?
    /// What the dialplan put into `CDR(userfield)`; nil where it put nothing there.
    public var userField: String?
    /// FreePBX only, column `did`: the number dialled from outside.
    public var did: String?
    /// FreePBX only, column `cnum`: the caller's own number before the dialplan changed it.
    public var callerNumber: String?
    /// FreePBX only, column `cnam`: the name that came with it.
    public var callerName: String?
    /// FreePBX only: the recording's file name, mostly without its folder, which is `year/month/day`.
    public var recordingFile: String?

    /// A row of that channel with nothing else told.
    public init(uniqueID: UniqueID, channel: ChannelName) { (self.uniqueID, self.channel) = (uniqueID, channel) }
}
