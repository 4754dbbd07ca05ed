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

    @Test("an outbox row as JSON is the reviewed object")
    func deliveryJSON() throws {
        let json = DeliveriesTable.json(sampleDelivery(), withAttempts: true)
        try expectSnapshot(String(decoding: json, as: UTF8.self) + "\n", "delivery.json")
        #expect(try JSONValue(parsing: json)["tries"]?[1]?["status"]?.integer == 200)
    }
}
