import HookswitchTestKit
import Storage
import Telephony
import Testing

@testable import Delivery

/// What the sender's store and the receiver say of the same messages, compared by id.
struct Ledgers {
    /// What the receiver got again, and what the sender counts as failed.
    struct Sums: Equatable {
        var requests = 0
        var repeats = 0
        var failed: [String] = []
    }
    /// Each call's messages as the store has them, in the order they are sent.
    let sent: [String: [Storage.Delivery]]
    let received: [WebhookSink.Request]

    /// - Parameter folder: of a store that nobody uses any more.
    init(folder: String, calls: [String], received: [WebhookSink.Request]) async throws {
        let store = StoreReader(folder: folder)
        var sent: [String: [Storage.Delivery]] = [:]
        for call in calls { sent[call] = try await store.deliveries(ofCall: call) }
        (self.sent, self.received) = (sent, received)
    }

    /// Tells an endpoint of calls until it has all of it, and compares what both ends then say.
    static func compare(
        afterTelling calls: [CallRecord], _ types: [EventType], to endpoint: EndpointConfiguration,
        at sink: WebhookSink, _ what: String
    ) async throws -> Sums {
        let folder = TemporaryFolder()
        try await Bench.run([endpoint], folder: folder) { bench in
            try await bench.commit(calls, types)
            await bench.witness.untilDelivered(calls.count * types.count)
        }
        return try await Ledgers(folder: folder.path, calls: calls.map(\.id), received: sink.requests)
            .compare(types, what)
    }

    /// Every message of every call is delivered by the sender's account and has arrived by the receiver's, under one id; nothing
    /// else has; once a later event of a call has come no earlier one comes.
    @discardableResult
    func compare(_ types: [EventType], _ what: String) throws -> Sums {
        var sums = Sums(requests: received.count)
        var attempts: [String: [Int]] = [:]
        var latest: [String: Int] = [:]
        for request in received {
            let id = try #require(request.headers["webhook-id"])
            let number = try #require(request.headers["hookswitch-attempt"].flatMap { Int($0) })
            if attempts[id] != nil { sums.repeats += 1 }
            attempts[id, default: []].append(number)
            let json = try JSONValue(parsing: request.body)
            let call = try #require(json["data"]?["id"]?.string)
            let place = try #require(types.firstIndex { $0.rawValue == json["type"]?.string })
            #expect(place >= latest[call] ?? 0, "\(what): an event came after a later one of its call")
            latest[call] = place
        }
        var known: Set<String> = []
        for (call, messages) in sent {
            #expect(messages.map(\.event) == types.map(\.rawValue), "\(what): call \(call)")
            for message in messages {
                #expect(known.insert(message.messageID).inserted, "\(what): one id for two messages")
                #expect(message.state == .delivered, "\(what): \(message.event) of \(call) is \(message.state)")
                let arrived = attempts[message.messageID] ?? []
                // The attempt that the sender takes for delivered is one that the receiver has, and no later one came.
                #expect(arrived.max() == message.attemptCount, "\(what): \(message.event) of \(call)")
                #expect(message.attempts.count == message.attemptCount)
                for (i, attempt) in message.attempts.enumerated() {
                    if attempt.status != nil { #expect(arrived.contains(i + 1), "\(what): attempt \(i + 1)") }
                    if let error = attempt.error { sums.failed.append(error) }
                }
            }
        }
        #expect(Set(attempts.keys) == known, "\(what): the two ledgers do not have the same messages")
        return sums
    }
}
