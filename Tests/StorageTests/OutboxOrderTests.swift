import HookswitchTestKit
import Synchronization
import Telephony
import TestGround
import Testing

@testable import Storage

/// Random work on a real outbox beside a model of it.
@Suite struct OutboxOrderTests {
    struct Model {
        enum State: Equatable { case unsettled, delivered, dead }
        var state: [String: State] = [:]
        /// Sent again on request, and so out of its first order.
        var revived: Set<String> = []
        var lent: [String: OutboxEntry] = [:]
        var leaseEnd: [String: Instant] = [:]
    }

    @Test(arguments: [1, 2, 3, 5, 8, 13, 21, 34] as [UInt64])
    func ofACallAndEndpointOneMessageIsOutAtATimeAndInOrder(seed: UInt64) async throws {
        let scratch = try Scratch()
        let clock = ManualClock()
        var generator = SeededGenerator(seed: seed)
        var store = try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
        var models = ["crm": Model(), "warehouse": Model()]
        var sequence = 0
        func comment(_ text: String) -> Comment { "seed \(seed): \(text)" }

        for _ in 0..<400 {
            let name = Bool.random(using: &generator) ? "crm" : "warehouse"
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<35:
                // A call's next message, to both.
                sequence += 1
                let call = "call\(Int.random(in: 0..<6, using: &generator))"
                let id = "\(call)/\(sequence)"
                try await store.enqueue(
                    ["crm", "warehouse"].map { draft(id, call: call, sequence: sequence, endpoint: $0, due: clock.now) }
                )
                for name in models.keys { models[name]!.state[id] = .unsettled }
            case 35..<70:
                for (id, end) in models[name]!.leaseEnd where end <= clock.now {
                    models[name]!.leaseEnd[id] = nil
                    models[name]!.lent[id] = nil
                }
                let limit = Int.random(in: 1...4, using: &generator)
                for entry in try await store.claim(name, limit: limit, now: clock.now).entries {
                    let model = models[name]!
                    let others = model.lent.values.filter { $0.callID == entry.callID }
                    #expect(others.isEmpty, comment("\(entry.messageID) while \(others.map(\.messageID)) is out"))
                    #expect(model.state[entry.messageID] == .unsettled, comment(entry.messageID))
                    let earlier = model.state.filter { id, state in
                        id.hasPrefix(entry.callID + "/") && state == .unsettled && !model.revived.contains(id)
                            && Int(id.split(separator: "/")[1])! < entry.sequence
                    }
                    #expect(earlier.isEmpty, comment("\(entry.messageID) before \(earlier.keys)"))
                    models[name]!.lent[entry.messageID] = entry
                    models[name]!.leaseEnd[entry.messageID] = clock.now + .seconds(60)
                }
            case 70..<88:
                guard let (id, entry) = models[name]!.lent.sorted(by: { $0.key < $1.key }).first else { continue }
                models[name]!.lent[id] = nil
                models[name]!.leaseEnd[id] = nil
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: try await store.finish(entry, .retry(at: clock.now + .seconds(20)), at: clock.now)
                case 1:
                    try await store.finish(entry, .dead, at: clock.now)
                    models[name]!.state[id] = .dead
                case 2: await store.release([entry.id])
                default:
                    try await store.finish(entry, .delivered, at: clock.now)
                    models[name]!.state[id] = .delivered
                }
            case 88..<93: clock.advance(by: .seconds(Int.random(in: 1...70, using: &generator)))
            case 93..<95:
                guard let id = models[name]!.state.filter({ $0.value == .dead }).keys.sorted().first else { continue }
                // Names the message, which is of both endpoints.
                _ = try await store.retry(ids: [id], now: clock.now)
                for name in models.keys where models[name]!.state[id] != .unsettled {
                    models[name]!.state[id] = .unsettled
                    models[name]!.revived.insert(id)
                }
            case 95..<97:
                try await store.setEndpoint(name, .paused, reason: "", now: clock.now)
                #expect(try await store.claim(name, now: clock.now).entries.isEmpty)
                try await store.setEndpoint(name, .active, reason: "", now: clock.now)
            default:
                await store.close()
                store = try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
                for name in models.keys {
                    models[name]!.lent = [:]
                    models[name]!.leaseEnd = [:]
                }
            }
        }

        // Nothing is stuck: with time, everything can be claimed and delivered.
        for name in models.keys {
            var left = models[name]!.state.count { $0.value == .unsettled }
            for _ in 0..<1000 where left > 0 {
                clock.advance(by: .seconds(61))
                for entry in try await store.claim(name, now: clock.now).entries {
                    try await store.finish(entry, .delivered, at: clock.now)
                    left -= 1
                }
            }
            #expect(left == 0, comment("\(name): \(left) stuck"))
        }
        for status in try await store.endpoints() {
            #expect((status.ready, status.waiting) == (0, 0), comment(status.name))
        }
        let load = store.writer.desk.withLock { $0.load }
        #expect((load.lent, load.atHand, load.bytes) == (0, 0, 0), comment("nothing is kept in memory"))
        await store.close()
    }

    @Test func memoryStaysBoundedWhateverTheBacklogAndTheBodies() async throws {
        let scratch = try Scratch()
        let clock = ManualClock()
        let store = try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
        let body = String(repeating: "x", count: 20_000)
        for endpoint in ["a", "b", "c"] {
            for start in stride(from: 0, to: 600, by: 100) {
                try await store.enqueue(
                    (start..<start + 100).map { draft("m\($0)", call: "c\($0)", endpoint: endpoint, body: body) })
            }
        }
        let limit = 3 * (LendingDesk.byteLimit + 20_000)
        #expect(store.writer.desk.withLock { $0.load.bytes } <= limit)
        for endpoint in ["c", "b", "a"] {
            var seen: Set<String> = []
            while true {
                let claim = try await store.claim(endpoint, limit: 3, now: clock.now)
                if claim.entries.isEmpty { break }
                seen.formUnion(claim.entries.map(\.messageID))
                #expect(store.writer.desk.withLock { $0.load.bytes } <= limit)
                try await store.finish(
                    claim.entries.map {
                        AttemptResult(
                            entry: $0.id, attempt: Attempt(at: clock.now, duration: .zero, status: 200),
                            verdict: .delivered)
                    })
            }
            #expect(seen.count == 600)
        }
        await store.close()
    }
}
