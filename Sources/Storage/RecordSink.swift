/// Where finished calls go: the one place that makes a call durable.
public protocol RecordSink: Sendable {
    /// Writes calls and their outbox rows in one transaction, shared with whatever else arrived meanwhile.
    ///
    /// Returns when the transaction is on disk. The answer has one outcome for each call, in order. What a call whose id
    /// is there already adds, its kind says.
    /// - Throws: `diskFull`, `io` or `busy`, with nothing of `calls` written: offer the same calls again.
    func commit(_ calls: [CallCommit]) async throws(StorageError) -> [CommitOutcome]

    /// Marks calls as not wholly told, or replaces their marks, so that the next start finds them again.
    ///
    /// `commit` of a call as `waiting` does the same together with its record, and as an amendment removes the mark, in the
    /// same transaction.
    func noteOpen(_ calls: [OpenCall]) async throws(StorageError)
    /// Removes marks whose calls have been written under another id, or that cannot be read.
    func forgetOpen(ids: [String]) async throws(StorageError)
    /// The calls that still waited for their recordings when the last daemon ended, the earliest start first.
    func openCalls() async throws(StorageError) -> [OpenCall]
}
