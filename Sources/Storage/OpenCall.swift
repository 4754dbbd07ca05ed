public import Telephony

/// The mark of a call that is not wholly told: its recordings had not settled when its record was written.
///
/// A call that still goes on has none: Asterisk is asked for those at each login.
public struct OpenCall: Sendable, Equatable {
    /// Its record's id; in marks of earlier releases, whose snapshot is the whole call, an id of the mark's own.
    public var id: String
    /// The record's `system`, by which an Asterisk's calls are told from another's.
    public var system: String
    /// The record's `linkedid`.
    public var linkedID: LinkedID
    /// The record's start, in whole milliseconds once it has been on disk.
    public var startedAt: Instant
    /// What the record's milliseconds leave out, written and read by the daemon (`CallTimes`); opaque here.
    public var snapshot: [UInt8]
    public init(id: String, system: String, linkedID: LinkedID, startedAt: Instant, snapshot: [UInt8] = []) {
        (self.id, self.system, self.linkedID) = (id, system, linkedID)
        (self.startedAt, self.snapshot) = (startedAt, snapshot)
    }
}
