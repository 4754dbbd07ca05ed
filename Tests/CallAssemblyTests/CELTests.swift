import AsteriskWire
import Daemon
import HookswitchTestKit
import Telephony
import TestGround
import Testing

@testable import CallAssembly

/// What channel event logging cannot tell, with the reason; everything else it must.
enum UntoldByCEL {
    /// Variables and user fields are in no CEL row; files neither; a queue only where its application wrote a row.
    static let keys: Set<String> = [
        "variables", "userfield", "recording", "queue", "queue_wait", "queue_result",
    ]
    /// Nobody answered, so no row names the extension the manager action asked for.
    static let scenarios: [String: Set<String>] = [
        "out_click2call_agent_noanswer": ["direction", "callee", "agent"]
    ]
}

@Suite("CEL alone tells the same call")
struct CELTests {
    @Test("every stated fact that CEL can tell holds from cel.csv", arguments: Capture.all)
    func fromFile(capture: Capture) throws {
        try check(capture, CELFile(capture.bytes("cel.csv")))
    }

    @Test("rows in any order give the same calls", arguments: Capture.all.filter { $0.version == "22" }, [1, 2, 3])
    func shuffled(capture: Capture, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let lines = capture.text("cel.csv").split(separator: "\n").shuffled(using: &random)
        try check(capture, CELFile(Array(lines.joined(separator: "\n").utf8)), "seed \(seed)")
    }

    @Test("a file without LINKEDID_END and with cut-off Extra still tells the calls", arguments: Capture.all)
    func damaged(capture: Capture) throws {
        let lines = capture.text("cel.csv").split(separator: "\n").filter { !$0.hasPrefix("\"LINKEDID_END\"") }
        try check(capture, CELFile(Array(lines.joined(separator: "\n").utf8)))
    }

    @Test(
        "wherever a file ends for now, no call of which rows are still to come is taken for one that is over",
        arguments: Capture.all)
    func endingAnywhere(capture: Capture) throws {
        let lines = capture.text("cel.csv").split(separator: "\n")
        let rows = CELFile(capture.bytes("cel.csv")).rows
        try #require(rows.count == lines.count)
        for end in lines.indices {
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            var over: [CallRecord] = []
            replay.onCall = { call, standing in if standing != .unended { over.append(call.record) } }
            _ = replay.run(cel: CELFile(Array(lines[..<end].joined(separator: "\n").utf8)))
            // What is written as a channel goes may come in any order.
            let later = rows[end...].filter { !["HANGUP", "CHAN_END", "LINKEDID_END", "APP_END"].contains($0.event) }
            for record in over {
                let ids = Set(record.legs.map(\.uniqueID) + [record.linkedID.oldest])
                let row = later.first { ids.contains($0.uniqueID) || $0.linkedID == record.linkedID }
                #expect(row == nil, "\(record.linkedID) before row \(end + 1), a \(row?.event ?? "")")
            }
        }
    }

    @Test("Asterisk counts its channels anew: the calls it had before ended with it, not with the table")
    func restarted() throws {
        let killed = try #require(Capture.all.first { $0.name == "crash_kill9" })
        let rows = CELFile(killed.bytes("cel.csv")).rows
        let later = SyntheticCall(number: 0, at: rows.last!.at + .seconds(7200))
        var fold = FoldRun()
        fold.apply((rows + later.celRows).map { CallEvent(at: $0.at, body: .cel($0)) })
        fold.finishAll()
        #expect(fold.records.count == 2)
        let record = try #require(fold.records.first)
        #expect(record.completeness == .partial && record.notes.contains("Asterisk was restarted"))
        #expect(record.hungUpBy == nil && record.duration <= 7, "\(record.duration) s")
        #expect(fold.records.last?.hungUpBy == .callee && fold.records.last?.completeness == .full)
    }

    @Test("two Asterisks without names share a table: the restart of one ends no call of the other's")
    func sharedAndRestarted() throws {
        let at = Instant(seconds: 1_795_300_000)
        let theirs = SyntheticCall(number: 50, at: at, talk: 8000)
        // As the other one is started, and again as it counts on beside the first one's channels.
        let started = SyntheticCall(number: 0, at: at + .seconds(3), talk: 3000)
        let next = SyntheticCall(number: 51, at: at + .seconds(4))
        let last = SyntheticCall(number: 1, at: at + .seconds(5))
        let calls = [theirs, started, next, last]
        var fold = FoldRun()
        fold.apply(
            calls.flatMap(\.celRows).sorted { $0.at < $1.at }.map { CallEvent(at: $0.at, body: .cel($0)) })
        fold.finishAll()
        #expect(fold.records.count == 4)
        for call in calls {
            let record = try #require(fold.records.first { $0.linkedID == call.caller.channel.linkedID })
            #expect(record.completeness == .full && record.hungUpBy == .callee, "\(record.notes)")
            #expect(record.duration == Int(call.talk / 1000) + 1, "\(record.duration) s")
        }
    }

    @Test("hangup handlers hold the channels: the parties left with the bridge, whose rows come first")
    func slowHandlers() throws {
        let call = SyntheticCall(number: 1, at: Instant(seconds: 1_795_300_000))
        let rows = call.celRows.map { row in
            var row = row
            if ["HANGUP", "CHAN_END", "LINKEDID_END"].contains(row.event) { row.at = row.at + .seconds(3) }
            return row
        }
        var fold = FoldRun()
        fold.apply(rows.map { CallEvent(at: $0.at, body: .cel($0)) })
        fold.finishAll()
        let record = try #require(fold.records.first)
        #expect(record.hungUpBy == .callee && record.duration == 4 && record.billableSeconds == 3)
    }

