import Daemon
import Foundation
import Telephony
import Testing

@testable import CallAssembly

@Suite("Captures of real Asterisk")
struct CaptureTests {
    @Test("all 92 recorded scenarios are there")
    func allAreThere() { #expect(Capture.all.count == 92) }

    @Test("every stated fact holds", arguments: Capture.all)
    func everyStatedFactHolds(capture: Capture) throws {
        try check(capture, capture.replay())
    }

    @Test("every stated fact holds without the index, from plain bytes", arguments: Capture.all)
    func plainBytes(capture: Capture) throws {
        try check(capture, capture.replay(withIndex: false))
    }

    @Test("no genuine event is refused as forged", arguments: Capture.all)
    func nothingIsRefused(capture: Capture) {
        let refused = capture.replay().refused
        #expect(refused.isEmpty, "\(refused)")
    }

    @Test("billsec is the CDR's within a second, or a note says why", arguments: Capture.all)
    func billsecAgreesWithTheCDR(capture: Capture) {
        for call in capture.replay().calls {
            let record = call.record
            guard record.sources.contains(.cdr), record.completeness == .full, record.legs.count == 2 else { continue }
            let rows = capture.text("cdr_Full.csv").split(separator: "\n").filter {
                $0.contains("\"\(record.uniqueID)\"")
            }
            guard rows.count == 1, let seconds = rows[0].split(separator: ",").dropLast(7).last.flatMap({ Int($0) })
            else { continue }
            let isNoted = record.notes.contains { $0.contains("CDR") }
            #expect(
                abs(seconds - record.billableSeconds) <= 1 || isNoted,
                "CDR \(seconds), record \(record.billableSeconds)")
        }
    }

    @Test("times never run backwards and no duration is negative", arguments: Capture.all)
    func timesAreMonotonic(capture: Capture) {
        for call in capture.replay().calls {
            let r = call.record
            #expect(r.startedAt <= r.endedAt)
            if let answered = r.answeredAt { #expect(answered >= r.startedAt && answered <= r.endedAt) }
            for value in [r.talk, r.ring, r.hold, r.park] { #expect(value >= .zero) }
            #expect(r.talk + r.hold + r.park <= (r.endedAt - r.startedAt) + .milliseconds(1))
            for leg in r.legs {
                for interval in leg.bridged { #expect(interval.from <= interval.to) }
                if let end = leg.endedAt { #expect(end >= leg.startedAt) }
            }
        }
    }

    @Test("a stream heard twice tells nothing twice", arguments: Capture.all.filter { $0.version == "22" })
    func heardTwice(capture: Capture) {
        let once = capture.replay()
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let stream = capture.stream
        let twice = replay.run(stream + stream)
        let ids = twice.calls.map(\.record.id)
        #expect(Set(ids).count == ids.count)
        #expect(Set(ids) == Set(once.calls.map(\.record.id)))
    }

    @Test(
        "Busy() and Congestion() are the PBX's doing, though they ask for a hangup on the caller's own channel",
        arguments: ["in_dialplan_busy-22", "in_dialplan_congestion-22"])
    func refusedByDialplan(name: String) throws {
        let capture = Capture(version: "22", name: name, folder: Capture.root.appending(path: "lab/\(name)"))
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let calls = replay.run(capture.bytes("events.ami")).calls
        let record = try #require(calls.first).record
        #expect(calls.count == 1 && record.hungUpBy == .system && record.billableSeconds == 0)
        #expect(record.disposition == (name.contains("busy") ? .busy : .failed))
    }

    @Test("no record has a leg for a Local channel", arguments: Capture.all)
    func noLocalLegs(capture: Capture) {
        for call in capture.replay().calls { #expect(!call.record.legs.contains { $0.channel.isLocal }) }
    }

    /// Pairs stated calls with records by caller, in order, and reports each difference.
    private func check(_ capture: Capture, _ summary: CaptureReplay.Summary) throws {
        let stated = try #require(try capture.expected["calls"]?.array)
        var records = summary.calls.map(\.record).sorted { $0.startedAt < $1.startedAt }
        #expect(records.count == stated.count, "\(capture): \(records.count) records for \(stated.count) calls")
        for facts in stated {
            let i = try #require(
                records.firstIndex { $0.caller.number == facts["caller"]?.string }, "no record of \(facts)")
            let differences = StatedFacts(facts: facts).differences(records.remove(at: i))
            #expect(differences.isEmpty, "\(capture): \(differences)")
        }
    }
}
