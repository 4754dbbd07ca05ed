public import Glibc

/// A program the lab started: known by its process id, stopped by that id only.
public final class ChildProcess: @unchecked Sendable {
    /// The process id.
    public let id: pid_t
    // Invariant: guarded by `monitor`.
    private var status: Int32?
    private let monitor = Monitor()

    /// Starts a program.
    /// - Parameters:
    ///   - arguments: The program's path, then its arguments. A name without a slash is looked up in `PATH`.
    ///   - environment: Added to this process's own.
    ///   - output: The file that takes standard output and error; nil means `/dev/null`.
    /// - Throws: `LabError` when it cannot be started.
    public init(
        _ arguments: [String], environment: [String: String] = [:], output: String? = nil, errors: String? = nil
    ) throws(LabError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o644)
        if let errors {
            posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        } else {
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        var variables: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            let name = String(text.prefix { $0 != "=" })
            if environment[name] == nil { variables.append(text) }
            next += 1
        }
        for (name, value) in environment { variables.append("\(name)=\(value)") }
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        // Threads of Swift's own pool have nearly all signals blocked, and a child would inherit that: Asterisk's manager, which
        // is woken by SIGURG, would then never send an event.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var child = pid_t()
        let result = posix_spawnp(&child, arguments[0], &actions, &attributes, &argv, &envp)
        guard result == 0 else {
            throw LabError("cannot start \(arguments[0])", String(cString: strerror(result)))
        }
        id = child
    }

    /// How it ended: the exit code, or 128 + signal; nil while it runs. Waits up to `seconds`.
    @discardableResult
    public func wait(seconds: Double = 0) -> Int32? {
        let deadline = monotonicSeconds() + seconds
        while true {
            let ended: Int32? = monitor.locked {
                if status == nil {
                    var raw: Int32 = 0
                    if waitpid(id, &raw, WNOHANG) == id {
                        status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
                    }
                }
                return status
            }
            if ended != nil || monotonicSeconds() >= deadline { return ended }
            pause(0.005)
        }
    }

    /// Sends a signal, unless it has ended.
    public func signal(_ number: Int32) {
        monitor.locked { if status == nil { kill(id, number) } }
    }

    /// Asks it to end, and after `seconds` makes it.
    @discardableResult
    public func stop(within seconds: Double = 5) -> Int32? {
        signal(SIGTERM)
        if let status = wait(seconds: seconds) { return status }
        signal(SIGKILL)
        return wait(seconds: 5)
    }

    /// Runs a program to its end and gives what it printed.
    /// - Throws: `LabError` when it cannot be started or does not end in time.
    public static func run(
        _ arguments: [String], environment: [String: String] = [:], seconds: Double = 30
    ) throws(LabError) -> (status: Int32, output: String, errors: String) {
        let stem = "/tmp/hookswitch-lab-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        defer {
            unlink(stem + ".out")
            unlink(stem + ".err")
        }
        let child = try ChildProcess(
            arguments, environment: environment, output: stem + ".out", errors: stem + ".err")
        guard let status = child.wait(seconds: seconds) else {
            child.signal(SIGKILL)
            child.wait(seconds: 5)
            throw LabError("\(arguments[0]) did not end in \(Int(seconds)) s", readText(stem + ".err") ?? "")
        }
        return (status, readText(stem + ".out") ?? "", readText(stem + ".err") ?? "")
    }
}

/// What went wrong in the lab itself, or a step that did not come true.
public struct LabError: Error, CustomStringConvertible {
    /// What was wanted.
    public let what: String
    /// What was seen instead.
    public let details: String

    init(_ what: String, _ details: String = "") { (self.what, self.details) = (what, details) }

    public var description: String { details.isEmpty ? what : "\(what): \(details)" }
}
