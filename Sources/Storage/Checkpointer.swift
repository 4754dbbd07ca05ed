import CSQLite

/// Copies committed pages from the write-ahead log into the database, beside the writer, so that no call waits for it.
///
/// PASSIVE waits for nobody. Under load the writer is always a little ahead and the log cannot start over; when it has
/// grown to the limit the `Writer` copies the small rest itself. Source: https://sqlite.org/c3ref/wal_checkpoint_v2.html.
actor Checkpointer {
    nonisolated let thread = DatabaseThread(name: "hs-checkpoint")
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let path: String
    private let vfs: String?
    private var connection: OpenConnection?
    private var isClosed = false

    /// A connection an optional can hold and an actor keep.
    private final class OpenConnection {
        let connection: Connection
        init(_ connection: consuming Connection) { self.connection = connection }
    }

    init(path: String, vfs: String?) { (self.path, self.vfs) = (path, vfs) }
    deinit { thread.stop() }

    /// Copies what can be copied. A failure is the disk's: the log keeps everything, and the next run tries again.
    func run() {
        guard !isClosed else { return }
        if connection == nil, let opened = try? Connection.open(path: path, mode: .create, vfs: vfs) {
            try? opened.execute("PRAGMA cache_size = -256")
            connection = OpenConnection(opened)
        }
        connection?.connection.checkpoint()
    }
    func close() {
        connection = nil
        isClosed = true
    }
}

extension Connection {
    /// Copies committed pages into the database as far as no reader is in the way.
    func checkpoint() { sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil) }

    /// Has `pages` set to the length of the write-ahead log after each commit; it must live as long as the connection.
    func countLogPages(in pages: UnsafeMutablePointer<Int32>) {
        sqlite3_wal_hook(
            handle,
            { context, _, _, count in
                context?.assumingMemoryBound(to: Int32.self).pointee = count
                return SQLITE_OK
            }, pages)
    }
}
