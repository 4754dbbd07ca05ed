import AsteriskWire
import Daemon
import HookswitchTestKit
import Telephony
import TestGround
import Testing

@testable import CallAssembly

/// Tables after what real systems write into `cel`: devices whose names say nothing, dialplans of many steps, exports without this
/// or that column. The facts are what a telephony engineer reads from the rows.
@Suite("CEL tables of other systems tell the call")
struct CELTableTests {
    private typealias Channel = CELTable.Channel
    private static let caller = Channel(name: "PJSIP/zk81mq-0000004c", number: 76, callerID: "3120", callerName: "Ruth")
    private static let callee = Channel(
        name: "PJSIP/h2vv0a-0000004d", number: 77, callerID: "3144", callerName: "Sven Åberg", second: 1)

    /// 3120 asks for 3144, who answers after 5 s; they talk 12.5 s, and 3144 hangs up.
    private static func answered(_ a: Channel = caller, _ b: Channel = callee, exten: String = "3144") -> CELTable {
        var table = CELTable(a)
        table.add("CHAN_START", 0.25, a, exten)
        table.add("APP_START", 0.5, a, "s", context: "sub-user", app: "Dial", data: "PJSIP/h2vv0a,30")
        table.add("CHAN_START", 1.125, b, "s")
        table.add("ANSWER", 5.25, b, "s")
        table.add("ANSWER", 5.25, a, "s", context: "sub-user")
        table.add("BRIDGE_ENTER", 5.5, b, extra: CELTable.bridge("7a-1"))
        table.add("BRIDGE_ENTER", 5.5, a, "s", context: "sub-user", peer: b.name, extra: CELTable.bridge("7a-1"))
        table.add("BRIDGE_EXIT", 18, b, extra: CELTable.bridge("7a-1"))
        table.end(18, b, by: b.name)
        table.add("BRIDGE_EXIT", 18.25, a, "s", context: "sub-user", extra: CELTable.bridge("7a-1"))
        table.end(18.5, a, by: b.name, status: "ANSWER")
        table.add("LINKEDID_END", 18.5, a)
        return table
    }

    private func expectAnswered(_ records: [CallRecord], hasExtra: Bool = true, _ context: String = "") throws {
        #expect(records.count == 1, "\(context)")
        let record = try #require(records.first)
        #expect(record.direction == .internal && record.disposition == .answered, "\(context)")
        #expect(record.caller == CallRecord.Caller(number: "3120", name: "Ruth"), "\(context)")
        #expect(record.callee.number == "3144" && record.answeredBy?.number == "3144", "\(context)")
        #expect(record.startedAt == CELTable.instant(0.25) && record.answeredAt == CELTable.instant(5.25), "\(context)")
        #expect(record.talk == .milliseconds(12_500) && record.duration == 18 && record.transfers.isEmpty, "\(context)")
        #expect(record.hungUpBy == (hasExtra ? .callee : nil), "\(context)")
    }

    @Test("every shape an operator exports gives the same record", arguments: CELTable.Shape.allCases)
    func shapes(shape: CELTable.Shape) throws {
        try expectAnswered(CELTableTests.answered().records(shape))
    }

    @Test("newest row first, rows twice and LINKEDID_END missing change nothing", arguments: CELTable.Shape.allCases)
    func orders(shape: CELTable.Shape) throws {
        var table = CELTableTests.answered()
        table.rows.reverse()
        try expectAnswered(table.records(shape), "reversed")
        table.rows = table.rows.flatMap { [$0, $0] }
        try expectAnswered(table.records(shape), "twice")
        table.rows.removeAll { $0.event == "LINKEDID_END" }
        try expectAnswered(table.records(shape), "no LINKEDID_END")
    }

    @Test("a table without extra and peer still tells who talked how long, and not who hung up")
    func withoutExtra() throws {
        try expectAnswered(CELTableTests.answered().records(.psql, without: ["extra", "peer"]), hasExtra: false)
    }

