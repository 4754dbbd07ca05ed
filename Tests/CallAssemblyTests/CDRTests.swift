import AsteriskWire
import Daemon
import Foundation
import Telephony
import Testing

@testable import CallAssembly

/// What call detail records cannot tell, with the reason; everything else they must.
enum UntoldByCDR {
    /// No row says who hung up, moved the call, recorded it, set variables, or how long a queue took.
    static let keys: Set<String> = [
        "hungup_by", "transfers", "transfer_kind", "recording", "variables", "queue", "queue_wait", "queue_result",
        "cause",
    ]
    static let scenarios: [String: Set<String>] = [
        // `dst` is where the channel got to, not what was dialled, after a menu, a redirect or a transfer.
        "ami_redirect": ["callee"], "ivr_then_dial": ["callee", "talksec"], "xfer_blind_refer": ["callee"],
        // A caller who gives up is NO ANSWER.
        "in_cancel_before_answer": ["disposition"], "queue_abandoned": ["disposition"],
        // Nobody answered, so no row names what was asked for.
        "out_click2call_agent_noanswer": ["direction", "callee", "agent", "disposition"],
        // Asterisk counts from the agent's answer.
        "out_click2call_pjsip": ["billsec", "talksec"],
        // The third member of a conference has 0 s.
        "conference_3": ["billsec", "duration"],
    ]
}

@Suite("CDR files alone tell the calls as far as they can")
struct CDRTests {
    /// All but a click-to-call through a Local channel: the rows of its two halves name each other's numbers, no row the agent's.
    @Test(
        "every stated fact that CDR can tell holds",
        arguments: Capture.all.filter { $0.name != "out_click2call_local" }, ["cdr_Full.csv", "cdr_Master.csv"])
    func fromFile(capture: Capture, file: String) throws {
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let summary = replay.run(cel: nil, cdr: CDRFile(capture.bytes(file)))
        // kill -9 writes no CDR.
        let stated = capture.name == "crash_kill9" ? [] : try #require(try capture.expected["calls"]?.array)
        var records = summary.calls.map(\.record)
        #expect(records.count == stated.count)
        let untold = UntoldByCDR.keys.union(UntoldByCDR.scenarios[capture.name] ?? [])
        for facts in stated {
            let i = try #require(records.firstIndex { $0.caller.number == facts["caller"]?.string })
            let told = (facts.object ?? []).filter { !untold.contains($0.name) }
            let record = records.remove(at: i)
            let differences = StatedFacts(facts: .object(told)).differences(record)
            #expect(differences.isEmpty, "\(capture) \(file): \(differences)")
            #expect(record.sources == [.cdr] && record.completeness == .partial && record.hungUpBy == nil)
        }
    }

    @Test("CEL and CDR together tell what CEL alone cannot: the user field", arguments: ["16", "22"])
    func together(version: String) throws {
        let capture = try #require(Capture.all.first { $0.name == "vars_lead" && $0.version == version })
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let calls = replay.run(cel: CELFile(capture.bytes("cel.csv")), cdr: CDRFile(capture.bytes("cdr_Full.csv")))
            .calls
        let record = try #require(calls.first?.record)
        #expect(calls.count == 1)
        #expect(record.userField == "uf;lead=88001234" && record.sources == [.cdr, .cel])
    }

    @Test("rows with a header are read by name", arguments: [",", "\t", ";"])
    func header(separator: String) throws {
        let names = [
            "calldate", "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "duration", "billsec",
            "disposition", "uniqueid", "linkedid",
        ]
        let values = [
            "2026-11-21 02:17:40", "\"\"\"Ada\"\" <100>\"", "100", "200", "internal", "SIP/100-1", "SIP/200-2", "Dial",
            "9", "7", "ANSWERED", "1795227460.7", "1795227460.7",
        ]
        let text = names.joined(separator: separator) + "\n" + values.joined(separator: separator) + "\n"
        let row = try #require(CDRFile(Array(text.utf8)).rows.first)
        #expect(row.callerID == "\"Ada\" <100>" && row.destinationChannel == ChannelName("SIP/200-2"))
        #expect(row.billableSeconds == 7 && row.linkedID == LinkedID("1795227460.7"))
        #expect(row.start == CivilTime(year: 2026, month: 11, day: 21, hour: 2, minute: 17, second: 40))
    }

