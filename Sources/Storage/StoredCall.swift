public import Telephony

/// A call as it was stored.
public struct StoredCall: Sendable, Equatable {
    /// Ascending in the order calls were stored.
    public var row: Int64
    /// The contract's JSON object.
    public var recordJSON: [UInt8]
    /// Why each field is as it is, in the order it was decided; what could not be read of it is left out.
    public var evidence: [FieldEvidence]
    /// When it was first written, which no amendment changes.
    public var storedAt: Instant
    /// When it was last replaced by a better record; nil where the first still stands.
    public var amendedAt: Instant?

    public init(row: Int64, recordJSON: [UInt8], evidence: [FieldEvidence], storedAt: Instant, amendedAt: Instant?) {
        (self.row, self.recordJSON, self.evidence) = (row, recordJSON, evidence)
        (self.storedAt, self.amendedAt) = (storedAt, amendedAt)
    }
}
