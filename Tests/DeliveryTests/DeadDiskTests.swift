import EventLoop
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import Testing

@testable import Delivery

/// An outbox on a disk that can be read and not written any more, with one message to be sent.
private final class DeadDisk: Outbox {
    private let entry: Mutex<OutboxEntry?>
    let refusals = Mutex(0)
    let claims = Mutex<[(limit: Int, lease: Duration)]>([])

    init(_ draft: OutboxDraft) { entry = Mutex(OutboxEntry(id: 1, draft: draft)) }

    private func refuse() throws(StorageError) {
        refusals.withLock { $0 += 1 }
        throw StorageError(.io, "write")
    }
    func enqueue(_ drafts: [OutboxDraft]) async throws(StorageError) { try refuse() }
    func claim(endpoint: String, limit: Int, now: Instant, lease: Duration) async throws(StorageError) -> Claim {
        claims.withLock { $0.append((limit, lease)) }
        let entries = entry.withLock { entry in
            defer { entry = nil }
            return entry.map { [$0] } ?? []
        }
        return Claim(entries: entries)
    }
    func finish(_ results: [AttemptResult]) async throws(StorageError) { try refuse() }
    func clockWasSet(by step: Duration) async throws(StorageError) { try refuse() }
    func release(_ entries: [OutboxEntry.ID]) async {}
    func whenReady(_ notify: @escaping @Sendable ([String]) -> Void) {}
    func setEndpoint(_ name: String, _ condition: EndpointCondition, reason: String, now: Instant)
        async throws(StorageError)
    { try refuse() }
    func condition(of endpoint: String) -> EndpointCondition { .active }
    func retry(ids: [String], now: Instant) async throws(StorageError) -> Int { 0 }
    func replay(since: Instant, until: Instant, endpoint: String?, perSecond: Int, now: Instant)
        async throws(StorageError) -> Int
    { 0 }
    func endpoints() async throws(StorageError) -> [EndpointStatus] { [] }
}

@Suite(.timeLimit(.minutes(20))) struct DeadDiskTests {
    @Test func `a stop does not wait for a disk that takes no result: it ends in its time`() async throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        let crm = try endpoint(at: sink)
        let outbox = DeadDisk(crm.draft(of: sampleEvent(), recordJSON: nil, dueAt: CallStore.wallClock()))
        try await EventLoop.withThread { loop in
            let witness = Witness()
            let engine = DeliveryEngine(
                endpoints: [crm], outbox: outbox, on: loop, version: "test", now: CallStore.wallClock,
                events: { witness.tell($0) })
            engine.start()
            await witness.untilDelivered(1)
            await engine.stop(within: .milliseconds(50))
            #expect(outbox.refusals.withLock { $0 } >= 1)
            // Lent for as long as the last of them may take, with four at once and ten seconds for each.
            let claims = outbox.claims.withLock { $0 }
            #expect(!claims.isEmpty)
            for claim in claims { #expect(claim.lease >= .seconds(10 * ((claim.limit + 3) / 4))) }
        }
    }
}
