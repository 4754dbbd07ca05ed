import Glibc
import Synchronization

/// Runs the operator's command for an alert, with the alert's JSON on its standard input and nothing else of ours.
///
/// On a thread of its own, one command at a time: an alert must not make a call wait. At most `capacity` alerts wait; the log has
/// all of them.
final class AlertCommand: Sendable {
    private struct State {
        var waiting: [[UInt8]] = []
        var isRunning = false
    }
    private static let capacity = 100
    private let command: String
    private let state = Mutex(State())

    init(_ command: String) { self.command = command }

    /// Has the command run with this text. Returns at once.
    func run(with json: [UInt8]) {
        let isFirst = state.withLock { state in
            guard state.waiting.count < AlertCommand.capacity else { return false }
            state.waiting.append(json)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard isFirst else { return }
        BackgroundThread.run { self.work() }
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
            AlertCommand.spawn(command, input: next)
        }
    }

    /// Starts the command and waits for its end. No shell: the path is executed as it is.
    private static func spawn(_ command: String, input: [UInt8]) {
        var pipe: [Int32] = [0, 0]
        guard Glibc.pipe(&pipe) == 0 else { return }
        for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, pipe[0], STDIN_FILENO)
        defer { posix_spawn_file_actions_destroy(&actions) }
        var process = pid_t()
        let name = strdup(command)
        defer { free(name) }
        var arguments: [UnsafeMutablePointer<CChar>?] = [name, nil]
        let result = posix_spawn(&process, command, &actions, nil, &arguments, environ)
        close(pipe[0])
        if result == 0 {
            _ = write(pipe[1], input, input.count)
            close(pipe[1])
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
        } else {
            close(pipe[1])
        }
    }
}
