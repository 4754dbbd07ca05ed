import Daemon
import EventLoop
import HookswitchLab
import HookswitchTestKit
import Testing

/// `check` beside real Asterisk: each seeded fault is found, with the line to write, and Asterisk itself shows that it is one.
@Suite("check on real Asterisk", .serialized) struct CheckTests {
    /// A fault in one of Asterisk's files.
    private struct Fault: Sendable {
        var file: String
        var from: String
        var to: String
        /// What makes Asterisk read it.
        var reload = "manager reload"
        var level: Finding.Level
        /// Words of the line to write.
        var fix: String
        /// Whether the text that a daemon would read of one call shows the fault.
        var shows: @Sendable (String) -> Bool
    }

    private static let shipped = "manager.d/hookswitch.conf"
    private static let faults = [
        Fault(
            file: shipped, from: "timestampevents = yes", to: "timestampevents = no", level: .failure,
            fix: "[general]: timestampevents = yes",
            shows: { text in
                // The answer to a Ping has a Timestamp of its own.
                let event = text.split(separator: "\r\n\r\n").first { $0.contains("Event: Newchannel\r\n") }
                return event?.contains("\r\nTimestamp: ") == false
            }),
        Fault(
            file: shipped, from: "read = system,call,agent,cdr", to: "read = system,agent,cdr", level: .failure,
            fix: "[hookswitch]: read = system,call,agent,cdr", shows: { !$0.contains("Event: Newchannel\r\n") }),
        Fault(
            file: shipped, from: "read = system,call,agent,cdr", to: "read = system,call,agent", level: .warning,
            fix: "[hookswitch]: read = system,call,agent,cdr", shows: { !$0.contains("Event: Cdr\r\n") }),
        Fault(
            file: shipped, from: "eventfilter = !^Event: CEL", to: "eventfilter = !Event: (CEL|Hangup)",
            level: .failure,
            fix: "use the eventfilter lines", shows: { !$0.contains("Event: Hangup\r\n") }),
        Fault(
            file: shipped, from: "eventfilter = !^Event: CEL", to: "eventfilter = ^Event: (Newchannel|Hangup)",
            level: .failure, fix: "use the eventfilter lines",
            shows: { $0.contains("Event: Hangup\r\n") && !$0.contains("Event: Newstate\r\n") }),
        Fault(
            file: "cdr_manager.conf", from: "linkedid => LinkedID", to: "", reload: "module reload cdr_manager.so",
            level: .warning, fix: "cdr_manager.conf, [mappings]: linkedid => LinkedID",
            shows: { $0.contains("Event: Cdr\r\n") && !$0.contains("\r\nLinkedID: ") }),
        Fault(
            file: "cdr_manager.conf", from: "enabled = yes", to: "enabled = no", reload: "module reload cdr_manager.so",
            level: .warning, fix: "copy asterisk-conf/cdr_manager.conf", shows: { !$0.contains("Event: Cdr\r\n") }),
        Fault(
            file: "cdr.conf", from: "enable = yes", to: "enable = no", reload: "module reload cdr", level: .warning,
            fix: "cdr.conf, [general]: enable = yes", shows: { !$0.contains("Event: Cdr\r\n") }),
    ]
    /// The form of filters that 22 has and 16 has not.
    private static let laterFaults = [
        Fault(
            file: shipped, from: "eventfilter = !^Event: CEL",
            to: "eventfilter(action(exclude),header(Channel),method(starts_with)) = Local/", level: .failure,
            fix: "use the eventfilter lines", shows: { !$0.contains("Event: Newchannel\r\n") }),
        Fault(
            file: shipped, from: "eventfilter = !^Event: CEL",
            to: "eventfilter(action(exclude),name(Newstate)) =", level: .failure, fix: "use the eventfilter lines",
            shows: { $0.contains("Event: Newchannel\r\n") && !$0.contains("Event: Newstate\r\n") }),
    ]

    private struct Site: Sendable {
        let asterisk: AsteriskInstance
        let tree: LabTree
        let loop: EventLoop
        /// The daemon's own state folder.
        let state: String
        var etc: String { tree.root + asterisk.folder + "/etc" }

        /// What `check` finds that is worse than fine.
        nonisolated(nonsending) func findings(
            secret: String = AsteriskConfiguration.secret, more: String = ""
        ) async throws -> [Finding] {
            let text = """
                [general]
                state_dir = \(state)
                calls_log = none
                [pbx:main]
                ami = tcp://127.0.0.1:\(asterisk.managerPort)
                username = hookswitch
                secret = \(secret)
                asterisk_conf = \(etc)
                [fastagi]
                listen = 127.0.0.1:0
                [recordings]
                directory = \(asterisk.folder)/spool/monitor
                [webhook:crm]
                url = http://127.0.0.1:9/

                """ + more
            let configuration = try Configuration(
                parsing: Array(text.utf8), file: "\(state)/hookswitch.conf", environment: .process)
            var found: [Finding] = []
            await Doctor(configuration, on: loop).run { found.append($0) }
            // Nobody listens at that address, and no daemon runs: known, and not what is tested here.
            return found.filter {
                $0.level > .ok && !$0.subject.hasPrefix("webhook") && $0.subject != "daemon" && $0.subject != "state"
            }
        }

        /// Everything that the daemon's user reads while one call is made and ends.
        nonisolated(nonsending) func stream() async throws -> String {
            let lab = try await PlainManager(port: asterisk.managerPort, username: "lab", secret: "lab", on: loop)
            let ours = try await PlainManager(
                port: asterisk.managerPort, username: "hookswitch", secret: AsteriskConfiguration.secret, on: loop)
            _ = try await lab.perform(
                "Action: Originate\r\nChannel: Local/1@site/n\r\nApplication: Wait\r\nData: 5\r\nAsync: true",
                id: "call")
            var ended = 0
            // Both halves of the Local channel.
            _ = try await lab.message {
                if $0.hasPrefix("Event: Hangup\r\n") { ended += 1 }
                return ended >= 2
            }
            try asterisk.command("cdr submit")
            // What was queued for a session is written before the answer to what it asks (manager.c, do_message).
            _ = try await ours.perform("Action: Ping", id: "end")
            defer {
                lab.close()
                ours.close()
            }
            return ours.text
        }
    }

