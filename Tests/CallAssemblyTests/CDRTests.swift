import AsteriskWire
import Daemon
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
}
