/// Why a channel ended: a Q.850 cause value (`Cause` header). Unknown numbers are kept.
///
/// The constants are those that Asterisk's channel drivers give for the ends of ordinary calls, each a Q.850 number.
///
/// **Source**: the words are those of Asterisk's `ast_cause2str` (channel.c, 16 and 22), as they come in `Cause-txt`.
public struct HangupCause: RawRepresentable, Hashable, Sendable {
    /// 0 (not stated) to 127.
    public let rawValue: Int
    /// Takes any number.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// 0, which Asterisk also gives a leg that was not answered, and on 22 one that ended in an application.
    public static let notStated = HangupCause(rawValue: 0)
    public static let unallocated = HangupCause(rawValue: 1)
    public static let noRouteToDestination = HangupCause(rawValue: 3)
    public static let normalClearing = HangupCause(rawValue: 16)
    public static let userBusy = HangupCause(rawValue: 17)
    public static let noUserResponding = HangupCause(rawValue: 18)
    /// The line rang and nobody took it; Asterisk mostly says 0 instead.
    public static let noAnswer = HangupCause(rawValue: 19)
    /// A device that is not registered.
    public static let subscriberAbsent = HangupCause(rawValue: 20)
    public static let callRejected = HangupCause(rawValue: 21)
    /// What a 302 ends its leg with on 22; 16 gives 127 or 0.
    public static let redirected = HangupCause(rawValue: 23)
    /// A ring-group member whose call a colleague took.
    public static let answeredElsewhere = HangupCause(rawValue: 26)
    public static let destinationOutOfOrder = HangupCause(rawValue: 27)
    public static let invalidNumber = HangupCause(rawValue: 28)
    /// No circuit or channel; also what Congestion() gives.
    public static let congestion = HangupCause(rawValue: 34)
    public static let temporaryFailure = HangupCause(rawValue: 41)
    public static let switchingCongestion = HangupCause(rawValue: 42)
    /// What a caller's CANCEL ends its channel with.
    public static let interworking = HangupCause(rawValue: 127)

    /// Asterisk's words for the number; `Unknown` where it has none.
    public var text: String { HangupCause.words[rawValue] ?? "Unknown" }

    private static let words: [Int: String] = [
        1: "Unallocated (unassigned) number", 2: "No route to specified transmit network", 3: "No route to destination",
        5: "Misdialed trunk prefix", 6: "Channel unacceptable",
        7: "Call awarded and being delivered in an established channel", 8: "Pre-empted", 14: "Number ported elsewhere",
        16: "Normal Clearing", 17: "User busy", 18: "No user responding", 19: "User alerting, no answer",
        20: "Subscriber absent", 21: "Call Rejected", 22: "Number changed", 23: "Redirected to new destination",
        26: "Answered elsewhere", 27: "Destination out of order", 28: "Invalid number format", 29: "Facility rejected",
        30: "Response to STATus ENQuiry", 31: "Normal, unspecified", 34: "Circuit/channel congestion",
        38: "Network out of order", 41: "Temporary failure", 42: "Switching equipment congestion",
        43: "Access information discarded", 44: "Requested channel not available", 50: "Facility not subscribed",
        52: "Outgoing call barred", 54: "Incoming call barred", 57: "Bearer capability not authorized",
        58: "Bearer capability not available", 65: "Bearer capability not implemented", 66: "Channel not implemented",
        69: "Facility not implemented", 81: "Invalid call reference value", 88: "Incompatible destination",
        95: "Invalid message unspecified", 96: "Mandatory information element is missing", 97: "Message type nonexist.",
        98: "Wrong message", 99: "Info. element nonexist or not implemented",
        100: "Invalid information element contents",
        101: "Message not compatible with call state", 102: "Recover on timer expiry", 103: "Mandatory IE length error",
        111: "Protocol error, unspecified", 127: "Interworking, unspecified",
    ]
}
