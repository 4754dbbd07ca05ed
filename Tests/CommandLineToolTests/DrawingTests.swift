import Daemon
import Storage
import Telephony
import Testing

@testable import CommandLineTool

@Suite("Tables and ladder") struct DrawingTests {
    private let console = Console.memory(Written())

    @Test(
        "a table never exceeds the width as long as its flexible columns can give way", arguments: [60, 80, 100, 140])
    func width(_ width: Int) {
        var table = Table([.init("A"), .init("NAME", least: 5), .init("N", .right), .init("LONG", least: 5)])
        table.rows = [
            ["a", "Müller & Söhne, Großhandel", "12", "0123456789012345678901234567890123456789012345678901234567890"],
            ["bb", "日本語の名前がここにある", "3", "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂"],
        ]
        for line in table.lines(for: .memory(Written(), width: width)) { #expect(DisplayWidth.of(line) <= width) }
    }

    @Test("colour appears only where it is wanted")
    func colour() throws {
        let record = try #require(RecordView(sampleCall().record.json))
        #expect(!CallsTable.lines([record], for: console).joined().contains("\u{1B}"))
        let painted = CallsTable.lines([record], for: .memory(Written(), usesColour: true)).joined()
        #expect(painted.contains("\u{1B}[32mANSWERED\u{1B}[0m"))
    }

    @Test("of a message that broke off the list has why, and not the status that the answer began with")
    func lastAnswer() {
        var delivery = sampleDelivery()
        (delivery.state, delivery.lastStatus, delivery.lastError) = (.dead, 200, "connection_lost")
        #expect(DeliveriesTable.summary(delivery, for: console).contains("  dead  connection_lost  "))
        (delivery.lastStatus, delivery.lastError) = (503, "http_5xx")
        #expect(DeliveriesTable.summary(delivery, for: console).contains("  dead  503  "))
    }

    @Test("a stranger's text does nothing to the terminal: no escape, no turned direction")
    func harmless() throws {
        var call = sampleCall().record
        call.caller.name = "\u{1B}[2J\u{9B}1mEve\u{202E}\u{2066}"
        let record = try #require(RecordView(call.json))
        let report = CallReport(record: record, evidence: [], deliveries: [])
        let lines = CallsTable.lines([record], for: console) + report.lines(for: console)
        #expect(RecordView.party(record.json["caller"]) == "[2J1mEve <+639171234567>")
        for scalar in ["\u{1B}", "\u{9B}", "\u{202E}", "\u{2066}"] { #expect(!lines.joined().contains(scalar)) }
    }

    @Test("a painted table is aligned like a plain one")
    func paintedAlignment() throws {
        let record = try #require(RecordView(sampleCall().record.json))
        let plain = CallsTable.lines([record], for: console)
        let painted = CallsTable.lines([record], for: .memory(Written(), usesColour: true)).map { line in
            line.replacing(/\u{1B}\[[0-9]*m/, with: "")
        }
        #expect(painted == plain)
    }

    @Test("the list of calls is the reviewed one")
    func calls() throws {
        let record = try #require(RecordView(sampleCall().record.json))
        try expectSnapshot(CallsTable.lines([record], for: console).joined(separator: "\n") + "\n", "calls.txt")
    }

    @Test("one call with legs, evidence and attempts is the reviewed text, within 100 columns")
    func report() throws {
        let call = sampleCall()
        let record = try #require(RecordView(call.record.json))
        let report = CallReport(record: record, evidence: call.evidence, deliveries: [sampleDelivery()])
        let lines = report.lines(for: console)
        for line in lines { #expect(DisplayWidth.of(line) <= 100, "\(line)") }
        try expectSnapshot(lines.joined(separator: "\n") + "\n", "show.txt")
    }

    @Test("a message's line keeps within the width, its id whole: retry asks for it", arguments: [60, 80, 100])
    func messageLines(_ width: Int) throws {
        var delivery = sampleDelivery()
        (delivery.messageID, delivery.state, delivery.settledAt) = ("msg_827e8358e25aa79d264980bba7184a42", .ready, nil)
        delivery.dueAt = delivery.createdAt + .seconds(60)
        let record = try #require(RecordView(sampleCall().record.json))
        let lines = CallReport(record: record, evidence: [], deliveries: [delivery])
            .lines(for: .memory(Written(), width: width))
        let told = lines.drop { $0 != "Deliveries" }.dropFirst()
        #expect(told.count >= 3 && told.contains { $0.contains(delivery.messageID) })
        for line in told { #expect(DisplayWidth.of(line) <= width, "\(line)") }
    }

    @Test("a message that waits for an endpoint that is held has no next attempt, but the reason why")
    func heldMessage() throws {
        var delivery = sampleDelivery()
        (delivery.state, delivery.settledAt) = (.ready, nil)
        delivery.dueAt = delivery.createdAt + .seconds(60)
        let record = try #require(RecordView(sampleCall().record.json))
        func told(_ held: [EndpointStatus]) -> String {
            CallReport(record: record, evidence: [], deliveries: [delivery], held: held)
                .lines(for: .memory(Written(), width: 100)).joined(separator: "\n")
        }
        #expect(told([EndpointStatus(name: "other", condition: .paused)]).contains("next attempt"))
        let disabled = told([EndpointStatus(name: "crm", condition: .disabled)])
        #expect(disabled.contains("held: the endpoint is disabled") && !disabled.contains("next attempt"))
    }

    @Test("a partial call of which no event says why, as one that a file told, is not called complete")
    func partial() throws {
        var call = sampleCall().record
        func completeness() throws -> String? {
            let record = try #require(RecordView(call.json))
            let lines = CallReport(record: record, evidence: [], deliveries: []).lines(for: console)
            return lines.first { $0.hasPrefix("completeness") }
        }
        #expect(try completeness()?.hasSuffix("← no event of it was missed") == true)
        call.completeness = .partial
        #expect(try completeness()?.hasSuffix("← part of it was not seen: see the notes") == true)
    }

    @Test("the ladder shows each leg's begin, ring, answer and end, and who met whom, in order of time")
    func ladder() throws {
        let record = try #require(RecordView(sampleCall().record.json))
        let lines = Ladder(record).lines(for: console)
        let words = lines.map { line in line.split(separator: " ").dropFirst().joined(separator: " ") }
        #expect(words[1].hasPrefix("┬ new"))
        #expect(
            lines.dropFirst().map { String($0.prefix(12)) } == lines.dropFirst().map { String($0.prefix(12)) }.sorted())
        #expect(lines.filter { $0.contains("talk") }.count == 1)
        #expect(lines.filter { $0.contains("apart") }.count == 1)
        #expect(lines.filter { $0.contains("rings") }.count == 2)
        #expect(lines.last?.contains("┴ 16") == true)
    }

    @Test("after a transfer those are joined who were together at that moment")
    func consultation() throws {
        // As an attended transfer by REFER leaves it: the second phone's stay lists both whom it talked to, one after the other.
        var record = sampleCall().record
        func at(_ seconds: Double) -> Instant { record.startedAt + .milliseconds(Int64(seconds * 1000)) }
        func leg(_ n: Int, _ bridged: [(Double, Double, [Int])]) -> CallRecord.Leg {
            var leg = CallRecord.Leg(
                uniqueID: UniqueID("1795226720.\(n)"), channel: ChannelName("PJSIP/\(n)-0"), role: .agent,
                startedAt: at(0))
            leg.endedAt = at(20)
            leg.bridged = bridged.map { from, to, with in
                .init(from: at(from), to: at(to), with: with.map { ChannelName("PJSIP/\($0)-0") })
            }
            return leg
        }
        record.legs = [
            leg(1, [(1, 6, [2]), (6.001, 9, [4])]), leg(2, [(1, 6.004, [1])]), leg(3, [(4, 6.001, [4])]),
            leg(4, [(4, 9.002, [1, 3])]),
        ]
        let lines = Ladder(try #require(RecordView(record.json))).lines(for: console)
        let talks = lines.filter { $0.contains("talk") }.map { $0.dropFirst(14).filter { !" ━talk".contains($0) } }
        #expect(talks == ["┣┫┆┆", "┆┆┣┫", "┣┿┿┫"])
    }

    @Test("a narrow terminal loses columns, not the id that show needs", arguments: [60, 70, 80])
    func narrow(_ width: Int) throws {
        let record = try #require(RecordView(sampleCall().record.json))
        let lines = CallsTable.lines([record], for: .memory(Written(), width: width))
        #expect(lines[1].hasSuffix("1795226720.0") && lines[1].contains("ANSWERED"))
        for line in lines { #expect(DisplayWidth.of(line) <= width, "\(line)") }
    }

    @Test("a call with more legs than lanes fit is still drawn, and says what is left out", arguments: [40, 100])
    func manyLegs(_ width: Int) throws {
        var record = sampleCall().record
        let leg = record.legs[1]
        for n in 3..<40 {
            var more = leg
            more.channel = ChannelName("PJSIP/10\(n)-0000\(1000 + n)")
            more.uniqueID = UniqueID("1795226720.\(n)")
            record.legs.append(more)
        }
        let lines = Ladder(try #require(RecordView(record.json))).lines(for: .memory(Written(), width: width))
        for line in lines { #expect(DisplayWidth.of(line) <= width, "\(line)") }
        #expect(lines.last?.contains("are not drawn") == true)
    }

    @Test("where not all legs fit, those that were up are drawn, and no cause of hangup is cut to another")
    func manyRung() throws {
        var record = sampleCall().record
        let (caller, rung, answering) = (record.legs[0], record.legs[1], record.legs[2])
        record.legs = [caller]
        for n in 3..<40 {
            var more = rung
            more.channel = ChannelName("PJSIP/10\(n)-0000\(1000 + n)")
            more.uniqueID = UniqueID("1795226720.\(n)")
            record.legs.append(more)
        }
        record.legs.append(answering)
        let lines = Ladder(try #require(RecordView(record.json))).lines(for: .memory(Written(), width: 40))
        #expect(lines[0].split(separator: " ").map(String.init) == ["1", "2", "3", "4", "5", "39"])
        #expect(lines.contains { $0.contains("┣") && $0.contains("┫") })
        #expect(lines.contains { $0.contains("┴26") } && !lines.contains { $0.hasSuffix("┴ 2") })
        #expect(lines.last == "33 legs are not drawn: too narrow")
    }

    @Test("a finding is wrapped on a terminal, and one line in a file; its fix is one line everywhere, to be copied")
    func finding() {
        let finding = Finding(
            .failure, "Asterisk's files",
            "user hookswitch may not read class agent: who answered a queue's call is not known",
            fix: "manager.conf, [hookswitch]: read = system,call,agent,cdr; then: manager reload, and look again")
        func shown(isTerminal: Bool) -> [Substring] {
            let written = Written()
            let console = Console.memory(written, width: 80, isTerminal: isTerminal)
            CheckVerb(Invocation(verb: .check, options: [:], operands: []), console).show(finding)
            return written.text.split(separator: "\n")
        }
        #expect(
            shown(isTerminal: true) == [
                "FAULT    Asterisk's files: user hookswitch may not read class agent: who",
                "         answered a queue's call is not known", "         → \(finding.fix)"[...],
            ])
        #expect(
            shown(isTerminal: false) == [
                "FAULT    \(finding.subject): \(finding.text)"[...], "         → \(finding.fix)"[...],
            ])
    }

    @Test("an outbox row as JSON is the reviewed object")
    func deliveryJSON() throws {
        let json = DeliveriesTable.json(sampleDelivery(), withAttempts: true)
        try expectSnapshot(String(decoding: json, as: UTF8.self) + "\n", "delivery.json")
        #expect(try JSONValue(parsing: json)["tries"]?[1]?["status"]?.integer == 200)
    }
}
