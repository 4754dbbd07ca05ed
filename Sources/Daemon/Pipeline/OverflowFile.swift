import Glibc
import Storage
import Telephony

/// Finished calls on disk, one note a line, to be taken up a piece at a time.
///
/// Every method blocks on the disk: never on the loop, but to keep one call aside.
struct OverflowFile {
    /// Made with the first call; its folder must be there.
    let path: String
    /// The system's, or a test's that fails as on a full disk.
    var write: @Sendable (Int32, UnsafeRawPointer?, Int) -> Int = { Glibc.write($0, $1, $2) }
    /// Bytes of a piece: some hundred calls. A single longer line makes the piece longer, up to `lineLimit`.
    static let pieceBytes = 512 << 10
    private static let lineLimit = 16 << 20

    /// Some calls of the file.
    struct Piece: Sendable {
        /// Those that could be read, in the order they were appended.
        var calls: [FinishedCall] = []
        /// Lines that could not be read: cut by a full disk, most likely.
        var damaged = 0
        /// Where the next piece begins; nil after the last.
        var next: Int?
    }

    /// Appends a call.
    /// - Throws: what the system said; the call is then in no place but the caller's.
    func append(_ call: FinishedCall) throws(FileError) {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        FolderOwner.takes(descriptor, at: path)
        let line = call.noteBytes + [0x0A]
        let end = lseek(descriptor, 0, SEEK_END)
        let count = write(descriptor, line, line.count)
        guard count == line.count else {
            let error = FileError("write", path, number: count < 0 ? errno : ENOSPC)
            // A line that was cut by a full disk would swallow the next one.
            if count > 0, end >= 0 { ftruncate(descriptor, end) }
            throw error
        }
    }

    /// Whether no call waits here.
    var isEmpty: Bool { access(path, F_OK) != 0 }

    /// The calls from byte `offset` on, a piece of them.
    func piece(at offset: Int) throws(FileError) -> Piece {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        var size = OverflowFile.pieceBytes
        while true {
            var bytes = [UInt8](repeating: 0, count: size)
            var count = 0
            while count < size {
                let n = bytes.withUnsafeMutableBytes {
                    pread(descriptor, $0.baseAddress! + count, size - count, off_t(offset + count))
                }
                if n < 0, errno == EINTR { continue }
                guard n >= 0 else { throw FileError("read", path) }
                if n == 0 { break }
                count += n
            }
            let isEnd = count < size
            let lastFeed = bytes[..<count].lastIndex(of: 0x0A)
            if !isEnd, lastFeed == nil, size < OverflowFile.lineLimit {
                size *= 2
                continue
            }
            // At the end of the file what has no line feed is a cut line; elsewhere the rest belongs to the next piece.
            let used = isEnd ? count : lastFeed.map { $0 + 1 } ?? count
            var piece = Piece(next: isEnd ? nil : offset + used)
            for line in bytes[..<used].split(separator: 0x0A) {
                if let call = FinishedCall(noteBytes: line) { piece.calls.append(call) } else { piece.damaged += 1 }
            }
            return piece
        }
    }

    /// The calls, a piece of them at a time; none of a file that was not made.
    func forEachPiece(_ body: ([FinishedCall]) async throws -> Void) async throws {
        var offset: Int? = isEmpty ? nil : 0
        while let from = offset {
            let piece = try piece(at: from)
            try await body(piece.calls)
            offset = piece.next
        }
    }

    /// Removes the file, its calls taken up; one that is not there is no error.
    func remove() { unlink(path) }

    /// Gives the whole file its name at once, in place of a file that has it.
    func rename(to name: String) throws(FileError) {
        guard Glibc.rename(path, name) == 0 else { throw FileError("rename", path) }
    }

    /// Gives the whole file its name at once, unless a file has it: false then, and both stay as they are.
    func renameBesideOthers(to name: String) throws(FileError) -> Bool {
        guard link(path, name) == 0 else {
            if errno == EEXIST { return false }
            throw FileError("link", name)
        }
        remove()
        return true
    }
}
