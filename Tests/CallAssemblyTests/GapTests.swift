import HookswitchTestKit
import Telephony
import TestGround
import Testing

@testable import CallAssembly

/// A manager connection cut for 30 s among 50 overlapping calls; the hangup handlers go on speaking, as they do.
@Suite("Gaps in the stream")
struct GapTests {
    @Test(
        "cut for 30 s at a random moment of 50 overlapping calls: 50 records, none twice",
        arguments: 1...20 as ClosedRange<UInt64>)
    func cut(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let start = Instant(seconds: 1_795_300_000)
        let calls = (0..<50).map { number in
            SyntheticCall(
                number: number, at: start + .milliseconds(Int64.random(in: 0...100_000, using: &random)),
                talk: Int64.random(in: 1000...90_000, using: &random))
        }
        let lost = start + .milliseconds(Int64.random(in: 5_000...120_000, using: &random))
        let back = lost + .seconds(30)
        var events = calls.flatMap(\.events).filter { $0.at < lost || $0.at >= back } + calls.map(\.report)
        events.append(CallEvent(at: lost, body: .disconnected))
        events.sort { $0.at < $1.at }
        let repair =
            [CallEvent(at: back, body: .connected), CallEvent(at: back, body: .fullyBooted(uptime: .seconds(99_999)))]
            + [CallEvent(at: back, body: .listBegan)] + calls.flatMap { $0.listed(at: back) }
            + [CallEvent(at: back, body: .listComplete)]
        let resume = events.firstIndex { $0.at >= back } ?? events.count
        events.insert(contentsOf: repair, at: resume)

        var assembler = CallAssembler(AssemblyConfiguration(system: "pbx1"))
        var records: [String: CallRecord] = [:]
        let take: (AssemblyEffect) -> Void = { effect in
            guard case .finished(let call) = effect else { return }
            #expect(records[call.record.id] == nil, "told twice: \(call.record.id), seed \(seed)")
            records[call.record.id] = call.record
        }
        for event in events { assembler.apply(event, take) }
        assembler.advance(to: back + .seconds(300), take)
        #expect(records.count == 50, "seed \(seed)")
        #expect(assembler.openCallCount == 0, "seed \(seed)")
        for call in calls {
            let record = try #require(records["pbx1-\(call.caller.channel.linkedID)"], "seed \(seed)")
            let touched = call.at < back && call.events.last!.at > lost
            #expect(record.disposition == .answered && record.direction == .inbound, "seed \(seed), \(record.id)")
            #expect(abs(record.billableSeconds - Int(call.talk / 1000)) <= 1, "seed \(seed), \(record.id)")
            #expect((record.completeness == .full) == !touched, "seed \(seed), \(record.id): \(record.notes)")
        }
    }

    @Test("a hangup swallowed by a damaged event is found by the list asked for after it")
    func swallowed() throws {
        let call = SyntheticCall(number: 1, at: Instant(seconds: 1_795_300_000))
        let other = SyntheticCall(number: 2, at: Instant(seconds: 1_795_300_001), talk: 60_000)
        var events = Array(call.events.dropLast(2)) + other.events.prefix(9)
        events.sort { $0.at < $1.at }
        let now = Instant(seconds: 1_795_300_010)
        events.append(CallEvent(at: now, body: .damaged("Hangup with Uniqueid twice")))
        events.append(CallEvent(at: now, body: .listBegan))
        // A channel that comes while the list is read is in no list, and lives.
        let third = SyntheticCall(number: 3, at: now)
        events.append(third.events[0])
        events += other.listed(at: now)
        events.append(CallEvent(at: now, body: .listComplete))
        // Asterisk's files are read after a lost connection, and this was none: they are not waited for.
        var assembler = CallAssembler(AssemblyConfiguration(system: "pbx1", filesWait: .seconds(20)))
        var records: [CallRecord] = []
        var asked = 0
        let take: (AssemblyEffect) -> Void = { effect in
            switch effect {
            case .finished(let call): records.append(call.record)
            case .resyncWanted: asked += 1
            case .progress: break
            }
        }
        for event in events { assembler.apply(event, take) }
        // The Hangup might still be on its way.
        assembler.advance(to: now + .seconds(3), take)
        #expect(asked == 1 && records.count == 1 && assembler.openCallCount == 2)
        let record = try #require(records.first)
        #expect(record.completeness == .partial && record.notes.contains("the end was not seen"))
        // Its bridge was left at 4 s, which is when its parties did.
        #expect(record.hungUpBy == .callee && record.billableSeconds == 3)
    }
}
