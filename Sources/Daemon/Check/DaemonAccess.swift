import Glibc

/// Whether the daemon may use a file or folder, asked by whoever runs `check`.
///
/// The configuration holds secrets, so `check` is mostly run by root, who may read everything; the daemon is another user. Then the
/// question is asked as that user, who is known as the owner of the state folder, by util-linux's `setpriv` and `test`.
struct DaemonAccess {
    /// Ways to use a file that are asked for together, as access(2) takes them.
    struct Modes: OptionSet {
        /// The bits of access(2): `R_OK`, `W_OK`, `X_OK`.
        var rawValue: Int32
        /// For a folder: its names.
        static let read = Modes(rawValue: R_OK)
        /// For a folder: files can be made and removed in it, if `execute` is there too.
        static let write = Modes(rawValue: W_OK)
        /// For a folder: what is in it can be reached.
        static let execute = Modes(rawValue: X_OK)
    }
    /// Whom to ask for; nil where that is who runs this.
    let user: (id: uid_t, group: gid_t, name: String)?

    /// - Parameter stateDirectory: whose owner is taken for the daemon's user; where it is missing or root's, or the
    ///   asker is not root, the asker's own rights are what counts.
    init(stateDirectory: String) {
        var status = stat()
        guard geteuid() == 0, stat(stateDirectory, &status) == 0, status.st_uid != 0 else {
            user = nil
            return
        }
        let entry = getpwuid(status.st_uid)
        user = (
            status.st_uid, entry?.pointee.pw_gid ?? status.st_gid,
            entry.map { String(cString: $0.pointee.pw_name) } ?? "\(status.st_uid)"
        )
    }

    /// As a message names the user.
    var who: String { user.map { "the daemon's user (\($0.name))" } ?? "this user" }

    /// Why it may not be used in all these ways, as an errno; nil where it may.
    func refusal(_ path: String, _ modes: Modes) -> Int32? {
        guard access(path, modes.rawValue) == 0 else { return errno }
        guard let user else { return nil }
        var words = ["/usr/bin/setpriv", "--reuid=\(user.id)", "--regid=\(user.group)"]
        // Its other groups count: that of Asterisk is how it reads recordings.
        words.append(getpwuid(user.id) == nil ? "--clear-groups" : "--init-groups")
        words.append("/usr/bin/test")
        for (mode, flag) in [(Modes.read, "-r"), (.write, "-w"), (.execute, "-x")] where modes.contains(mode) {
            if words.last != "/usr/bin/test" { words.append("-a") }
            words += [flag, path]
        }
        // 1 is test's "no"; whatever else went wrong says nothing of the path.
        return DaemonAccess.run(words) == .exited(1) ? EACCES : nil
    }

    /// Runs a program to its end; nil where it could not be run.
    private static func run(_ words: [String]) -> ProcessEnd? {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        guard posix_spawn(&process, words[0], nil, nil, &arguments, environ) == 0 else { return nil }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { if errno != EINTR { return nil } }
        return ProcessEnd(status: status)
    }
}
