import AsteriskWire
import Daemon
import HookswitchTestKit
import Telephony
import TestGround
import Testing

@testable import CallAssembly

/// Damaged streams, files and dialplan reports through the whole fold: records that a CRM can take, or none.
@Suite("Fold of damaged evidence") struct FoldFuzzTests {
    /// Scenarios that touch every part of the fold, small enough to be many.
    private static let chosen = [
        "in_answered_caller_hangs", "xfer_att_refer", "xfer_blind_refer", "queue_answered", "park_retrieve",
        "local_2hop",
        "pickup_directed", "conference_3", "out_click2call_local", "forward_302", "rec_dialplan",
    ]
    private static let captures = Capture.all.filter { chosen.contains($0.name) }

    /// What must hold of any record, whatever it was made from.
    private static func check(_ calls: [FinishedCall]) throws {
        var ids: Set<String> = []
        for call in calls {
            let record = call.record
            // A damaged linked id may name a call that has been told.
            try require(ids.insert(record.id).inserted, "two records of one id: \(record.id)")
            try require(record.endedAt >= record.startedAt, "it ends before it starts: \(record.id)")
            try require(
                record.answeredAt.map { $0 >= record.startedAt && $0 <= record.endedAt } ?? true, "answered outside")
            try require(record.duration >= 0 && record.billableSeconds >= 0, "a negative time")
            for time in [record.talk, record.ring, record.hold, record.park] {
                try require(time >= .zero, "negative \(time)")
            }
            for leg in record.legs {
                try require(leg.endedAt.map { $0 >= leg.startedAt } ?? true, "a leg ends before it starts")
                for interval in leg.bridged {
                    try require(interval.to >= interval.from, "a bridge ends before it begins")
                }
            }
            let json = try? JSONValue(parsing: record.json)
            try require(json != nil, "the record is not JSON")
            try require(!record.json.contains { $0 < 0x20 || $0 == 0x7F }, "a control character")
        }
    }

    @Test("a damaged manager stream gives sane records")
    func streams() {
        let mutator = Mutator(
            samples: Self.captures.map(\.stream),
            words: AMIEventName.allCases.map { "Event: \($0.rawValue)\r\nPrivilege: call,all\r\n" }
                + [
                    "\r\n\r\n", "Uniqueid: 1795227460.0\r\n", "Linkedid: 1.1\r\n", "Timestamp: 0.0\r\n",
                    "Timestamp: 99999999999.9\r\n", "Timestamp: -62167219201.0\r\n", "ChannelState: 6\r\n",
                    "BridgeUniqueid: x\r\n", "Cause: 999999999999\r\n", "Seconds: 9223372036854775\r\n",
                ])
        let outcome = Fuzz("fold-stream").run(mutator) { bytes, _ in
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            try Self.check(replay.run(bytes).calls)
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test("damaged CEL and CDR files give sane records")
    func files() {
        let files = Self.captures.flatMap {
            [$0.bytes("cel.csv"), $0.bytes("cdr_Master.csv"), $0.bytes("cdr_Full.csv")]
        }
        let mutator = Mutator(
            samples: files.filter { !$0.isEmpty },
            words: [
                "BRIDGE_ENTER", "BLINDTRANSFER", "ATTENDEDTRANSFER", "LINKEDID_END", "\"", ",", "1795227460.0", "{\"",
                "ANSWERED", "0000-01-01 00:00:00", "9999-12-31 23:59:60.999999", "1970-01-01 00:00:00",
            ])
        let outcome = Fuzz("fold-files").run(mutator) { bytes, _ in
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            try Self.check(replay.run(log: bytes).calls)
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test("damaged reports of the dialplan, before, in and after their call, give sane records")
    func witnesses() throws {
        let report = """
            hookswitch-spool 1 1795233368
            agi_channel: PJSIP/trunk-00000001
            agi_uniqueid: 1795233366.32
            agi_callerid: +15551230001
            agi_calleridname: O'Ne(i)l, A
            agi_context: in
            agi_extension: 100
            agi_arg_1: call-complete?role=caller
            agi_arg_2: linkedid=1795233366.31
            agi_arg_3: hangupcause=16
            agi_arg_4: dialstatus=ANSWER
            agi_arg_5: dialedtime=2
            agi_arg_6: answeredtime=2
            agi_arg_7: peer=Local%2F200%40in-00000003%3B1
            agi_arg_8: cdr.start=1795233366.846983
            agi_arg_9: cdr.answer=1795233366.850655
            agi_arg_10: cdr.end=1795233368.853105
            agi_arg_11: cdr.duration=2
            agi_arg_12: cdr.billsec=2
            agi_arg_13: cdr.disposition=ANSWERED
            agi_arg_14: recording=%2Fspool%2Fmonitor%2F1795233366.32.wav
            agi_arg_15: queue=q
            agi_arg_16: queuestatus=TIMEOUT

            end

            """
        let mutator = Mutator(
            samples: [
                report, report.replacing("role=caller", with: "role=callee"),
                report.replacing("call-complete", with: "tag"),
            ]
            .map { Array($0.utf8) },
            words: [
                "cdr.start=", "cdr.end=1", "dialedtime=", "answeredtime=", "linkedid=", "role=callee", "BUSY",
                "2026-11-21 02:25:48",
            ])
        let outcome = Fuzz("fold-witness").run(mutator) { bytes, random in
            guard let witness = try? SpoolFile(bytes).witness else { return }
            var calls: [FinishedCall] = []
            let take: (AssemblyEffect) -> Void = { if case .finished(let call) = $0 { calls.append(call) } }
            var assembler = CallAssembler(AssemblyConfiguration(system: "pbx1"))
            // Alone, or about a channel that events tell of too.
            let synthetic = SyntheticCall(number: 16, at: Instant(seconds: 1_795_233_366)).events
            let events = random.once(in: 2) ? synthetic : []
            let place = random.below(events.count + 1)
            for event in events[..<place] { assembler.apply(event, take) }
            assembler.apply(CallEvent(at: witness.receivedAt, body: .witness(witness)), take)
            for event in events[place...] { assembler.apply(event, take) }
            assembler.finishAll(take)
            try Self.check(calls)
        }
        #expect(outcome.isClean, "\(outcome)")
    }
}
