import AMI
import Diagnostics
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

@testable import Daemon

extension Doctor {
    /// What `check` finds with a configuration.
    static func findings(_ settings: String, on loop: EventLoop) async throws -> [Finding] {
        var found: [Finding] = []
        await Doctor(try configuration(settings), on: loop).run { found.append($0) }
        return found
    }
}

@Suite("check") struct CheckTests {
    private static let shipped = "\(HookswitchTestKit.repository)/asterisk-conf"

    /// Asterisk's folder with the files as they are shipped, changed by `edit`.
    private func asterisk(_ edit: [(file: String, from: String, to: String)] = []) throws -> TestFolder {
        let folder = try TestFolder()
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/manager.d", withIntermediateDirectories: true)
        var files = [
            "manager.conf": "[general]\nenabled = yes\n#include \"manager.d/*.conf\"\n",
            "manager.d/hookswitch.conf": try String(
                contentsOfFile: "\(CheckTests.shipped)/manager.d/hookswitch.conf", encoding: .utf8),
            "cdr_manager.conf": try String(
                contentsOfFile: "\(CheckTests.shipped)/cdr_manager.conf", encoding: .utf8),
        ]
        for change in edit {
            let text = try #require(files[change.file])
            #expect(text.contains(change.from))
            files[change.file] = text.replacingOccurrences(of: change.from, with: change.to)
        }
        for (name, text) in files { try folder.write(name, Array(text.utf8)) }
        return folder
    }

    private func findings(
        _ folder: TestFolder, variables: String = "lead_id", backfill: Configuration.Backfill = .init()
    ) throws -> [Finding] {
        let pbx = try configuration("[pbx:main]\nusername = hookswitch\nsecret = s\nvariables = \(variables)\n").pbxs[0]
        return AsteriskFileCheck(
            files: AsteriskFiles(folder: folder.path), pbx: pbx, backfill: backfill, fastAGIPort: 4573
        ).findings()
    }

    @Test("with the files as shipped there is no fault and no warning")
    func asShipped() throws {
        let found = try findings(asterisk())
        #expect(found.filter { $0.level > .ok } == [])
        #expect(found.count >= 5)
    }

    static let seeded: [(String, String, String, Finding.Level, String)] = [
        (
            "manager.d/hookswitch.conf", "timestampevents = yes", "timestampevents = no", .failure,
            "timestampevents = yes"
        ),
        ("manager.d/hookswitch.conf", "read = system,call,agent,cdr", "read = system,agent,cdr", .failure, "read ="),
        ("manager.d/hookswitch.conf", "read = system,call,agent,cdr", "read = call,agent,cdr", .warning, "read ="),
        ("manager.d/hookswitch.conf", "\nwrite = reporting\n", "\nwrite = call\n", .failure, "write = reporting"),
        ("manager.d/hookswitch.conf", "[hookswitch]", "[other]", .failure, "manager.d"),
        ("manager.d/hookswitch.conf", ",MIXMONITOR_FILENAME", "", .failure, "MIXMONITOR_FILENAME"),
        (
            "manager.d/hookswitch.conf", "eventfilter = !^Event: CEL", "eventfilter = !^Event: (CEL|Hangup)", .failure,
            "eventfilter"
        ),
        (
            "manager.d/hookswitch.conf", "eventfilter = !^Event: CEL", "eventfilter = Event: Newchannel", .failure,
            "eventfilter"
        ),
        (
            "manager.d/hookswitch.conf", "eventfilter = !^Event: CEL",
            "eventfilter(action(exclude),header(Channel),method(starts_with)) = Local/", .failure, "eventfilter"
        ),
        (
            "manager.d/hookswitch.conf", "timestampevents = yes", "timestampevents = yes\nallowmultiplelogin = no",
            .warning, "allowmultiplelogin = yes"
        ),
        ("cdr_manager.conf", "enabled = yes", "enabled = no", .warning, "cdr_manager.conf"),
        ("cdr_manager.conf", "linkedid => LinkedID", "", .warning, "linkedid => LinkedID"),
    ]

    @Test("each fault in Asterisk's files is one line with the line to write", arguments: seeded)
    func seededFault(_ file: String, _ from: String, _ to: String, _ level: Finding.Level, _ fix: String) throws {
        let found = try findings(asterisk([(file, from, to)])).filter { $0.level > .ok }
        #expect(found.contains { $0.level == level && $0.fix.contains(fix) }, "\(found)")
        #expect(found.count == 1, "\(found)")
    }

    @Test("an include of more folders than a path can have is passed over, and what follows is read")
    func deepInclude() throws {
        let folder = try TestFolder()
        let folders = String(repeating: "*/", count: 50_000)
        try folder.write("manager.conf", Array("#include \(folders)x.conf\n[general]\nenabled = yes\n".utf8))
        let sections = try #require(AsteriskFiles(folder: folder.path).sections("manager.conf"))
        #expect(sections.map(\.name) == ["general"] && sections.first?.value("enabled") == "yes")
    }

    @Test("a variable that is wanted and does not ride on events is named")
    func variables() throws {
        let found = try findings(asterisk(), variables: "lead_id, ticket").filter { $0.level == .failure }
        #expect(found.first?.text.contains("ticket") == true)
        #expect(found.first?.fix.contains("channelvars = HOOKSWITCH_REF") == true)
    }

