import Foundation
import Storage
import Synchronization
import Telephony
import Testing

@Suite struct OutboxTests {
    let scratch: Scratch
    let clock = ManualClock()
    init() throws { scratch = try Scratch() }

    func open() throws(StorageError) -> CallStore {
        try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
    }

    @Test func whatIsCommittedIsClaimedOnceWithItsBody() async throws {
        let store = try open()
        let told = Mutex<[[String]]>([])
        store.whenReady { names in told.withLock { $0.append(names) } }
        _ = try await store.commit([commit(1), commit(2, endpoints: ["crm", "warehouse"])])
        #expect(told.withLock { $0.map { Set($0) } } == [["crm", "warehouse"]])
        let claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map { String(decoding: $0.body, as: UTF8.self) } == ["body 1", "body 2"])
        #expect(claim.entries.map(\.attempts) == [0, 0])
        #expect(claim.nextDue == nil)
        #expect(try await store.claim(now: clock.now).entries.isEmpty)
        #expect(try await store.claim("warehouse", now: clock.now).entries.count == 1)
        #expect(try await store.claim("nobody", now: clock.now) == Claim())
        await store.close()
    }

    @Test func whatIsAtHandIsClaimedAtOnceAndABacklogIsNot() async throws {
        var store = try open()
        func atHand() -> [String]? {
            store.claimAtHand(endpoint: "crm", limit: 1, now: clock.now, lease: .seconds(60))?.entries.map(\.messageID)
        }
        #expect(atHand() == [])
        _ = try await store.commit([commit(1), commit(2), commit(3)])
        #expect(atHand() == ["pbx1-1795227461.2.complete"])
        #expect(
            try await store.claim(limit: 1, now: clock.now).entries.map(\.messageID) == ["pbx1-1795227462.4.complete"])
        await store.close()
        store = try open()
        #expect(atHand() == nil)
        #expect(
            try await store.claim(limit: 1, now: clock.now).entries.map(\.messageID) == ["pbx1-1795227461.2.complete"])
        // The read has brought the others with it.
        #expect(atHand() == ["pbx1-1795227462.4.complete"])
        await store.close()
    }

    @Test func aCommitIsToldWhereItsOwnerSaysTheSubscriberFirst() async throws {
        let (tellings, telling) = AsyncStream<@Sendable () -> Void>.makeStream()
        let heard = Mutex<[String]>([])
        var options = CallStore.Options(folder: scratch.state, clock: clock.read, uptime: clock.uptime)
        options.tell = { telling.yield($0) }
        let store = try CallStore(options)
        store.whenReady { names in heard.withLock { $0 += names } }
        async let outcomes = {
            let outcomes = try await store.commit([commit(1)])
            heard.withLock { $0.append("answer") }
            return outcomes
        }()
        var told = tellings.makeAsyncIterator()
        let first = try #require(await told.next())
        // On disk, and nobody knows.
        #expect(try await store.query.call(withAnyID: "pbx1-1795227461.2") != nil)
        #expect(heard.withLock { $0 } == [])
        first()
        #expect(try await outcomes == [.added])
        #expect(heard.withLock { $0 } == ["crm", "answer"])
        // Its closing waits for what is told, too.
        async let closed: Void = store.close()
        let last = try #require(await told.next())
        last()
        await closed
    }

    /// A closure that lies bare in a `Mutex` gets a wrapper an access: after some ten thousand commits the stack is full.
    @Test func tellingOfNewWorkTakesNoMoreStackAfterManyCommits() async throws {
        let store = try open()
        let depths = Mutex<[Int]>([])
        store.whenReady { _ in
            let depth = Thread.callStackReturnAddresses.count
            depths.withLock { $0.append(depth) }
        }
        for number in 1...500 { _ = try await store.commit([commit(number)]) }
        await store.close()
        let seen = depths.withLock { $0 }
        #expect(seen.count == 500)
        let (least, most) = (try #require(seen.min()), try #require(seen.max()))
        #expect(most - least < 20, "the deepest call lies \(most - least) calls deeper than another")
    }

    @Test func aRestartEndsAllLeasesAndKeepsWhatIsNotSettled() async throws {
        var store = try open()
        _ = try await store.commit([commit(1), commit(2), commit(3)])
        let first = try await store.claim(limit: 2, now: clock.now)
        try await store.finish(first.entries[0], .delivered, at: clock.now)
        await store.close()
        store = try open()
        let claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map(\.messageID) == ["pbx1-1795227462.4.complete", "pbx1-1795227463.6.complete"])
        #expect(claim.entries.map { String(decoding: $0.body, as: UTF8.self) } == ["body 2", "body 3"])
        let status = try #require(try await store.endpoints().first)
        #expect((status.ready, status.delivered) == (2, 1))
        #expect(status.oldestUnsettled == clock.now)
        await store.close()
    }

    /// A message on its tenth retry waits for a time to come, and is older than those that are due.
    @Test func theOldestPendingMessageIsTheOldestByItsWritingNotTheFirstDue() async throws {
        let store = try open()
        let start = clock.now
        try await store.enqueue([draft("a1", call: "a")])
        let old = try await store.claim(now: clock.now).entries[0]
        clock.advance(by: .seconds(60))
        try await store.finish(old, .retry(at: start + .seconds(86400)), status: 422, at: clock.now)
        try await store.enqueue([draft("b1", call: "b")])
        #expect(try await store.endpoints().first?.oldestUnsettled == start)
        await store.close()
    }

    /// What was delivered a day ago and goes once more has not waited for a day.
    @Test func whatIsSentAgainWaitsSinceThen() async throws {
        let store = try open()
        try await store.enqueue([draft("a1", call: "a"), draft("b1", call: "b")])
        for entry in try await store.claim(now: clock.now).entries {
            try await store.finish(entry, .delivered, at: clock.now)
        }
        clock.advance(by: .seconds(86400))
        let later = clock.now
        #expect(try await store.retry(ids: ["a1"], now: later) == 1)
        #expect(try await store.endpoints().first?.oldestUnsettled == later)
        clock.advance(by: .seconds(10))
        try await store.enqueue([draft("c1", call: "c")])
        #expect(try await store.retry(ids: ["b1"], now: clock.now) == 1)
        #expect(try await store.endpoints().first?.oldestUnsettled == later)
        // Its first attempt fails: it goes on waiting since it was asked for, to the second it was tried.
        let again = try #require(try await store.claim(now: clock.now).entries.first { $0.messageID == "a1" })
        try await store.finish(again, .retry(at: clock.now + .seconds(3600)), status: 503, at: later)
        #expect(try await store.endpoints().first?.oldestUnsettled == later)
        await store.close()
    }

    @Test func aLaterMessageOfACallWaitsForTheEarlierAndOtherCallsDoNot() async throws {
        let store = try open()
        try await store.enqueue([
            draft("a1", call: "a", sequence: 1), draft("a2", call: "a", sequence: 2), draft("b1", call: "b"),
            draft("a3", call: "a", sequence: 3), draft("a1", call: "a", sequence: 1, endpoint: "other"),
        ])
        var claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map(\.messageID) == ["a1", "b1"])
        #expect(try await store.claim("other", now: clock.now).entries.map(\.messageID) == ["a1"])
        let a1 = claim.entries[0]
        try await store.finish(a1, .retry(at: clock.now + .seconds(5)), status: 503, at: clock.now)
        claim = try await store.claim(now: clock.now)
        #expect(claim.entries.isEmpty)
        #expect(claim.nextDue == clock.now + .seconds(5))
        clock.advance(by: .seconds(5))
        claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map(\.messageID) == ["a1"])
        #expect(claim.entries.map(\.attempts) == [1])
        try await store.finish(claim.entries[0], .dead, status: 500, at: clock.now)
        claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map(\.messageID) == ["a2"], "a dead letter blocks nobody")
        try await store.finish(claim.entries[0], .delivered, at: clock.now)
        #expect(try await store.claim(now: clock.now).entries.map(\.messageID) == ["a3"])
        let shown = try await store.query.deliveries(ofCall: "a").filter { $0.endpoint == "crm" }
        #expect(shown.map(\.state) == [.dead, .delivered, .ready])
        #expect(shown[0].attempts.map(\.status) == [503, 500])
        #expect(shown[0].attempts[0].error == "http_5xx")
        #expect(shown[0].attempts[0].duration == .milliseconds(12))
        #expect(shown[0].attempts[0].response == Array("answer".utf8))
        #expect(shown[0].lastStatus == 500)
        await store.close()
    }

    @Test func aLeaseThatIsNeverAnsweredEnds() async throws {
        let store = try open()
        _ = try await store.commit([commit(1)])
        let first = try await store.claim(now: clock.now).entries[0]
        clock.advance(by: .seconds(59))
        #expect(try await store.claim(now: clock.now).entries.isEmpty)
        clock.advance(by: .seconds(1))
        let second = try await store.claim(now: clock.now).entries[0]
        #expect(second == first)
        // Both answer: the message is delivered once, and both attempts are kept.
        try await store.finish(second, .delivered, at: clock.now)
        try await store.finish(first, .retry(at: clock.now), status: 500, at: clock.now)
        let shown = try await store.query.deliveries(matching: .init())
        #expect(shown.map(\.state) == [.delivered])
        #expect(shown.map(\.attemptCount) == [2])
        #expect(try await store.claim(now: clock.now).entries.isEmpty)
        await store.close()
    }

    @Test func whatIsGivenBackUntriedCanBeClaimedAgain() async throws {
        let store = try open()
        _ = try await store.commit([commit(1), commit(2)])
        let claim = try await store.claim(now: clock.now)
        await store.release(claim.entries.map(\.id))
        #expect(try await store.claim(now: clock.now).entries == claim.entries)
        await store.close()
    }

    @Test func aPausedEndpointKeepsEverythingAndSurvivesARestart() async throws {
        var store = try open()
        _ = try await store.commit([commit(1)])
        let asked = clock.now - .seconds(2)
        try await store.setEndpoint("crm", .paused, reason: "maintenance", now: asked)
        _ = try await store.commit([commit(2)])
        #expect(try await store.claim(now: clock.now) == Claim())
        await store.close()
        store = try open()
        _ = try await store.commit([commit(3)])
        #expect(try await store.claim(now: clock.now) == Claim())
        var status = try #require(try await store.endpoints().first)
        #expect((status.condition, status.reason, status.ready) == (.paused, "maintenance", 3))
        #expect(status.since == asked)
        try await store.setEndpoint("crm", .active, reason: "", now: clock.now)
        #expect(try await store.claim(now: clock.now).entries.count == 3)
        status = try #require(try await store.endpoints().first)
        #expect(status.condition == .active)
        await store.close()
    }

    @Test func aDeadLetterIsSentAgainOnRequestWithANewListOfAttempts() async throws {
        let store = try open()
        _ = try await store.commit([commit(1)])
        let entry = try await store.claim(now: clock.now).entries[0]
        try await store.finish(entry, .retry(at: clock.now), status: 500, at: clock.now)
        try await store.finish(entry, .dead, status: 500, at: clock.now)
        #expect(try await store.query.deliveries(matching: .init(state: .dead)).count == 1)
        #expect(try await store.retry(ids: [entry.messageID, "unknown"], now: clock.now) == 1)
        let again = try await store.claim(now: clock.now).entries[0]
        #expect((again.messageID, again.attempts) == (entry.messageID, 0))
        try await store.finish(again, .delivered, at: clock.now)
        let shown = try await store.query.deliveries(ofCall: entry.callID)
        #expect(shown[0].attempts.map(\.status) == [500, 500, 200])
        #expect(try await store.retry(ids: [String(entry.id)], now: clock.now) == 1, "by row number")
        #expect(try await store.retry(ids: [entry.callID], now: clock.now) == 1, "by call")
        #expect(try await store.claim(now: clock.now).entries.map(\.messageID) == [entry.messageID])
        await store.close()
    }

    @Test func aReplayIsSpreadOverTimeAndKeepsTheOrderOfACall() async throws {
        let store = try open()
        try await store.enqueue([
            draft("a1", call: "a", sequence: 1), draft("a2", call: "a", sequence: 2), draft("b1", call: "b"),
            draft("c1", call: "c", endpoint: "other"),
        ])
        for endpoint in ["crm", "crm", "other"] {
            for entry in try await store.claim(endpoint, now: clock.now).entries {
                try await store.finish(entry, .delivered, at: clock.now)
            }
        }
        clock.advance(by: .seconds(60))
        _ = try await store.commit([commit(7)])
        let count = try await store.replay(
            since: clock.now - .seconds(60), until: clock.now, endpoint: "crm", perSecond: 1, now: clock.now)
        #expect(count == 3)
        #expect(try await store.claim("other", now: clock.now).entries.isEmpty)
        var claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map(\.messageID) == ["pbx1-1795227467.14.complete"], "still at hand")
        #expect(try #require(claim.nextDue) <= clock.now, "and there is more")
        claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map(\.messageID) == ["a1"])
        #expect(claim.nextDue == clock.now + .seconds(2))
        let a1 = claim.entries[0]
        try await store.finish(a1, .delivered, at: clock.now)
        clock.advance(by: .seconds(1))
        claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map(\.messageID) == ["a2"])
        clock.advance(by: .seconds(1))
        #expect(try await store.claim(now: clock.now).entries.map(\.messageID) == ["b1"])
        await store.close()
    }

    @Test func aBacklogIsReadInPagesTheLongestDueFirst() async throws {
        var store = try open()
        for n in 0..<1500 {
            if n % 100 == 0 { clock.advance(by: .seconds(1)) }
            _ = try await store.commit([commit(n, due: clock.now)])
        }
        await store.close()
        store = try open()
        var seen: [String] = []
        var latest = epoch
        while true {
            let claim = try await store.claim(limit: 7, now: clock.now)
            if claim.entries.isEmpty { break }
            for entry in claim.entries {
                #expect(entry.dueAt >= latest)
                latest = entry.dueAt
                seen.append(entry.messageID)
            }
        }
        #expect(seen.count == 1500)
        #expect(Set(seen).count == 1500)
        await store.close()
    }

    @Test func anEmptyBodyAndBytesThatAreNoTextComeBackAsTheyWere() async throws {
        var store = try open()
        var odd = draft("odd", call: "odd")
        odd.body = [0, 255, 0xC3, 0x28, 10]
        try await store.enqueue([draft("empty", call: "empty", body: ""), odd])
        await store.close()
        store = try open()
        let claim = try await store.claim(now: clock.now)
        #expect(claim.entries.map(\.body) == [[], odd.body])
        #expect(try await store.query.body(ofMessage: claim.entries[1].id) == odd.body)
        #expect(try await store.query.body(ofMessage: 99) == nil)
        await store.close()
    }

    @Test(arguments: [-3600, 3600])
    func aClockThatIsSetEndsNoLeaseAndMovesWhatWaits(step: Int) async throws {
        // The machine's uptime stands still while its clock is set.
        let store = try CallStore(
            .init(folder: scratch.state, clock: clock.read, uptime: { .seconds(100) }))
        _ = try await store.commit((1...4).map { commit($0, due: clock.now) })
        let lent = try await store.claim(limit: 2, now: clock.now).entries
        let tried = try await store.claim(limit: 1, now: clock.now).entries
        try await store.finish(tried[0], .retry(at: clock.now + .seconds(30)), at: clock.now)
        clock.advance(by: .seconds(step))
        try await store.clockWasSet(by: .seconds(step))
        let now = try await store.claim(now: clock.now)
        #expect(now.entries.count == 1, "the one that was never lent; \(lent.count) are on their way")
        #expect(try await store.claim(now: clock.now).nextDue == clock.now + .seconds(30))
        #expect(try await store.claim(now: clock.now + .seconds(30)).entries.map(\.id) == tried.map(\.id))
        await store.close()
    }
}
