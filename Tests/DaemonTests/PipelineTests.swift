import Diagnostics
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import Testing

@testable import Daemon

/// A store that fails as it is told to, for as long as it is told to.
final class TroubledStore: RecordSink, Outbox, Sendable {
    private struct State {
        var failures: [StorageError] = []
        var calls: [CallCommit] = []
        var poison: String?
    }
    private let state = Mutex(State())

    init(failures: [StorageError] = [], poison: String? = nil) {
        state.withLock { ($0.failures, $0.poison) = (failures, poison) }
    }
    var calls: [CallCommit] { state.withLock { $0.calls } }

    private func next() throws(StorageError) {
        let failure = state.withLock { $0.failures.isEmpty ? nil : $0.failures.removeFirst() }
        if let failure { throw failure }
    }
    func commit(_ calls: [CallCommit]) async throws(StorageError) -> [CommitOutcome] {
        try next()
        let poison = state.withLock { $0.poison }
        if calls.contains(where: { $0.call.record.id == poison }) { throw StorageError(.statement, "insert") }
        state.withLock { $0.calls += calls }
        return calls.map { _ in .added }
    }
    func noteOpen(_ calls: [OpenCall]) async throws(StorageError) { try next() }
    func forgetOpen(ids: [String]) async throws(StorageError) { try next() }
    func openCalls() async throws(StorageError) -> [OpenCall] { [] }
    func enqueue(_ drafts: [OutboxDraft]) async throws(StorageError) { try next() }
    func claim(endpoint: String, limit: Int, now: Instant, leaseUntil: Instant) async throws(StorageError) -> Claim {
        Claim()
    }
    func finish(_ results: [AttemptResult]) async throws(StorageError) {}
    func release(_ entries: [OutboxEntry.ID]) async {}
    func whenReady(_ notify: @escaping @Sendable ([String]) -> Void) {}
    func setEndpoint(
        _ name: String, _ condition: EndpointCondition, reason: String, now: Instant
    ) async throws(StorageError) {}
    func retry(ids: [String], now: Instant) async throws(StorageError) -> Int { 0 }
    func replay(since: Instant, until: Instant, endpoint: String?, perSecond: Int, now: Instant)
        async throws(StorageError) -> Int
    { 0 }
    func endpoints() async throws(StorageError) -> [EndpointStatus] { [] }
}

/// The calls that the captures of one scenario tell.
func capturedCall(_ scenario: String = "22/in_answered_caller_hangs") throws -> FinishedCall {
    let path = "\(HookswitchTestKit.captures)/\(scenario)/ami.ami"
    var replay = CaptureReplay(try configuration(leastPBX).pbxs[0].assembly(recordings: .init()))
    return try #require(replay.run([UInt8](try Data(contentsOf: URL(filePath: path)))).calls.first)
}

@Suite("CommitPump and notes") struct PipelineTests {
    private func pumped(
        _ store: TroubledStore, _ count: Int, folder: TestFolder
    ) throws -> (recorder: LogRecorder, counters: CounterRegistry) {
        let call = try capturedCall()
        let recorder = LogRecorder()
        let counters = CounterRegistry()
        let loop = try EventLoop()
        try loop.run {
            let pump = CommitPump(
                loop: loop, store: store, folder: folder.path,
                logger: Logger(recorder, level: .info, component: "test"), counters: counters,
                now: CallStore.wallClock)
            for i in 0..<count {
                var one = call
                one.record.id = "pbx1-\(i).0"
                pump.offer(.call(CallCommit(one)))
            }
            await pump.drain()
        }
        return (recorder, counters)
    }

    @Test("calls that the store cannot take yet wait and are all written, once, in order")
    func retried() throws {
        let full = StorageError(.diskFull, "commit")
        let store = TroubledStore(failures: [full, full])
        let (recorder, _) = try pumped(store, 50, folder: try TestFolder())
        #expect(store.calls.map(\.call.record.id) == (0..<50).map { "pbx1-\($0).0" })
        #expect(recorder.entries(saying: "the store takes no calls; they wait").count == 1)
        #expect(recorder.entries(saying: "the store takes calls again").count == 1)
    }

    @Test("one call that the store refuses for itself is kept aside; the others are written")
    func poison() throws {
        let folder = try TestFolder()
        let store = TroubledStore(poison: "pbx1-7.0")
        let (_, counters) = try pumped(store, 20, folder: folder)
        #expect(store.calls.count == 19)
        #expect(counters.counter("calls.quarantined").value == 1)
        let kept = try OverflowFile(path: "\(folder.path)/quarantine.jsonl").read()
        #expect(kept.calls.map(\.record.id) == ["pbx1-7.0"])
    }

