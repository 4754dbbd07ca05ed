import AsteriskWire
import Daemon
import HookswitchTestKit
import Telephony
import TestGround
import Testing

@testable import CallAssembly

@Suite("Properties of the fold")
struct FoldPropertyTests {
    /// The events of one capture, moved in time as a whole.
    private static func events(_ capture: Capture, startingAt start: Instant) -> [CallEvent] {
        var decoder = AMIDecoder()
        var translator = CallEventTranslator()
        var events: [CallEvent] = []
        try? decoder.feed(capture.stream) { message in
            if let event = translator.event(message, arrival: Instant(microseconds: 0)) { events.append(event) }
        }
        let timed = events.filter { event in
            if case .connected = event.body { return false }
            if case .fullyBooted = event.body { return false }
            return event.at.microseconds > 0
        }
        guard let first = timed.first?.at else { return [] }
        // Some events are a few milliseconds out of order; the order in which they came is what counts.
        var latest = start
        return timed.map { event in
            var moved = event
            latest = max(latest, start + (event.at - first))
            moved.at = latest
            if case .cel(var row) = event.body {
                row.at = start + (row.at - first)
                moved.body = .cel(row)
            }
            return moved
        }
    }

    private static func fold(_ events: [CallEvent]) -> [String: CallRecord] {
        var assembler = CallAssembler(AssemblyConfiguration(system: "pbx1"))
        var records: [String: CallRecord] = [:]
        let take: (AssemblyEffect) -> Void = { effect in
            if case .finished(let call) = effect {
                #expect(records[call.record.id] == nil, "told twice: \(call.record.id)")
                records[call.record.id] = call.record
            }
        }
        for event in events { assembler.apply(event, take) }
        assembler.finishAll(take)
        #expect(assembler.openCallCount == 0)
        return records
    }

    @Test(
        "independent calls interleaved in any way give the records they give alone",
        arguments: 1...6 as ClosedRange<UInt64>)
    func interleaved(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let base = Instant(seconds: 1_795_300_000)
        // Connections that were cut concern all calls of a stream; they are other tests' subject.
        let chosen = Capture.all.filter {
            $0.version == "22" && !["ami_drop_reconnect", "crash_kill9"].contains($0.name)
        }
        .shuffled(using: &random).prefix(20)
        var all: [CallEvent] = []
        var alone: [String: CallRecord] = [:]
        for capture in chosen {
            let start = base + .milliseconds(Int64.random(in: 0...4000, using: &random))
            let events = FoldPropertyTests.events(capture, startingAt: start)
            alone.merge(FoldPropertyTests.fold(events)) { a, _ in a }
            all += events
        }
        let order = all.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
        let together = FoldPropertyTests.fold(order)
        #expect(Set(together.keys) == Set(alone.keys), "seed \(seed)")
        for (id, record) in alone {
            let difference = FoldPropertyTests.difference(record, together[id])
            #expect(difference.isEmpty, "seed \(seed), \(id): \(difference)")
        }
    }

    /// The members of the two records that differ, as JSON.
    private static func difference(_ a: CallRecord, _ b: CallRecord?) -> [String] {
        guard let b, let left = try? JSONValue(parsing: a.json), let right = try? JSONValue(parsing: b.json) else {
            return ["missing"]
        }
        return (left.object ?? []).filter { right[$0.name] != $0.value }.map {
            "\($0.name): \($0.value) or \(right[$0.name] ?? .null)"
        }
    }

    @Test("any cut of the stream gives the same calls", arguments: 1...4 as ClosedRange<UInt64>)
    func cuts(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for capture in Capture.all.shuffled(using: &random).prefix(6) {
            let stream = capture.stream
            let whole = FoldPropertyTests.decode([stream])
            var pieces: [[UInt8]] = []
            var at = 0
            while at < stream.count {
                let length = Int.random(in: 1...Int.random(in: 1...9000, using: &random), using: &random)
                pieces.append(Array(stream[at..<min(at + length, stream.count)]))
                at += length
            }
            #expect(FoldPropertyTests.decode(pieces) == whole, "seed \(seed), \(capture)")
        }
    }

    private static func decode(_ pieces: [[UInt8]]) -> [AMIEvent] {
        var decoder = AMIDecoder()
        var events: [AMIEvent] = []
        for piece in pieces { try? decoder.feed(piece) { events.append(AMIEvent($0)) } }
        return events
    }

    @Test("after a thousand calls nothing is kept of them but what guards against late events")
    func nothingIsKept() {
        var assembler = CallAssembler(AssemblyConfiguration(system: "pbx1"))
        var finished = 0
        let start = Instant(seconds: 1_795_300_000)
        for i in 0..<1000 {
            for event in SyntheticCall(number: i, at: start + .seconds(i)).events {
                assembler.apply(event) { effect in if case .finished = effect { finished += 1 } }
            }
        }
        assembler.finishAll { effect in if case .finished = effect { finished += 1 } }
        #expect(finished == 1000)
        #expect(assembler.openCallCount == 0)
        #expect(assembler.index.isEmpty && assembler.linked.isEmpty && assembler.conferences.isEmpty)
    }
}
