/// A verb of the contract with its options and its words of help.
enum Verb: String, CaseIterable {
    case run, check, calls, show, tail, deliveries, capture, replay, backfill, backup
    case testWebhook = "test-webhook"
    case version

    /// An option and what it takes.
    struct Option {
        /// With its dashes.
        let name: String
        /// The word for its value in the usage line; nil for a flag.
        let value: String?
        /// What it is for, in half a line; its default stands here too.
        let help: String
    }

    private static let config = Option(
        name: "--config", value: "FILE", help: "configuration; default /etc/hookswitch/hookswitch.conf")
    private static let json = Option(name: "--json", value: nil, help: "JSON Lines instead of a table")

    /// What may follow the verb, in the order its help lists them. Each may be given once.
    var options: [Option] {
        switch self {
        case .run: [Verb.config]
        case .check: [Verb.config, Verb.json]
        case .calls:
            [
                Option(
                    name: "--since", value: "TIME", help: "started at or after: 2h, 3d, 2026-11-21, 2026-11-21T10:00"),
                Option(name: "--until", value: "TIME", help: "started before"),
                Option(name: "--number", value: "NUMBER", help: "of the caller, the callee or any leg"),
                Option(name: "--agent", value: "AGENT", help: "an agent's name or number"),
                Option(name: "--disposition", value: "WORD", help: "ANSWERED, NO_ANSWER, BUSY, CANCELED or FAILED"),
                Option(name: "--limit", value: "N", help: "at most this many; default 50, 0 for all"), Verb.json,
                Verb.config,
            ]
        case .show: [Verb.json, Verb.config]
        case .tail: [Verb.json, Verb.config]
        case .deliveries:
            [
                Option(name: "--endpoint", value: "NAME", help: "of one [webhook:NAME]"),
                Option(name: "--state", value: "STATE", help: "ready, waiting, delivered or dead"),
                Option(name: "--since", value: "TIME", help: "made at or after; replay needs it"),
                Option(name: "--until", value: "TIME", help: "made before"),
                Option(name: "--rate", value: "N", help: "send again so many a second; default 10"),
                Option(name: "--limit", value: "N", help: "at most this many; default 50, 0 for all"), Verb.json,
                Verb.config,
            ]
        case .capture:
            [
                Option(name: "--mask", value: nil, help: "replace numbers and names, each always by the same"),
                Option(name: "--pbx", value: "NAME", help: "which [pbx:NAME]; default the first"),
                Option(name: "--for", value: "TIME", help: "stop after this long, as 10m; default at SIGINT"),
                Verb.config,
            ]
        case .replay:
            [
                Option(name: "--json", value: nil, help: "JSON Lines; the default when not on a terminal"),
                Option(name: "--config", value: "FILE", help: "trunks, internal numbers and variables; default none"),
            ]
        case .backfill:
            [
                Option(name: "--cdr", value: "FILE", help: "Master.csv, a file of cdr_custom, or a table as exported"),
                Option(name: "--cel", value: "FILE", help: "a file of cel_custom, or a table as exported"),
                Option(name: "--pbx", value: "NAME", help: "whose files: [pbx:NAME]; default what their ids say"),
                Option(name: "--since", value: "TIME", help: "only calls that started at or after; default all"),
                Verb.config,
            ]
        case .backup: [Verb.config]
        case .testWebhook: [Verb.config]
        case .version: [Option(name: "--json", value: nil, help: "as a JSON object")]
        }
    }

    /// What stands after the verb that is no option.
    var operands: String {
        switch self {
        case .show: "ID"
        case .deliveries: "[retry [ID...] | replay | pause NAME | resume NAME]"
        case .capture, .backup: "FILE"
        case .replay: "FILE..."
        case .testWebhook: "[ENDPOINT]"
        default: ""
        }
    }

    /// How many operands there may be.
    var operandCount: ClosedRange<Int> {
        switch self {
        case .show, .capture, .backup: 1...1
        case .deliveries: 0...10_000
        case .replay: 1...10_000
        case .testWebhook: 0...1
        default: 0...0
        }
    }

    /// One line for the list of verbs.
    var summary: String {
        switch self {
        case .run: "the daemon, in the foreground"
        case .check: "finds what could lose or mis-tell a call, and says what to write"
        case .calls: "call records, newest first"
        case .show: "one call: legs, record, what decided it, each delivery attempt"
        case .tail: "calls and deliveries as they happen"
        case .deliveries: "the outbox: list, send again, pause"
        case .capture: "save the raw manager stream with its timing"
        case .replay: "capture(s) in, call records out: no Asterisk, no database"
        case .backfill: "add missed calls from Asterisk's own CDR and CEL files"
        case .backup: "copy the database, whole and consistent, while the daemon works"
        case .testWebhook: "send a sample call.complete and show the answer"
        case .version: "which Hookswitch this is"
        }
    }

