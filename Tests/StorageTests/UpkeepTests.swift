import Foundation
import Storage
import Synchronization
import Telephony
import Testing

@Suite struct UpkeepTests {
    let scratch: Scratch
    let clock = ManualClock()
    init() throws { scratch = try Scratch() }

    func open() throws(StorageError) -> CallStore {
        try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
    }

    @Test func whatIsOldAndSettledGoesAndWhatIsNotStays() async throws {
        let store = try open()
        let old = (1...40).map { commit($0) }
        _ = try await store.commit(old)
        let claim = try await store.claim(now: clock.now)
        for (i, entry) in claim.entries.enumerated() where i < 30 {
            try await store.finish(entry, i < 20 ? .delivered : .dead, status: i < 20 ? 200 : 500, at: clock.now)
        }
        clock.advance(by: .seconds(100 * 86400))
        _ = try await store.commit([commit(500)])
        let report = try await store.sweep(
            Retention(calls: .seconds(90 * 86400), delivered: .seconds(30 * 86400), dead: .seconds(101 * 86400)),
            now: clock.now)
        #expect(report.calls == 40)
        #expect(report.messages == 20)
        #expect(report.pages > 0)
        let status = try #require(try await store.endpoints().first)
        #expect((status.ready, status.dead, status.delivered) == (11, 10, 0))
        #expect(try await store.query.call(withAnyID: "1795227461.2") == nil)
        #expect(try await store.query.calls(matching: .init()).count == 1)
        #expect(try await store.check() == [])
        // A message whose record is gone is still sent, and its row number is not given to another.
        #expect(try await store.query.deliveries(matching: .init(state: .ready)).count == 11)
        await store.close()
    }

    @Test func deadLettersAreKeptForNinetyDaysUnlessToldOtherwise() async throws {
        let store = try open()
        _ = try await store.commit([commit(1)])
        let entry = try await store.claim(now: clock.now).entries[0]
        try await store.finish(entry, .dead, status: 500, at: clock.now)
        // The newest row of all stays whatever its age, so that its number is not used again.
        _ = try await store.commit([commit(2)])
        for (days, left) in [(89, 1), (2, 0)] as [(Int64, Int)] {
            clock.advance(by: .seconds(days * 86400))
            _ = try await store.sweep(Retention(), now: clock.now)
            #expect(try await store.query.deliveries(matching: .init(state: .dead)).count == left)
        }
        await store.close()
    }

    @Test func nothingIsRemovedWhereNoAgeIsGiven() async throws {
        let store = try open()
        _ = try await store.commit([commit(1), commit(2)])
        clock.advance(by: .seconds(10_000 * 86400))
        let report = try await store.sweep(Retention(calls: nil, delivered: nil, dead: nil), now: clock.now)
        #expect((report.calls, report.messages) == (0, 0))
        #expect(try await store.query.calls(matching: .init()).count == 2)
        await store.close()
    }

    @Test func aBackupMadeUnderLoadIsWholeAndOpens() async throws {
        let store = try open()
        _ = try await store.commit((0..<200).map { commit($0) })
        let copy = scratch.path + "/copy"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        async let writing: Void = {
            for n in 200..<400 { _ = try await store.commit([commit(n)]) }
        }()
        try await store.backup(to: copy + "/hookswitch.db")
        try await writing
        await #expect { try await store.backup(to: copy + "/hookswitch.db") } throws: {
            ($0 as? StorageError)?.code == .unwritable
        }
        await store.close()
        let restored = try CallStore(.init(folder: copy))
        #expect(try await restored.check() == [])
        let calls = try await restored.query.calls(matching: .init(limit: nil)).count
        #expect((200...400).contains(calls))
        #expect(try await restored.endpoints().map(\.ready) == [calls])
        _ = try await restored.commit([commit(1000)])
        await restored.close()
    }

    @Test func aDamagedFileIsFoundByTheCheck() async throws {
        var store = try open()
        _ = try await store.commit((0..<500).map { commit($0) })
        #expect(try await store.check() == [])
        await store.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: scratch.database))
        let pages = Int(try file.seekToEnd()) / 4096
        for page in stride(from: pages / 4, to: pages, by: 3) {
            try file.seek(toOffset: UInt64(page * 4096))
            try file.write(contentsOf: Data(repeating: 0xA5, count: 512))
        }
        try file.close()
        // Found at the opening where that touches a damaged page, else by the check.
        let found: Bool
        do throws(StorageError) {
            store = try open()
            found = try await !store.check().isEmpty
        } catch {
            found = error.code == .damaged
        }
        #expect(found)
        await store.close()
    }

    @Test func theCheckSaysWhatItFoundWhereItCannotGoOn() async throws {
        var store = try open()
        _ = try await store.commit((0..<500).map { commit($0) })
        await store.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: scratch.database))
        let pages = Int(try file.seekToEnd()) / 4096
        for page in [pages / 3, pages / 2, pages * 2 / 3] {
            try file.seek(toOffset: UInt64(page * 4096))
            try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        }
        try file.close()
        store = try open()
        #expect(try await !store.check().isEmpty)
        await store.close()
    }

    @Test func freeSpaceIsTold() async throws {
        let room = try #require(DiskRoom(at: scratch.path))
        #expect(room.free > 0)
        #expect(room.total >= room.free)
        #expect(DiskRoom(at: scratch.path + "/nowhere") == nil)
    }
}

