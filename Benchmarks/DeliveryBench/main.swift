// delivery-bench PORT [MESSAGES] [CONCURRENCY] [BATCH] [RATE]
//
// Messages a second from commit to delivered, as the daemon does it: records and outbox rows committed in batches
// (synchronous=FULL), sent to http://127.0.0.1:PORT/, results written back. The receiver is another process, such as
// hook_sink. Prints one line of JSON; the processor time is this process's, store included. With RATE, so many calls a
// second are committed one by one instead, and the time from handing a call to the store to its answered POST is printed.
import Delivery
import EventLoop
import Glibc
import Storage
import Synchronization
import Telephony

func argument(_ index: Int, _ other: Int) -> Int {
    CommandLine.arguments.count > index ? Int(CommandLine.arguments[index]) ?? other : other
}
let port = argument(1, 18099)
let total = argument(2, 20_000)
let concurrency = argument(3, 4)
let batch = argument(4, 50)
let rate = argument(5, 0)

func monotonic() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}
func processorTime() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

/// Counts what ended; tells when all have.
final class Tally: Sendable {
    private let state = Mutex((delivered: 0, failed: 0, waiter: CheckedContinuation<Void, Never>?.none))
    private let times = Mutex((began: [String: Double](), took: [Double]()))
    func began(_ call: String) { times.withLock { $0.began[call] = monotonic() } }
    /// Milliseconds at the given parts of the sorted latencies.
    func latency(at part: Double) -> Double {
        times.withLock { times in
            let sorted = times.took.sorted()
            return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))] * 1000
        }
    }
    func count(_ event: DeliveryEvent) {
        if rate > 0 {
            times.withLock { times in
                if let began = times.began[event.callID] { times.took.append(monotonic() - began) }
            }
        }
        let waiter: CheckedContinuation<Void, Never>? = state.withLock { state in
            if event.verdict == .delivered { state.delivered += 1 } else { state.failed += 1 }
            guard state.delivered == total else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
    var failed: Int { state.withLock { $0.failed } }
    func all() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.delivered == total { return true }
                state.waiter = continuation
                return false
            }
            if isDone { continuation.resume() }
        }
    }
}

func record(_ number: Int, at now: Instant) -> CallRecord {
    let id = "1763690000.\(number * 2)"
    var record = CallRecord(
        id: "bench-\(id)", system: "bench", uniqueID: UniqueID(id), linkedID: LinkedID(id), direction: .inbound,
        disposition: .answered, caller: .init(number: "0917\(1_000_000 + number)", name: "Bench Caller"),
        callee: .init(number: "0285550100"), startedAt: now - .seconds(60), endedAt: now, hangupCause: .normalClearing)
    record.answeredAt = now - .seconds(55)
    let agent = CallRecord.Party(number: "1001", name: "Agent", channel: ChannelName("PJSIP/1001-0000\(number)"))
    (record.answeredBy, record.agent, record.agents) = (agent, agent, [agent])
    return record
}

var template = Array("/tmp/delivery-bench-XXXXXX".utf8CString)
guard let made = mkdtemp(&template) else { exit(1) }
let folder = String(cString: made)
let loop = try EventLoop()
let endpoint = try EndpointConfiguration(
    name: "bench",
    entries: [
        .init("url", "http://127.0.0.1:\(port)/crm"), .init("concurrency", "\(concurrency)"),
        .init("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ])
let store = try CallStore(.init(folder: folder))
let tally = Tally()
let engine = DeliveryEngine(
    endpoints: [endpoint], outbox: store, on: loop, version: "bench", now: CallStore.wallClock,
    events: { tally.count($0) }, troubled: { print("store: \($0)") })

let took = try loop.run {
    engine.start()
    let began = (monotonic(), processorTime())
    var number = 0
    while rate > 0, number < total {
        let (record, index) = (record(number, at: CallStore.wallClock()), number)
        number += 1
        Task(executorPreference: loop) {
            tally.began(record.id)
            let event = WebhookEvent(.callComplete, of: record, at: record.endedAt)
            let json = record.json
            _ = try await store.commit([
                CallCommit(
                    FinishedCall(record: record), recordJSON: json, outbox: engine.drafts(for: event, recordJSON: json))
            ])
        }
        let due = began.0 + Double(index + 1) / Double(rate)
        try await loop.sleep(for: .seconds(max(0, due - monotonic())))
    }
    while number < total {
        // Two batches at a time, so that the store always has the next while it syncs.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 where number < total {
                let range = number..<min(number + batch, total)
                number = range.upperBound
                group.addTask(executorPreference: loop) {
                    let calls = range.map { number in
                        let record = record(number, at: CallStore.wallClock())
                        let json = record.json
                        let event = WebhookEvent(.callComplete, of: record, at: record.endedAt)
                        return CallCommit(
                            FinishedCall(record: record), recordJSON: json,
                            outbox: engine.drafts(for: event, recordJSON: json))
                    }
                    _ = try await store.commit(calls)
                }
            }
            try await group.waitForAll()
        }
    }
    let committed = monotonic()
    await tally.all()
    await engine.stop(within: .seconds(5))
    let ended = (monotonic(), processorTime())
    await store.close()
    return [ended.0 - began.0, ended.1 - began.1, committed - began.0]
}
print(
    "{\"deliveries\":\(total),\"failed_attempts\":\(tally.failed),\"per_second\":\(Int(Double(total) / took[0])),"
        + "\"committed_per_second\":\(Int(Double(total) / took[2])),"
        + "\"cpu_us_each\":\(Int(took[1] / Double(total) * 1e6)),\"concurrency\":\(concurrency)"
        + (rate > 0
            ? ",\"rate\":\(rate),\"p50_ms\":\(tally.latency(at: 0.5)),\"p99_ms\":\(tally.latency(at: 0.99))}" : "}"))
for file in ["hookswitch.db", "hookswitch.db-wal", "hookswitch.db-shm", "hookswitch.lock", "lock"] {
    unlink("\(folder)/\(file)")
}
rmdir(folder)
