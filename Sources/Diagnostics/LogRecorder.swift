import Synchronization

/// Keeps entries in memory, for tests that assert on what was said and on what must never be.
public final class LogRecorder: LogHandler {
    private let kept = Mutex<[LogEntry]>([])

    /// Nothing kept yet.
    public init() {}

    public func handle(_ entry: LogEntry) { kept.withLock { $0.append(entry) } }

    /// Everything so far, in order.
    public var entries: [LogEntry] { kept.withLock { $0 } }
    /// Everything so far as text lines, as a log file would show it.
    public var lines: [String] {
        entries.map { String(decoding: LogFormat.text.line(for: $0).dropLast(), as: UTF8.self) }
    }
    /// The entries with this message.
    public func entries(saying message: String) -> [LogEntry] { entries.filter { $0.message == message } }
}
