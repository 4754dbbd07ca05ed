import Daemon
import Telephony
import Testing

@testable import CommandLineTool

@Suite("Arguments") struct InvocationTests {
    private func parse(_ words: String) throws -> Invocation.Parsed {
        try Invocation.parse(words.split(separator: " ").map(String.init))
    }
    private func problem(_ words: String) -> String {
        do throws(Invocation.UsageError) {
            _ = try Invocation.parse(words.split(separator: " ").map(String.init))
            return "none"
        } catch {
            return error.problem
        }
    }

    @Test("options before, between and after operands, with = or a blank")
    func options() throws {
        let expected = Invocation(verb: .show, options: ["--config": "/c", "--json": ""], operands: ["17.4"])
        for words in [
            "show --config /c 17.4 --json", "show 17.4 --config=/c --json", "show --json --config=/c -- 17.4",
        ] {
            #expect(try parse(words) == .invocation(expected))
        }
    }

    @Test(
        "wrong usage is told in words",
        arguments: [
            ("", "no verb"), ("cals", #""cals" is no verb; did you mean "calls"?"#),
            ("calls --sinse 2h", #"unknown option --sinse; did you mean "--since"?"#),
            ("calls --since", "--since needs a value: TIME"),
            ("calls --since --json", "--since needs a value: TIME"), ("calls x", #""x" is one word too many"#),
            ("show", "ID is missing"), ("show a b", #""b" is one word too many"#),
            ("calls --json=1", "--json takes no value"), ("calls --json --json", "--json is given twice"),
        ])
    func usage(_ words: String, _ message: String) { #expect(problem(words) == message) }

    @Test("every verb of the contract is known by its name, and of our own there is backup")
    func verbs() {
        let names = [
            "run", "check", "calls", "show", "tail", "deliveries", "capture", "replay", "backfill", "test-webhook",
            "version",
        ]
        #expect(Verb.allCases.filter { $0 != .backup }.map(\.rawValue) == names)
    }

    @Test("wrong usage ends with 2 and shows the usage line")
    func exitCode() {
        let written = Written()
        let program = Program(console: .memory(written), environment: .process)
        #expect(program.run(["calls", "--nope"]) == .wrongUsage)
        #expect(written.complaints.contains("usage: hookswitch calls [--since TIME]"))
        #expect(written.text.isEmpty)
    }

    @Test("the help texts are the reviewed ones")
    func help() throws {
        let all = ([Verb.overview] + Verb.allCases.map(\.help)).joined(separator: "\n---\n\n")
        try expectSnapshot(all, "help.txt")
        #expect(all.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }

    @Test(
        "times a person writes, in a zone eight hours east",
        arguments: [
            ("2h", "2026-11-21T08:00:00.000Z"), ("3d", "2026-11-18T10:00:00.000Z"),
            ("2026-11-21", "2026-11-20T16:00:00.000Z"), ("2026-11-21T10:00", "2026-11-21T02:00:00.000Z"),
            ("2026-11-21 10:00:30", "2026-11-21T02:00:30.000Z"), ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00.000Z"),
            ("2026-11-21T10:00:00+05:30", "2026-11-21T04:30:00.000Z"),
            ("2026-11-21T10:00:00-0330", "2026-11-21T13:30:00.000Z"),
        ])
    func times(_ text: String, _ meant: String) {
        let read = TimeExpression.instant(text, now: instant("2026-11-21T10:00:00.000Z"), zone: .fixed(hours: 8))
        #expect(read == instant(meant))
    }

    @Test(
        "what is no time is refused",
        arguments: ["", "2", "h", "-2h", "2 h", "yesterday", "2026-13-01", "2h2m", "2026-11-21T10:00+25:00"])
    func noTimes(_ text: String) {
        #expect(TimeExpression.instant(text, now: Instant(seconds: 0), zone: .fixed(hours: 0)) == nil)
    }
}
