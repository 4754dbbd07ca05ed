import CSQLite

/// Collects what SQLite writes into the write-ahead log, and writes it at once when the log is synced.
///
/// SQLite writes each page and the header before it apart, some thirty system calls for a call's commit. What is written to the log
/// means nothing before its sync: readers are told of a commit after it (synchronous = FULL). So the bytes wait here:
///
/// ```
/// xWrite ─▶ [ one run of bytes ] ─ xSync, or whatever else looks at the file ─▶ the file's own xWrite, then what was asked
/// ```
/// The write's error is the sync's then, and fails the commit all the same. A crash loses what no commit had been told of.
///
/// **Isolation**: the one thread that uses the connection.
/// **Source**: https://sqlite.org/c3ref/io_methods.html, https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html
/// (SQLITE_FCNTL_JOURNAL_POINTER).
enum LogBuffer {
    /// Bytes that are kept, 29 frames; more is written in several runs. SQLite's files take less than 128 KB at once (os_unix.c).
    private static let capacity = 29 * 4120
    private typealias File = UnsafeMutablePointer<sqlite3_file>
    private typealias State = UnsafeMutablePointer<hs_log_buffer>

    /// Puts a buffer before the log of a connection that has read already; does nothing where it has no log.
    static func install(on connection: borrowing Connection) {
        var found: File?
        let code = sqlite3_file_control(connection.handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &found)
        guard code == SQLITE_OK, let file = found, let inner = file.pointee.pMethods else { return }
        let state = State.allocate(capacity: 1)
        state.initialize(to: hs_log_buffer())
        state.pointee.inner = inner
        state.pointee.bytes = .allocate(capacity: capacity)
        state.pointee.methods = inner.pointee
        state.pointee.methods.xWrite = { LogBuffer.write($0!, $1!, $2, $3) }
        state.pointee.methods.xRead = { LogBuffer.read($0!, $1!, $2, $3) }
        state.pointee.methods.xSync = { file, flags in LogBuffer.flushed(file!) { $0.xSync(file, flags) } }
        state.pointee.methods.xTruncate = { file, size in LogBuffer.flushed(file!) { $0.xTruncate(file, size) } }
        state.pointee.methods.xFileSize = { file, size in LogBuffer.flushed(file!) { $0.xFileSize(file, size) } }
        state.pointee.methods.xClose = { LogBuffer.close($0!) }
        file.pointee.pMethods = UnsafeRawPointer(state).assumingMemoryBound(to: sqlite3_io_methods.self)
    }

    /// The methods stand first in the state.
    private static func state(_ file: File) -> State {
        UnsafeMutableRawPointer(mutating: file.pointee.pMethods).assumingMemoryBound(to: hs_log_buffer.self)
    }

    private static func write(_ file: File, _ bytes: UnsafeRawPointer, _ count: Int32, _ offset: Int64) -> Int32 {
        let state = state(file)
        let isNext = offset == state.pointee.start + Int64(state.pointee.count)
        if state.pointee.count > 0, !isNext || Int(state.pointee.count + count) > capacity {
            let code = flush(file)
            if code != SQLITE_OK { return code }
        }
        if Int(count) > capacity { return state.pointee.inner.pointee.xWrite(file, bytes, count, offset) }
        if state.pointee.count == 0 { state.pointee.start = offset }
        UnsafeMutableRawPointer(state.pointee.bytes + Int(state.pointee.count))
            .copyMemory(from: bytes, byteCount: Int(count))
        state.pointee.count += count
        return SQLITE_OK
    }
    /// A transaction larger than SQLite's cache reads its own pages back.
    private static func read(_ file: File, _ bytes: UnsafeMutableRawPointer, _ count: Int32, _ offset: Int64) -> Int32 {
        let held = state(file).pointee
        if offset < held.start + Int64(held.count), offset + Int64(count) > held.start {
            return flushed(file) { $0.xRead(file, bytes, count, offset) }
        }
        return held.inner.pointee.xRead(file, bytes, count, offset)
    }
    /// Writes what is held; where that fails it is gone, with the transaction it belongs to.
    private static func flush(_ file: File) -> Int32 {
        let state = state(file)
        let held = state.pointee
        state.pointee.count = 0
        return held.count == 0 ? SQLITE_OK : held.inner.pointee.xWrite(file, held.bytes, held.count, held.start)
    }
    private static func flushed(_ file: File, _ body: (sqlite3_io_methods) -> Int32) -> Int32 {
        let code = flush(file)
        return code == SQLITE_OK ? body(state(file).pointee.inner.pointee) : code
    }
    private static func close(_ file: File) -> Int32 {
        let state = state(file)
        let code = flush(file)
        file.pointee.pMethods = state.pointee.inner
        let closed = state.pointee.inner.pointee.xClose(file)
        state.pointee.bytes.deallocate()
        state.deallocate()
        return code == SQLITE_OK ? closed : code
    }
}
