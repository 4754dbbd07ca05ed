import Storage
import Telephony
import Testing

@Suite struct CallStoreTests {
    let scratch: Scratch
    let clock = ManualClock()
    init() throws { scratch = try Scratch() }

    func open() throws(StorageError) -> CallStore {
        try CallStore(.init(folder: scratch.state, clock: clock.read, uptime: clock.uptime))
    }

    @Test func aCommittedCallIsFoundByEveryIdItHas() async throws {
        let store = try open()
        let call = sampleCall(1)
        #expect(try await store.commit([CallCommit(call)]) == [.added])
        for id in [call.record.id, "1795227461.2", "1795227461.3"] {
            let found = try #require(try await store.query.call(withAnyID: id), "by \(id)")
            #expect(found.recordJSON == call.record.json)
            #expect(found.evidence == call.evidence)
            #expect(found.storedAt == clock.now)
        }
        #expect(try await store.query.call(withAnyID: "1795227461.4") == nil)
        await store.close()
    }

    @Test func theSameCallAgainAddsNeitherRecordNorMessage() async throws {
        let store = try open()
        #expect(try await store.commit([commit(1)]) == [.added])
        var again = commit(1, endpoints: ["crm", "other"])
        again.call.record.notes = ["a second reading"]
        #expect(try await store.commit([again, commit(2), commit(2)]) == [.known, .added, .known])
        #expect(try await store.query.calls(matching: .init()).count == 2)
        #expect(try await store.query.deliveries(matching: .init()).count == 2)
        await store.close()
    }

    @Test("Asterisk's files give a consultation a call of its own: where it is a leg of a known call, nothing is added")
    func missed() async throws {
        let store = try open()
        _ = try await store.commit([commit(1)])
        var consultation = commit(7)
        consultation.kind = .missed
        consultation.call.record.uniqueID = try #require(sampleCall(1).record.legs.last?.uniqueID)
        var elsewhere = CallCommit(sampleCall(1, system: "pbx2"), kind: .missed)
        elsewhere.call.record.uniqueID = consultation.call.record.uniqueID
        var again = commit(1)
        again.kind = .missed
        #expect(try await store.commit([consultation, elsewhere, again]) == [.known, .added, .known])
        await store.close()
    }

    @Test func anAmendmentReplacesTheRecordAndAddsOnlyNewMessages() async throws {
        let store = try open()
        _ = try await store.commit([commit(1)])
        clock.advance(by: .seconds(5))
        var call = sampleCall(1)
        call.record.notes = ["recording settled"]
        let id = call.record.id
        let amended = CallCommit(
            call, kind: .amendment,
            outbox: [draft("\(id).complete", call: id), draft("\(id).recording", call: id, sequence: 200)])
        #expect(try await store.commit([amended]) == [.amended])
        let found = try #require(try await store.query.call(withAnyID: id))
        #expect(found.recordJSON == call.record.json)
        #expect(found.amendedAt == clock.now)
        #expect(try await store.query.calls(matching: .init()).count == 1)
        #expect(try await store.query.deliveries(ofCall: id).map(\.messageID) == ["\(id).complete", "\(id).recording"])
        #expect(try await store.commit([CallCommit(sampleCall(9), kind: .amendment)]) == [.added])
        await store.close()
    }

    /// Its ids, too: one of a leg that the record has no more would lead to it, and stay when retention takes the call.
    @Test func anAmendedCallIsFoundByTheLegsItHasNow() async throws {
        let store = try open()
        _ = try await store.commit([commit(1), commit(2)])
        var call = sampleCall(1)
        let gone = call.record.legs.removeLast().uniqueID
        let new = UniqueID("1795227999.77")
        call.record.legs.append(
            .init(uniqueID: new, channel: ChannelName("PJSIP/1002-00000077"), role: .callee, startedAt: epoch))
        #expect(try await store.commit([CallCommit(call, kind: .amendment)]) == [.amended])
        #expect(try await store.query.call(withAnyID: gone.description) == nil)
        for id in [new.description, call.record.uniqueID.description, call.record.linkedID.description] {
            #expect(try await store.query.call(withAnyID: id)?.recordJSON == call.record.json)
        }
        #expect(try await store.query.call(withAnyID: sampleCall(2).record.legs[1].uniqueID.description) != nil)
        await store.close()
    }

    @Test func whatWaitsIsNotedWithItsRecordAndTheNoteGoesWithTheAmendment() async throws {
        var store = try open()
        let first = commit(1, kind: .waiting(note: [1, 2, 3]))
        #expect(try await store.commit([first]) == [.added])
        await store.close()
        store = try open()
        let id = sampleCall(1).record.id
        #expect(try await store.openCalls().map(\.id) == [id])
        #expect(try await store.openCalls().map(\.snapshot) == [[1, 2, 3]])
        #expect(try await store.query.call(withAnyID: id) != nil)
        // Told again after a kill: the same, and still waiting.
        #expect(try await store.commit([first]) == [.known])
        #expect(try await store.openCalls().map(\.id) == [id])
        var settled = sampleCall(1)
        settled.record.notes = ["settled"]
        #expect(try await store.commit([CallCommit(settled, kind: .amendment)]) == [.amended])
        #expect(try await store.openCalls().isEmpty)
        await store.close()
    }

