/// A call that is over: its record, and what decided each field.
public struct FinishedCall: Sendable, Equatable {
    public var record: CallRecord
    public var evidence: [FieldEvidence]
    public init(record: CallRecord, evidence: [FieldEvidence] = []) {
        (self.record, self.evidence) = (record, evidence)
    }
}