    private static func withSite(
        _ tree: LabTree, _ name: String, body: nonisolated(nonsending) @escaping @Sendable (Site) async throws -> Void
    ) async throws {
        let asterisk = try AsteriskInstance(
            tree: tree, name: "\(name)-\(tree.major)", phonePorts: [:],
            shippedFolder: "\(HookswitchTestKit.repository)/asterisk-conf")
        asterisk.configuration.adaptsShippedFiles = true
        try asterisk.start()
        defer {
            asterisk.stop()
            asterisk.remove()
        }
        let etc = tree.root + asterisk.folder + "/etc"
        writeFile("\(etc)/extensions.conf", "[site]\nexten => 1,1,Answer()\n same => n,Wait(0.2)\n")
        try asterisk.command("dialplan reload")
        let state = tree.root + asterisk.folder + "/state"
        makeFolder(state)
        try await EventLoop.withThread { loop in
            try await body(Site(asterisk: asterisk, tree: tree, loop: loop, state: state))
        }
    }

    @Test(
        "nothing is wrong with the shipped files; each seeded fault is one line with its fix",
        arguments: LabTree.allCases)
    func seeded(tree: LabTree) async throws {
        try await Self.withSite(tree, "check") { site in
            #expect(try await site.findings() == [])
            let whole = try await site.stream()
            for name in ["Newchannel", "Newstate", "Hangup", "Cdr"] { #expect(whole.contains("Event: \(name)\r\n")) }
            for fault in Self.faults + (tree.major >= 22 ? Self.laterFaults : []) {
                #expect(!fault.shows(whole), "\(fault.to) is shown by a sound stream")
                let path = "\(site.etc)/\(fault.file)"
                let good = try #require(readText(path))
                #expect(good.contains(fault.from))
                writeFile(path, good.replacing(fault.from, with: fault.to))
                try site.asterisk.command(fault.reload)
                let found = try await site.findings()
                #expect(found.count == 1, "\(fault.to): \(found)")
                #expect(found.first?.level == fault.level, "\(fault.to)")
                #expect(found.first?.fix.contains(fault.fix) == true, "\(fault.to): \(found)")
                #expect(fault.shows(try await site.stream()), "Asterisk does not mind \(fault.to)")
                writeFile(path, good)
                try site.asterisk.command(fault.reload)
            }
            #expect(try await site.findings() == [])
        }
    }

    @Test("login, rights, CEL and a port that is closed are told apart", arguments: LabTree.allCases)
    func access(tree: LabTree) async throws {
        try await Self.withSite(tree, "check-login") { site in
            let secret = try await site.findings(secret: "wrong")
            #expect(secret.map(\.level) == [.failure])
            #expect(secret.first?.text.contains("log in") == true)
            #expect(secret.first?.fix.contains("secret") == true)

            // CEL is sent to the manager in this lab, and the rule that drops it is the shipped one.
            let cel = "[backfill]\ncel = \(site.asterisk.folder)/log/cel-custom/Master.csv\n"
            writeFile("\(site.asterisk.folder)/log/cel-custom/Master.csv", "")
            #expect(try await site.findings(more: cel) == [])
            let path = "\(site.etc)/cel.conf"
            let good = try #require(readText(path))
            writeFile(path, good.replacing("enable = yes", with: "enable = no"))
            let off = try await site.findings(more: cel)
            #expect(off.map(\.level) == [.failure])
            #expect(off.first?.fix.contains("cel.conf, [general]: enable = yes") == true)
            writeFile(path, good)

            let manager = "\(site.etc)/\(Self.shipped)"
            let shipped = try #require(readText(manager))
            writeFile(manager, shipped.replacing("\nwrite = reporting", with: "\nwrite = agi"))
            try site.asterisk.command("manager reload")
            let rights = try await site.findings()
            #expect(rights.filter { $0.level == .failure }.allSatisfy { $0.fix.contains("reporting") }, "\(rights)")
            #expect(rights.filter { $0.level == .failure }.count == 2)
            // Both witnesses: what Asterisk answers, and what stands in its file.
            #expect(Set(rights.map(\.subject)) == ["manager main", "Asterisk's files of main"])
            writeFile(manager, shipped)
            try site.asterisk.command("manager reload")

            site.asterisk.stop()
            let closed = try await site.findings()
            #expect(closed.map(\.level) == [.failure])
            #expect(closed.first?.fix.contains("is Asterisk running") == true)
        }
    }

    @Test("a user made from a template has the template's classes, as Asterisk has it", arguments: LabTree.allCases)
    func template(tree: LabTree) async throws {
        try await Self.withSite(tree, "check-template") { site in
            let path = "\(site.etc)/\(Self.shipped)"
            let good = try #require(readText(path))
            let base = "[base](!)\nread = system,call,agent,cdr\nwrite = reporting\n\n[hookswitch](base)"
            let bare = good.replacing("\nread = system,call,agent,cdr\n", with: "\n")
                .replacing("\nwrite = reporting\n", with: "\n")
            writeFile(path, bare.replacing("[hookswitch]", with: base))
            try site.asterisk.command("manager reload")
            let found = try await site.findings()
            #expect(found == [], "\(found)")
            #expect(try await site.stream().contains("Event: Newchannel\r\n"))
        }
    }
}
