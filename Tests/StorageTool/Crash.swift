import Glibc
import Storage
import Telephony

/// Writes, claims and settles without end, until killed; each answer is a line on standard output, written at once:
/// `W call` committed as waiting, `C call` committed whole, `S message` claimed (as good as sent), `D message` delivery on disk.
enum Crash {
    static func say(_ line: String) {
        var bytes = Array(line.utf8)
        bytes.append(10)
        // One write a line: a kill leaves whole lines.
        _ = write(1, bytes, bytes.count)
    }

    static func run(folder: String, seed: UInt64) async throws {
        let store = try CallStore(.init(folder: folder, callsLog: CallsLogOptions(path: "\(folder)/calls.jsonl")))
        Task { await store.makeLogRoom(8 << 20) }
        // What the kill before has left waiting is settled now, as the daemon does.
        for note in try await store.openCalls() {
            guard let number = Int(String(decoding: note.snapshot, as: UTF8.self)) else { return say("E a note") }
            guard await settle(number, as: .amendment, in: store) else { return }
        }
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    for i in 0... {
                        let number = Int(seed) * 1_000_000 + i * 10 + writer
                        guard await commit(number, to: store) else { return }
                    }
                }
            }
            for endpoint in ["crm", "warehouse"] {
                group.addTask { await deliver(endpoint, from: store) }
            }
        }
    }
    private static func drafts(_ event: String, _ sequence: Int, _ id: String) -> [OutboxDraft] {
        ["crm", "warehouse"].map {
            OutboxDraft(
                messageID: "\(id).\(event)", endpoint: $0, callID: id, event: event, sequence: sequence,
                contentType: "text/plain", body: Array("\(id) \(event)".utf8), dueAt: CallStore.wallClock())
        }
    }
    /// A call's three messages to each of two endpoints: one ahead of its record, one with it or ahead, one when it is whole.
    /// Every third call waits in between.
    private static func commit(_ number: Int, to store: CallStore) async -> Bool {
        var waiting = Sample.call(number)
        let id = waiting.record.id
        do {
            guard number / 10 % 3 == 0 else {
                try await store.enqueue(drafts("started", 1, id) + drafts("ended", 2, id))
                return await settle(number, as: .record, in: store)
            }
            try await store.enqueue(drafts("started", 1, id))
            waiting.record.notes = ["waits"]
            let note = Array(String(number).utf8)
            _ = try await store.commit([
                CallCommit(waiting, kind: .waiting(note: note), outbox: drafts("ended", 2, id))
            ])
            say("W \(id)")
            return await settle(number, as: .amendment, in: store)
        } catch {
            say("E \(error)")
            return false
        }
    }
    private static func settle(_ number: Int, as kind: CallCommit.Kind, in store: CallStore) async -> Bool {
        let call = Sample.call(number)
        do {
            _ = try await store.commit([
                CallCommit(call, kind: kind, outbox: drafts("complete", 3, call.record.id))
            ])
            say("C \(call.record.id)")
            return true
        } catch {
            say("E \(error)")
            return false
        }
    }
    private static func deliver(_ endpoint: String, from store: CallStore) async {
        do {
            while true {
                let now = CallStore.wallClock()
                let claim = try await store.claim(
                    endpoint: endpoint, limit: 8, now: now, lease: .seconds(30))
                if claim.entries.isEmpty {
                    try await Task.sleep(for: .milliseconds(1))
                    continue
                }
                for entry in claim.entries { say("S \(endpoint) \(entry.messageID)") }
                // Every seventh attempt fails and is repeated at once.
                let results = claim.entries.map { entry in
                    let isRetry = entry.id % 7 == 0 && entry.attempts == 0
                    return AttemptResult(
                        entry: entry.id,
                        attempt: Attempt(at: now, duration: .zero, status: isRetry ? 503 : 200),
                        verdict: isRetry ? .retry(at: now) : .delivered)
                }
                try await store.finish(results)
                for result in zip(claim.entries, results) where result.1.verdict == .delivered {
                    say("D \(endpoint) \(result.0.messageID)")
                }
            }
        } catch { say("E \(error)") }
    }
}
