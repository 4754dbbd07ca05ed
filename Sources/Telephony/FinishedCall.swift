/// A call that is over: its record, and what decided each field.
public struct FinishedCall: Sendable, Equatable {
    /// What is stored and sent.
    public var record: CallRecord
    private let told: Told

    /// What decided the record's fields, in the contract's order: several for a list or a sum, none for a field that follows from
    /// others.
    /// - Complexity: of a call just told it is made at each look: whoever stores it looks once, off the stream's task.
    public var evidence: [FieldEvidence] {
        switch told {
        case .list(let list): list
        case .when(let make): make()
        }
    }

    private enum Told: Sendable {
        case list([FieldEvidence])
        case when(@Sendable () -> [FieldEvidence])
    }

    /// With evidence that is there already.
    public init(record: CallRecord, evidence: [FieldEvidence] = []) {
        // Not as a pair: that would copy the record, with all its texts.
        self.record = record
        told = .list(evidence)
    }
    /// With evidence that is made when somebody asks for it.
    public init(record: CallRecord, evidenceFrom make: @escaping @Sendable () -> [FieldEvidence]) {
        self.record = record
        told = .when(make)
    }
    public static func == (a: FinishedCall, b: FinishedCall) -> Bool {
        a.record == b.record && a.evidence == b.evidence
    }
}
