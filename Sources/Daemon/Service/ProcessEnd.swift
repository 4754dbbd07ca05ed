import Glibc

/// How a child process ended, as WIFEXITED, WEXITSTATUS and WTERMSIG of wait(2) tell, which Swift does not see.
enum ProcessEnd: Equatable {
    /// By itself, with this exit status, 0 to 255.
    case exited(Int32)
    /// By the signal of this number.
    case signalled(Int32)

    /// - Parameter status: as waitpid(2) gives it without WUNTRACED.
    init(status: Int32) {
        self = status & 0x7F == 0 ? .exited(status >> 8 & 0xFF) : .signalled(status & 0x7F)
    }
}
