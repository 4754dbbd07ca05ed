import CSQLite

/// Copies committed pages from the write-ahead log into the database, beside the writer, so that no call waits for it.
///
/// PASSIVE waits for nobody. What is committed beside a pass is left to a further, shorter one, until a commit finds all of
/// the log copied and starts it over. Under full load the writer is always ahead; when the log has grown to the limit the
/// `Writer` copies the small rest itself. Source: https://sqlite.org/c3ref/wal_checkpoint_v2.html.
actor Checkpointer {
    /// A thread beside the writer's, as copying pages and syncing the database may take seconds on a slow disk.
    nonisolated let thread = DatabaseThread(name: "hs-checkpoint")
    /// Runs the actor on `thread`, and so off the cooperative pool.
    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
    private let path: String
    private let vfs: String?
    private var connection: OpenConnection?
    private var isClosed = false
    /// Further passes at most, and the pages that make one worth while: more were added only under full load.
    private static let passes = 8
    private static let fewPages: Int32 = 500

    /// A connection an optional can hold and an actor keep.
    private final class OpenConnection {
        let connection: Connection
        init(_ connection: consuming Connection) { self.connection = connection }
    }

    /// Opens nothing: the connection is made by the first `run`, which most short-lived stores never come to.
    init(path: String, vfs: String?) { (self.path, self.vfs) = (path, vfs) }
    deinit { thread.stop() }

    /// Copies what can be copied. A failure is the disk's: the log keeps everything, and the next run tries again.
    func run() {
        guard !isClosed else { return }
        if connection == nil, let opened = try? Connection.open(path: path, mode: .create, vfs: vfs) {
            try? opened.execute("PRAGMA cache_size = -256")
            connection = OpenConnection(opened)
        }
        guard let owner = connection else { return }
        var copied = owner.connection.checkpoint()
        for _ in 0..<Checkpointer.passes {
            let next = owner.connection.checkpoint()
            guard next > copied, next - copied < Checkpointer.fewPages else { return }
            copied = next
        }
    }
    /// Closes the connection; a `run` that was asked for before and comes later does nothing.
    func close() {
        connection = nil
        isClosed = true
    }
}

extension Connection {
    /// Copies committed pages into the database as far as no reader is in the way.
    /// - Returns: the log's length when it began.
    @discardableResult func checkpoint() -> Int32 {
        var length: Int32 = 0
        sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, &length, nil)
        return length
    }

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