@Suite struct StoreRequestTests {
    let scratch: Scratch
    let clock = ManualClock()
    init() throws { scratch = try Scratch() }

    @Test func theCommandLineAsksTheDaemonThroughTheDatabase() async throws {
        let store = try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
        _ = try await store.commit([commit(1)])
        let entry = try await store.claim(now: clock.now).entries[0]
        try await store.finish(entry, .dead, status: 500, at: clock.now)
        #expect(try await store.serveRequests(now: clock.now) == 0)
        for (request, count) in [
            (StoreRequest.retry(ids: [entry.messageID]), 1),
            (.set(endpoint: "crm", .paused, reason: "by hand"), 1),
            (.replay(since: epoch, until: clock.now + .seconds(1), endpoint: nil, perSecond: 10), 0),
        ] {
            let outcome = try await StoreClient.perform(request, folder: scratch.state, now: clock.now) {
                // The daemon's turn, between two looks of the command line.
                _ = try? await store.serveRequests(now: clock.now)
                return true
            }
            #expect(outcome == .done(count))
        }
        let status = try #require(try await store.endpoints().first)
        #expect((status.condition, status.reason, status.ready) == (.paused, "by hand", 1))
        await store.close()
    }

    @Test func deadLettersOfAnEndpointAndATimeGoAgainAtARateAndNothingElse() async throws {
        let store = try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
        var made: [Instant] = []
        for i in 0..<6 {
            made.append(clock.now)
            try await store.enqueue([draft("crm\(i)", call: "a\(i)"), draft("erp\(i)", call: "b\(i)", endpoint: "erp")])
            for endpoint in ["crm", "erp"] {
                let entry = try await store.claim(endpoint, now: clock.now).entries[0]
                try await store.finish(entry, i % 2 == 0 ? .dead : .delivered, at: clock.now)
            }
            clock.advance(by: .seconds(60))
        }
        let request = StoreRequest.retryDead(since: made[2], until: made[5], endpoint: "crm", perSecond: 1)
        let outcome = try await StoreClient.perform(request, folder: scratch.state, now: clock.now) {
            _ = try? await store.serveRequests(now: clock.now)
            return true
        }
        #expect(outcome == .done(2))
        var claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map(\.messageID) == ["crm2"])
        #expect(claim.nextDue == clock.now + .seconds(1))
        clock.advance(by: .seconds(1))
        claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map(\.messageID) == ["crm4"] && claim.nextDue == nil)
        #expect(try await store.claim("erp", now: clock.now).entries.isEmpty)
        let span = DeliveryFilter(endpoint: "erp", since: made[2], until: made[4])
        #expect(try await store.query.deliveries(matching: span).map(\.messageID) == ["erp3", "erp2"])
        await store.close()
    }

    @Test func withoutADaemonTheCommandLineDoesItItself() async throws {
        await #expect {
            try await StoreClient.perform(.retry(ids: ["x"]), folder: scratch.state, now: clock.now) { false }
        } throws: {
            ($0 as? StorageError)?.code == .missing
        }
        var store = try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
        _ = try await store.commit([commit(1)])
        await store.close()
        let outcome = try await StoreClient.perform(
            .set(endpoint: "crm", .disabled, reason: "410"), folder: scratch.state, now: clock.now
        ) { false }
        #expect(outcome == .done(1))
        store = try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
        #expect(try await store.endpoints().map(\.condition) == [.disabled])
        await store.close()
    }

    @Test func aRequestNobodyAnswersIsLeftForTheDaemon() async throws {
        let store = try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
        let outcome = try await StoreClient.perform(
            .set(endpoint: "crm", .paused, reason: ""), folder: scratch.state, now: clock.now
        ) { false }
        #expect(outcome == .left)
        #expect(try await store.serveRequests(now: clock.now) == 1)
        #expect(try await store.endpoints().map(\.condition) == [.paused])
        await store.close()
    }
}
