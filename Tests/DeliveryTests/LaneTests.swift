import EventLoop
import HookswitchTestKit
import Storage
import Telephony
import TestGround
import Testing

@testable import Delivery

@Suite(.timeLimit(.minutes(20))) struct LaneTests {
    let now = Instant(seconds: 1000)

    func entries(_ ids: ClosedRange<Int64>) -> [OutboxEntry] {
        ids.map { id in
            OutboxEntry(
                id: id,
                draft: OutboxDraft(
                    messageID: "msg_\(id)", endpoint: "crm", callID: "call \(id)", event: "call.complete", sequence: 0,
                    contentType: "application/json", body: [], dueAt: now))
        }
    }
    /// A lane that has claimed these.
    func lane(_ ids: ClosedRange<Int64>, concurrency: Int = 2, rate: RateLimiter.Rate? = nil) -> Lane {
        var lane = Lane(concurrency: concurrency, rate: rate)
        #expect(lane.next(now: now) == .claim(limit: lane.depth))
        lane.claimed(Claim(entries: entries(ids)), now: now)
        return lane
    }
    /// What it sends until it waits, and for how long it waits.
    func sends(_ lane: inout Lane, at time: Instant) -> (ids: [Int64], until: Instant?) {
        var ids: [Int64] = []
        while true {
            switch lane.next(now: time) {
            case .send(let entry): ids.append(entry.id)
            case .wait(let until): return (ids, until)
            case .claim: lane.claimed(Claim(), now: time)
            case .release(let released): ids.append(contentsOf: released.map { -$0 })
            }
        }
    }

    @Test func `it asks once, then only when there is a signal or something falls due`() {
        var lane = Lane(concurrency: 2, rate: nil)
        #expect(lane.next(now: now) == .claim(limit: 64))
        #expect(lane.next(now: now) == .wait(until: nil))
        lane.claimed(Claim(nextDue: now + .seconds(5)), now: now)
        #expect(lane.next(now: now) == .wait(until: now + .seconds(5)))
        #expect(lane.next(now: now + .seconds(5)) == .claim(limit: 64))
        lane.signalled()
        #expect(lane.next(now: now + .seconds(5)) == .wait(until: nil))
        lane.claimed(Claim(), now: now + .seconds(5))
        #expect(lane.next(now: now + .seconds(5)) == .claim(limit: 64))
    }

    @Test func `no more are sent at once than allowed, in the order they were lent`() {
        var lane = lane(1...5)
        #expect(sends(&lane, at: now).ids == [1, 2])
        #expect(lane.finished(.answered(status: 200, retryAfter: nil), now: now) == nil)
        #expect(sends(&lane, at: now).ids == [3])
        #expect(lane.inFlight == 2 && lane.queued == 2)
    }

    @Test func `an endpoint that asks for quiet gets it, and what was lent is given back`() {
        var lane = lane(1...5)
        _ = sends(&lane, at: now)
        lane.wait(until: now + .seconds(60))
        _ = lane.finished(.answered(status: 429, retryAfter: nil), now: now)
        let quiet = sends(&lane, at: now)
        #expect(quiet.ids == [-3, -4, -5] && quiet.until == now + .seconds(60))
        #expect(lane.next(now: now + .seconds(59)) == .wait(until: now + .seconds(60)))
        #expect(lane.next(now: now + .seconds(60)) == .claim(limit: 64))
    }

    @Test func `while the breaker is open nothing is held, and the probe asks for exactly one`() {
        var lane = lane(1...20)
        for _ in 1...5 {
            _ = sends(&lane, at: now)
            _ = lane.finished(.failed(.timeout), now: now)
            _ = lane.finished(.failed(.timeout), now: now)
        }
        let open = sends(&lane, at: now)
        #expect(open.ids == (11...20).map { -$0 } && open.until == now + .seconds(1))
        #expect(lane.next(now: now + .seconds(1)) == .claim(limit: 1))
    }

    @Test func `a held or stopping lane gives back what it has and asks for nothing`() {
        for hold in [Lane.Hold.held, .stopping] {
            var lane = lane(1...3)
            lane.hold = hold
            #expect(lane.next(now: now) == .release([1, 2, 3]))
            lane.signalled()
            #expect(lane.next(now: now) == .wait(until: nil))
        }
    }

    @Test func `a rate spreads what is sent`() {
        var lane = lane(1...5, concurrency: 4, rate: .init(count: 10, per: .seconds(1)))
        let first = sends(&lane, at: now)
        #expect(first.ids == [1] && first.until == now + .milliseconds(100))
        #expect(sends(&lane, at: now + .milliseconds(100)).ids == [2])
    }

    @Test func `a store that cannot answer is asked again after a second, not at once`() {
        var lane = Lane(concurrency: 2, rate: nil)
        _ = lane.next(now: now)
        lane.claimFailed(now: now)
        #expect(lane.next(now: now) == .wait(until: now + .seconds(1)))
    }

    @Test func `due but lent to another does not make it ask without end`() {
        var lane = Lane(concurrency: 2, rate: nil)
        _ = lane.next(now: now)
        lane.claimed(Claim(nextDue: now - .seconds(1)), now: now)
        guard case .wait(let until?) = lane.next(now: now) else {
            Issue.record("no wait")
            return
        }
        #expect(until > now)
    }

    /// Whatever happens in whatever order: never more on their way than allowed, no entry sent twice or lost.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `any history keeps the books`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var lane = Lane(concurrency: 4, rate: nil)
        var (time, next, flying, settled) = (now, Int64(1), [Int64](), Set<Int64>())
        var outbox: [Int64] = []
        for _ in 0..<2000 {
            time = time + .milliseconds(Int64.random(in: 0...400, using: &random))
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                outbox.append(next)
                next += 1
                lane.signalled()
            case 1 where !flying.isEmpty:
                let id = flying.remove(at: Int.random(in: 0..<flying.count, using: &random))
                let isGood = Int.random(in: 0..<3, using: &random) > 0
                _ = lane.finished(isGood ? .answered(status: 200, retryAfter: nil) : .failed(.timeout), now: time)
                if isGood { settled.insert(id) } else { outbox.append(id) }
            case 2: lane.hold = Bool.random(using: &random) ? .held : .none
            default: break
            }
            actions: for _ in 0..<500 {
                switch lane.next(now: time) {
                case .send(let entry):
                    #expect(!flying.contains(entry.id) && !settled.contains(entry.id))
                    flying.append(entry.id)
                    #expect(flying.count <= 4 && flying.count == lane.inFlight)
                case .release(let ids):
                    outbox.append(contentsOf: ids)
                    lane.signalled()
                case .claim(let limit):
                    #expect(limit > 0)
                    let lent = Array(outbox.prefix(limit))
                    outbox.removeFirst(lent.count)
                    let found = lent.flatMap { entries($0...$0) }
                    lane.claimed(Claim(entries: found, nextDue: outbox.isEmpty ? nil : time), now: time)
                case .wait: break actions
                }
            }
            #expect(outbox.count + lane.queued + flying.count + settled.count == Int(next) - 1, "seed \(seed)")
        }
    }

    @Test func `a message that waits too long is told of once an hour`() async throws {
        let folder = TemporaryFolder()
        let sink = WebhookSink { _ in .hang }
        defer { sink.stop() }
        let crm = try endpoint(at: sink, ("alert_age", "1h"), ("timeout", "5s"))
        try await EventLoop.withThread { loop in
            let store = try CallStore(.init(folder: folder.path))
            let witness = Witness()
            let later: @Sendable () -> Instant = { CallStore.wallClock() + .seconds(7200) }
            let engine = DeliveryEngine(
                endpoints: [crm], outbox: store, on: loop, version: "test", now: later, alerts: { witness.tell($0) })
            engine.start()
            let event = sampleEvent()
            try await store.enqueue([crm.draft(of: event, recordJSON: nil, dueAt: CallStore.wallClock())])
            await engine.checkAges()
            await engine.checkAges()
            #expect(witness.alerts.map(\.kind) == [.oldestPending])
            #expect(witness.alerts[0].message.contains("has waited 120 min"))
            await engine.stop(within: .zero)
            await store.close()
        }
    }
}
