public import Telephony

/// A call as it was stored.
public struct StoredCall: Sendable, Equatable {
    /// Ascending in the order calls were stored.
    public var row: Int64
    /// The contract's JSON object.
    public var recordJSON: [UInt8]
    public var evidence: [FieldEvidence]
    /// When it was first written, and when last amended.
    public var storedAt: Instant
    public var amendedAt: Instant?

    public init(row: Int64, recordJSON: [UInt8], evidence: [FieldEvidence], storedAt: Instant, amendedAt: Instant?) {
        (self.row, self.recordJSON, self.evidence) = (row, recordJSON, evidence)
        (self.storedAt, self.amendedAt) = (storedAt, amendedAt)
    }
}
