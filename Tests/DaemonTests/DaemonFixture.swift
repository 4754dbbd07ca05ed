import Daemon
import Delivery
import Diagnostics
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

/// A folder of a test's own, removed at the end.
final class TestFolder: Sendable {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "daemon-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit {
        chmod(path, 0o755)
        try? FileManager.default.removeItem(atPath: path)
    }
    var state: String { "\(path)/state" }
    func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: "\(path)/\(name)")) }
    /// A script that can be run as a program.
    ///
    /// Made by a process of its own: what another test starts meanwhile could hold a file open that is written here, and one that is
    /// open to be written cannot be run.
    func writeScript(_ name: String, _ text: String) throws {
        try write("\(name).text", Array(text.utf8))
        try #require(system("cp '\(path)/\(name).text' '\(path)/\(name)' && chmod 755 '\(path)/\(name)'") == 0)
    }

    /// The configuration of a daemon with this folder.
    /// - Parameters:
    ///   - ami: address of the manager; by default one that nobody listens on.
    ///   - general: more lines of `[general]`.
    ///   - pbx: more lines of `[pbx:main]`.
    ///   - sections: more sections.
    func settings(
        ami: String = "tcp://127.0.0.1:9", secret: String = "secret", general: String = "", pbx: String = "",
        sections: String = ""
    ) -> String {
        """
        [general]
        name = pbx1
        state_dir = \(state)
        calls_log = \(path)/calls.jsonl
        \(general)
        [pbx:main]
        ami = \(ami)
        username = hookswitch
        secret = \(secret)
        \(pbx)
        \(sections)
        """
    }
    /// The log of a daemon whose `[general]` names `logFile`.
    var log: String { (try? String(contentsOfFile: "\(path)/hs.log", encoding: .utf8)) ?? "" }
    /// The line that names it.
    var logFile: String { "log_file = \(path)/hs.log" }
}

/// How long a test waits for what is to come: no measure of anything, but the end of a wait for what never comes. A machine that
/// runs hundreds of tests at once, on a slow disk, may be a minute late with what takes a moment.
enum Patience {
    static let limit: Duration = .seconds(300)
}

/// What a test waited for did not happen in time.
struct NotInTime: Error, CustomStringConvertible {
    let what: String
    var description: String { "not within \(Patience.limit): \(what)" }
}

/// A daemon on a loop of its own, with what it logs.
final class DaemonFixture: @unchecked Sendable {
    let loop: EventLoop
    let folder: TestFolder
    let recorder = LogRecorder()
    let daemon: Daemon

    /// - Parameter settings: its configuration; nil: what the folder gives by itself.
    init(_ loop: EventLoop, _ folder: TestFolder, settings: String? = nil) throws {
        (self.loop, self.folder) = (loop, folder)
        daemon = Daemon(
            try configuration(settings ?? folder.settings()), loop: loop,
            logger: Logger(recorder, level: .info, component: "daemon"))
    }

    /// Runs a daemon on a loop of its own for as long as `body` takes.
    static func run(
        _ folder: TestFolder, sections: String = "", _ body: @escaping @Sendable (DaemonFixture) async throws -> Void
    ) throws {
        let loop = try EventLoop()
        try loop.run {
            let fixture = try DaemonFixture(loop, folder, settings: folder.settings(sections: sections))
            try await fixture.daemon.start()
            try await body(fixture)
            await fixture.daemon.stop()
        }
    }

    /// The same against a scripted manager, and what `body` returns.
    /// - Parameter host: an address of its own for a manager that goes and comes back.
    static func runWithManager<R: Sendable>(
        _ folder: TestFolder, _ script: ScriptedAsterisk.Script = .init(), host: String = "127.0.0.1",
        secret: String = "secret", general: String = "", pbx: String = "", sections: String = "",
        _ body: @escaping @Sendable (DaemonFixture, ScriptedAsterisk) async throws -> R
    ) throws -> R {
        let loop = try EventLoop()
        return try loop.run {
            let asterisk = try ScriptedAsterisk(script, host: host, on: loop)
            let ami = "\(script.tls == nil ? "tcp" : "tls")://\(host):\(asterisk.port)"
            let fixture = try DaemonFixture(
                loop, folder,
                settings: folder.settings(ami: ami, secret: secret, general: general, pbx: pbx, sections: sections))
            try await fixture.daemon.start()
            let result = try await body(fixture, asterisk)
            await fixture.daemon.stop()
            asterisk.close()
            return result
        }
    }

    /// Asks the daemon's FastAGI server as Asterisk would, with `environment` but its empty line, and gives the commands it got.
    func askFastAGI(_ environment: String) async throws -> [String] {
        let address = try #require(daemon.fastAGIAddress)
        let stream = try await ByteStream.connect(to: address, on: loop, deadline: Patience.limit)
        try await stream.write(Array((environment + "\n\n").utf8))
        var commands: [String] = []
        var input: [UInt8] = []
        while try await stream.read({ input += $0 }) {
            while let end = input.firstIndex(of: 10) {
                commands.append(String(decoding: input[..<end], as: UTF8.self))
                input.removeSubrange(...end)
                try await stream.write(Array("200 result=1\n".utf8))
            }
        }
        stream.close()
        return commands
    }

    /// Waits until `condition` holds, looking every few milliseconds, for as long as `Patience` says.
    func wait(_ what: String, _ condition: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + Patience.limit
        while ContinuousClock.now < end {
            if try await condition() { return }
            try await loop.sleep(for: .milliseconds(5))
        }
        throw NotInTime(what: "\(what); the log: \(recorder.lines.joined(separator: "\n"))")
    }

    /// Waits for a line of the log.
    func logged(_ message: String) async throws -> LogEntry {
        try await wait("log line \"\(message)\"") { !recorder.entries(saying: message).isEmpty }
        return recorder.entries(saying: message)[0]
    }

    /// The records in the store, newest first.
    func records() async throws -> [JSONValue] {
        try await StoreReader(folder: folder.state).calls(matching: CallFilter(limit: nil)).map {
            try JSONValue(parsing: $0.recordJSON)
        }
    }
}

/// A capture of the repository: what came on its only connection after the greeting, or nil where it has several.
func singleConnection(_ path: String) throws -> [UInt8]? {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let greeting = Array("Asterisk Call Manager/".utf8)
    guard bytes.starts(with: greeting), let end = bytes.firstIndex(of: 10) else { return nil }
    let rest = bytes[(end + 1)...]
    var at = rest.startIndex
    while let next = rest[at...].firstIndex(of: greeting[0]) {
        if rest[next...].starts(with: greeting) { return nil }
        at = next + 1
    }
    return Array(rest)
}
