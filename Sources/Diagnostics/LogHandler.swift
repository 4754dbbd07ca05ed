/// Where log entries go. Called from any thread; must not block for long and must not log.
public protocol LogHandler: Sendable {
    func handle(_ entry: LogEntry)
}
