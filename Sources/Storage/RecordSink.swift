/// Where finished calls go: the one place that makes a call durable.
public protocol RecordSink: Sendable {
    /// Writes calls and their outbox rows in one transaction, shared with whatever else arrived meanwhile.
    ///
    /// Returns when the transaction is on disk. The answer has one outcome for each call, in order. What a call whose id
    /// is there already adds, its kind says.
    /// - Throws: `diskFull`, `io` or `busy`, with nothing of `calls` written: offer the same calls again.
    func commit(_ calls: [CallCommit]) async throws(StorageError) -> [CommitOutcome]

    /// Notes calls in progress, or replaces what was noted of them, so that a killed daemon finds them again.
    ///
    /// `commit` of a call removes its note in the same transaction.
    func noteOpen(_ calls: [OpenCall]) async throws(StorageError)
    /// Forgets notes of calls that turned out to be none (joined into another, say).
    func forgetOpen(ids: [String]) async throws(StorageError)
    /// The calls that were in progress when the last daemon ended, oldest first.
    func openCalls() async throws(StorageError) -> [OpenCall]
}