    @Test("a VICIdial context without its h extension is a fault, with the line that VICIdial needs")
    func vicidial() throws {
        let folder = try asterisk()
        let good = "exten => h,1,AGI(agi://127.0.0.1:4577/call_log)\n"
        try folder.write("extensions-vicidial.conf", Array("[trunkinbound]\nexten => _X.,1,NoOp()\n\(good)".utf8))
        #expect(try findings(folder).contains(Finding(.ok, "VICIdial", "its contexts have their h extension")))
        try folder.write("extensions-vicidial.conf", Array("[trunkinbound]\nexten => _X.,1,NoOp()\n".utf8))
        let fault = try #require(try findings(folder).first { $0.level == .failure })
        #expect(fault.text.contains("trunkinbound"))
        #expect(fault.fix.contains("exten => h,1,AGI(agi://127.0.0.1:4577/call_log"))
    }

    @Test("CEL that [backfill] relies on must be on, whole, and written to that file")
    func cel() throws {
        var backfill = Configuration.Backfill()
        backfill.cel = "/var/log/asterisk/cel-custom/Master.csv"
        func fault(_ files: [String: String]) throws -> String? {
            let folder = try asterisk()
            for (name, text) in files { try folder.write(name, Array(text.utf8)) }
            let found = try findings(folder, backfill: backfill).filter { $0.level > .ok }
            #expect(found.count <= 1)
            return found.first?.fix
        }
        let shipped = try String(contentsOfFile: "\(CheckTests.shipped)/cel.conf", encoding: .utf8)
        let custom = "[mappings]\nMaster.csv => ${CSV_QUOTE(${eventtype})}\n"
        #expect(try fault([:])?.hasPrefix("cel.conf, [general]: enable = yes") == true)
        let few = shipped.replacingOccurrences(of: "BRIDGE_ENTER,", with: "")
        #expect(try fault(["cel.conf": few, "cel_custom.conf": custom])?.contains("events line") == true)
        #expect(try fault(["cel.conf": shipped])?.hasPrefix("cel_custom.conf, [mappings]: Master.csv") == true)
        #expect(try fault(["cel.conf": shipped, "cel_custom.conf": custom]) == nil)
    }

    // MARK: Over the network

    private func manager(_ script: ScriptedAsterisk.Script, secret: String = "secret") throws -> [Finding] {
        let loop = try EventLoop()
        return try loop.run {
            let asterisk = try ScriptedAsterisk(script, on: loop)
            let pbx = try configuration(
                "[pbx:main]\nami = tcp://127.0.0.1:\(asterisk.port)\nusername = hookswitch\nsecret = \(secret)\n"
            ).pbxs[0]
            let found = await ManagerCheck(pbx, loop: loop).run()
            asterisk.close()
            return found
        }
    }

    @Test("a manager that is as it should be is told so; a clock that is not, too")
    func managerFine() throws {
        let found = try manager(.init())
        #expect(found.contains { $0.text == "Asterisk 22.10.0" })
        #expect(found.contains { $0.text == "live channels can be listed" })
        #expect(!found.contains { $0.level == .failure })
        // The scripted manager's Ping says 1795226720.123456, whatever the time is.
        let clock = try #require(found.first { $0.level == .warning && $0.text.contains("clock differs") })
        #expect(clock.fix == "run chrony or systemd-timesyncd on both hosts")
    }

    @Test("a wrong secret and a missing right are told apart")
    func managerFaults() throws {
        let refused = try manager(.init(), secret: "wrong").filter { $0.level == .failure }
        #expect(refused.count == 1)
        #expect(refused.first?.fix.contains("secret") == true)
        var script = ScriptedAsterisk.Script()
        script.denied = ["CoreShowChannels", "Status"]
        let denied = try manager(script).filter { $0.level == .failure }
        #expect(!denied.isEmpty)
        #expect(denied.allSatisfy { $0.fix.contains("reporting") })
    }

    @Test("dead letters and a running daemon are seen from outside")
    func store() throws {
        let folder = try TestFolder()
        let call = try capturedCall()
        let loop = try EventLoop()
        let (found, without): ([Finding], [Finding]) = try loop.run {
            let store = try CallStore(.init(folder: folder.state))
            let draft = OutboxDraft(
                messageID: "m1", endpoint: "crm", callID: call.record.id, event: "call.complete", sequence: 0,
                contentType: "application/json", body: [], dueAt: Instant(seconds: 0))
            _ = try await store.commit([CallCommit(call, outbox: [draft])])
            let now = CallStore.wallClock()
            let claim = try await store.claim(endpoint: "crm", limit: 1, now: now, lease: .seconds(9))
            let attempt = Attempt(at: now, duration: .zero, status: 500)
            try await store.finish([AttemptResult(entry: claim.entries[0].id, attempt: attempt, verdict: .dead)])
            let crm = "[webhook:crm]\nurl = http://127.0.0.1:9/\n"
            let found = try await Doctor.findings(folder.settings(sections: crm), on: loop)
            let without = try await Doctor.findings(folder.settings(), on: loop)
            await store.close()
            return (found, without)
        }
        #expect(found.contains { $0.level == .ok && $0.subject == "daemon" && $0.text.hasPrefix("one runs on") })
        let dead = found.first { $0.level == .failure && $0.text == "1 dead letters" }
        #expect(dead?.fix.hasSuffix("then: deliveries retry --endpoint crm") == true)
        // A section that was taken out, as the alert of a 410 advises, is no fault for ever.
        let left = without.filter { $0.subject == "webhook crm" }
        #expect(left.map(\.level) == [.warning])
        #expect(left[0].text == "is in the configuration no more; 0 messages wait for it, 1 are dead letters")
    }
}
