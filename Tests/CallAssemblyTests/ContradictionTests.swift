import Daemon
import Foundation
import Telephony
import Testing

@testable import CallAssembly

/// What the record says where Asterisk's own CDR says otherwise, and that it says nothing where the two only mean different things.
@Suite("A CDR that says otherwise")
struct ContradictionTests {
    private static let call = SyntheticCall(number: 1, at: Instant(seconds: 1_795_300_000))

    /// The notes on `call` when Asterisk's rows for it are these.
    private func notes(_ rows: [CDRRow], _ events: [CallEvent] = ContradictionTests.call.events) -> [String] {
        var run = FoldRun()
        run.apply(events.dropLast())
        run.apply(rows.map { CallEvent(at: events.last!.at, body: .cdr($0)) })
        run.apply(events.suffix(1))
        run.finishAll()
        return run.records.flatMap(\.notes)
    }
    private func row(_ change: (inout CDRRow) -> Void = { _ in }) -> CDRRow {
        var row = ContradictionTests.call.row
        change(&row)
        return row
    }
    private func later(_ time: CivilTime?, _ seconds: Int64) -> CivilTime? {
        time.map { CivilTime($0.asUTC + .seconds(seconds)) }
    }

    @Test("one that agrees is not mentioned, wherever the PBX's clock is", arguments: [0, 3600, -12600, 20700, 50400])
    func agrees(zone: Int64) {
        let local = row {
            ($0.start, $0.answer, $0.end) = (later($0.start, zone), later($0.answer, zone), later($0.end, zone))
        }
        #expect(notes([local]) == [])
    }

    @Test("nor are rounded seconds (`initiatedseconds`), a name for the number, or a number written another way")
    func meansTheSame() {
        #expect(notes([row { $0.billableSeconds! += 1 }]) == [])
        #expect(notes([row { $0.source = "5551230001" }]) == [])
        #expect(notes([row { $0.source = "anonymous" }]) == [])
        #expect(notes([row { $0.destination = "s" }]) == [])
    }

    @Test("a channel that is let go long after its party left: with endbeforehexten=no the CDR counts its handler")
    func handler() {
        var events = ContradictionTests.call.events
        events[events.count - 1].at = events.last!.at + .seconds(3)
        let long = row {
            ($0.end, $0.duration, $0.billableSeconds) = (later($0.end, 3), $0.duration! + 3, $0.billableSeconds! + 3)
        }
        #expect(
            notes([long], events) == [
                "Asterisk's CDR says billsec 6: its row ends when the channel was let go, after the call"
            ])
    }

    @Test("a CDR that was reset in mid-call begins later")
    func reset() {
        let short = row {
            ($0.start, $0.answer, $0.duration, $0.billableSeconds) = (later($0.start, 3), later($0.answer, 2), 1, 1)
        }
        #expect(notes([short]) == ["Asterisk's CDR says billsec 1: its row begins after the call does"])
    }

    @Test("a row that ends before the call did")
    func endsEarly() {
        let short = row { ($0.end, $0.duration, $0.billableSeconds) = (later($0.end, -3), 1, 0) }
        #expect(notes([short]) == ["Asterisk's CDR says billsec 0: its row ends before the call does"])
    }

    @Test("an answer that only one of the two knows of")
    func answer() {
        #expect(notes([row { ($0.disposition, $0.answer) = ("NO ANSWER", nil) }]) == ["Asterisk's CDR says NO ANSWER"])
        let unanswered = ContradictionTests.call.events.filter { event in
            switch event.body {
            case .newState(_, .up), .dialEnd, .bridgeEnter, .bridgeLeave: false
            default: true
            }
        }
        let notes = notes([row { $0.billableSeconds = 0 }], unanswered)
        #expect(notes == ["Asterisk's CDR says ANSWERED, but no event tells of an answer"])
    }

    @Test("another caller, and another account code")
    func parties() {
        #expect(notes([row { $0.source = "15559990000" }]) == ["Asterisk's CDR says that 15559990000 called"])
        var events = ContradictionTests.call.events
        let channel = ContradictionTests.call.caller.channel
        events.insert(CallEvent(at: events[1].at, body: .newAccountCode(channel, "sales")), at: 1)
        #expect(notes([row { $0.accountCode = "sales" }], events) == [])
        #expect(notes([row { $0.accountCode = "support" }], events) == ["Asterisk's CDR says accountcode support"])
    }

    @Test("of several rows each is a part of the call: none contradicts it")
    func several() {
        let first = row { ($0.end, $0.duration, $0.billableSeconds) = (later($0.end, -2), 2, 1) }
        let second = row { ($0.start, $0.duration, $0.billableSeconds) = (later($0.start, 2), 2, 2) }
        #expect(notes([first, second]) == [])
    }

    /// Those whose CDR is wrong or counts from another moment: Asterisk gives the last who joins a conference 0 s, and counts an originated
    /// call from the first leg's answer.
    private static let contradicted: Set<String> = [
        "conference_3", "out_click2call_pjsip", "xfer_att_to_conference-22",
    ]

    @Test("in real streams none is mentioned but where Asterisk counts otherwise", arguments: MetamorphicTests.captures)
    func captures(capture: Capture) {
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let stream = capture.bytes(capture.folder.path.contains("/lab/") ? "events.ami" : "ami.ami")
        let notes = replay.run(stream).calls.flatMap(\.record.notes).filter { $0.contains("CDR") }
        #expect(notes.isEmpty != ContradictionTests.contradicted.contains(capture.name), "\(capture): \(notes)")
    }
}
