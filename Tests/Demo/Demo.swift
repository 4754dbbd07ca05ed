import Glibc
import HookswitchLab
import Telephony
import TestGround

/// `make demo`: real SIP calls through real Asterisk 22, the daemon with its SQLite default, a webhook for each call
/// verified by an independent library. Ends by itself; exit 0 only if every stated fact is right.
///
/// It decides nothing about calls: scenarios and their facts are `Scenario.demo`, the comparison is `RecordCheck`.
@main
enum Demo {
    /// The signing secret of the demo's endpoint: 24 bytes in base64, as Standard Webhooks has it.
    static let signingSecret = "whsec_ZGVtby1zZWNyZXQtb2YtaG9va3N3aXRjaCE="

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else {
            say("usage: hookswitch-demo PYTHON-WITH-STANDARDWEBHOOKS")
            exit(2)
        }
        let started = epochSeconds()
        do {
            let right = try run(python: arguments[1])
            say(
                "\n\(right ? "Every fact is right." : "SOMETHING IS WRONG, see above.") \(Int(epochSeconds() - started)) s."
            )
            exit(right ? 0 : 1)
        } catch {
            say("demo: \(error)")
            exit(1)
        }
    }

    static func say(_ text: String) {
        print(text)
        fflush(nil)
    }

    static func run(python: String) throws -> Bool {
        let repository = HookswitchLab.repository
        let folder = "/tmp/hookswitch-demo-\(getpid())"
        makeFolder(folder)
        defer { removeFolder(folder) }

        let receiverPort = Loopback.freePort()
        let receiver = try ChildProcess(
            [python, repository + "/Tests/Demo/receiver.py", "\(receiverPort)", signingSecret, folder + "/received"],
            output: folder + "/receiver")
        defer { receiver.stop() }

        let agiPort = Loopback.freePort()
        say("Booting Asterisk \(LabTree.forky.asteriskVersion ?? "?") from \(LabTree.forky.root)")
        let lane = try Lane(
            tree: .forky, name: "demo", fastAGIPort: agiPort, shippedFolder: repository + "/asterisk-conf",
            attachesHandler: true)
        defer { lane.stop() }

        let daemon = HookswitchProcess(
            program: repository + "/.build/release/hookswitch", folder: folder,
            managers: [("pbx1", lane.asterisk.managerPort)], fastAGIPort: agiPort,
            recordings: lane.asterisk.folder + "/spool/monitor",
            more: "[webhook:crm]\nurl = http://127.0.0.1:\(receiverPort)/calls\nsecret = \(signingSecret)\n")
        try daemon.start()
        defer { daemon.stop() }
        try daemon.awaitLog("manager connected")
        say(
            "Hookswitch runs: manager on \(lane.asterisk.managerPort), FastAGI on \(agiPort), webhook to \(receiverPort)"
        )

        var isRight = true
        for (number, scenario) in Scenario.demo.enumerated() {
            say(
                "\n━━━ \(number + 1) of \(Scenario.demo.count)  \(scenario.name) \(String(repeating: "━", count: max(0, 76 - scenario.name.count)))"
            )
            say(scenario.story)
            let run = lane.drive(scenario)
            for sighting in run.sightings { say("    \(fixed(sighting.time - run.startedAt)) s  \(sighting)") }
            let webhooks = awaitWebhooks(folder + "/received", count: number + 1)
            guard webhooks.count > number, let webhook = webhooks.last else {
                say("  ✗ no webhook came within 20 s")
                say(readText(daemon.log) ?? "")
                isRight = false
                continue
            }
            isRight = show(webhook, of: run, daemon: daemon) && isRight
        }
        let all = awaitWebhooks(folder + "/received", count: 0)
        let ids = Set(all.compactMap { $0["headers"]?["webhook-id"]?.string })
        say("\n\(Scenario.demo.count) calls, \(all.count) webhooks, \(ids.count) different ids")
        say(try daemon.verb(["calls"]).output)
        return isRight && ids.count == Scenario.demo.count
    }

    /// Prints one call: the record, the webhook, `show`, the verdict.
    static func show(_ webhook: JSONValue, of run: Lane.Run, daemon: HookswitchProcess) -> Bool {
        guard let body = webhook["body"]?.string, let parsed = try? JSONValue(parsing: body),
            let record = parsed["data"], let id = record["id"]?.string
        else {
            say("  ✗ the webhook's body is no record")
            return false
        }
        say("  the record")
        for line in RecordTable.lines(record) { say("    \(line)") }
        let headers = webhook["headers"]
        say("  the webhook as received, \(body.utf8.count) bytes")
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature", "user-agent"] {
            say("    \(name): \(headers?[name]?.string ?? "(missing)")")
        }
        let verdict = webhook["verdict"]?.string ?? "?"
        say("    standardwebhooks says: \(verdict)")
        let shown = try? daemon.verb(["show", id])
        say("  hookswitch show \(id)")
        for line in (shown?.output ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
            say("    \(line)")
        }

        var faults = RecordCheck(run, records: [record]).faults
        if verdict != "valid" { faults.append("the signature is \(verdict)") }
        if parsed["type"]?.string != "call.complete" { faults.append("the event is not call.complete") }
        if parsed["id"]?.string != headers?["webhook-id"]?.string { faults.append("two ids in one webhook") }
        if shown?.status != 0 { faults.append("show ended with \(shown?.status ?? -1): \(shown?.errors ?? "")") }
        if let wide = shown?.output.split(separator: "\n").map(\.count).max(), wide > 100 {
            faults.append("show needs \(wide) columns, more than 100")
        }
        for fault in faults { say("  ✗ \(fault)") }
        if faults.isEmpty { say("  ✓ every stated fact is right, and the phones and Asterisk's CDR agree") }
        return faults.isEmpty
    }

    /// Waits until that many webhooks have come.
    static func awaitWebhooks(_ path: String, count: Int) -> [JSONValue] {
        let deadline = epochSeconds() + 20
        while true {
            let all = (readText(path) ?? "").split(separator: "\n").compactMap {
                try? JSONValue(parsing: String($0))
            }
            if all.count >= count || epochSeconds() > deadline { return all }
            pause(0.05)
        }
    }

    static func fixed(_ seconds: Double) -> String {
        let hundredths = String(Int((seconds * 100).rounded()) % 100)
        let text = "\(Int((seconds * 100).rounded()) / 100).\(hundredths.count < 2 ? "0" : "")\(hundredths)"
        return String(repeating: " ", count: max(0, 5 - text.count)) + text
    }
}
