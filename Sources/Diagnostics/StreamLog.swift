import Glibc
import Synchronization

/// Writes each entry at once as one line to a descriptor: standard error, or a file that can be reopened after it was rotated.
///
/// One `write(2)` a line: lines of several threads do not mix. A line that cannot be written is dropped and counted; what was
/// written of one, as the disk became full in it, has a line of its own.
public final class StreamLog: LogHandler {
    /// Where the lines go.
    public enum Target: Sendable, Equatable {
        case standardError
        case file(String)
    }
    private struct State {
        var descriptor: Int32
        var dropped = 0
        /// The last byte written ends no line.
        var isInsideLine = false
    }
    /// As write(2): how many of the bytes were taken, or -1 and `errno`.
    typealias Write = @Sendable (Int32, ArraySlice<UInt8>) -> Int
    private let target: Target
    private let format: LogFormat
    private let isJournal: Bool
    private let write: Write
    private let state: Mutex<State>

    /// Opens the target.
    /// - Returns: nil when the file cannot be opened for appending; `errno` says why.
    public convenience init?(_ target: Target, format: LogFormat) {
        self.init(target, format: format) { descriptor, bytes in
            unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        }
    }
    /// - Parameter write: for tests: a disk that becomes full when they say so.
    init?(_ target: Target, format: LogFormat, write: @escaping Write) {
        guard let descriptor = StreamLog.open(target) else { return nil }
        self.target = target
        self.format = format
        self.write = write
        isJournal = target == .standardError && format == .text && StreamLog.isStandardErrorJournal()
        state = Mutex(State(descriptor: descriptor))
    }

    deinit {
        state.withLock { if $0.descriptor != STDERR_FILENO { close($0.descriptor) } }
    }

    /// Opens the file anew by its name, as after logrotate has moved the old one away. Keeps the old one when that fails.
    /// - Returns: whether it could be opened; always true for standard error.
    @discardableResult
    public func reopen() -> Bool {
        guard case .file = target else { return true }
        guard let fresh = StreamLog.open(target) else { return false }
        let old = state.withLock { state in
            defer { (state.descriptor, state.isInsideLine) = (fresh, false) }
            return state.descriptor
        }
        close(old)
        return true
    }

    /// Lines that could not be written since the start.
    public var dropped: Int { state.withLock { $0.dropped } }

    public func handle(_ entry: LogEntry) {
        var line = format.line(for: entry, isJournal: isJournal)
        state.withLock { state in
            if state.isInsideLine { line.insert(UInt8(ascii: "\n"), at: 0) }
            let written = written(of: line, to: state.descriptor)
            if written > 0 { state.isInsideLine = line[written - 1] != UInt8(ascii: "\n") }
            if written < line.count { state.dropped += 1 }
        }
    }
    /// Writes as much as goes; how much that was.
    private func written(of line: [UInt8], to descriptor: Int32) -> Int {
        var done = 0
        while done < line.count {
            let count = write(descriptor, line[done...])
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            done += count
        }
        return done
    }

    private static func open(_ target: Target) -> Int32? {
        switch target {
        case .standardError: return STDERR_FILENO
        case .file(let path):
            let descriptor = unsafe Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
            return descriptor >= 0 ? descriptor : nil
        }
    }

    /// systemd.exec(5): `JOURNAL_STREAM` is `device:inode` of the stream that leads to the journal.
    private static func isStandardErrorJournal() -> Bool {
        guard let variable = unsafe getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        guard unsafe fstat(STDERR_FILENO, &status) == 0 else { return false }
        return unsafe String(cString: variable) == "\(status.st_dev):\(status.st_ino)"
    }
}
