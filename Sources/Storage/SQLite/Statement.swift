import CSQLite
import Telephony

/// One prepared statement, owned, kept and used again and again.
struct Statement: ~Copyable, StatementUse {
    /// For calls that have no wrapper here; finalized with this owner.
    let handle: OpaquePointer

    /// Takes over `handle`, which must come from `sqlite3_prepare_v3` and have no other owner.
    init(handle: OpaquePointer) { self.handle = handle }
    deinit { sqlite3_finalize(handle) }

    /// The same statement for a few lines' use, under a short name; must not outlive its owner.
    var use: Use { Use(handle: handle) }
    /// A `Statement` without the ownership: may be copied and passed on, finalizes nothing.
    struct Use: StatementUse { let handle: OpaquePointer }
}

/// Binding, stepping and reading.
///
/// Parameters count from 1 and columns from 0, as in SQLite. Small values are copied by SQLite; `borrow` hands over bytes
/// without a copy, and they must outlive the next `reset`.
protocol StatementUse: ~Copyable {
    /// What all of this works on; stays the owner's.
    var handle: OpaquePointer { get }
}

extension StatementUse where Self: ~Copyable {
    /// Binds an INTEGER.
    func bind(_ i: Int32, _ value: Int64) { check(sqlite3_bind_int64(handle, i, value)) }
    /// Binds an INTEGER.
    func bind(_ i: Int32, _ value: Int) { check(sqlite3_bind_int64(handle, i, Int64(value))) }
    /// Binds an INTEGER, or NULL for nil.
    func bind(_ i: Int32, _ value: Int64?) {
        if let value { bind(i, value) } else { check(sqlite3_bind_null(handle, i)) }
    }
    /// Binds whole milliseconds since 1970, what every `…_at_ms` column holds; microseconds are rounded down.
    func bind(_ i: Int32, _ value: Instant) { bind(i, value.milliseconds) }
    /// Binds whole milliseconds since 1970, or NULL for nil.
    func bind(_ i: Int32, _ value: Instant?) { bind(i, value?.milliseconds) }
    /// Binds a TEXT, copied; an empty one is `''` and not NULL.
    func bind(_ i: Int32, _ value: String) {
        var text = value
        check(
            text.withUTF8 {
                // An empty text has no address, and no address would be NULL.
                $0.baseAddress == nil
                    ? hs_sqlite3_bind_text_borrowed(handle, i, "", 0)
                    : hs_sqlite3_bind_text_copy(handle, i, $0.baseAddress, Int32($0.count))
            })
    }
    /// Binds a TEXT, or NULL for nil.
    func bind(_ i: Int32, _ value: String?) {
        if let value { bind(i, value) } else { check(sqlite3_bind_null(handle, i)) }
    }
    /// Binds a BLOB, copied; an empty one has no bytes and is not NULL.
    func bind(_ i: Int32, copying bytes: [UInt8]) {
        check(
            bytes.withUnsafeBytes {
                $0.isEmpty
                    ? sqlite3_bind_zeroblob(handle, i, 0)
                    : hs_sqlite3_bind_blob_copy(handle, i, $0.baseAddress, Int32($0.count))
            })
    }
    /// Binds a blob in place.
    func borrow(_ i: Int32, blob bytes: UnsafeRawBufferPointer) {
        check(
            bytes.isEmpty
                ? sqlite3_bind_zeroblob(handle, i, 0)
                : hs_sqlite3_bind_blob_borrowed(handle, i, bytes.baseAddress, Int32(bytes.count)))
    }
    /// Binds a text in place.
    func borrow(_ i: Int32, text bytes: UnsafeRawBufferPointer) {
        let address = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        check(
            address == nil
                ? hs_sqlite3_bind_text_borrowed(handle, i, "", 0)
                : hs_sqlite3_bind_text_borrowed(handle, i, address, Int32(bytes.count)))
    }

    /// Goes to the next row; false at the end, with the statement ready for its next use.
    /// - Throws: what SQLite says; the statement is ready for its next use.
    func step() throws(StorageError) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE {
            sqlite3_reset(handle)
            return false
        }
        let database = sqlite3_db_handle(handle)!
        let context = String(cString: sqlite3_sql(handle)).split(whereSeparator: \.isWhitespace).prefix(4)
        let error = Connection.error(database, code, "run \(context.joined(separator: " "))")
        sqlite3_reset(handle)
        throw error
    }
    /// Runs a statement to its end, whatever rows it gives.
    func run() throws(StorageError) {
        while try step() {}
    }
    /// Ends a use before the last row.
    func reset() { sqlite3_reset(handle) }

    /// An INTEGER of the row stepped to; 0 where it is NULL. Like all that follow, to be read before the
    /// next `step` or `reset`.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    /// Whether a column is NULL. To be asked before the column is read as another type, which may convert it in place.
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
    /// An INTEGER, nil for NULL.
    func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }
    /// A column of milliseconds since 1970; 1970 itself where it is NULL.
    func instant(_ column: Int32) -> Instant { Instant(milliseconds: integer(column)) }
    /// A column of milliseconds since 1970, nil for NULL.
    func optionalInstant(_ column: Int32) -> Instant? { isNull(column) ? nil : instant(column) }
    /// A TEXT, bytes that are not UTF-8 repaired; empty where it is NULL. A number is read as its digits.
    func text(_ column: Int32) -> String {
        guard let bytes = sqlite3_column_text(handle, column) else { return "" }
        let length = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: length), as: UTF8.self)
    }
    /// A TEXT, nil for NULL.
    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }
    /// Whether a column holds exactly these bytes.
    func isEqual(_ column: Int32, to bytes: [UInt8]) -> Bool {
        guard let start = sqlite3_column_blob(handle, column) else { return bytes.isEmpty }
        let length = Int(sqlite3_column_bytes(handle, column))
        return length == bytes.count && UnsafeRawBufferPointer(start: start, count: length).elementsEqual(bytes)
    }
    /// The bytes of a BLOB or TEXT, copied; empty where it is NULL.
    func bytes(_ column: Int32) -> [UInt8] {
        guard let bytes = sqlite3_column_blob(handle, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
    }

    /// Binding fails only for a parameter that does not exist or out of memory: ours to fix.
    private func check(_ code: Int32) {
        precondition(code == SQLITE_OK, "a parameter of \(String(cString: sqlite3_sql(handle))) could not be bound")
    }
}
