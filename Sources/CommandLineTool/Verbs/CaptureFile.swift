import AMI
import Daemon
import Glibc
import Telephony

/// The two files of a capture. On the loop's thread only.
final class CaptureFile: @unchecked Sendable {
    private let stream: Int32
    private let index: Int32
    private let path: String
    private let now: @Sendable () -> Instant
    private var mask: StreamMask?
    private var connection = 0
    private var isOpen = false
    private var total = 0
    /// What the system said when a byte could not be written; nothing is written after it.
    private(set) var failure: FileError?

    /// Makes both files, readable by their owner alone: a capture holds callers' numbers.
    /// - Parameter isMasked: numbers and names are replaced before anything is written.
    /// - Throws: where the first is there already (it may be the only one of its kind), or one cannot be made; an older
    ///   index is overwritten.
    init(_ path: String, isMasked: Bool, now: @escaping @Sendable () -> Instant) throws(FileError) {
        (self.path, self.now) = (path, now)
        // Never over an older capture: it may be the only one.
        stream = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard stream >= 0 else { throw FileError("make", path) }
        index = open("\(path).ts", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard index >= 0 else {
            let error = FileError("make", "\(path).ts")
            Glibc.close(stream)
            // Else the next try is refused by the empty file of this one.
            unlink(path)
            throw error
        }
        mask = isMasked ? StreamMask() : nil
    }

    /// Takes the bytes of one read.
    func take(_ bytes: UnsafeRawBufferPointer) {
        let time = now()
        if !isOpen {
            isOpen = true
            write(index, Array("# conn \(connection) opened epoch=\(CaptureFile.seconds(time))\n".utf8))
        }
        put(mask?.feed(bytes) ?? Array(bytes), at: time)
    }

    /// The connection ended.
    func closed() {
        guard isOpen else { return }
        let time = now()
        if let rest = mask?.finish() { put(rest, at: time) }
        write(index, Array("# conn \(connection) closed epoch=\(CaptureFile.seconds(time))\n".utf8))
        isOpen = false
        connection += 1
    }

    /// Ends both files; where no byte came there is none, and the next try may have the name.
    /// - Returns: the bytes of the stream.
    func close() -> Int {
        closed()
        Glibc.close(stream)
        Glibc.close(index)
        if total == 0 { for name in [path, "\(path).ts"] { unlink(name) } }
        return total
    }

    private func put(_ bytes: [UInt8], at time: Instant) {
        guard !bytes.isEmpty else { return }
        var clock = timespec()
        clock_gettime(CLOCK_MONOTONIC, &clock)
        let monotonic = CaptureFile.seconds(
            Instant(microseconds: Int64(clock.tv_sec) * 1_000_000 + Int64(clock.tv_nsec) / 1000))
        write(stream, bytes)
        write(
            index, Array("\(connection) \(total) \(bytes.count) \(monotonic) \(CaptureFile.seconds(time))\n".utf8))
        total += bytes.count
    }

    private func write(_ descriptor: Int32, _ bytes: [UInt8]) {
        guard failure == nil, Glibc.write(descriptor, bytes, bytes.count) != bytes.count else { return }
        failure = FileError("write", path)
    }

    /// `1795226720.123456`
    private static func seconds(_ time: Instant) -> String {
        let fraction = String(time.microseconds % 1_000_000)
        return "\(time.seconds).\(String(repeating: "0", count: 6 - fraction.utf8.count))\(fraction)"
    }
}