    @Test("two that share a table count side by side: none of them was restarted")
    func shared() {
        let young = SyntheticCall(number: 2, at: Instant(seconds: 1_795_300_000), talk: 60_000)
        let old = (0..<4).map {
            SyntheticCall(number: 9000 + $0, at: young.at + .seconds(Int64($0) * 10), talk: 15_000)
        }
        var fold = FoldRun()
        let rows = (old.flatMap(\.celRows) + young.celRows).sorted { $0.at < $1.at }
        fold.apply(rows.map { CallEvent(at: $0.at, body: .cel($0)) })
        fold.finishAll()
        #expect(fold.records.count == 5 && fold.records.allSatisfy { $0.completeness == .full })
    }

    @Test("local times without a zone come out in UTC")
    func zone() throws {
        // 03:17:40 in a zone one hour east of UTC is the second in the channel's own id, 1795227460 = 02:17:40Z.
        let row =
            #""CHAN_START","2026-11-21 03:17:40.995952","","15551230001","","","5001","from-trunk","PJSIP/trunk-00000000","","","","1795227460.0","1795227460.0","","","""#
        let file = CELFile(Array(row.utf8))
        #expect(file.rows.first?.at.rfc3339 == "2026-11-21T02:17:40.995Z")
    }

    @Test("a table with a header, tabs and its own column order reads the same")
    func header() throws {
        let text = """
            id\teventtype\teventtime\tcid_name\tcid_num\tcid_ani\tcid_rdnis\tcid_dnid\texten\tcontext\tchanname\tappname\tappdata\tamaflags\taccountcode\tuniqueid\tlinkedid\tpeer\tuserdeftype\textra
            7\tHANGUP\t2026-11-21 02:17:45\tAda\t1001\tNULL\t\t\t5001\tinternal\tSIP/1001-1\t\t\t3\t\t1795227460.1\t1795227460.0\t\t\t{"hangupcause":17,"hangupsource":"SIP/1001-1","dialstatus":"BUSY"}
            """
        let row = try #require(CELFile(Array(text.utf8)).rows.first)
        #expect(row.event == "HANGUP" && row.name == "Ada" && row.number == "1001" && row.ani == nil)
        #expect(row.channel == ChannelName("SIP/1001-1") && row.linkedID == LinkedID("1795227460.0"))
        #expect(row.extra["hangupcause"] == "17" && row.extra["dialstatus"] == "BUSY")
    }

    @Test("Asterisk 11's BRIDGE_START and comma separated Extra tell an answered call")
    func asterisk11() throws {
        // Hand-written after cel.c of 11: one bridge row for both sides, the peer by name.
        let rows = [
            ("CHAN_START", "10.0", "15551230001", "5001", "SIP/trunk-1", "1795227460.0", "", ""),
            ("CHAN_START", "10.1", "", "s", "SIP/1001-2", "1795227460.1", "", ""),
            ("ANSWER", "12.0", "1001", "5001", "SIP/1001-2", "1795227460.1", "", ""),
            ("ANSWER", "12.1", "15551230001", "5001", "SIP/trunk-1", "1795227460.0", "", ""),
            ("BRIDGE_START", "12.1", "15551230001", "5001", "SIP/trunk-1", "1795227460.0", "SIP/1001-2", ""),
            ("BRIDGE_END", "20.1", "15551230001", "5001", "SIP/trunk-1", "1795227460.0", "SIP/1001-2", ""),
            ("HANGUP", "20.1", "1001", "", "SIP/1001-2", "1795227460.1", "", "16,SIP/1001-2,"),
            ("CHAN_END", "20.1", "1001", "", "SIP/1001-2", "1795227460.1", "", ""),
            ("HANGUP", "20.2", "15551230001", "5001", "SIP/trunk-1", "1795227460.0", "", "16,SIP/1001-2,ANSWER"),
            ("CHAN_END", "20.2", "15551230001", "5001", "SIP/trunk-1", "1795227460.0", "", ""),
        ]
        let text = rows.map { row in
            let time = "17952274\(60 + Int(row.1.prefix(2))!)\(row.1.dropFirst(2))"
            return
                "\"\(row.0)\",\"\(time)\",\"\",\"\(row.2)\",\"\",\"\",\"\(row.3)\",\"in\",\"\(row.4)\",\"\",\"\",\"\",\"\(row.5)\",\"1795227460.0\",\"\(row.6)\",\"\",\"\(row.7)\""
        }
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let calls = replay.run(cel: CELFile(Array(text.joined(separator: "\n").utf8))).calls
        let record = try #require(calls.first?.record)
        #expect(calls.count == 1)
        #expect(record.direction == .inbound && record.disposition == .answered && record.callee.number == "5001")
        #expect(record.answeredBy?.number == "1001" && record.hungUpBy == .callee && record.billableSeconds == 8)
        #expect(record.talk == .seconds(8) && record.sources == [.cel])
    }

    private func check(_ capture: Capture, _ file: CELFile, _ context: String = "") throws {
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let summary = replay.run(cel: file)
        let stated = try #require(try capture.expected["calls"]?.array)
        var records = summary.calls.map(\.record).sorted { $0.startedAt < $1.startedAt }
        // A call that was lost with a crash has no rows for its end; its number of records still counts.
        #expect(records.count == stated.count, "\(capture) \(context)")
        let untold = UntoldByCEL.keys.union(UntoldByCEL.scenarios[capture.name] ?? [])
        for facts in stated {
            let i = try #require(records.firstIndex { $0.caller.number == facts["caller"]?.string })
            let told = (facts.object ?? []).filter { !untold.contains($0.name) }
            let differences = StatedFacts(facts: .object(told)).differences(records.remove(at: i))
            #expect(differences.isEmpty, "\(capture) \(context): \(differences)")
        }
    }
}
