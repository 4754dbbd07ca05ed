import Glibc
import Synchronization

/// Runs the operator's command for an alert, with the alert's JSON on its standard input and nothing else of ours.
///
/// On a thread of its own, one command at a time: an alert must not make a call wait. At most `capacity` alerts wait, and none waits
/// longer than `patience` for the one before it; the log has all of them, and what became of a command that did not do its work.
final class AlertCommand: Sendable {
    private struct State {
        var waiting: [[UInt8]] = []
        var isRunning = false
    }
    private static let capacity = 100
    private let command: String
    private let patience: Duration
    private let failed: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - patience: a command that takes longer is killed.
    ///   - failed: told in words when the command could not do its work, on this class's thread.
    init(
        _ command: String, patience: Duration = .seconds(60), failed: @escaping @Sendable (String) -> Void
    ) {
        (self.command, self.patience, self.failed) = (command, patience, failed)
    }

    /// Has the command run with this text. Returns at once.
    func run(with json: [UInt8]) {
        let (isTaken, isFirst) = state.withLock { state in
            guard state.waiting.count < AlertCommand.capacity else { return (false, false) }
            state.waiting.append(json)
            defer { state.isRunning = true }
            return (true, !state.isRunning)
        }
        if !isTaken { failed("\(AlertCommand.capacity) alerts wait for it already") }
        if isFirst { BackgroundThread.run { self.work() } }
    }

    private func work() {
        while true {
            let next: [UInt8]? = state.withLock { state in
                if state.waiting.isEmpty {
                    state.isRunning = false
                    return nil
                }
                return state.waiting.removeFirst()
            }
            guard let next else { return }
            if let words = spawn(input: next) { failed(words) }
        }
    }

    /// Starts the command and waits for its end. No shell: the path is executed as it is.
    /// - Returns: what went wrong.
    private func spawn(input: [UInt8]) -> String? {
        var pipe: [Int32] = [0, 0]
        guard Glibc.pipe(&pipe) == 0 else { return "pipe: \(String(cString: strerror(errno)))" }
        for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, pipe[0], STDIN_FILENO)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The daemon ignores SIGPIPE, and a child would inherit that: a script's pipes rely on it.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var usual = sigset_t()
        sigemptyset(&usual)
        sigaddset(&usual, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var process = pid_t()
        let name = strdup(command)
        defer { free(name) }
        var arguments: [UnsafeMutablePointer<CChar>?] = [name, nil]
        let result = posix_spawn(&process, command, &actions, &attributes, &arguments, environ)
        close(pipe[0])
        defer { close(pipe[1]) }
        guard result == 0 else { return String(cString: strerror(result)) }
        // An alert is shorter than what a pipe holds: this does not wait for the reader.
        _ = write(pipe[1], input, input.count)
        close(pipe[1])
        pipe[1] = -1
        return wait(for: process)
    }

    private func wait(for process: pid_t) -> String? {
        let clock = ContinuousClock()
        let end = clock.now + patience
        var status: Int32 = 0
        while true {
            let found = waitpid(process, &status, WNOHANG)
            if found == process { break }
            if found < 0, errno != EINTR { return nil }
            if clock.now >= end {
                kill(process, SIGKILL)
                while waitpid(process, &status, 0) < 0, errno == EINTR {}
                return "it took more than \(patience) and was killed"
            }
            usleep(20_000)
        }
        switch ProcessEnd(status: status) {
        case .exited(0): return nil
        case .exited(let code): return "it ended with \(code)"
        case .signalled(let signal): return "it was ended by signal \(signal)"
        }
    }
}
