import Foundation
import Storage
import Synchronization
import Telephony
import Testing

@Suite struct CallsLogTests {
    let scratch: Scratch
    let clock = ManualClock(CivilTime("2026-11-21 23:59:50")!.asUTC)
    let reports = Reports()
    init() throws { scratch = try Scratch() }

    final class Reports: Sendable {
        let list = Mutex<[String]>([])
    }
    func open(_ path: String? = nil, maxBytes: Int64 = 0, daily: Bool = false) throws(StorageError) -> CallStore {
        let log = CallsLogOptions(path: path ?? scratch.log, maxBytes: maxBytes, rotatesDaily: daily)
        let reports = self.reports
        return try CallStore(
            .init(folder: scratch.state, callsLog: log, clock: clock.read, uptime: clock.uptime) { text in
                reports.list.withLock { $0.append(text) }
            })
    }
    func line(_ n: Int) -> String { String(decoding: sampleCall(n).record.json, as: UTF8.self) }

    @Test func eachNewRecordIsOneLineAndARepetitionIsNone() async throws {
        let store = try open()
        _ = try await store.commit([commit(1), commit(2)])
        _ = try await store.commit([commit(1), commit(3)])
        await store.close()
        #expect(try scratch.lines(of: scratch.log) == [line(1), line(2), line(3)])
    }

    @Test func aFileMovedAwayIsFollowedByANewOneOnReopen() async throws {
        let store = try open()
        _ = try await store.commit([commit(1)])
        // The store's next answer comes after the line: the log is written in the same turn.
        await store.reopenCallsLog()
        try FileManager.default.moveItem(atPath: scratch.log, toPath: scratch.log + ".1")
        _ = try await store.commit([commit(2)])
        await store.close()
        #expect(try scratch.lines(of: scratch.log + ".1") == [line(1)])
        #expect(try scratch.lines(of: scratch.log) == [line(2)])
    }

    @Test func whatIsLeftOutWhileItIsHeldFollowsInOrder() async throws {
        let store = try open()
        try await store.holdCallsLog(true)
        _ = try await store.commit([commit(1)])
        _ = try await store.commit([commit(2)])
        try await store.holdCallsLog(true)
        #expect(try scratch.lines(of: scratch.log) == [])
        try await store.holdCallsLog(false)
        try await store.holdCallsLog(false)
        _ = try await store.commit([commit(3)])
        await store.close()
        #expect(try scratch.lines(of: scratch.log) == [line(1), line(2), line(3)])
    }

