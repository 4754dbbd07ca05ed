import Foundation
import Storage
import Synchronization
import Telephony

/// A directory of a test's own; gone when the test is.
final class Scratch: Sendable {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("hookswitch-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var state: String { path + "/state" }
    var log: String { path + "/calls.jsonl" }
    var database: String { state + "/hookswitch.db" }

    func lines(of path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}

/// A clock that stands until it is told to move.
final class ManualClock: Sendable {
    private let time: Mutex<Instant>
    init(_ start: Instant = Instant(seconds: 1_795_300_000)) { time = Mutex(start) }
    var now: Instant { time.withLock { $0 } }
    func advance(by d: Duration) { time.withLock { $0 = $0 + d } }
    var read: @Sendable () -> Instant { { self.now } }
    /// Moves with it, as a machine's uptime does while nobody sets its clock.
    var uptime: @Sendable () -> Duration { { self.now - Instant(seconds: 0) } }
}

let epoch = Instant(seconds: 1_795_227_460)

/// A short answered call whose first channel is number `n`.
func sampleCall(_ n: Int, system: String = "pbx1", from number: String = "15551234567") -> FinishedCall {
    let a = UniqueID("\(epoch.seconds + Int64(n)).\(2 * n)")
    let start = epoch + .seconds(n)
    var record = CallRecord(
        id: CallRecord.id(system: system, linkedID: LinkedID(a)), system: system, uniqueID: a, linkedID: LinkedID(a),
        direction: .inbound, disposition: .answered, caller: .init(number: number, name: "Ann"),
        callee: .init(number: "8005550100"), startedAt: start, endedAt: start + .seconds(30),
        hangupCause: .init(rawValue: 16))
    record.answeredAt = start + .seconds(4)
    let agent = CallRecord.Party(number: "1001", name: "Bert", channel: ChannelName("PJSIP/1001-0000000\(n % 10)"))
    record.agents = [agent]
    record.agent = agent
    record.legs = [
        .init(uniqueID: a, channel: ChannelName("PJSIP/trunk-a-0000000\(n % 10)"), role: .caller, startedAt: start),
        .init(
            uniqueID: UniqueID("\(epoch.seconds + Int64(n)).\(2 * n + 1)"), channel: agent.channel, role: .callee,
            startedAt: start),
    ]
    let evidence = [
        FieldEvidence(
            field: "billsec", event: "Hangup", at: record.endedAt, offset: 1234, reason: "the last leg's end"),
        FieldEvidence(
            field: "caller", event: "Newchannel", at: start, offset: nil, reason: "the first channel's number"),
    ]
    return FinishedCall(record: record, evidence: evidence)
}

func draft(
    _ message: String, call: String, sequence: Int = 100, endpoint: String = "crm", due: Instant = epoch,
    body: String = "{}"
) -> OutboxDraft {
    OutboxDraft(
        messageID: message, endpoint: endpoint, callID: call, event: "call.complete", sequence: sequence,
        contentType: "application/json", body: Array(body.utf8), dueAt: due)
}

func commit(
    _ n: Int, kind: CallCommit.Kind = .record, endpoints: [String] = ["crm"], due: Instant = epoch
) -> CallCommit {
    let call = sampleCall(n)
    return CallCommit(
        call, kind: kind,
        outbox: endpoints.map {
            draft("\(call.record.id).complete", call: call.record.id, endpoint: $0, due: due, body: "body \(n)")
        })
}

extension CallStore {
    /// Claims with a lease of a minute.
    func claim(_ endpoint: String = "crm", limit: Int = 100, now: Instant) async throws(StorageError) -> Claim {
        try await claim(endpoint: endpoint, limit: limit, now: now, lease: .seconds(60))
    }
    func finish(_ entry: OutboxEntry, _ verdict: AttemptResult.Verdict, status: Int? = 200, at: Instant)
        async throws(StorageError)
    {
        try await finish([
            AttemptResult(
                entry: entry.id,
                attempt: Attempt(
                    at: at, duration: .milliseconds(12), status: status,
                    error: verdict == .delivered ? nil : "http_5xx",
                    response: Array("answer".utf8)), verdict: verdict)
        ])
    }
}
