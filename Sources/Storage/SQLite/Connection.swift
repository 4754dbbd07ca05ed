import CSQLite

/// One open SQLite database handle, owned; confined to whoever holds it.
///
/// Opened without SQLite's own mutexes: one thread at a time uses it. Closing waits for nothing; statements still alive
/// keep the handle until they are gone (`sqlite3_close_v2`).
struct Connection: ~Copyable {
    /// `create` makes the file where it is missing; `readOnly` does not, and refuses every write by `query_only`.
    enum Mode { case create, readOnly }
    /// SQLite's own handle, for calls that have no wrapper here; not to be closed nor kept beyond this owner.
    let handle: OpaquePointer

    private init(handle: OpaquePointer) { self.handle = handle }

    /// Opens a database with a busy time-out of five seconds and SQLite's defensive mode.
    ///
    /// - Parameter vfs: a registered SQLite VFS by name; nil is the system's.
    /// - Throws: `unwritable`, `missing`, `damaged`, `io`.
    static func open(path: String, mode: Mode, vfs: String? = nil) throws(StorageError) -> Connection {
        var opened: OpaquePointer?
        // A reader opens read-write where it may, because a WAL left by a killed daemon must be recovered to be read.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (mode == .create ? SQLITE_OPEN_CREATE : 0)
        let code = sqlite3_open_v2(path, &opened, flags, vfs)
        guard code == SQLITE_OK, let opened else {
            let text = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            let extended = opened.map { sqlite3_extended_errcode($0) } ?? code
            sqlite3_close_v2(opened)
            let kind = mode == .readOnly && code == SQLITE_CANTOPEN ? .missing : Connection.kind(of: code)
            throw StorageError(kind, "open \(path)", underlying: text, number: extended)
        }
        let connection = Connection(handle: opened)
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, 5000)
        _ = hs_sqlite3_defensive(opened)
        if mode == .readOnly { try connection.execute("PRAGMA query_only = ON") }
        return connection
    }
    deinit { sqlite3_close_v2(handle) }

    /// Runs SQL of ours that gives no rows; several statements may follow each other.
    func execute(_ sql: String) throws(StorageError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw Connection.error(handle, code, "execute \(Connection.operation(sql))") }
    }
    /// Compiles one statement, told to SQLite as one that is kept; anything after the first `;` is left out.
    /// - Throws: `statement` for a mistake of ours, or what reading the schema says.
    func prepare(_ sql: String) throws(StorageError) -> Statement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else {
            throw Connection.error(handle, code, "prepare \(Connection.operation(sql))")
        }
        return Statement(handle: statement)
    }
    /// The one number a statement such as `PRAGMA user_version` answers; 0 if it answers nothing.
    func number(_ sql: String) throws(StorageError) -> Int64 {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : 0
    }
    /// Whether a transaction is open: SQLite ends one by itself after some errors.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }
    /// The row number of the latest INSERT that wrote one. An INSERT that did nothing leaves an older one: ask
    /// `changes` first.
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }
    /// Rows the latest INSERT, UPDATE or DELETE touched.
    var changes: Int { Int(sqlite3_changes(handle)) }

    /// The error SQLite has just reported on `handle`. The statement's text has only our own words, never data.
    static func error(_ handle: OpaquePointer, _ code: Int32, _ context: String) -> StorageError {
        StorageError(
            kind(of: code), context, underlying: String(cString: sqlite3_errmsg(handle)),
            number: sqlite3_extended_errcode(handle))
    }
    /// Source: https://sqlite.org/rescode.html.
    static func kind(of code: Int32) -> StorageError.Code {
        switch code & 0xFF {
        case SQLITE_FULL: .diskFull
        case SQLITE_IOERR, SQLITE_NOMEM, SQLITE_PROTOCOL: .io
        case SQLITE_BUSY, SQLITE_LOCKED: .busy
        case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN, SQLITE_AUTH: .unwritable
        default: .statement
        }
    }
    /// A statement's first words, enough to find it by.
    private static func operation(_ sql: String) -> String {
        sql.split(whereSeparator: \.isWhitespace).prefix(4).joined(separator: " ")
    }
}
