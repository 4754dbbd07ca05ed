import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import Testing

@testable import Delivery

/// Somebody sets the wall clock while deliveries wait.
@Suite(.timeLimit(.minutes(10))) struct ClockStepTests {
    /// The system's clock, and what it was set by.
    final class WallClock: Sendable {
        private let offset = Mutex(Duration.zero)
        func set(by step: Duration) { offset.withLock { $0 += step } }
        var now: @Sendable () -> Instant { { CallStore.wallClock() + self.offset.withLock { $0 } } }
    }

    @Test(arguments: [-3600, 3600]) func `a retry comes when it was to, and is signed with the time that it is now`(
        step: Int
    ) async throws {
        let clock = WallClock()
        let sink = WebhookSink { _ in .status(clock.isSet ? 200 : 500) }
        defer { sink.stop() }
        // The first wait is long enough for the step to come in it.
        let crm = try endpoint(
            at: sink, ("retry", "5s, 24h"), ("secret", "s"), ("events", "call.ended, call.complete"))
        try await Bench.run([crm], now: clock.now) { bench in
            try await bench.commit(calls(3), [.callEnded, .callComplete])
            await bench.witness.until { events, _ in events.count { $0.status == 500 } == 3 }
            clock.set(by: .seconds(step))
            // Comes in after the step, and goes out beside what waits.
            try await bench.commit(calls(2, from: 3), [.callEnded, .callComplete])
            await bench.witness.untilDelivered(10)
            for request in sink.requests.suffix(10) {
                let stamp = try #require(request.headers["webhook-timestamp"].flatMap { Int64($0) })
                #expect(abs(stamp - clock.now().seconds) < 600)
                #expect(request.headers["webhook-id"] != nil)
            }
            // Nothing was tried while the first wait lasted, and each message was tried again once.
            #expect(sink.requests.count == 13)
            #expect(bench.witness.events.allSatisfy { $0.duration >= .zero && $0.duration < .seconds(600) })
            await bench.engine.checkAges()
            #expect(bench.witness.alerts.map(\.kind) == [.endpointFailing])
        }
    }

    @Test func `what is on its way is not sent twice because the clock went on by an hour`() async throws {
        let clock = WallClock()
        let sink = WebhookSink { _ in clock.isSet ? .status(200) : .after(.milliseconds(800), .status(200)) }
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink, ("alert_age", "10m"))], now: clock.now) { bench in
            try await bench.commit(calls(4), [.callComplete])
            await sink.received(4)
            clock.set(by: .seconds(3600))
            // Asks the outbox for more, which must not take the four for abandoned.
            try await bench.commit(calls(1, from: 4))
            await bench.engine.checkAges()
            await bench.witness.untilDelivered(5)
            #expect(sink.requests.count == 5)
            #expect(Set(sink.requests.map { $0.headers["webhook-id"] }).count == 5)
            #expect(bench.witness.alerts.isEmpty, "nothing has waited for an hour")
        }
    }

    @Test(arguments: [-3600, 3600]) func `an open breaker goes on trying, and an asked-for quiet ends in its time`(
        step: Int
    ) async throws {
        let clock = WallClock()
        let isBack = Mutex(false)
        let broken = WebhookSink { _ in .status(isBack.withLock { $0 } ? 200 : 503) }
        let busy = WebhookSink { $0.number == 0 ? .status(429, headers: ["Retry-After: 2"]) : .status(200) }
        defer {
            broken.stop()
            busy.stop()
        }
        let endpoints = [
            try endpoint(
                at: broken, name: "broken", ("retry", Array(repeating: "50ms", count: 60).joined(separator: ","))),
            try endpoint(at: busy, name: "busy", ("concurrency", "1"), ("rate", "100/s")),
        ]
        try await Bench.run(endpoints, now: clock.now) { bench in
            try await bench.commit(calls(20))
            await bench.witness.until { events, alerts in
                alerts.contains { $0.kind == .breakerOpen } && events.contains { $0.status == 429 }
            }
            clock.set(by: .seconds(step))
            isBack.withLock { $0 = true }
            await bench.witness.untilDelivered(40)
            #expect(Set(busy.requests.map { $0.headers["webhook-id"] }).count == 20)
        }
    }

    @Test func `a steady clock tells a step from drift, and ages without it`() {
        let wall = Mutex(Instant(seconds: 1_795_000_000))
        let uptime = Mutex(Duration.seconds(50))
        func pass(_ time: Duration) {
            wall.withLock { $0 = $0 + time }
            uptime.withLock { $0 += time }
        }
        var clock = SteadyClock(wall: { wall.withLock { $0 } }, uptime: { uptime.withLock { $0 } })
        let start = clock.now
        let noted = wall.withLock { $0 }
        pass(.seconds(10))
        wall.withLock { $0 = $0 + .milliseconds(400) }
        #expect(clock.step() == nil)
        wall.withLock { $0 = $0 + .seconds(3600) }
        #expect(clock.step() == .seconds(3600) + .milliseconds(400))
        #expect(clock.step() == nil)
        #expect(clock.now == start + .seconds(10))
        pass(.seconds(20))
        #expect(clock.age(of: noted) == .seconds(30))
        #expect(clock.age(of: wall.withLock { $0 } - .seconds(5)) == .seconds(5))
        wall.withLock { $0 = $0 - .seconds(7200) }
        #expect(clock.step() == .seconds(-7200))
        #expect(clock.age(of: noted) == .zero)
    }
}

extension ClockStepTests.WallClock {
    var isSet: Bool { abs((now() - CallStore.wallClock()).wholeMicroseconds) > 1_000_000 }
}
