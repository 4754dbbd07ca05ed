/// Reading the store beside its writer; sees what has been committed.
///
/// All of it throws `missing` where there is no database yet, `newerVersion`, `damaged`, `busy` or `io`.
///
/// The work is done on a reader's own thread. `StoreReader` is the one for SQLite; in the daemon the `CallStore` has one.
public protocol CallQuery: Sendable {
    /// Calls, newest first.
    func calls(matching filter: CallFilter) async throws(StorageError) -> [StoredCall]
    /// The call with this record id, or those of which this is any channel's `uniqueid` or `linkedid`, newest first: two
    /// Asterisks may give the same.
    func calls(withAnyID id: String) async throws(StorageError) -> [StoredCall]
    /// Messages, newest first, without their attempts.
    func deliveries(matching filter: DeliveryFilter) async throws(StorageError) -> [Delivery]
    /// All messages of one call in the order they are sent, each with every attempt.
    func deliveries(ofCall id: String) async throws(StorageError) -> [Delivery]
    /// Every endpoint that ever had a message, with its counts.
    func endpoints() async throws(StorageError) -> [EndpointStatus]
}

extension CallQuery {
    /// The newest of `calls(withAnyID:)`; nil where there is none.
    public func call(withAnyID id: String) async throws(StorageError) -> StoredCall? {
        try await calls(withAnyID: id).first
    }
}
