import EventLoop
import Telephony
import Testing

@testable import Delivery

/// What people are told of alerts that come fast.
@Suite struct AlertThrottleTests {
    private let start = Instant(seconds: 1000)

    /// What is told of alerts at these seconds: `+` what is told at once, and summaries with their counts.
    private func told(_ alerts: [(Int64, Alert.Kind)], until end: Int64) -> [String] {
        var throttle = AlertThrottle(interval: .seconds(60))
        var told: [String] = []
        for second in 0...end {
            let now = start + .seconds(second)
            let isDue = throttle.nextDue.map { $0 <= now } ?? false
            let summaries = throttle.due(now: now)
            #expect(isDue || summaries.isEmpty, "at \(second) s nothing was due")
            told += summaries.map { "\(second) \($0.kind.rawValue) \($0.count)" }
            for (at, kind) in alerts where at == second {
                if throttle.admit(kind, "", now: now) { told.append("\(second) \(kind.rawValue) +") }
            }
        }
        #expect(throttle.nextDue == nil || throttle.nextDue! > start + .seconds(end))
        return told
    }

    @Test func `one trouble and its end are told at once`() {
        #expect(
            told([(0, .managerLost), (5, .managerRecovered)], until: 130) == [
                "0 manager_lost +", "5 manager_recovered +",
            ])
    }

    @Test func `what comes again within a minute is told at its end with its count, and later anew`() {
        let lost = [0, 1, 59, 70, 200].map { (Int64($0), Alert.Kind.deadLetter) }
        #expect(
            told(lost, until: 300) == ["0 dead_letter +", "60 dead_letter 2", "120 dead_letter 1", "200 dead_letter +"])
    }

    @Test func `a connection that flaps and stays away: that it was lost is told last`() {
        let flaps: [(Int64, Alert.Kind)] = [
            (0, .managerLost), (5, .managerRecovered), (10, .managerLost), (12, .managerRecovered), (14, .managerLost),
        ]
        #expect(
            told(flaps, until: 200) == [
                "0 manager_lost +", "5 manager_recovered +", "65 manager_recovered 1", "65 manager_lost 2",
            ])
    }

    @Test func `a connection that flaps and comes back: that it is back is told last`() {
        let flaps: [(Int64, Alert.Kind)] = (0..<20).flatMap {
            [($0 * 4, .managerLost), ($0 * 4 + 1, .managerRecovered)]
        }
        let all = told(flaps, until: 300)
        #expect(all.last?.contains("manager_recovered") == true)
        #expect(all.prefix(2) == ["0 manager_lost +", "1 manager_recovered +"])
        for kind in ["manager_lost", "manager_recovered"] {
            let words = all.filter { $0.contains(kind) }.map { $0.split(separator: " ") }
            #expect(words.reduce(0) { $0 + (Int($1[2]) ?? 1) } == 20)
            let seconds = words.compactMap { Int($0[0]) }
            #expect(zip(seconds, seconds.dropFirst()).allSatisfy { $1 - $0 >= 60 })
        }
    }

    @Test func `the end of a trouble waits while the trouble is held, and is told after it`() {
        let flaps: [(Int64, Alert.Kind)] = [(0, .endpointFailing), (10, .endpointFailing), (12, .endpointRecovered)]
        #expect(
            told(flaps, until: 200) == [
                "0 endpoint_failing +", "60 endpoint_failing 1", "60 endpoint_recovered 1",
            ])
    }

    @Test func `a trouble that is told at once takes back the held end of an earlier one`() {
        let turns: [(Int64, Alert.Kind)] = [
            (0, .breakerOpen), (5, .endpointRecovered), (8, .breakerOpen), (20, .endpointRecovered),
            (30, .unauthorized),
        ]
        #expect(
            told(turns, until: 200) == [
                "0 breaker_open +", "5 endpoint_recovered +", "30 unauthorized +", "60 breaker_open 1",
            ])
    }

    @Test func `an end that waited is told in its own words, with its count where there were several`() async throws {
        try await EventLoop.withThread(time: .manual) { loop in
            let desk = Desk()
            let gate = desk.gate(on: loop)
            gate.alert(.endpointFailing, "a")
            gate.alert(.endpointFailing, "b")
            gate.alert(.endpointRecovered, "c")
            desk.pass(60, loop)
            #expect(
                desk.told == [
                    "endpoint_failing a", "endpoint_failing b (once more since the last alert)", "endpoint_recovered c",
                ])
            gate.alert(.endpointFailing, "d")
            gate.alert(.endpointRecovered, "e")
            gate.alert(.endpointFailing, "f")
            gate.alert(.endpointRecovered, "g")
            desk.pass(60, loop)
            #expect(
                desk.told.dropFirst(3) == [
                    "endpoint_failing f (2 times more since the last alert)",
                    "endpoint_recovered g (2 times more since the last alert)",
                ])
            desk.pass(120, loop)
            gate.alert(.deadLetter, "h")
            gate.alert(.deadLetter, "i")
            gate.alert(.endpointRecovered, "j")
            gate.alert(.endpointRecovered, "k")
            desk.pass(60, loop)
            #expect(desk.told.last == "endpoint_recovered k (2 times)")
            gate.close()
        }
    }

    /// What a gate raised for people, and the time it is told by.
    private final class Desk {
        var now = Instant(seconds: 1000)
        var told: [String] = []

        func gate(on loop: EventLoop) -> AlertGate {
            AlertGate(
                subject: "pbx", interval: .seconds(60), on: loop, now: { self.now }, steady: { self.now },
                raise: { alert in if !alert.isRepeat { self.told.append("\(alert.kind.rawValue) \(alert.message)") } })
        }
        func pass(_ seconds: Int, _ loop: EventLoop) {
            for _ in 0..<seconds {
                now = now + .seconds(1)
                loop.advance(by: .seconds(1))
            }
        }
    }

    @Test func `a gate tells what is due, also where what it waited for has come again and lost its turn`() async throws
    {
        try await EventLoop.withThread(time: .manual) { loop in
            let desk = Desk()
            let gate = desk.gate(on: loop)
            gate.alert(.deadLetter, "a")
            desk.pass(5, loop)
            gate.alert(.unauthorized, "b")
            desk.pass(5, loop)
            gate.alert(.unauthorized, "c")
            gate.alert(.deadLetter, "d")
            desk.pass(51, loop)
            #expect(desk.told == ["dead_letter a", "unauthorized b"])
            gate.alert(.unauthorized, "e")
            desk.pass(1, loop)
            #expect(desk.told.dropFirst(2) == ["dead_letter d (once more since the last alert)"])
            desk.pass(3, loop)
            #expect(desk.told.dropFirst(3) == ["unauthorized e (2 times more since the last alert)"])
            gate.alert(.deadLetter, "f")
            gate.close()
            desk.pass(100, loop)
            #expect(desk.told.count == 4)
        }
    }
}
