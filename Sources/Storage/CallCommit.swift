public import Telephony

/// One finished call on its way to disk.
public struct CallCommit: Sendable {
    /// Whether this is the first word on a call or a later, better one.
    public enum Kind: Sendable {
        /// The call's record. The same id again is a repetition and adds nothing, neither record nor outbox rows.
        case record
        /// The call's record, of which a part is still to come: its recordings have not settled. `note` is kept beside it
        /// in the same transaction, so that the next start finds what waits (`openCalls`, under the record's id), until an
        /// amendment tells the rest; only then does `calls.jsonl` get its line. Replaces what is stored, as an amendment.
        case waiting(note: [UInt8])
        /// Replaces the stored record of the same id (a recording settled, another witness arrived, a partial record
        /// was completed), or is its record if there was none. The same bytes again change nothing. Outbox rows whose
        /// message id is there already add nothing.
        case amendment
        /// What Asterisk's own files tell, which may have been missed. They know one call by several names, so that nothing is
        /// added where the id is there, or where the call's first channel is a leg of another call of the system.
        case missed
    }
    /// Decides what the commit does where the store has the call already, and what else it writes beside the record.
    public var kind: Kind
    /// What the row's columns, its legs and its evidence are taken from; that `recordJSON` says the same is up to the
    /// caller.
    public var call: FinishedCall
    /// The record as JSON, rendered once by the caller: the row, `calls.jsonl` and the default body share it.
    public var recordJSON: [UInt8]
    /// What is to be sent of it, rendered.
    public var outbox: [OutboxDraft]

    /// - Parameter recordJSON: nil renders `call.record` here, for callers that have not done so.
    public init(_ call: FinishedCall, kind: Kind = .record, recordJSON: [UInt8]? = nil, outbox: [OutboxDraft] = []) {
        (self.kind, self.call, self.outbox) = (kind, call, outbox)
        self.recordJSON = recordJSON ?? call.record.json
    }
}

/// What became of one call of a `commit`.
public enum CommitOutcome: Sendable, Equatable {
    /// A new row.
    case added
    /// The row was there and has been replaced.
    case amended
    /// The row was there as it is, or may not be changed.
    case known
}
