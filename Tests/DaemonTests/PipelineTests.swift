import Delivery
import Diagnostics
import EventLoop
import Foundation
import Glibc
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
        /// After so many commits the store is closed.
        var commitsLeft = Int.max
    }
    private let state = Mutex(State())

    init(failures: [StorageError] = [], poison: String? = nil, closesAfter commits: Int = .max) {
        state.withLock { ($0.failures, $0.poison, $0.commitsLeft) = (failures, poison, commits) }
    }
    var calls: [CallCommit] { state.withLock { $0.calls } }

    private func next() throws(StorageError) {
        let failure = state.withLock { $0.failures.isEmpty ? nil : $0.failures.removeFirst() }
        if let failure { throw failure }
    }
    func commit(_ calls: [CallCommit]) async throws(StorageError) -> [CommitOutcome] {
        try next()
        let isClosed = state.withLock { state in
            defer { state.commitsLeft -= 1 }
            return state.commitsLeft <= 0
        }
        if isClosed { throw StorageError(.closed, "commit") }
        let poison = state.withLock { $0.poison }
        if calls.contains(where: { $0.call.record.id == poison }) { throw StorageError(.statement, "insert") }
        state.withLock { $0.calls += calls }
        return calls.map { _ in .added }
    }
    func noteOpen(_ calls: [OpenCall]) async throws(StorageError) { try next() }
    func forgetOpen(ids: [String]) async throws(StorageError) { try next() }
    func openCalls() async throws(StorageError) -> [OpenCall] { [] }
    func enqueue(_ drafts: [OutboxDraft]) async throws(StorageError) { try next() }
    func claim(endpoint: String, limit: Int, now: Instant, lease: Duration) async throws(StorageError) -> Claim {
        Claim()
    }
    func finish(_ results: [AttemptResult]) async throws(StorageError) {}
    func clockWasSet(by step: Duration) async throws(StorageError) {}
    func release(_ entries: [OutboxEntry.ID]) async {}
    func whenReady(_ notify: @escaping @Sendable ([String]) -> Void) {}
    func setEndpoint(
        _ name: String, _ condition: EndpointCondition, reason: String, now: Instant
    ) async throws(StorageError) {}
    func condition(of endpoint: String) -> EndpointCondition { .active }
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
        let kept = try OverflowFile(path: "\(folder.path)/quarantine.jsonl").piece(at: 0)
        #expect(kept.calls.map(\.record.id) == ["pbx1-7.0"])
    }

    @Test("what does not fit into memory goes to the overflow file; nothing is lost")
    func overflow() throws {
        let folder = try TestFolder()
        let store = TroubledStore(failures: [StorageError(.io, "commit")])
        let count = CommitPump.capacity + 25
        let (_, counters) = try pumped(store, count, folder: folder)
        let spilled = counters.counter("calls.overflowed").value
        #expect(spilled > 0)
        #expect(store.calls.count + spilled == count)
        var left = 0
        for name in ["overflow.jsonl", "overflow.jsonl.taken"] {
            let file = OverflowFile(path: "\(folder.path)/\(name)")
            if !file.isEmpty { left += try file.all().count }
        }
        #expect(left == spilled)
    }

    @Test(
        "messages about calls in progress are bounded too while the store takes nothing, and it is told that some are left out"
    )
    func progressOverflow() throws {
        let store = TroubledStore(failures: [StorageError(.io, "enqueue")])
        let recorder = LogRecorder()
        let counters = CounterRegistry()
        let record = try capturedCall().record
        let loop = try EventLoop()
        let draft = OutboxDraft(
            messageID: "msg_1", endpoint: "crm", callID: record.id, event: EventType.callStarted.rawValue, sequence: 0,
            contentType: "application/json", body: [], dueAt: record.startedAt)
        let tooMany = 25
        try loop.run {
            let pump = CommitPump(
                loop: loop, store: store, folder: try TestFolder().path,
                logger: Logger(recorder, level: .info, component: "test"), counters: counters,
                now: CallStore.wallClock)
            for _ in 0..<CommitPump.capacity + tooMany { pump.offer(.messages([draft])) }
            #expect(pump.backlog <= CommitPump.capacity)
            await pump.drain()
        }
        // The first batch was under way when the queue filled.
        #expect(counters.counter("messages.left_out").value > 0)
        #expect(counters.counter("messages.left_out").value <= tooMany)
        #expect(recorder.entries(saying: "calls in progress are not told; the store is too far behind").count == 1)
    }

    @Test("a closed store leaves what was on its way in the overflow file for the next start")
    func closed() throws {
        let folder = try TestFolder()
        let store = TroubledStore(closesAfter: 0)
        _ = try pumped(store, 3, folder: folder)
        let left = try OverflowFile(path: "\(folder.path)/overflow.jsonl").piece(at: 0)
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

    @Test("a disk that is full in the middle of a line costs the next call nothing")
    func fullDisk() throws {
        let folder = try TestFolder()
        let call = try capturedCall()
        var file = OverflowFile(path: "\(folder.path)/overflow.jsonl")
        try file.append(call)
        // The 100 bytes that still fit are written, as the system does.
        file.write = { Glibc.write($0, $1, min($2, 100)) }
        #expect { try file.append(call) } throws: { ($0 as? FileError)?.number == ENOSPC }
        try OverflowFile(path: file.path).append(call)
        let piece = try file.piece(at: 0)
        #expect(piece.calls.count == 2 && piece.damaged == 0)
    }

    @Test("a cut line of the overflow file is left out and counted; the others are read")
    func cutLine() throws {
        let folder = try TestFolder()
        let call = try capturedCall()
        try folder.write("o.jsonl", call.noteBytes + [0x0A] + call.noteBytes.prefix(300))
        let read = try OverflowFile(path: "\(folder.path)/o.jsonl").piece(at: 0)
        #expect(read.calls.count == 1)
        #expect(read.damaged == 1)
    }

    /// What a kill may leave of a call that waits.
    enum Left: CaseIterable { case marked, notedWholeAndWritten, notedWhole }

    @Test(
        "a call whose recording had not settled when the daemon was killed is completed by the next start",
        arguments: Left.allCases)
    func noteTakenUp(_ left: Left) throws {
        let folder = try TestFolder()
        var call = try capturedCall("22/rec_dialplan")
        call.record.recordings[0].path = "\(folder.path)/gone/x.wav"
        // As daemons noted it at first: the whole call, under an id of its own, before the record.
        let note = OpenCall(
            id: "settle:\(call.record.id)", system: "pbx1", linkedID: call.record.linkedID,
            startedAt: call.record.startedAt, snapshot: call.noteBytes)
        let loop = try EventLoop()
        let sink = WebhookSink()
        defer { sink.stop() }
        try loop.run { [call] in
            let store = try CallStore(.init(folder: folder.state))
            switch left {
            case .marked:
                let times = CallTimes(of: call.record).noteBytes
                _ = try await store.commit([CallCommit(call, kind: .waiting(note: times))])
            case .notedWholeAndWritten:
                try await store.noteOpen([note])
                _ = try await store.commit([CallCommit(call)])
            case .notedWhole: try await store.noteOpen([note])
            }
            await store.close()
            let fixture = try DaemonFixture(
                loop, folder, settings: folder.settings(sections: "[webhook:crm]\nurl = \(sink.url)\n"))
            try await fixture.daemon.start()
            try await fixture.wait("call.complete") { !sink.requests.isEmpty }
            let told = try JSONValue(parsing: sink.requests[0].body)
            #expect(told["data"]?["id"]?.string == call.record.id)
            #expect(told["data"]?["recordings"]?[0]?["state"]?.string == "missing")
            #expect(told["data"]?["billsec"]?.integer == call.record.billableSeconds)
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
            let fixture = try DaemonFixture(
                loop, folder, settings: folder.settings(sections: "[webhook:crm]\nurl = \(sink.url)\n"))
            try await fixture.daemon.start()
            try await fixture.wait("call.complete") { !sink.requests.isEmpty }
            let told = try JSONValue(parsing: sink.requests[0].body)
            #expect(told["type"]?.string == "call.complete")
            #expect(told["data"]?["recordings"]?[0]?["state"]?.string == "missing")
            await fixture.daemon.stop()
        }
    }

    @Test("a call whose files nobody looks at is on disk all the same, marked as waiting")
    func slowFileSystem() throws {
        let folder = try TestFolder()
        let store = TroubledStore()
        let call = try capturedCall("22/rec_dialplan")
        let loop = try EventLoop()
        try loop.run {
            let pump = CommitPump(
                loop: loop, store: store, folder: folder.path, logger: .silent, counters: CounterRegistry(),
                now: CallStore.wallClock)
            let engine = DeliveryEngine(
                endpoints: [], outbox: store, on: loop, version: "test", now: CallStore.wallClock)
            // A settler that has been stopped never answers, as one whose thread hangs in a file system.
            let settler = RecordingSettler(.init())
            settler.stop()
            let publisher = CallPublisher(
                loop: loop, pump: pump, engine: engine, settler: settler, logger: .silent, counters: CounterRegistry(),
                now: CallStore.wallClock)
            publisher.finished(call)
            #expect(store.calls.isEmpty)
            while store.calls.isEmpty { try await loop.sleep(for: .milliseconds(5)) }
            publisher.stop()
            await pump.drain()
        }
        #expect(store.calls.count == 1)
        guard case .waiting = try #require(store.calls.first).kind else {
            Issue.record("it is not marked as waiting")
            return
        }
    }

    @Test("a long overflow file is taken up a piece at a time, whole and in order; removed when all of it is written")
    func overflowInPieces() throws {
        let folder = try TestFolder()
        let call = try capturedCall()
        let count = 1000
        var lines: [UInt8] = []
        for i in 0..<count {
            var one = call
            one.record.id = "pbx1-\(i).0"
            lines += one.noteBytes + [0x0A]
        }
        let pieces = lines.count / OverflowFile.pieceBytes
        #expect(pieces >= 4)
        try folder.write("overflow.jsonl", lines)
        let store = TroubledStore()
        let loop = try EventLoop()
        let deepest = try loop.run {
            let pump = CommitPump(
                loop: loop, store: store, folder: folder.path, logger: .silent, counters: CounterRegistry(),
                now: CallStore.wallClock)
            let deepest = Mutex(0)
            pump.revive = { [unowned pump] call, _ in
                pump.offer(.call(CallCommit(call, kind: .amendment)))
                deepest.withLock { $0 = max($0, pump.backlog) }
            }
            pump.takeUpOverflow()
            while OverflowReader.isThere("\(folder.path)/overflow.jsonl") {
                try await loop.sleep(for: .milliseconds(5))
            }
            await pump.drain()
            return deepest.withLock { $0 }
        }
        #expect(store.calls.map(\.call.record.id) == (0..<count).map { "pbx1-\($0).0" })
        #expect(deepest <= count / pieces + 1)
    }

    @Test("what a store that closes leaves of an overflow file is taken up by the next start; no call is lost")
    func overflowAcrossStarts() throws {
        let folder = try TestFolder()
        let call = try capturedCall()
        let ids = (0..<600).map { "pbx1-\($0).0" }
        for id in ids {
            var one = call
            one.record.id = id
            try OverflowFile(path: "\(folder.path)/overflow.jsonl").append(one)
        }
        // The second piece meets a closed store; the next run reads all again.
        let closing = TroubledStore(failures: [], closesAfter: 1)
        let open = TroubledStore()
        for store in [closing, open] {
            let loop = try EventLoop()
            try loop.run {
                let counters = CounterRegistry()
                let pump = CommitPump(
                    loop: loop, store: store, folder: folder.path, logger: .silent, counters: counters,
                    now: CallStore.wallClock)
                pump.revive = { [unowned pump] call, _ in pump.offer(.call(CallCommit(call, kind: .amendment))) }
                pump.takeUpOverflow()
                while OverflowReader.isThere("\(folder.path)/overflow.jsonl"),
                    counters.counter("calls.overflowed").value == 0
                {
                    try await loop.sleep(for: .milliseconds(5))
                }
                await pump.drain()
            }
        }
        #expect(closing.calls.count < ids.count)
        #expect(Set(open.calls.map(\.call.record.id)) == Set(ids))
    }

    @Test("a daemon killed over its overflow file tells each call of it once, also one whose recording is gone by then")
    func overflowTakenUpAgain() throws {
        let folder = try TestFolder()
        var call = try capturedCall("22/rec_dialplan")
        for i in call.record.recordings.indices { call.record.recordings[i].state = .pending }
        let path = call.record.recordings[0].path
        let name = try #require(path.split(separator: "/").last)
        try folder.write("\(name)", RecordingTests.wave(seconds: 3))
        for i in call.record.recordings.indices { call.record.recordings[i].path = "\(folder.path)/\(name)" }
        let sink = WebhookSink()
        defer { sink.stop() }
        let overflow = OverflowFile(path: "\(folder.state)/overflow.jsonl")
        // As it lies there when a kill comes after the last commit and before the removal.
        let taken = OverflowFile(path: "\(overflow.path).taken")
        try FileManager.default.createDirectory(atPath: folder.state, withIntermediateDirectories: true)
        for start in 1...2 {
            try taken.append(call)
            let loop = try EventLoop()
            try loop.run {
                let fixture = try DaemonFixture(
                    loop, folder,
                    settings: folder.settings(
                        sections: """
                            [recordings]
                            settle = 10ms
                            [webhook:crm]
                            url = \(sink.url)
                            events = call.ended, recording.ready, recording.missing, call.complete
                            """))
                try await fixture.daemon.start()
                try await fixture.wait("the file is taken up") { taken.isEmpty }
                if start == 1 { try await fixture.wait("the webhooks") { sink.requests.count == 3 } }
                await fixture.daemon.stop()
            }
            try? FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
        }
        let lines = try String(contentsOfFile: "\(folder.path)/calls.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 1)
        #expect(lines.first?.contains("\"state\":\"ready\"") == true)
        #expect(sink.requests.count == 3)
    }

    @Test("a backfilled call that the store knows changes nothing; one that it does not know is added")
    func backfillTakenUp() throws {
        let folder = try TestFolder()
        let known = try capturedCall()
        var poorer = known
        poorer.record.notes = ["from the CDR file alone"]
        var missed = poorer
        (missed.record.id, missed.record.uniqueID) = ("pbx1-1.0", UniqueID("1.0"))
        (missed.record.linkedID, missed.record.legs) = (LinkedID("1.0"), [])
        let loop = try EventLoop()
        try loop.run { [poorer, missed] in
            let store = try CallStore(.init(folder: folder.state))
            _ = try await store.commit([CallCommit(known)])
            await store.close()
            let file = OverflowFile(path: Backfill.handoverPath(in: folder.state))
            for call in [poorer, missed] { try file.append(call) }
            let fixture = try DaemonFixture(loop, folder)
            try await fixture.daemon.start()
            try await fixture.wait("both calls") {
                try await fixture.records().count == 2 && !OverflowReader.isThere(file.path)
            }
            await fixture.daemon.stop()
            let again = try CallStore(.init(folder: folder.state))
            #expect(try await again.query.call(withAnyID: known.record.id)?.recordJSON == known.record.json)
            #expect(try await again.query.call(withAnyID: missed.record.id)?.recordJSON == missed.record.json)
            await again.close()
        }
    }
}

extension OverflowFile {
    /// Every call of the file, piece by piece.
    func all() throws -> [FinishedCall] {
        var calls: [FinishedCall] = []
        var offset: Int? = 0
        while let at = offset {
            let piece = try piece(at: at)
            calls += piece.calls
            offset = piece.next
        }
        return calls
    }
}