    @Test("a table of event, time, channel and ids alone tells times and channels")
    func bare() throws {
        let kept: Set = ["eventtype", "eventtime", "channame", "uniqueid", "linkedid"]
        let record = try #require(
            CELTableTests.answered().records(.psql, without: Set(CELTable.columns).subtracting(kept)).first)
        #expect(record.disposition == .answered && record.talk == .milliseconds(12_500))
        #expect(record.answeredBy?.channel == ChannelName(CELTableTests.callee.name))
    }

    @Test("without linked ids a call is held together by who dials whom, or by its bridge", arguments: [true, false])
    func withoutLinkedID(hasApplications: Bool) throws {
        var table = CELTableTests.answered()
        for i in table.rows.indices { table.rows[i].linked = "" }
        if !hasApplications { table.rows.removeAll { $0.event == "APP_START" } }
        let records = table.records(.csvWithHeader)
        #expect(records.map(\.linkedID.description) == [CELTable.id(CELTableTests.caller)])
        #expect(records.first?.talk == .milliseconds(12_500) && records.first?.hungUpBy == .callee)
        if hasApplications { try expectAnswered(records) }
        #expect(table.records(.csvWithHeader, without: ["linkedid"]).count == 1)
    }

    @Test("CHAN_END before HANGUP, as a database gives rows of one moment, keeps cause and side")
    func endBeforeHangup() throws {
        var table = CELTableTests.answered()
        for i in table.rows.indices.dropLast() where table.rows[i].event == "HANGUP" {
            table.rows.swapAt(i, i + 1)
            table.rows[i + 1].at += 0.75
        }
        table.rows.removeAll { $0.event == "LINKEDID_END" }
        let record = try #require(table.records().first)
        #expect(record.hungUpBy == .callee && record.hangupCause == .normalClearing && record.duration == 18)
    }

    @Test("two channels under one id are told apart by their names")
    func twins() throws {
        var callee = CELTableTests.callee
        (callee.number, callee.second) = (CELTableTests.caller.number, CELTableTests.caller.second)
        try expectAnswered(CELTableTests.answered(CELTableTests.caller, callee).records())
    }

    @Test(
        "a call that Asterisk placed: the line that answered first is the caller, what its dialplan dialled the callee")
    func originated() throws {
        var table = CELTable(CELTableTests.caller)
        let (a, b) = (CELTableTests.caller, CELTableTests.callee)
        table.add("CHAN_START", 0, a, "s")
        table.add("ANSWER", 1.5, a, callerID: "3144")
        table.add("APP_START", 1.75, a, "s", context: "sub-user", app: "Dial", data: "PJSIP/h2vv0a")
        table.add("CHAN_START", 2, b, "s")
        var unanswered = table
        table.add("ANSWER", 4, b, "s")
        table.add("BRIDGE_ENTER", 4, b, extra: CELTable.bridge("1"))
        table.add("BRIDGE_ENTER", 4, a, "s", extra: CELTable.bridge("1"))
        table.add("BRIDGE_EXIT", 9, a, "s", extra: CELTable.bridge("1"))
        table.end(9, a, by: a.name, status: "ANSWER")
        table.add("BRIDGE_EXIT", 9, b, extra: CELTable.bridge("1"))
        table.end(9, b, by: a.name)
        let record = try #require(table.records().first)
        #expect(record.caller.number == "3120" && record.callee.number == "3144" && record.answeredBy?.number == "3144")
        #expect(record.answeredAt == CELTable.instant(4) && record.billableSeconds == 5 && record.hungUpBy == .caller)

        unanswered.end(32, b, 0)
        unanswered.end(32, a, 19, by: "dialplan/builtin", status: "NOANSWER")
        let missed = try #require(unanswered.records().first)
        #expect(missed.disposition == .noAnswer && missed.answeredAt == nil && missed.callee.number == "3144")
    }

    @Test(
        "who is called through two Local channels, with and without bridge ids, talked once", arguments: [true, false])
    func ringGroup(hasExtra: Bool) throws {
        let a = CELTableTests.caller
        func half(_ n: Int, _ side: Int) -> Channel {
            Channel(name: "Local/m\(n)@ring-0000000\(n);\(side)", number: 80 + 2 * n + side, second: 2)
        }
        let phones = [1, 2].map { n in
            Channel(name: "PJSIP/phone\(n)x-000000a\(n)", number: 90 + n, callerID: "314\(n)", second: 2)
        }
        var table = CELTable(a)
        table.add("CHAN_START", 0, a, "3900")
        for n in [1, 2] {
            table.add("CHAN_START", 2, half(n, 1), "m\(n)")
            table.add("CHAN_START", 2.01, half(n, 2), "m\(n)")
        }
        for phone in phones { table.add("CHAN_START", 2.125, phone, "s") }
        let (taker, one, two) = (phones[1], half(2, 1), half(2, 2))
        let (inner, outer) = (CELTable.bridge("in"), CELTable.bridge("out"))
        table.add("ANSWER", 6, taker, "s")
        table.add("ANSWER", 6.001, two, "m2")
        table.add("BRIDGE_ENTER", 6.002, taker, extra: inner)
        table.add("BRIDGE_ENTER", 6.003, two, "m2", extra: inner)
        table.add("ANSWER", 6.004, one)
        table.end(6.005, half(1, 1), 26)
        table.end(6.006, half(1, 2), 26)
        table.end(6.007, phones[0], 26)
        table.add("ANSWER", 6.008, a, "3900")
        table.add("BRIDGE_ENTER", 6.01, one, extra: outer)
        table.add("BRIDGE_ENTER", 6.011, a, "3900", extra: outer)
        // The chain is optimised away: the phone takes the place of the outer half.
        table.add("BRIDGE_EXIT", 6.02, taker, extra: inner)
        table.add("BRIDGE_EXIT", 6.021, one, extra: outer)
        table.add("BRIDGE_ENTER", 6.022, taker, extra: outer)
        table.end(6.023, one)
        table.add("BRIDGE_EXIT", 6.024, two, "m2", extra: inner)
        table.end(6.025, two)
        table.add("BRIDGE_EXIT", 16, taker, extra: outer)
        table.add("BRIDGE_EXIT", 16.001, a, "3900", extra: outer)
        table.end(16.002, a, by: a.name, status: "ANSWER")
        table.end(16.003, taker, by: a.name)
        let records = table.records(.psql, without: hasExtra ? [] : ["extra"])
        #expect(records.count == 1)
        let record = try #require(records.first)
        #expect(record.agents.map(\.number) == ["3142"] && record.callee.number == "3900")
        #expect(record.hungUpBy == (hasExtra ? .caller : nil))
        #expect(abs((record.talk - .milliseconds(9_989)).wholeMilliseconds) <= 20)
        #expect(record.legs.count == 3)
    }

    @Test("a linked id that ends because its channel goes over to another call ends nothing", arguments: [0.00002, 4])
    func retiredLinkedID(gap: Double) throws {
        let a = Channel(name: "PJSIP/line9-00000010", number: 5, callerID: "0401234567", callerName: "Kim")
        let desk = Channel(name: "PJSIP/op44-00000011", number: 8, callerID: "3000", callerName: "Desk", second: 20)
        var table = CELTable(a)
        table.add("CHAN_START", 0, a, "0987654321", context: "in")
        table.add("ANSWER", 0.5, a, "s", context: "board")
        table.add(
            "BRIDGE_ENTER", 1, a, "s", context: "board", app: "Stasis", extra: CELTable.bridge("wait", "holding_bridge")
        )
        table.add("CHAN_START", 20, desk, "s", linked: desk)
        table.add("BRIDGE_EXIT", 20.1, a, "s", context: "board", extra: CELTable.bridge("wait", "holding_bridge"))
        table.add("ANSWER", 21, desk, "s", linked: desk)
        table.add("BRIDGE_ENTER", 21.1, a, "s", context: "board", extra: CELTable.bridge("talk"))
        table.add("LINKEDID_END", 21.2, desk, "s", linked: desk)
        table.add("BRIDGE_ENTER", 21.2 + gap, desk, "s", extra: CELTable.bridge("talk"))
        table.add("BRIDGE_EXIT", 31.2, desk, extra: CELTable.bridge("talk"))
        table.end(31.2, desk, by: desk.name)
        table.add("BRIDGE_EXIT", 31.25, a, "s", context: "board", extra: CELTable.bridge("talk"))
        table.end(31.3, a, by: desk.name)
        table.add("LINKEDID_END", 31.3, a)
        let records = table.records()
        #expect(records.count == 1)
        let record = try #require(records.first)
        #expect(record.direction == .inbound && record.answeredBy?.number == "3000" && record.hungUpBy == .callee)
        #expect(record.legs.count == 2 && record.legs.allSatisfy { $0.endedAt != nil })
        #expect(abs((record.talk - .milliseconds(10_000 - Int(gap * 1000))).wholeMilliseconds) <= 1)
    }

    @Test("a log that begins in the middle of a call tells what it holds, and says so")
    func rotated() throws {
        var table = CELTableTests.answered()
        table.rows.removeFirst(5)
        let records = table.records()
        #expect(records.count == 1)
        let record = try #require(records.first)
        #expect(record.completeness == .partial && record.notes.contains { $0.contains("no beginning") })
        #expect(record.id == "pbx1-\(CELTable.id(CELTableTests.caller))")
        #expect(record.talk == .milliseconds(12_500) && record.hungUpBy == .callee)
    }

    @Test("a log that ends in the middle of a call tells one partial record")
    func cut() throws {
        var table = CELTableTests.answered()
        table.rows.removeLast(table.rows.count - 7)
        let records = table.records()
        #expect(records.count == 1 && records.first?.completeness == .partial && records.first?.hungUpBy == nil)
        #expect(records.first?.answeredBy?.number == "3144")
    }

    @Test("recordings tell their file, beginning and end")
    func recordings() throws {
        var table = CELTableTests.answered()
        table.add(
            "MIXMONITOR_START", 2, CELTableTests.callee, extra: #"{"filename":"/srv/rec/a.wav","mixmonitor_id":"0x71"}"#
        )
        table.add(
            "MIXMONITOR_START", 3, CELTableTests.caller, extra: #"{"filename":"/srv/rec/b.wav","mixmonitor_id":"0x72"}"#
        )
        table.add("MIXMONITOR_STOP", 9, CELTableTests.callee, extra: #"{"mixmonitor_id":"0x71"}"#)
        let record = try #require(table.records().first)
        #expect(record.recordings.map(\.path) == ["/srv/rec/a.wav", "/srv/rec/b.wav"])
        #expect(
            record.recordings[0].startedAt == CELTable.instant(2) && record.recordings[0].endedAt == CELTable.instant(9)
        )
        #expect(record.recordings[1].endedAt == record.endedAt)
    }

    @Test("what the dialplan says in events of its own counts")
    func userEvents() throws {
        var table = CELTableTests.answered()
        table.add("HOOKSWITCH_REF", 0.75, CELTableTests.caller, "s", extra: #"{"extra":"CRM-99"}"#)
        table.add("XIVO_INCALL", 0.75, CELTableTests.caller, "s", extra: #"{"extra":"tenant"}"#)
        let record = try #require(table.records().first)
        #expect(record.refID == "CRM-99" && record.direction == .inbound)
    }

    @Test("Asterisk 11 without peers: who answered last is the other side of the bridge")
    func oldBridgeWithoutPeer() throws {
        var table = CELTableTests.answered()
        table.rows.removeAll { $0.event.hasPrefix("BRIDGE") }
        table.add("BRIDGE_START", 5.5, CELTableTests.caller, "s")
        table.add("BRIDGE_END", 17.75, CELTableTests.caller, "s")
        let record = try #require(table.records().first)
        #expect(record.talk == .milliseconds(12_250) && record.answeredBy?.number == "3144")
    }

    @Test("Asterisk 11's masquerade: the person stays with the name, the zombie's end is nobody's")
    func masquerade() throws {
        let (a, b) = (CELTableTests.caller, CELTableTests.callee)
        let target = Channel(name: "PJSIP/q0-00000050", number: 80, callerID: "3177", second: 10)
        // 3144 sends 3120 on to 3177: 3120's channel goes on under the id of the channel made for that.
        var goesOn = Channel(name: "AsyncGoto/\(a.name)", number: 79, callerID: "3120", second: 9)
        var zombie = a
        zombie.name = "\(a.name)<ZOMBIE>"
        var table = CELTable(a)
        table.add("CHAN_START", 0, a, "3144")
        table.add("CHAN_START", 1, b, "s")
        table.add("ANSWER", 2, b, "s")
        table.add("ANSWER", 2, a, "3144")
        table.add("BRIDGE_START", 2, a, "3144", peer: b.name)
        table.add("BLINDTRANSFER", 9, b, peer: a.name, extra: "3177")
        table.add("CHAN_START", 9, goesOn, "3144")
        table.add("BRIDGE_END", 9, a, "3144", peer: b.name)
        goesOn.name = a.name
        table.add("HANGUP", 9.1, zombie, extra: "16,,")
        table.add("CHAN_END", 9.1, zombie)
        table.add("HANGUP", 9.2, b, extra: "16,,")
        table.add("CHAN_END", 9.2, b)
        table.add("APP_START", 9.5, goesOn, "3177", app: "Dial", data: "PJSIP/q0")
        table.add("CHAN_START", 10, target, "s")
        table.add("ANSWER", 12, target, "s")
        table.add("BRIDGE_START", 12, goesOn, "3177", peer: target.name)
        table.add("BRIDGE_END", 20, goesOn, "3177", peer: target.name)
        table.add("HANGUP", 20, target, extra: "16,\(target.name),")
        table.add("CHAN_END", 20, target)
        table.add("HANGUP", 20.1, goesOn, extra: "16,\(target.name),ANSWER")
        table.add("CHAN_END", 20.1, goesOn)
        table.add("LINKEDID_END", 20.1, goesOn)
        let records = table.records()
        #expect(records.count == 1)
        let record = try #require(records.first)
        #expect(record.agents.map(\.number) == ["3144", "3177"] && record.caller.number == "3120")
        #expect(record.transfers.map(\.kind) == [.blind] && record.transfers.first?.to == "3177")
        #expect(record.transfers.first?.by == "3144" && record.hungUpBy == .agent)
        #expect(record.talk == .seconds(15) && record.duration == 20 && record.legs.count == 3)
    }

    @Test("an attended transfer told without bridge ids: both who spoke, in order")
    func attendedWithoutExtra() throws {
        let (a, b) = (CELTableTests.caller, CELTableTests.callee)
        let second = Channel(name: "PJSIP/h2vv0a-0000004e", number: 78, callerID: "3144", second: 8)
        let target = Channel(name: "PJSIP/q0-00000050", number: 79, callerID: "3177", second: 8)
        var table = CELTable(a)
        table.add("CHAN_START", 0, a, "3144")
        table.add("CHAN_START", 1, b, "s")
        table.add("ANSWER", 2, b, "s")
        table.add("ANSWER", 2, a, "3144")
        table.add("BRIDGE_ENTER", 2, b)
        table.add("BRIDGE_ENTER", 2.01, a, "3144")
        table.add("CHAN_START", 8, second, "3177", linked: second)
        table.add("CHAN_START", 8.1, target, "s", linked: second)
        table.add("ANSWER", 10, target, "s", linked: second)
        table.add("BRIDGE_ENTER", 10, target, linked: second)
        table.add("BRIDGE_ENTER", 10.01, second, "3177", linked: second)
        table.add("ATTENDEDTRANSFER", 14, b)
        table.add("BRIDGE_EXIT", 14.01, b)
        table.add("BRIDGE_EXIT", 14.02, second, "3177", linked: second)
        table.add("LINKEDID_END", 14.025, target, linked: second)
        table.add("BRIDGE_EXIT", 14.03, target)
        table.add("BRIDGE_ENTER", 14.03, target)
        table.end(14.1, b)
        table.end(14.1, second)
        table.add("BRIDGE_EXIT", 22, a, "3144")
        table.end(22, a)
        table.add("BRIDGE_EXIT", 22.1, target)
        table.end(22.1, target)
        table.add("LINKEDID_END", 22.1, target)
        let record = try #require(table.records(.psql, without: ["extra"]).first)
        #expect(record.agents.map(\.number) == ["3144", "3177"])
        #expect(abs((record.talk - .milliseconds(19_950)).wholeMilliseconds) < 200)
    }

    @Test("calls that interleave in one table stay apart, in any order of rows", arguments: [1, 2, 3])
    func interleaved(seed: UInt64) throws {
        var all = CELTable(CELTableTests.caller)
        for n in 0..<20 {
            let a = Channel(
                name: "PJSIP/p\(n)-000001\(10 + n)", number: 200 + 2 * n, callerID: "3120", callerName: "Ruth")
            let b = Channel(
                name: "PJSIP/q\(n)-000001\(40 + n)", number: 201 + 2 * n, callerID: "3144", callerName: "Sven Åberg",
                second: 1)
            for var row in CELTableTests.answered(a, b).rows {
                row.at += Double(n)
                all.rows.append(row)
            }
        }
        var random = SeededGenerator(seed: seed)
        all.rows.shuffle(using: &random)
        let records = all.records(.csvWithHeader)
        #expect(records.count == 20, "seed \(seed)")
        #expect(records.allSatisfy { $0.talk == .milliseconds(12_500) && $0.legs.count == 2 }, "seed \(seed)")
    }

    @Test("summer time ends in the middle of a file: the hour that comes twice is told twice")
    func summerTime() throws {
        // 2026-10-25 01:00 UTC is when Central Europe goes back from +2 to +1.
        let change: Int64 = 1_792_890_000
        var lines = ["eventtype,eventtime,cid_num,exten,context,channame,uniqueid,linkedid"]
        for (n, start) in [change - 1800, change + 1800].enumerated() {
            func row(_ event: String, _ at: Int64) {
                let offset: Int64 = at < change ? 7200 : 3600
                let text = Instant(seconds: at + offset).rfc3339
                let local = "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))"
                lines.append("\(event),\(local),310\(n),3144,staff,PJSIP/a-0000000\(n),\(start).\(n),\(start).\(n)")
            }
            row("CHAN_START", start)
            row("ANSWER", start + 5)
            row("HANGUP", start + 65)
            row("CHAN_END", start + 65)
        }
        let records = CELTable.records(lines.joined(separator: "\n"))
        #expect(records.map(\.startedAt) == [Instant(seconds: change - 1800), Instant(seconds: change + 1800)])
        #expect(records.map(\.duration) == [65, 65])
    }
}
