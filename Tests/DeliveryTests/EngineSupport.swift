import EventLoop
import Glibc
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import Testing

@testable import Delivery

/// What an engine told of, kept for the test.
final class Witness: Sendable {
    private struct State {
        var events: [DeliveryEvent] = []
        var alerts: [Alert] = []
        var waiting:
            [(isThere: @Sendable ([DeliveryEvent], [Alert]) -> Bool, continuation: CheckedContinuation<Void, Never>)] =
                []
    }
    private let state = Mutex(State())

    var events: [DeliveryEvent] { state.withLock { $0.events } }
    var alerts: [Alert] { state.withLock { $0.alerts } }
    /// Those that people are told, repeats left to the log.
    var paged: [Alert] { alerts.filter { !$0.isRepeat } }
    var delivered: [DeliveryEvent] { events.filter { $0.verdict == .delivered } }

    func tell(_ event: DeliveryEvent) { change { $0.events.append(event) } }
    func tell(_ alert: Alert) { change { $0.alerts.append(alert) } }

    /// Returns when the condition holds.
    func until(_ isThere: @escaping @Sendable ([DeliveryEvent], [Alert]) -> Bool) async {
        await withCheckedContinuation { continuation in
            let holds = state.withLock { state in
                if isThere(state.events, state.alerts) { return true }
                state.waiting.append((isThere, continuation))
                return false
            }
            if holds { continuation.resume() }
        }
    }
    func untilDelivered(_ count: Int, by endpoint: String? = nil) async {
        await until { events, _ in
            events.filter { $0.verdict == .delivered && (endpoint == nil || $0.endpoint == endpoint) }.count >= count
        }
    }
    private func change(_ body: (inout State) -> Void) {
        let ready = state.withLock { state in
            body(&state)
            let (events, alerts) = (state.events, state.alerts)
            let ready = state.waiting.filter { $0.isThere(events, alerts) }
            state.waiting.removeAll { $0.isThere(events, alerts) }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }
}

/// A folder of the test's own, gone with it.
final class TemporaryFolder: Sendable {
    let path: String
    init() {
        var template = Array("/tmp/hookswitch-delivery-XXXXXX".utf8CString)
        path = String(cString: mkdtemp(&template)!)
    }
    deinit {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { unlink("\(path)/\(name)") }
        }
        closedir(folder)
        rmdir(path)
    }
}

/// A real store, a real loop and an engine with these endpoints.
struct Bench: Sendable {
    let loop: EventLoop
    let store: CallStore
    let engine: DeliveryEngine
    let witness: Witness

    /// Commits the records with what the engine wants to tell of them.
    func commit(_ records: [CallRecord], _ types: [EventType] = [.callComplete]) async throws {
        let calls = records.map { record in
            let json = record.json
            let drafts = types.flatMap { type in
                engine.drafts(for: WebhookEvent(type, of: record, at: record.endedAt), recordJSON: json)
            }
            return CallCommit(FinishedCall(record: record), recordJSON: json, outbox: drafts)
        }
        _ = try await store.commit(calls)
    }

    /// Pauses or frees an endpoint the way an operator's command does: by the store, past the engine.
    func set(_ endpoint: String, _ condition: EndpointCondition) async throws {
        try await store.setEndpoint(endpoint, condition, reason: "maintenance", now: CallStore.wallClock())
    }

    /// Runs `body` on a loop of its own with a started engine, and stops the engine.
    static func run(
        _ endpoints: [EndpointConfiguration], folder: TemporaryFolder = TemporaryFolder(),
        now: @escaping @Sendable () -> Instant = CallStore.wallClock, alertInterval: Duration = .seconds(60),
        _ body: @escaping @Sendable (Bench) async throws -> Void
    ) async throws {
        try await EventLoop.withThread { loop in
            let store = try CallStore(.init(folder: folder.path, clock: now))
            let witness = Witness()
            let engine = DeliveryEngine(
                endpoints: endpoints, outbox: store, on: loop, version: "test", now: now,
                chance: { 0.5 }, alertInterval: alertInterval, alerts: { witness.tell($0) },
                events: { witness.tell($0) })
            engine.start()
            let bench = Bench(loop: loop, store: store, engine: engine, witness: witness)
            do {
                try await body(bench)
            } catch {
                await engine.stop(within: .zero)
                await store.close()
                throw error
            }
            await engine.stop(within: .seconds(5))
            await store.close()
        }
    }
}

/// Calls that differ in their ids.
func calls(_ count: Int, from first: Int = 0) -> [CallRecord] {
    (first..<(first + count)).map { i in
        var record = sampleRecord()
        let id = "\(1_795_300_000 + i).\(i)"
        (record.uniqueID, record.linkedID) = (UniqueID(id), LinkedID(id))
        record.id = CallRecord.id(system: record.system, linkedID: record.linkedID)
        return record
    }
}

/// An endpoint whose time for an answer, where the test gives none, is one that no busy machine meets.
func endpoint(at sink: WebhookSink, name: String = "crm", _ lines: (String, String)...) throws -> EndpointConfiguration
{
    let patience = lines.contains { $0.0 == "timeout" } ? [] : [("timeout", "300s")]
    return try EndpointConfiguration(
        name: name, entries: ([("url", sink.url)] + patience + lines).map { .init($0.0, $0.1) })
}
/// One that wants these events and has each message tried so many times more, `retry` apart.
func endpoint(
    at sink: WebhookSink, telling types: [EventType], retry: String, times: Int, _ lines: (String, String)...
) throws -> EndpointConfiguration {
    let entries =
        [
            ("url", sink.url), ("events", types.map(\.rawValue).joined(separator: ",")),
            ("retry", Array(repeating: retry, count: times).joined(separator: ",")),
        ] + (lines.contains { $0.0 == "timeout" } ? [] : [("timeout", "300s")])
    return try EndpointConfiguration(name: "crm", entries: (entries + lines).map { .init($0.0, $0.1) })
}
