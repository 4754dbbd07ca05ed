/// Where log entries go. Called from any thread; must not block for long and must not log.
public protocol LogHandler: Sendable {
    /// Takes one entry; it cannot fail, so what cannot be written is the handler's to count.
    func handle(_ entry: LogEntry)
}