    /// More words for `VERB --help`.
    var details: String {
        switch self {
        case .run:
            """
            SIGTERM and SIGINT stop it gracefully; SIGHUP reopens the logs and reads the [webhook:] sections anew. What else has \
            changed in the file waits for a restart; the log names it.
            Under systemd it tells when it is ready, and keeps the watchdog fed.
            """
        case .check: "Exit code 1 if any call could be lost or told wrong."
        case .calls:
            """
            Times are shown in the local time zone (TZ), and are UTC in JSON.
            RESULT*: the record is partial, show says why. ●: a recording is ready.
            """
        case .show: "ID is the uniqueid of any of its channels, a linkedid, or the record's id."
        case .tail:
            """
            Ends with SIGINT. Works beside a running daemon, and without one.
            A message that `deliveries retry` or `replay` sends again was shown before, and is not shown anew: see show ID.
            """
        case .deliveries:
            """
            retry ID...  make messages due now, by webhook-id or row number; a dead letter gets a new list of attempts
            retry        the same of dead letters, by --endpoint, --since and --until, at --rate
            replay       send again what was made in a time, delivered or dead, by --since, --until and --endpoint, at --rate
            pause NAME   hold an endpoint: its messages are kept, none is sent
            resume NAME  go on with an endpoint that was paused, or disabled by its 410
            """
        case .capture:
            """
            Writes FILE with the bytes as they came and FILE.ts with the time of each read. The file can be replayed.
            --mask keeps its structure: a number becomes another number of the same length, everywhere the same.
            """
        case .replay:
            "Reads what `nc pbx 5038` prints or `capture` saved; several connections may follow each other in one file."
        case .backfill:
            """
            Calls that are known already are not added twice; the others are told to the webhooks like any call.
            Without --cdr and --cel the files of [backfill] and of the [pbx:NAME] sections are read.
            Calls of the last day that have no end in the CEL may go on: they are left for the next time, and counted.
            """
        case .backup:
            """
            FILE must not be there; it appears when the copy is complete and on disk. To restore: stop the daemon, put FILE in the \
            place of hookswitch.db in state_dir, remove hookswitch.db-wal and hookswitch.db-shm, start, run backfill.
            """
        case .testWebhook: "Without ENDPOINT: every [webhook:NAME], one after the other."
        case .version: ""
        }
    }

    /// `usage: hookswitch show ID [--json] [--config FILE]`; what does not fit goes on below.
    var usage: String {
        let start = "usage: hookswitch \(rawValue) "
        var words = operands.isEmpty ? [] : [operands]
        for option in options { words.append(option.value.map { "[\(option.name) \($0)]" } ?? "[\(option.name)]") }
        return Verb.broken(start, words, indent: start.count)
    }

    /// Columns of every terminal: no line of help is longer.
    private static let columns = 80
    /// The words behind `start`, each line after the first indented.
    private static func broken(_ start: String, _ words: [String], indent: Int) -> String {
        var text = ""
        var line = start
        var isEmpty = true
        for word in words {
            if !isEmpty, line.count + 1 + word.count > columns {
                text += line + "\n"
                line = String(repeating: " ", count: indent)
                isEmpty = true
            }
            line += isEmpty ? word : " " + word
            isEmpty = false
        }
        return text + line
    }
    /// A line of help; of one with a term in front (two blanks behind it) what goes on stands below the explanation.
    private static func broken(_ line: Substring) -> String {
        var start = line.startIndex
        if let gap = zip(line.indices, line.indices.dropFirst()).first(where: { line[$0] == " " && line[$1] == " " }) {
            start = line[gap.0...].firstIndex { $0 != " " } ?? start
        }
        let term = line[..<start]
        let margin = "\n" + String(repeating: " ", count: term.count)
        return term + DisplayWidth.wrap(String(line[start...]), columns - term.count).joined(separator: margin)
    }

    /// The text of `hookswitch VERB --help`.
    var help: String {
        let width = options.map { $0.name.count + ($0.value.map { $0.count + 1 } ?? 0) }.max() ?? 0
        var lines = [usage, "", summary.prefix(1).uppercased() + summary.dropFirst() + "."]
        lines += details.split(separator: "\n").map { Verb.broken($0) }
        lines.append("")
        for option in options {
            let name = option.value.map { "\(option.name) \($0)" } ?? option.name
            lines.append("  \(name)\(String(repeating: " ", count: width - name.count + 2))\(option.help)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The text of `hookswitch --help`.
    static var overview: String {
        let width = Verb.allCases.map(\.rawValue.count).max() ?? 0
        let rows = Verb.allCases.map { verb in
            "  \(verb.rawValue)\(String(repeating: " ", count: width - verb.rawValue.count + 2))\(verb.summary)"
        }
        return """
            usage: hookswitch VERB [OPTIONS]

            Watches Asterisk's calls, writes one record for each, and delivers it signed.

            \(rows.joined(separator: "\n"))

            hookswitch VERB --help tells the options of a verb.
            Exit codes: 0 fine, 1 something found or failed, 2 wrong usage,
            3 configuration error.

            """
    }
}