    @Test func filesOfItsOwnThatWereRenamedAwayGoWithTheRecordsTheyHold() async throws {
        let store = try open(maxBytes: 100)
        for n in 1...3 { _ = try await store.commit([commit(n)]) }
        let others = ["calls.jsonl.1", "calls.jsonl.2.gz", "calls.jsonl.2026-11-20.gz", "calls.jsonl.2026-11-2"]
        for name in others { try Data().write(to: URL(fileURLWithPath: "\(scratch.path)/\(name)")) }
        let kept = Retention(calls: .seconds(3600), delivered: nil, dead: nil)
        _ = try await store.sweep(kept, now: CallStore.wallClock())
        func names() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.hasPrefix("calls.jsonl") }
                .sorted()
        }
        #expect(try names().count == 7)
        _ = try await store.sweep(kept, now: CallStore.wallClock() + .seconds(7200))
        #expect(try names() == (["calls.jsonl"] + others).sorted())
        await store.close()
    }

    @Test func aFullFileIsRenamedAwayAndNeverOverwrites() async throws {
        let store = try open(maxBytes: 100)
        for n in 1...3 { _ = try await store.commit([commit(n)]) }
        await store.close()
        #expect(try scratch.lines(of: scratch.log) == [line(3)])
        #expect(try scratch.lines(of: scratch.log + ".2026-11-21") == [line(1)])
        #expect(try scratch.lines(of: scratch.log + ".2026-11-21.1") == [line(2)])
    }

    @Test func aNewDayBeginsANewFile() async throws {
        let store = try open(daily: true)
        _ = try await store.commit([commit(1)])
        clock.advance(by: .seconds(5))
        _ = try await store.commit([commit(2)])
        clock.advance(by: .seconds(5))
        _ = try await store.commit([commit(3)])
        await store.close()
        #expect(try scratch.lines(of: scratch.log + ".2026-11-21") == [line(1), line(2)])
        #expect(try scratch.lines(of: scratch.log) == [line(3)])
    }

    @Test func aFullDiskIsReportedOnceAndStopsNoCall() async throws {
        // Linux's own full disk.
        let store = try open("/dev/full")
        for n in 1...5 { #expect(try await store.commit([commit(n)]) == [.added]) }
        await store.close()
        let told = reports.list.withLock { $0 }
        #expect(told.count == 1)
        #expect(told.first?.contains("No space left") == true)
    }

    @Test func writingAgainIsReportedToo() async throws {
        let path = scratch.path + "/missing/calls.jsonl"
        let store = try open(path)
        _ = try await store.commit([commit(1)])
        await store.reopenCallsLog()
        try FileManager.default.createDirectory(atPath: scratch.path + "/missing", withIntermediateDirectories: true)
        _ = try await store.commit([commit(2)])
        await store.close()
        #expect(try scratch.lines(of: path) == [line(2)])
        #expect(reports.list.withLock { $0.count } == 2)
    }

    @Test func linesLostInACrashAreWrittenAtTheNextStart() async throws {
        var store = try open()
        _ = try await store.commit([commit(1), commit(2), commit(3)])
        await store.close()
        // As after a crash between the commit and the log: one line whole, one half, one missing.
        let whole = line(1) + "\n" + line(2).prefix(40)
        try whole.write(toFile: scratch.log, atomically: false, encoding: .utf8)
        store = try open()
        await store.close()
        #expect(try scratch.lines(of: scratch.log) == [line(1), line(2), line(3)])
        store = try open()
        await store.close()
        #expect(try scratch.lines(of: scratch.log).count == 3)
    }

    /// The record of call `n` as it is once its recording has settled.
    private func settled(_ n: Int) -> FinishedCall {
        var call = sampleCall(n)
        call.record.notes = ["settled"]
        return call
    }
    private func settledLine(_ n: Int) -> String { String(decoding: settled(n).record.json, as: UTF8.self) }

    @Test func aCallThatWaitedHasOneLineAsItIsInTheEnd() async throws {
        let store = try open()
        _ = try await store.commit([commit(1, kind: .waiting(note: []))])
        _ = try await store.commit([commit(2)])
        _ = try await store.commit([CallCommit(settled(1), kind: .amendment)])
        // Said again, as after a kill before it was known to be written.
        _ = try await store.commit([CallCommit(settled(1), kind: .amendment)])
        await store.close()
        #expect(try scratch.lines(of: scratch.log) == [line(2), settledLine(1)])
    }

    @Test("whatever line a crash left last, each call gets the lines that are missing, once", arguments: 0...5)
    func resumed(_ kept: Int) async throws {
        var store = try open()
        // Two wait; the second settles between others, the first never does.
        _ = try await store.commit([
            commit(1, kind: .waiting(note: [])), commit(2, kind: .waiting(note: [])), commit(3),
        ])
        clock.advance(by: .milliseconds(1))
        _ = try await store.commit([commit(4), CallCommit(settled(2), kind: .amendment), commit(5)])
        clock.advance(by: .milliseconds(1))
        _ = try await store.commit([CallCommit(settled(4), kind: .amendment), commit(6)])
        await store.close()
        let all = [line(3), line(4), settledLine(2), line(5), settledLine(4), line(6)]
        #expect(try scratch.lines(of: scratch.log) == all)

        let whole = all.prefix(kept + 1).map { $0 + "\n" }.joined()
        try (whole + all[0].prefix(50)).write(toFile: scratch.log, atomically: false, encoding: .utf8)
        store = try open()
        await store.close()
        let lines = try scratch.lines(of: scratch.log)
        #expect(Array(lines.prefix(kept + 1)) == Array(all.prefix(kept + 1)))
        // Of a record that was amended meanwhile only the later line can be had; in the order of the commits.
        let had = all.prefix(kept + 1)
        #expect(Set(lines).count == lines.count)
        #expect(Set(lines) == Set(had).union(all.dropFirst(kept + 1).filter { $0 != line(4) }))
        #expect(lines.firstIndex(of: settledLine(2))! < lines.firstIndex(of: line(6))!)
    }
}