    @Test("FreePBX's table tells the number dialled, the caller's own name and the recording")
    func freePBX() throws {
        let text = #"""
            calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,uniqueid,did,recordingfile,cnum,cnam,linkedid,sequence
            2026-03-02 10:00:00,"""Ada"" <0401234567>",0401234567,600,ext-queues,PJSIP/trunk-00000001,,Queue,"600,t",15,15,ANSWERED,1772442000.4,0987654,,0401234567,Ada,1772442000.4,12
            2026-03-02 10:00:15,"""Ada"" <0401234567>",0401234567,601,from-queue,PJSIP/trunk-00000001,PJSIP/601-00000002,Dial,PJSIP/601,45,40,ANSWERED,1772442000.4,0987654,q-600.wav,0401234567,Ada,1772442000.4,13
            2026-03-02 11:00:00,"""Firm"" <5550001>",5550001,0331234567,internal,PJSIP/601-00000003,PJSIP/trunk-00000004,Dial,x,30,20,ANSWERED,1772445600.7,,,601,Bo,1772445600.7,14
            """#
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1", recordings: "/rec"))
        let records = replay.run(log: Array(text.utf8)).calls.map(\.record)
        #expect(records.count == 2)
        let (first, second) = (try #require(records.first), try #require(records.last))
        #expect(first.direction == .inbound && first.callee.number == "0987654" && first.answeredBy?.number == "601")
        #expect(first.caller == CallRecord.Caller(number: "0401234567", name: "Ada") && first.talk == .seconds(40))
        #expect(first.startedAt == Instant(seconds: 1_772_442_000) && first.duration == 60)
        #expect(first.recordings.map(\.path) == ["/rec/2026/03/02/q-600.wav"])
        #expect(second.direction == .outbound && second.billableSeconds == 20)
        #expect(second.caller == CallRecord.Caller(number: "601", name: "Bo"))
    }

    /// A caller whom nobody takes has a row of Queue() too, with what it answered him for in billsec, but none of a member.
    @Test(
        "a queue's CDR says that a member took the call where it names one; how long the wait was it never says",
        arguments: [
            ("SIP/601-00000002", "ANSWERED", CallRecord.Queue.Result.answered), ("SIP/601-00000002", "NO ANSWER", nil),
            ("", "ANSWERED", nil), ("", "NO ANSWER", nil),
        ] as [(String, String, CallRecord.Queue.Result?)])
    func queueRow(member: String, disposition: String, result: CallRecord.Queue.Result?) throws {
        let text = """
            calldate,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,uniqueid
            2026-03-02 10:00:00,0401234567,600,ext-queues,SIP/line-00000001,\(member),Queue,"orders,tT,,,90",45,31,\(disposition),1772442000.4
            """
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let queue = try #require(replay.run(log: Array(text.utf8)).calls.first?.record.queue)
        #expect(queue.name == "orders" && queue.wait == nil && queue.result == result)
    }

    @Test("a stream that carries Cdr events alone tells its calls as a CDR file does", arguments: ["16", "22"])
    func stream(version: String) throws {
        let capture = try #require(
            Capture.all.first { $0.name == "in_answered_caller_hangs" && $0.version == version })
        let blocks = capture.text("ami.ami").components(separatedBy: "\r\n\r\n")
            .filter { $0.hasPrefix("Event: Cdr\r\n") }
        #expect(!blocks.isEmpty)
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let calls = replay.run(Array((blocks.joined(separator: "\r\n\r\n") + "\r\n\r\n").utf8)).calls
        #expect(calls.count == 1)
        let record = try #require(calls.first?.record)
        #expect(record.disposition == .answered && record.caller.number == "15551230001" && record.sources == [.cdr])
    }

    @Test("a stream that carries CEL events alone tells the call as the channel events do", arguments: ["16", "22"])
    func celStream(version: String) throws {
        for name in ["in_answered_caller_hangs", "xfer_att_refer", "queue_answered"] {
            let capture = try #require(Capture.all.first { $0.name == name && $0.version == version })
            let whole = try #require(capture.replay().calls.first?.record)
            let blocks = capture.text("ami.ami").components(separatedBy: "\r\n\r\n")
                .filter { $0.hasPrefix("Event: CEL\r\n") }
            if blocks.isEmpty { continue }
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            let calls = replay.run(Array((blocks.joined(separator: "\r\n\r\n") + "\r\n\r\n").utf8)).calls
            #expect(calls.count == 1, "\(capture)")
            let record = try #require(calls.first?.record)
            #expect(record.id == whole.id && record.disposition == whole.disposition, "\(capture)")
            #expect(record.agents.map(\.number) == whole.agents.map(\.number), "\(capture)")
            // CEL tells of no hold: what was held counts as talk.
            let difference = record.talk - whole.talk - whole.hold
            #expect(record.hungUpBy == whole.hungUpBy, "\(capture)")
            #expect(abs(difference.wholeMilliseconds) < 1000, "\(capture): \(difference)")
        }
    }

    /// Channel events of Asterisk 11 have no linked ids (its manager greets with 1.3).
    @Test("a stream of Asterisk 11 is told from its Cdr events; its channel events are no forgeries")
    func asterisk11() throws {
        let channel = "Channel: SIP/line-0000000a\r\nUniqueid: 1400000000.10\r\n"
        let stream =
            ["Newchannel", "Newstate", "Hangup"].map {
                "Event: \($0)\r\nPrivilege: call,all\r\nTimestamp: 1400000000.1\r\nChannelState: 4\r\n\(channel)\r\n"
            }.joined() + """
                Event: Cdr\r
                Privilege: cdr,all\r
                Timestamp: 1400000024.5\r
                Source: 0401234567\r
                Destination: 601\r
                CallerID: 0401234567\r
                Channel: SIP/line-0000000a\r
                DestinationChannel: SIP/601-0000000b\r
                LastApplication: Dial\r
                StartTime: 2014-05-13 16:53:20\r
                AnswerTime: 2014-05-13 16:53:24\r
                EndTime: 2014-05-13 16:53:44\r
                Duration: 24\r
                BillableSeconds: 20\r
                Disposition: ANSWERED\r
                UniqueID: 1400000000.10\r
                \r

                """
        for (greeting, refused) in [("1.3", 0), ("5.0.4", 3)] {
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            let summary = replay.run(Array("Asterisk Call Manager/\(greeting)\r\n\(stream)".utf8))
            #expect(summary.calls.map(\.record.billableSeconds) == [20] && summary.refused.count == refused)
        }
    }
}
