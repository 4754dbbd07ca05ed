/// A call that is over: its record, and what decided each field.
public struct FinishedCall: Sendable, Equatable {
    /// What is stored and sent.
    public var record: CallRecord
    /// In the contract's order of fields; several for lists (one a transfer, one a recording), none for a field that
    /// follows from others.
    public var evidence: [FieldEvidence]
    public init(record: CallRecord, evidence: [FieldEvidence] = []) {
        (self.record, self.evidence) = (record, evidence)
    }
}
