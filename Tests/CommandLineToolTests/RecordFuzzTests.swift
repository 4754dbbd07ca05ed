import CallAssembly
import Daemon
import HookswitchTestKit
import Telephony
import TestGround
import Testing

@testable import CommandLineTool

/// What a damaged stream makes of a call can be looked at: a trap or a line that breaks the terminal would hide the very call
/// somebody has to look into.
@Suite("Damaged calls on the screen") struct RecordFuzzTests {
    private static let samples = ["xfer_att_refer", "queue_answered", "park_retrieve", "conference_3", "rec_dialplan"]
        .compactMap { readBytes("\(HookswitchTestKit.captures)/22/\($0)/ami.ami") }

    @Test("a damaged call is listed and shown within the terminal's width")
    func shown() {
        let mutator = Mutator(
            samples: Self.samples,
            words: [
                "\r\n\r\n", "Timestamp: 0.0\r\n", "Timestamp: 99999999999.9\r\n", "Timestamp: -62167219201.0\r\n",
                "Seconds: 9223372036854775\r\n", "CallerIDName: \u{202E}\u{1F469}\u{200D}\u{1F467}\u{7}\u{1B}[2J\r\n",
                "CallerIDNum: ********************************************\r\n", "Cause: -1\r\n",
                "Channel: PJSIP/\u{65E5}\u{672C}-00000001\r\n",
            ])
        let outcome = Fuzz("shown").run(mutator) { bytes, _ in
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            let calls = replay.run(bytes).calls
            let console = Console.memory(Written(), width: 100)
            var records: [RecordView] = []
            for call in calls {
                guard let record = RecordView(call.record.json) else { throw Fuzz.Finding("no record to show") }
                // An id is never cut, as `show` asks for it; one that Asterisk would not give may be as long as it likes.
                guard record.text("id").utf8.count <= 40 else { continue }
                records.append(record)
                try Self.check(
                    CallReport(record: record, evidence: call.evidence, deliveries: []).lines(for: console), in: console
                )
            }
            try Self.check(CallsTable.lines(records, for: console), in: console)
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    private static func check(_ lines: [String], in console: Console) throws(Fuzz.Finding) {
        for line in lines {
            try require(DisplayWidth.of(line) <= console.width, "\(DisplayWidth.of(line)) columns: \(line)")
            let printed = line.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) && !(0x202A...0x202E).contains($0.value)
            }
            try require(printed, "a control character: \(line.debugDescription)")
        }
    }
}