    @Test("what does not fit into memory goes to the overflow file; nothing is lost")
    func overflow() throws {
        let folder = try TestFolder()
        let store = TroubledStore(failures: [StorageError(.io, "commit")])
        let count = CommitPump.capacity + 25
        let (_, counters) = try pumped(store, count, folder: folder)
        let spilled = counters.counter("calls.overflowed").value
        // With no one to revive them they are read and handed out: the file is gone, the count tells.
        #expect(spilled > 0)
        #expect(store.calls.count + spilled == count)
    }

    @Test("a closed store leaves what was on its way in the overflow file for the next start")
    func closed() throws {
        let folder = try TestFolder()
        let store = TroubledStore(failures: [StorageError(.closed, "commit")])
        _ = try pumped(store, 3, folder: folder)
        let left = try OverflowFile(path: "\(folder.path)/overflow.jsonl").read()
        #expect(left.calls.map(\.record.id) == ["pbx1-0.0", "pbx1-1.0", "pbx1-2.0"])
    }

    @Test("a record reads back from its JSON as it was, for every capture", arguments: ["16", "22"])
    func decoding(_ version: String) throws {
        let root = "\(HookswitchTestKit.captures)/\(version)"
        var count = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: root) {
            let path = "\(root)/\(name)/ami.ami"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            var replay = CaptureReplay(try configuration(leastPBX).pbxs[0].assembly(recordings: .init()))
            for call in replay.run([UInt8](try Data(contentsOf: URL(filePath: path)))).calls {
                let read = try #require(FinishedCall(noteBytes: call.noteBytes), "\(name)")
                #expect(read.record.json == call.record.json, "\(name)")
                #expect(read.record.duration == call.record.duration)
                #expect(read.record.billableSeconds == call.record.billableSeconds)
                #expect(read.evidence == call.evidence)
                count += 1
            }
        }
        #expect(count >= 40)
    }

    @Test("a cut line of the overflow file is left out and counted; the others are read")
    func cutLine() throws {
        let folder = try TestFolder()
        let call = try capturedCall()
        try folder.write("o.jsonl", call.noteBytes + [0x0A] + call.noteBytes.prefix(300))
        let read = try OverflowFile(path: "\(folder.path)/o.jsonl").read()
        #expect(read.calls.count == 1)
        #expect(read.damaged == 1)
    }

    @Test("a call whose recording had not settled when the daemon was killed is completed by the next start")
    func noteTakenUp() throws {
        let folder = try TestFolder()
        var call = try capturedCall("22/rec_dialplan")
        call.record.recordings[0].path = "\(folder.path)/gone/x.wav"
        let note = OpenCall(
            id: "settle:\(call.record.id)", system: "pbx1", linkedID: call.record.linkedID,
            startedAt: call.record.startedAt, snapshot: call.noteBytes)
        let loop = try EventLoop()
        let sink = WebhookSink()
        defer { sink.stop() }
        try loop.run { [call] in
            let store = try CallStore(.init(folder: folder.state))
            try await store.noteOpen([note])
            _ = try await store.commit([CallCommit(call)])
            await store.close()
            let fixture = try DaemonFixture(loop, folder, sections: "[webhook:crm]\nurl = \(sink.url)\n")
            try await fixture.daemon.start()
            try await fixture.wait("call.complete") { !sink.requests.isEmpty }
            let told = try JSONValue(parsing: sink.requests[0].body)
            #expect(told["data"]?["id"]?.string == call.record.id)
            #expect(told["data"]?["recordings"]?[0]?["state"]?.string == "missing")
            await fixture.daemon.stop()
            let again = try CallStore(.init(folder: folder.state))
            #expect(try await again.openCalls().isEmpty)
            await again.close()
        }
    }

    @Test("a settled call that waited in the overflow file sends its call.complete although the store knows the call")
    func overflowTakenUp() throws {
        let folder = try TestFolder()
        var settled = try capturedCall("22/rec_dialplan")
        let first = settled
        for i in settled.record.recordings.indices { settled.record.recordings[i].state = .missing }
        let loop = try EventLoop()
        let sink = WebhookSink()
        defer { sink.stop() }
        try loop.run { [settled] in
            let store = try CallStore(.init(folder: folder.state))
            _ = try await store.commit([CallCommit(first)])
            await store.close()
            try OverflowFile(path: "\(folder.state)/overflow.jsonl").append(settled)
            let fixture = try DaemonFixture(loop, folder, sections: "[webhook:crm]\nurl = \(sink.url)\n")
            try await fixture.daemon.start()
            try await fixture.wait("call.complete") { !sink.requests.isEmpty }
            let told = try JSONValue(parsing: sink.requests[0].body)
            #expect(told["type"]?.string == "call.complete")
            #expect(told["data"]?["recordings"]?[0]?["state"]?.string == "missing")
            await fixture.daemon.stop()
        }
    }
}
