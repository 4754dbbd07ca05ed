import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Testing

@testable import Daemon

/// What `check` finds on its own host, and the fix it prints.
@Suite("check and the host") struct HostCheckTests {
    private func findings(_ sections: String, _ loop: EventLoop) async throws -> [Finding] {
        try await Doctor.findings(sections + "\n\(leastPBX)ami = tcp://127.0.0.1:9\n", on: loop)
    }
    private func findings(_ subject: String, _ sections: String) throws -> [Finding] {
        let loop = try EventLoop()
        return try loop.run { try await findings(sections, loop).filter { $0.subject == subject } }
    }
    private func general(_ folder: TestFolder, _ more: String = "") -> String {
        "[general]\nstate_dir = \(folder.state)\ncalls_log = none\n\(more)\n"
    }

    /// procfs is a volume that has no room, on any machine.
    @Test("a disk without room")
    func disk() throws {
        let low = try findings("disk", "[general]\nstate_dir = /proc/self\ncalls_log = none\n")
        #expect(low.map(\.level) == [.failure])
        #expect(low[0].text == "0 MB are free for /proc/self")
        #expect(low[0].fix == "free some: calls wait in memory once it is full")
        let folder = try TestFolder()
        #expect(try findings("disk", general(folder)).map(\.level) == [.ok])
    }

    /// Whoever runs the test, root or not: as the state folder's owner the recordings cannot be read.
    @Test("a recording folder that the daemon's user may not read, also where root asks; and one that is not there")
    func recordings() throws {
        let folder = try TestFolder()
        chmod(folder.path, 0o755)
        let (state, sounds) = (folder.state, "\(folder.path)/sounds")
        for path in [state, sounds] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let section = "[recordings]\ndirectory = \(sounds)\n"
        let isRoot = geteuid() == 0
        // 65534 is nobody's number on Debian, and on most.
        if isRoot { chown(state, 65534, 65534) }
        chmod(sounds, 0o755)
        #expect(try findings("recordings", general(folder) + section).map(\.level) == [.ok])
        chmod(sounds, isRoot ? 0o700 : 0)
        defer { chmod(sounds, 0o755) }
        let closed = try findings("recordings", general(folder) + section)
        #expect(closed.map(\.level) == [.failure])
        #expect(closed[0].text.contains("Permission denied for"))
        #expect(closed[0].text.contains("every recording will be told as missing"))
        #expect(closed[0].fix.hasPrefix("usermod -aG asterisk "))
        let missing = try findings("recordings", general(folder) + "[recordings]\ndirectory = \(folder.path)/none\n")
        #expect(missing.map(\.level) == [.warning])
        #expect(missing[0].fix.contains("mounted_at as this host does"))
    }

    /// Whoever runs the test, root or not: root reads what the daemon's user may not, and `check` is mostly run by root.
    @Test("a file that the configuration names and the daemon's user may not read")
    func filesOfTheConfiguration() throws {
        let folder = try TestFolder()
        chmod(folder.path, 0o755)
        try FileManager.default.createDirectory(atPath: folder.state, withIntermediateDirectories: true)
        let isRoot = geteuid() == 0
        if isRoot { chown(folder.state, 65534, 65534) }
        let secret = "\(folder.path)/secret"
        try folder.write("secret", Array("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".utf8))
        let section = "[webhook:crm]\nurl = http://127.0.0.1:9/\nsecret_file = \(secret)\n"
        chmod(secret, 0o644)
        #expect(try findings("configuration", general(folder) + section).map(\.level) == [.ok])
        // Not root: the configuration itself cannot be read then, and that is told before any finding.
        guard isRoot else { return }
        chmod(secret, 0o600)
        let found = try findings("configuration", general(folder) + section)
        #expect(found.map(\.level) == [.ok, .failure])
        #expect(
            found.last?.text.hasPrefix("[webhook:crm] secret_file: \(secret): Permission denied for the daemon's user")
                == true)
        #expect(found.last?.fix == "chgrp 65534 \(secret) && chmod 640 \(secret)")
    }

    @Test("a FastAGI port that another program has")
    func port() throws {
        let folder = try TestFolder()
        let loop = try EventLoop()
        let all: [Finding] = try loop.run {
            let other = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
            defer { other.close() }
            return try await findings(general(folder) + "[fastagi]\nlisten = \(other.localAddress)\n", loop)
        }
        let taken = all.filter { $0.subject == "FastAGI" }
        #expect(taken.map(\.level) == [.failure])
        #expect(taken[0].text.hasSuffix("is taken by another program"))
        #expect(taken[0].fix.contains("[fastagi]: another listen address, and the same in extensions_hookswitch.conf"))
    }

    @Test("no daemon on a state folder that has one's database, and a daemon that is there")
    func daemon() throws {
        let folder = try TestFolder()
        let loop = try EventLoop()
        try loop.run {
            let store = try CallStore(.init(folder: folder.state))
            let there = try await findings(general(folder), loop).filter { $0.subject == "daemon" }
            #expect(there.map(\.level) == [.ok])
            await store.close()
            let gone = try await findings(general(folder), loop).filter { $0.subject == "daemon" }
            #expect(gone.map(\.level) == [.warning])
            #expect(gone[0].fix == "systemctl start hookswitch, or hookswitch run")
        }
    }

    @Test("an alert command that is not there or cannot be run")
    func alertCommand() throws {
        let folder = try TestFolder()
        let command = "\(folder.path)/page"
        let missing = try findings("alert command", general(folder, "alert_command = \(command)"))
        #expect(missing.map(\.level) == [.failure])
        #expect(missing[0].fix.contains("alert_command = "))
        try folder.write("page", Array("#!/bin/sh\n".utf8))
        chmod(command, 0o644)
        let plain = try findings("alert command", general(folder, "alert_command = \(command)"))
        #expect(plain.map(\.fix) == ["chmod 755 \(command)"])
        chmod(command, 0o755)
        #expect(try findings("alert command", general(folder, "alert_command = \(command)")).isEmpty)
    }
}

/// An operator's command that does not do its work.
@Suite("The alert command") struct AlertCommandTests {
    @Test(
        "what went wrong with it is told",
        arguments: [
            ("#!/bin/sh\nexit 3\n", "it ended with 3"), ("#!/bin/sh\nkill -9 $$\n", "it was ended by signal 9"),
            ("#!/bin/sh\nexec sleep 60\n", "it took more than"), (nil, "No such file or directory"),
        ])
    func failures(_ script: String?, _ words: String) async throws {
        // As the daemon does: a command may end before it reads.
        signal(SIGPIPE, SIG_IGN)
        let folder = try TestFolder()
        let path = "\(folder.path)/page"
        if let script { try folder.writeScript("page", script) }
        let (told, telling) = AsyncStream.makeStream(of: String.self)
        let isSlow = words.hasPrefix("it took")
        let command = AlertCommand(path, patience: isSlow ? .milliseconds(300) : .seconds(60)) { telling.yield($0) }
        command.run(with: Array("{}\n".utf8))
        for await said in told {
            #expect(said.hasPrefix(words))
            break
        }
    }
}
