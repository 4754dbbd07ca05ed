public import Telephony

/// The store as somebody who only looks sees it: the command line, whether or not a daemon runs, and within the daemon whoever
/// holds its `CallStore`.
public final class StoreReader: CallQuery, Sendable {
    /// Also used beside the questions, for `backup`.
    let reader: Reader

    /// Looks into a state folder without owning it; nothing is opened before the first question.
    public init(folder: String) { reader = Reader(path: StateFolder.databasePath(in: folder), vfs: nil) }
    /// Shares the reader of a store, and ends with it.
    init(_ reader: Reader) { self.reader = reader }

    public func calls(matching filter: CallFilter) async throws(StorageError) -> [StoredCall] {
        try await reader.with { (r) throws(StorageError) in try r.calls(matching: filter) }
    }
    public func calls(withAnyID id: String) async throws(StorageError) -> [StoredCall] {
        try await reader.with { (r) throws(StorageError) in try r.calls(withAnyID: id) }
    }
    /// How many of these calls have no record: by the rule that lets a `missed` call in.
    public func countUnknown(_ records: [CallRecord]) async throws(StorageError) -> Int {
        try await reader.with { (r) throws(StorageError) in try r.countUnknown(records) }
    }
    public func deliveries(matching filter: DeliveryFilter) async throws(StorageError) -> [Delivery] {
        try await reader.with { (r) throws(StorageError) in try r.deliveries(matching: filter) }
    }
    public func deliveries(ofCall id: String) async throws(StorageError) -> [Delivery] {
        try await reader.with { (r) throws(StorageError) in try r.deliveries(ofCall: id) }
    }
    public func endpoints() async throws(StorageError) -> [EndpointStatus] {
        try await reader.with { (r) throws(StorageError) in try r.endpoints() }
    }
    /// The bytes of one message's body, by its row; nil where there is no such message.
    public func body(ofMessage row: Int64) async throws(StorageError) -> [UInt8]? {
        try await reader.with { (r) throws(StorageError) in try r.body(ofMessage: row) }
    }
}
