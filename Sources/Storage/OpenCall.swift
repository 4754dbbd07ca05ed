public import Telephony

/// A call in progress, as much as is needed to close it should the daemon die.
public struct OpenCall: Sendable, Equatable {
    /// The id its record will have.
    public var id: String
    public var system: String
    public var linkedID: LinkedID
    public var startedAt: Instant
    /// The assembler's own note, opaque here.
    public var snapshot: [UInt8]
    public init(id: String, system: String, linkedID: LinkedID, startedAt: Instant, snapshot: [UInt8] = []) {
        (self.id, self.system, self.linkedID) = (id, system, linkedID)
        (self.startedAt, self.snapshot) = (startedAt, snapshot)
    }
}
