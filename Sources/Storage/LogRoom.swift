import CSQLite

/// Room in the write-ahead log's file before it is needed.
///
/// A sync of a file that has grown waits for the file system's own journal too; one that is written over does not. SQLite
/// writes the log over once it has been copied into the database, so that only the time after a start is slow: zeros
/// spare it that. No reader takes them for a frame: page number and salts of one are never all zero, and reading a log after a kill
/// ends at the first that does not fit. Allocating without writing (fallocate) does not help, as the first write into it is a change
/// to the journal again.
/// Source: https://sqlite.org/fileformat2.html#walformat, https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html.
extension Ledger {
    /// Zeros written and synced at once: what a commit may have to wait for, a few milliseconds, on an SD card some ten.
    private static let roomPiece = 256 << 10

    /// Makes the log's file a piece longer, up to `size` bytes. Outside any transaction.
    /// - Returns: whether a piece is missing yet. A full disk or a failing one is no error here: the log grows by itself.
    func lengthenLog(to size: Int64) -> Bool {
        // Nobody else, a command line for instance, may append to the log meanwhile.
        guard (try? statements.begin.run()) != nil else { return false }
        defer { try? connection.execute("ROLLBACK") }
        return connection.lengthenLog(to: size, by: Ledger.roomPiece)
    }
}

extension Connection {
    fileprivate func lengthenLog(to size: Int64, by piece: Int) -> Bool {
        var found: UnsafeMutablePointer<sqlite3_file>?
        guard sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &found) == SQLITE_OK, let file = found,
            let methods = file.pointee.pMethods?.pointee
        else { return false }
        var end: Int64 = 0
        guard methods.xFileSize(file, &end) == SQLITE_OK, end < size else { return false }
        // SQLite's files take less than 128 KB at once (os_unix.c).
        let zeros = [UInt8](repeating: 0, count: 64 << 10)
        let pieceEnd = min(end + Int64(piece), size)
        while end < pieceEnd {
            let count = min(Int64(zeros.count), pieceEnd - end)
            guard methods.xWrite(file, zeros, Int32(count), end) == SQLITE_OK else { return false }
            end += count
        }
        return methods.xSync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK && end < size
    }
}
