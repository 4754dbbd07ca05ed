import Glibc
import Synchronization

/// Writes each entry at once as one line to a descriptor: standard error, or a file that can be reopened after it was rotated.
///
/// One `write(2)` a line: lines of several threads do not mix. A line that cannot be written is dropped and counted.
public final class StreamLog: LogHandler {
    /// Where the lines go.
    public enum Target: Sendable, Equatable {
        case standardError
        case file(String)
    }
    private struct State {
        var descriptor: Int32
        var dropped = 0
    }
    private let target: Target
    private let format: LogFormat
    private let isJournal: Bool
    private let state: Mutex<State>

    /// Opens the target.
    /// - Returns: nil when the file cannot be opened for appending; `errno` says why.
    public init?(_ target: Target, format: LogFormat) {
        guard let descriptor = StreamLog.open(target) else { return nil }
        self.target = target
        self.format = format
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
            defer { state.descriptor = fresh }
            return state.descriptor
        }
        close(old)
        return true
    }

    /// Lines that could not be written since the start.
    public var dropped: Int { state.withLock { $0.dropped } }

    public func handle(_ entry: LogEntry) {
        let line = format.line(for: entry, isJournal: isJournal)
        state.withLock { state in
            let written = unsafe line.withUnsafeBytes { unsafe write(state.descriptor, $0.baseAddress, $0.count) }
            if written != line.count { state.dropped += 1 }
        }
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
