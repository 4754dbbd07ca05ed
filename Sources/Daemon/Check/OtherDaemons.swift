import Delivery
import Glibc
import Storage

/// Daemons of this host as `/proc` shows them. With another state folder one does not meet our lock, and tells every call again.
struct OtherDaemons {
    /// A process that runs `hookswitch run`.
    struct Process {
        /// Its process id, as `ps` shows it.
        var id: Int
        /// What that file says, read with that process's environment; nil where it cannot be read from here or is
        /// wrong.
        var configuration: Configuration?
        /// The file of its `--config`, or the usual one.
        var file: String
    }
    /// Ours, to hold theirs against.
    let configuration: Configuration

    /// One finding a daemon that watches an Asterisk of ours as the same user, or may do so; none where there is no
    /// such.
    func findings() -> [Finding] {
        OtherDaemons.running().flatMap(judge)
    }

    private func judge(_ other: Process) -> [Finding] {
        // With our folder it is our daemon: the state folder's own finding tells of it.
        guard !isSame(other.file, configuration.file),
            other.configuration?.general.stateDirectory != configuration.general.stateDirectory
        else { return [] }
        let subject = "daemon"
        guard let theirs = other.configuration else {
            return [
                Finding(
                    .unknown, subject, "process \(other.id) runs with \(other.file), which cannot be read from here",
                    fix: "sudo hookswitch check tells whether it watches the same Asterisk")
            ]
        }
        let shared = theirs.pbxs.filter { pbx in
            configuration.pbxs.contains { $0.ami == pbx.ami && $0.username == pbx.username }
        }
        guard let pbx = shared.first else { return [] }
        let url = theirs.endpoints.first { endpoint in
            configuration.endpoints.contains { $0.urlText == endpoint.urlText }
        }
        return [
            Finding(
                .failure, subject,
                "process \(other.id) (\(other.file)) watches \(pbx.ami) as \(pbx.username) too"
                    + (url.map { ": webhook \($0.name) gets each call twice" } ?? ": each call is told twice"),
                fix: "stop one of the two, or give it another [pbx:] section")
        ]
    }

    private func isSame(_ a: String, _ b: String) -> Bool {
        func real(_ path: String) -> String {
            guard let found = realpath(path, nil) else { return path }
            defer { free(found) }
            return String(cString: found)
        }
        return real(a) == real(b)
    }

    /// By its name, or the very file that runs here.
    private static func isProgram(_ id: Int, _ name: String) -> Bool {
        if name.split(separator: "/").last == "hookswitch" { return true }
        var (own, other) = (stat(), stat())
        return stat("/proc/self/exe", &own) == 0 && stat("/proc/\(id)/exe", &other) == 0
            && own.st_dev == other.st_dev && own.st_ino == other.st_ino
    }

    private static func value(of name: String, in variables: [UInt8]) -> String? {
        variables.split(separator: 0).first { $0.starts(with: "\(name)=".utf8) }
            .map { String(decoding: $0.dropFirst(name.utf8.count + 1), as: UTF8.self) }
    }

    /// The processes whose program is `hookswitch` and whose verb is `run`, our own left out.
    static func running() -> [Process] {
        FolderEntries.names(in: "/proc").compactMap(Int.init).filter { $0 != Int(getpid()) }.compactMap { id in
            guard let bytes = try? FileError.read("/proc/\(id)/cmdline", limit: 65536) else { return nil }
            let words = bytes.split(separator: 0, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
            guard words.count > 1, words.contains("run"), isProgram(id, words[0]) else {
                return nil
            }
            var file = Configuration.defaultPath
            if let option = words.firstIndex(of: "--config"), option + 1 < words.count { file = words[option + 1] }
            for word in words where word.hasPrefix("--config=") { file = String(word.dropFirst("--config=".count)) }
            // A relative name is relative to where it was started.
            if !file.hasPrefix("/") { file = "/proc/\(id)/cwd/\(file)" }
            let variables = (try? FileError.read("/proc/\(id)/environ", limit: 1 << 20)) ?? []
            let environment = ConfigurationEnvironment(
                variable: { value(of: $0, in: variables) }, contents: ConfigurationEnvironment.process.contents)
            return Process(id: id, configuration: try? Configuration.load(file, environment: environment), file: file)
        }
    }
}
