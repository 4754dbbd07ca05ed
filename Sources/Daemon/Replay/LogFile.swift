public import AsteriskWire
import Glibc
import Storage

/// A CDR or CEL log on disk, of any size.
public enum LogFile {
    /// The file's bytes, read a piece at a time while they are asked for; a pipe's at once, and the tables of an SQLite database as
    /// text.
    public static func open(_ path: String) throws(FileError) -> LogBytes {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        let file = Descriptor(descriptor)
        if file.read(0..<TableDump.signature.count) == TableDump.signature {
            do throws(StorageError) { return LogBytes(try TableDump.text(ofDatabaseAt: path)) } catch {
                throw FileError("read the tables (\(error)) of", path, number: EIO)
            }
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError("stat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else { return LogBytes(try FileError.read(path, limit: 4 << 30)) }
        return LogBytes(count: Int(status.st_size)) { file.read($0) }
    }

    /// Whether it is a pipe, a terminal or the like, which gives its bytes only once.
    public static func isReadOnce(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
    }

    /// The first bytes of a file, enough to see what it is; none of what gives its bytes only once.
    public static func head(_ path: String) throws(FileError) -> [UInt8] {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        return Descriptor(descriptor).read(0..<4096)
    }

    private final class Descriptor {
        private let descriptor: Int32
        init(_ descriptor: Int32) { self.descriptor = descriptor }
        deinit { close(descriptor) }

        func read(_ range: Range<Int>) -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
                count = 0
                while count < range.count {
                    let got = pread(
                        descriptor, buffer.baseAddress! + count, range.count - count, off_t(range.lowerBound + count))
                    if got < 0, errno == EINTR { continue }
                    if got <= 0 { break }
                    count += got
                }
            }
        }
    }
}