    @Test func anAmendmentThatSaysTheSameChangesNothingButAddsItsMessages() async throws {
        let store = try open()
        _ = try await store.commit([commit(1)])
        let id = sampleCall(1).record.id
        let again = CallCommit(sampleCall(1), kind: .amendment, outbox: [draft("\(id).late", call: id, sequence: 200)])
        #expect(try await store.commit([again]) == [.known])
        #expect(try await store.query.call(withAnyID: id)?.amendedAt == nil)
        #expect(try await store.query.deliveries(ofCall: id).map(\.messageID) == ["\(id).complete", "\(id).late"])
        await store.close()
    }

    @Test func callsAreListedNewestFirstAndFiltered() async throws {
        let store = try open()
        var busy = sampleCall(3, from: "442071234567")
        busy.record.disposition = .busy
        busy.record.agents = []
        busy.record.agent = nil
        _ = try await store.commit([
            CallCommit(sampleCall(2)), CallCommit(busy), CallCommit(sampleCall(1, system: "pbx2")),
        ])
        func ids(_ filter: CallFilter) async throws -> [String] {
            try await store.query.calls(matching: filter).map {
                try #require(try JSONValue(parsing: $0.recordJSON)["id"]?.string)
            }
        }
        let (one, two, three) = ("pbx2-1795227461.2", "pbx1-1795227462.4", "pbx1-1795227463.6")
        #expect(try await ids(.init()) == [three, two, one])
        #expect(try await ids(.init(limit: 2)) == [three, two])
        #expect(try await ids(.init(since: epoch + .seconds(2))) == [three, two])
        #expect(try await ids(.init(until: epoch + .seconds(2))) == [one])
        #expect(try await ids(.init(disposition: .busy)) == [three])
        #expect(try await ids(.init(system: "pbx2")) == [one])
        #expect(try await ids(.init(agent: "Bert")) == [two, one])
        #expect(try await ids(.init(number: "442071234567")) == [three])
        #expect(try await ids(.init(number: "2071234567")) == [three])
        #expect(try await ids(.init(number: "4567")).isEmpty, "four digits are an extension of their own")
        #expect(try await ids(.init(after: 1)) == [three, one])
        await store.close()
    }

    @Test func callsInProgressOutliveTheDaemonUntilTheirRecordIsWritten() async throws {
        var store = try open()
        let call = sampleCall(1)
        let open1 = OpenCall(
            id: call.record.id, system: "pbx1", linkedID: call.record.linkedID, startedAt: call.record.startedAt,
            snapshot: [1, 2, 3])
        var open2 = open1
        open2.id = "pbx1-other"
        open2.startedAt = epoch
        try await store.noteOpen([open1, open2])
        await store.close()
        store = try open()
        #expect(try await store.openCalls() == [open2, open1])
        _ = try await store.commit([CallCommit(call)])
        #expect(try await store.openCalls() == [open2])
        try await store.forgetOpen(ids: ["pbx1-other"])
        #expect(try await store.openCalls().isEmpty)
        await store.close()
    }

    @Test func aThousandCommitsAtOnceShareTransactionsAndAllAreThere() async throws {
        let store = try open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for n in 0..<1000 {
                group.addTask {
                    let outcome = try await store.commit([commit(n)])
                    #expect(outcome == [.added])
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.query.calls(matching: .init(limit: nil)).count == 1000)
        let totals = await store.totals
        #expect(totals.writes == 1000)
        #expect(totals.commits < 1000)
        await store.close()
    }

    @Test func aClosedStoreSaysSoAndItsFolderIsFree() async throws {
        let store = try open()
        await store.close()
        await store.close()
        await #expect { try await store.commit([commit(1)]) } throws: { ($0 as? StorageError)?.code == .closed }
        let next = try open()
        await next.close()
    }

    @Test func anotherProcessReadsWhileTheDaemonWrites() async throws {
        let store = try open()
        let reader = StoreReader(folder: scratch.state)
        _ = try await store.commit([commit(1)])
        #expect(try await reader.calls(matching: .init()).count == 1)
        _ = try await store.commit([commit(2)])
        #expect(try await reader.calls(matching: .init()).count == 2)
        #expect(try await reader.endpoints().map(\.ready) == [2])
        await store.close()
        await #expect { try await StoreReader(folder: scratch.path).calls(matching: .init()) } throws: {
            ($0 as? StorageError)?.code == .missing
        }
    }
}
