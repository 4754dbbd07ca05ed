import Dispatch
import EventLoop
import Glibc
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import TestGround
import Testing

@testable import Delivery

/// Real loopback sockets, the real store, the real clock.
@Suite(.timeLimit(.minutes(20))) struct DeliveryEngineTests {
    @Test func `a call is posted once, signed, with the contract's headers`() async throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        let crm = try endpoint(
            at: sink, ("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, plain"), ("header.X-Api-Key", "k1"))
        try await Bench.run([crm]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.untilDelivered(1)
            let request = try #require(sink.requests.first)
            #expect(sink.requests.count == 1)
            #expect(request.method == "POST" && request.target == "/hook")
            #expect(request.headers["content-type"] == "application/json")
            #expect(request.headers["user-agent"] == "hookswitch/test")
            #expect(request.headers["hookswitch-attempt"] == "1")
            #expect(request.headers["x-api-key"] == "k1")
            #expect(request.headers["expect"] == nil)
            let event = WebhookEvent(.callComplete, of: calls(1)[0], at: calls(1)[0].endedAt)
            #expect(request.headers["webhook-id"] == event.id)
            let stamp = try #require(request.headers["webhook-timestamp"].flatMap { Int64($0) })
            #expect(abs(stamp - CallStore.wallClock().seconds) < 60)
            #expect(
                request.headers["webhook-signature"]
                    == WebhookSignature.header(id: event.id, timestamp: stamp, body: request.body, secrets: crm.secrets)
            )
            let json = try JSONValue(parsing: request.body)
            #expect(json["id"]?.string == event.id)
            #expect(json["data"] == (try JSONValue(parsing: calls(1)[0].json)))
        }
    }

    @Test(arguments: [0, 1, 2, 3])
    func `what is made ready while a message is written is sent only where it is that message`(kind: Int) async throws {
        let sink = WebhookSink { .status($0.number == 1 ? 500 : 200) }
        defer { sink.stop() }
        let crm = try endpoint(at: sink, ("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), ("retry", "20ms"))
        try await Bench.run([crm]) { bench in
            let records = calls(2)
            func drafts(_ record: CallRecord) -> [OutboxDraft] {
                bench.engine.drafts(for: WebhookEvent(.callComplete, of: record, at: record.endedAt))
            }
            switch kind {
            case 0: bench.engine.expect(drafts(records[0]) + drafts(records[1]))
            case 1: bench.engine.expect(drafts(records[1]))
            case 2:
                var other = drafts(records[0])
                other[0].body = Array("{}".utf8)
                bench.engine.expect(other)
            default:
                bench.engine.expect(drafts(records[1]))
                bench.engine.expect(drafts(records[0]))
            }
            for record in records { try await bench.commit([record]) }
            await bench.witness.untilDelivered(2)
            // The second request, whichever call's, is refused once.
            #expect(
                sink.requests.map { $0.headers["hookswitch-attempt"] }.sorted { $0 ?? "" < $1 ?? "" } == [
                    "1", "1", "2",
                ])
            for record in records {
                let event = WebhookEvent(.callComplete, of: record, at: record.endedAt)
                let requests = sink.requests.filter { $0.headers["webhook-id"] == event.id }
                #expect(!requests.isEmpty)
                for request in requests {
                    #expect(try JSONValue(parsing: request.body)["data"] == (try JSONValue(parsing: record.json)))
                    let stamp = try #require(request.headers["webhook-timestamp"].flatMap { Int64($0) })
                    #expect(
                        request.headers["webhook-signature"]
                            == WebhookSignature.header(
                                id: event.id, timestamp: stamp, body: request.body, secrets: crm.secrets))
                }
            }
        }
    }

    @Test func `a failed delivery is tried again with the same id, and the attempts are kept`() async throws {
        let sink = WebhookSink { [.status(500), .status(404, body: "no such hook"), .status(200)][min($0.number, 2)] }
        defer { sink.stop() }
        let folder = TemporaryFolder()
        try await Bench.run([try endpoint(at: sink, ("retry", "20ms, 20ms, 1h"))], folder: folder) { bench in
            try await bench.commit(calls(1))
            await bench.witness.untilDelivered(1)
            #expect(sink.requests.map { $0.headers["hookswitch-attempt"] } == ["1", "2", "3"])
            #expect(Set(sink.requests.map { $0.headers["webhook-id"] }).count == 1)
            #expect(Set(sink.requests.map(\.text)).count == 1)
            #expect(bench.witness.events.map(\.error) == ["http_5xx", "http_4xx", nil])
        }
        let store = try CallStore(.init(folder: folder.path))
        let kept = try await store.query.deliveries(ofCall: calls(1)[0].id)
        #expect(kept.map(\.state) == [.delivered])
        #expect(kept.first?.attempts.map(\.status) == [500, 404, 200])
        #expect(kept.first?.attempts[1].response == Array("no such hook".utf8))
        await store.close()
    }

    @Test(arguments: [
        (WebhookSink.Reply.cutShort(200), "broke off its answer of 200 (connection_lost)"),
        (.status(503), "answered 503"), (.close, "gave no answer (connection_lost: Empty reply from server)"),
    ])
    func `an alert says what the receiver did, in words that tell what is wrong`(
        reply: WebhookSink.Reply, words: String
    ) async throws {
        let sink = WebhookSink { _ in reply }
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink, ("retry", "none"))]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.until { _, alerts in alerts.count == 2 }
            #expect(
                bench.witness.alerts.map(\.message) == [
                    "\(words); deliveries are retried, then kept as dead letters",
                    "a message is given up (\(words)); see: hookswitch deliveries --state dead",
                ])
        }
    }

    @Test(arguments: [
        (WebhookSink.Reply.reset, "connection_lost"), (.close, "connection_lost"), (.cutShort(200), "connection_lost"),
        (.raw("SSH-2.0-OpenSSH_9.2\r\n"), "malformed_answer"), (.hang, "timeout"),
        (.status(302, headers: ["Location: http://127.0.0.1:1/"]), "redirect"),
        (.dribble(.milliseconds(20)), "timeout"), (.endlessHeaders, "connection_lost"),
    ])
    func `a receiver in trouble is a failure with its name, and the next attempt delivers`(
        reply: WebhookSink.Reply, label: String
    ) async throws {
        let sink = WebhookSink { $0.headers["hookswitch-attempt"] == "1" ? reply : .status(204, body: "") }
        defer { sink.stop() }
        // Only what is to be too late is given little time: a slow machine is no timeout. On a very busy one the attempt after it may
        // be too late as well, and then another follows.
        let isTimed = label == "timeout"
        let retry = Array(repeating: "10ms", count: isTimed ? 20 : 1).joined(separator: ", ")
        let crm = try endpoint(at: sink, ("retry", retry), ("timeout", isTimed ? "2s" : "60s"))
        try await Bench.run([crm]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.untilDelivered(1)
            let errors = bench.witness.events.map(\.error)
            #expect(errors.first == label && errors.last == .some(nil))
            if isTimed { #expect(errors.dropLast().allSatisfy { $0 == label }) } else { #expect(errors.count == 2) }
        }
    }

    @Test func `nobody at the port and no such host are failures of their own`() async throws {
        let port = ClosedPort()
        let gone = try EndpointConfiguration(
            name: "gone", entries: [.init("url", "http://127.0.0.1:\(port.number)/"), .init("retry", "none")])
        // Longer than a name can be: that no name server has it is known without asking one, which takes as long as it likes.
        let noHost = String(repeating: "x", count: 64) + ".invalid"
        let lost = try EndpointConfiguration(
            name: "lost", entries: [.init("url", "http://\(noHost)/"), .init("retry", "none")])
        try await Bench.run([gone, lost]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.until { events, _ in events.count == 2 }
            let labels = Dictionary(uniqueKeysWithValues: bench.witness.events.map { ($0.endpoint, $0.error) })
            #expect(labels == ["gone": "connection_refused", "lost": "name_lookup"])
            withExtendedLifetime(port) {}
        }
    }

    @Test func `100 MB of answer are not read, the status counts, and the start of it is kept`() async throws {
        let sink = WebhookSink { _ in .huge(200, bytes: 100_000_000) }
        defer { sink.stop() }
        let folder = TemporaryFolder()
        try await Bench.run([try endpoint(at: sink)], folder: folder) { bench in
            try await bench.commit(calls(1))
            await bench.witness.untilDelivered(1)
            // What is on its way is less than a tenth of it.
            #expect(sink.sentCount < 10_000_000)
        }
        let store = try CallStore(.init(folder: folder.path))
        let response = try await store.query.deliveries(ofCall: calls(1)[0].id).first?.attempts.first?.response
        #expect(response == [UInt8](repeating: 120, count: Attempt.responseLimit))
        await store.close()
    }

    @Test func `connections are kept: 200 messages use no more than four`() async throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink)]) { bench in
            try await bench.commit(calls(200))
            await bench.witness.untilDelivered(200)
            #expect(sink.connectionCount <= 4)
            #expect(Set(sink.requests.map { $0.headers["webhook-id"] }).count == 200)
            #expect(sink.requests.count == 200)
        }
    }

    @Test func `a receiver that closes after each answer loses nothing and gets each message once`() async throws {
        let sink = WebhookSink { _ in .thenClose(200) }
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink, ("retry", "10ms, 10ms, 10ms"))]) { bench in
            try await bench.commit(calls(100))
            await bench.witness.untilDelivered(100)
            #expect(Set(sink.requests.map { $0.headers["webhook-id"] }).count == 100)
        }
    }

    @Test func `an endpoint that hangs costs the other nothing`() async throws {
        let dead = WebhookSink { _ in .hang }
        let well = WebhookSink()
        defer {
            dead.stop()
            well.stop()
        }
        let endpoints = [
            try endpoint(at: dead, name: "dead"), try endpoint(at: well, name: "well"),
        ]
        try await Bench.run(endpoints) { bench in
            try await bench.commit(calls(300))
            await bench.witness.untilDelivered(300, by: "well")
            // Not one of the live one's deliveries waited for the dead one: all of them are done, and no attempt there has ended.
            #expect(bench.engine.inFlight["dead"] == 4)
            #expect(bench.witness.events.allSatisfy { $0.endpoint == "well" })
            await bench.engine.stop(within: .milliseconds(10))
        }
    }

    @Test func `410 disables the endpoint; its messages are kept, and go out when it is resumed`() async throws {
        let isBack = Mutex(false)
        let sink = WebhookSink { _ in .status(isBack.withLock { $0 } ? 200 : 410) }
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink, ("concurrency", "1"))]) { bench in
            try await bench.commit(calls(3))
            await bench.witness.until { events, _ in events.contains { $0.verdict == .kept } }
            // News that comes while the store is still being told.
            bench.engine.signal(["crm"])
            await bench.witness.until { _, alerts in alerts.contains { $0.kind == .endpointDisabled } }
            try await bench.commit(calls(2, from: 3))
            let asked = sink.requests.count
            #expect(asked == 1)
            isBack.withLock { $0 = true }
            try await bench.set("crm", .active)
            await bench.witness.untilDelivered(5)
            #expect(sink.requests.count == asked + 5)
        }
    }

    @Test func `Retry-After of a 429 holds the whole endpoint, and no longer`() async throws {
        let sink = WebhookSink { $0.number == 0 ? .status(429, headers: ["Retry-After: 1"]) : .status(200) }
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink, ("retry", "10ms, 10ms"), ("concurrency", "1"))]) { bench in
            try await bench.commit(calls(5))
            await bench.witness.untilDelivered(5)
            let events = bench.witness.events
            #expect(events[0].status == 429)
            let quiet = events[1].at - events[0].at
            #expect(quiet >= .seconds(1) && quiet < .seconds(60))
        }
    }

    @Test func `what is given up is a dead letter, kept, told of, and sent again on request with the same id`()
        async throws
    {
        let isBack = Mutex(false)
        let sink = WebhookSink { _ in .status(isBack.withLock { $0 } ? 200 : 500) }
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink, ("retry", "10ms"))]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.until { _, alerts in alerts.contains { $0.kind == .deadLetter } }
            #expect(bench.witness.events.map(\.verdict).last == .deadLetter)
            #expect(bench.witness.paged.map(\.kind) == [.endpointFailing, .deadLetter])
            isBack.withLock { $0 = true }
            let id = bench.witness.events[0].messageID
            // The dead letter is on disk when its result has been written, which follows the event.
            var found = 0
            while found == 0 {
                let dead = try await bench.store.query.deliveries(matching: .init(state: .dead))
                if !dead.isEmpty { found = try await bench.store.retry(ids: [id], now: CallStore.wallClock()) }
            }
            await bench.witness.untilDelivered(1)
            #expect(Set(sink.requests.map { $0.headers["webhook-id"] }) == [id])
        }
    }

    @Test func `pending work is taken up by a start at once, with the same ids`() async throws {
        let sink = WebhookSink { _ in .hang }
        let folder = TemporaryFolder()
        try await Bench.run([try endpoint(at: sink)], folder: folder) { bench in
            try await bench.commit(calls(20))
            await sink.received(4)
            // Graceful, but not for ever: what hangs is given back.
            await bench.engine.stop(within: .milliseconds(50))
            #expect(bench.witness.delivered.isEmpty)
        }
        let before = Set(sink.requests.compactMap { $0.headers["webhook-id"] })
        sink.stop()
        let second = WebhookSink()
        defer { second.stop() }
        let began = CallStore.wallClock()
        try await Bench.run([try endpoint(at: second)], folder: folder) { bench in
            await bench.witness.untilDelivered(20)
            // At once, and not when what the first start had claimed comes back by itself, after more than five minutes.
            #expect(bench.witness.events[0].at - began < .seconds(120))
        }
        let after = Set(second.requests.compactMap { $0.headers["webhook-id"] })
        #expect(after.count == 20 && before.isSubset(of: after))
        // A request that was cut off by the stop has not used up an attempt.
        #expect(second.requests.allSatisfy { $0.headers["hookswitch-attempt"] == "1" })
    }

    /// The fixture is the first release's own SQL; what it has pending goes out with the ids and bodies it was stored with.
    @Test func `what the first release left pending is delivered by this one, in order, with its own ids`() async throws
    {
        let sink = WebhookSink()
        defer { sink.stop() }
        let folder = TemporaryFolder()
        let fixture = "\(HookswitchTestKit.repository)/Tests/StorageTests/Fixtures/schema-1.sql"
        _ = try VerifierTests.run(
            "/usr/bin/env", ["python3", "-c", Self.load, fixture, "\(folder.path)/hookswitch.db"])
        try await Bench.run([try endpoint(at: sink)], folder: folder) { bench in
            await bench.witness.untilDelivered(2)
            #expect(sink.requests.map { $0.headers["webhook-id"] } == ["m1", "m2"])
            #expect(sink.requests.first?.text == "{\"n\":1}")
            // Two attempts had been made before the upgrade.
            #expect(sink.requests.map { $0.headers["hookswitch-attempt"] } == ["3", "1"])
            try await bench.commit(calls(1))
            await bench.witness.untilDelivered(3)
        }
        let store = try CallStore(.init(folder: folder.path))
        #expect(try await store.query.deliveries(ofCall: "pbx1-1795227461.2").allSatisfy { $0.state == .delivered })
        await store.close()
    }
    /// Python's SQLite, which knows nothing of Hookswitch, makes the database.
    private static let load =
        "import sqlite3,sys; c=sqlite3.connect(sys.argv[2]); c.executescript(open(sys.argv[1]).read())"

    @Test func `an address that is not allowed is never connected to`() async throws {
        // An address of its own: nobody who looks for a sink of another test comes here.
        let sink = WebhookSink(host: "127.62.1.1")
        defer { sink.stop() }
        let endpoints = [
            try endpoint(at: sink, name: "a", ("allow", "public"), ("retry", "none")),
            try EndpointConfiguration(
                name: "b",
                entries: [
                    .init("url", "http://[::ffff:127.62.1.1]:\(sink.port)/"), .init("allow", "public, private"),
                    .init("retry", "none"),
                ]),
            try EndpointConfiguration(
                name: "c",
                entries: [
                    .init("url", "http://localhost:\(sink.port)/"), .init("allow", "10.0.0.0/8"),
                    .init("retry", "none"),
                ]),
        ]
        try await Bench.run(endpoints) { bench in
            try await bench.commit(calls(1))
            await bench.witness.until { events, _ in events.count == 3 }
            #expect(bench.witness.events.map(\.error) == Array(repeating: "address_not_allowed", count: 3))
        }
        #expect(sink.connectionCount == 0)
        try await Bench.run([try endpoint(at: sink, ("allow", "loopback"))]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.untilDelivered(1)
        }
    }

    @Test
    func `a receiver that is down gets single probes, not the whole backlog, and all is delivered when it is back`()
        async throws
    {
        let isBack = Mutex(false)
        let sink = WebhookSink { _ in .status(isBack.withLock { $0 } ? 200 : 503) }
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink, ("retry", "100ms, 100ms, 1s, 1s, 1s, 1s"))]) { bench in
            try await bench.commit(calls(100))
            await bench.witness.until { _, alerts in alerts.contains { $0.kind == .breakerOpen } }
            await sink.received(14)
            // Ten failures opened it (with up to three more on their way); since then one at a time, a second apart.
            #expect(sink.requests.count <= 15)
            isBack.withLock { $0 = true }
            await bench.witness.untilDelivered(100)
            #expect(bench.witness.paged.map(\.kind) == [.endpointFailing, .breakerOpen, .endpointRecovered])
        }
    }

    /// The contract: every 401 and 403 raises an alert. The log has each; people are told at once, and of the rest together.
    @Test(arguments: [401, 403])
    func `each refused request is an alert: the first at once, the others in the log, and to people with their count`(
        status: Int
    ) async throws {
        let sink = WebhookSink { _ in .status(status) }
        let ops = WebhookSink()
        defer {
            sink.stop()
            ops.stop()
        }
        let endpoints = [
            try endpoint(at: sink, ("retry", "none"), ("concurrency", "1")),
            try endpoint(at: ops, name: "ops", ("events", "alert")),
        ]
        let kept = Mutex<[Alert]>([])
        try await Bench.run(endpoints, alertInterval: .seconds(2)) { bench in
            try await bench.commit(calls(5))
            await bench.witness.until { events, alerts in
                let summaries = alerts.filter { $0.message.contains("since the last alert") }
                return events.filter { $0.endpoint == "crm" }.count == 5 && summaries.count >= 2
            }
            await bench.witness.untilDelivered(bench.witness.paged.count, by: "ops")
            kept.withLock { $0 = bench.witness.alerts }
        }
        let refusals = kept.withLock { $0 }.filter { $0.kind == .unauthorized }
        for alert in refusals { #expect(alert.message.hasPrefix("answered \(status): the credentials are refused")) }
        #expect(refusals.first?.isRepeat == false)
        #expect(refusals.filter(\.isRepeat).count == 4)
        // Four times more, together or, on a slow machine, in parts.
        let summed = refusals.filter { !$0.isRepeat }.count - 1
        #expect((1...4).contains(summed))
        let bodies = try ops.requests.map { try JSONValue(parsing: $0.body) }
        #expect(bodies.allSatisfy { $0["type"]?.string == "alert" && $0["data"]?["subject"]?.string == "crm" })
        #expect(Set(bodies.compactMap { $0["data"]?["kind"]?.string }) == ["unauthorized", "dead_letter"])
    }

    @Test func `a receiver that fails every other time is told of at once, and not each time`() async throws {
        let sink = WebhookSink { $0.headers["hookswitch-attempt"] == "1" ? .status(500) : .status(200) }
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink, ("retry", "1ms"))], alertInterval: .seconds(3600)) { bench in
            for number in 0..<8 {
                try await bench.commit(calls(1, from: number))
                await bench.witness.untilDelivered(number + 1)
            }
            #expect(bench.witness.paged.map(\.kind) == [.endpointFailing])
            #expect(bench.witness.alerts.map(\.kind) == Array(repeating: .endpointFailing, count: 8))
        }
    }

    @Test func `a disposition without a word is told of on first sight, once`() async throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink, ("disposition.NI", "Closed Lost"))]) { bench in
            try await bench.commit(calls(10))
            await bench.witness.untilDelivered(10)
            #expect(bench.witness.alerts.map(\.kind) == [.unmappedDisposition])
            #expect(bench.witness.alerts[0].message.contains("UNMAPPED disposition SALE of campaign SPRING"))
        }
    }

    @Test func `a paused endpoint keeps every event and sends them when resumed`() async throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink)]) { bench in
            try await bench.set("crm", .paused)
            try await bench.commit(calls(30))
            let held = try await bench.store.endpoints().first { $0.name == "crm" }
            #expect(held?.ready == 30 && held?.condition == .paused)
            #expect(sink.requests.isEmpty)
            try await bench.set("crm", .active)
            await bench.witness.untilDelivered(30)
        }
    }

    @Test func `a pause ends the sending at once: what was claimed is kept, and goes out in order when resumed`()
        async throws
    {
        let gate = DispatchSemaphore(value: 0)
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let sink = WebhookSink { request in
            if request.number == 0 {
                arrival.finish()
                gate.wait()
            }
            return .status(200)
        }
        defer {
            gate.signal()
            sink.stop()
        }
        try await Bench.run([try endpoint(at: sink, ("concurrency", "1"))]) { bench in
            try await bench.commit(calls(30))
            for await _ in arrived {}
            try await bench.set("crm", .paused)
            gate.signal()
            await bench.witness.untilDelivered(1)
            // The driver has been asked for its next step by now.
            #expect(bench.engine.inFlight == ["crm": 0])
            #expect(sink.requests.count == 1)
            try await bench.set("crm", .active)
            await bench.witness.untilDelivered(30)
            #expect(bench.witness.delivered.map(\.callID) == calls(30).map(\.id))
            #expect(sink.requests.count == 30)
        }
    }

    @Test func `an OAuth 2 token is fetched once, used by all, and renewed when it is refused`() async throws {
        let valid = Mutex("first")
        let issued = Mutex(0)
        let identity = WebhookSink { request in
            guard request.headers["authorization"] == "Basic aWQlM0ExOnMlMjYx",
                request.text == "grant_type=client_credentials&scope=calls+write"
            else { return .status(401) }
            issued.withLock { $0 += 1 }
            return .status(
                200,
                body: "{\"access_token\":\"\(valid.withLock { $0 })\",\"token_type\":\"Bearer\",\"expires_in\":3600}")
        }
        let sink = WebhookSink { request in
            request.headers["authorization"] == "Bearer \(valid.withLock { $0 })" ? .status(200) : .status(401)
        }
        defer {
            identity.stop()
            sink.stop()
        }
        let crm = try endpoint(
            at: sink, ("oauth2_token_url", identity.url), ("oauth2_client_id", "id:1"), ("oauth2_client_secret", "s&1"),
            ("oauth2_scope", "calls write"), ("retry", "10ms, 10ms"), ("concurrency", "2"))
        try await Bench.run([crm]) { bench in
            try await bench.commit(calls(20))
            await bench.witness.untilDelivered(20)
            #expect(issued.withLock { $0 } == 1)
            valid.withLock { $0 = "second" }
            try await bench.commit(calls(10, from: 20))
            await bench.witness.untilDelivered(30)
            #expect(issued.withLock { $0 } == 2)
        }
    }

    /// Tokens that carry claims of their own grow long: JSON Web Tokens of many roles come to tens of kilobytes.
    @Test func `a token may be long`() async throws {
        let token = String(repeating: "x", count: 20_000)
        let identity = WebhookSink { _ in .status(200, body: "{\"access_token\":\"\(token)\",\"expires_in\":3600}") }
        let sink = WebhookSink { .status($0.headers["authorization"] == "Bearer \(token)" ? 200 : 401) }
        defer {
            identity.stop()
            sink.stop()
        }
        let crm = try endpoint(
            at: sink, ("oauth2_token_url", identity.url), ("oauth2_client_id", "id"), ("oauth2_client_secret", "s"),
            ("retry", "none"))
        try await Bench.run([crm]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.until { events, _ in events.count == 1 }
            #expect(bench.witness.events.map(\.verdict) == [.delivered])
        }
    }

    @Test func `a templated path and a GET arrive as written`() async throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        let post = try EndpointConfiguration(
            name: "post",
            entries: [
                .init("url", "http://127.0.0.1:\(sink.port)/leads/${variables.lead_id}/calls"),
                .init("body", "{\"n\":\"${caller.number}\"}"), .init("secret", "s"),
            ])
        let get = try EndpointConfiguration(
            name: "get",
            entries: [.init("url", "http://127.0.0.1:\(sink.port)/dispo?k=1"), .init("preset", "vicidial_get")])
        try await Bench.run([post, get]) { bench in
            try await bench.commit([sampleRecord()])
            await bench.witness.untilDelivered(2)
            let posted = try #require(sink.requests.first { $0.method == "POST" })
            #expect(posted.target == "/leads/4711/calls")
            #expect(posted.text == "{\"n\":\"09171234567\"}")
            let stamp = try #require(posted.headers["webhook-timestamp"].flatMap { Int64($0) })
            #expect(
                posted.headers["webhook-signature"]
                    == WebhookSignature.header(
                        id: posted.headers["webhook-id"]!, timestamp: stamp, body: posted.body, secrets: post.secrets))
            let got = try #require(sink.requests.first { $0.method == "GET" })
            #expect(
                got.target
                    == "/dispo?k=1&agent=6666&campaign=SPRING&dispo=SALE&first_name=&last_name=&lead_id=4711&phone=09171234567&recording=20261121-0217_6666&talk_time=68&uniqueid=1795227460.0&vendor_code=A-9"
            )
            #expect(got.body.isEmpty && got.headers["content-type"] == nil)
        }
    }

    @Test func `a proxy is asked for the whole URL`() async throws {
        let proxy = WebhookSink()
        defer { proxy.stop() }
        let crm = try EndpointConfiguration(
            name: "crm",
            entries: [
                .init("url", "http://crm.example.invalid/hook"), .init("proxy", "http://127.0.0.1:\(proxy.port)"),
            ])
        try await Bench.run([crm]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.untilDelivered(1)
            #expect(proxy.requests.map(\.target) == ["http://crm.example.invalid/hook"])
            #expect(proxy.requests[0].headers["host"] == "crm.example.invalid")
        }
    }

    @Test(arguments: [
        (WebhookSink.Reply.status(200), nil, ""), (.status(404), "http_4xx", "check url"),
        (.status(401), "http_4xx", "credentials"), (.status(301), "redirect", "never followed"),
        (.hang, "timeout", "answer first"), (.close, "connection_lost", "without an answer"),
    ])
    func `a probe says what was sent, what came back, and what to do`(
        reply: WebhookSink.Reply, error: String?, hint: String
    ) async throws {
        let sink = WebhookSink { _ in reply }
        defer { sink.stop() }
        // Short only where the wait is the point, and long enough for the question to arrive.
        let isSilent = if case .hang = reply { true } else { false }
        let crm = try endpoint(
            at: sink, ("timeout", isSilent ? "3s" : "60s"), ("header.X-Api-Key", "hunter2"), ("secret", "s"))
        let answer = try await EventLoop.withThread { loop in
            await DeliveryProbe(crm, version: "test").send(sampleEvent(), on: loop, now: CallStore.wallClock)
        }
        await sink.received(1)
        #expect(answer.attempt.error == error && answer.isDelivered == (error == nil))
        #expect(answer.hint.contains(hint) && answer.hint.isEmpty == (error == nil))
        #expect(answer.headers.contains("X-Api-Key: (not shown)") && !answer.headers.joined().contains("hunter2"))
        #expect(answer.body == sink.requests.first?.body)
        #expect(sink.requests.first?.headers["x-api-key"] == "hunter2")
    }

    /// The heart of it: whatever the receiver does, no call's events change places, none is lost, and a repeat has the id of
    /// its first.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `events of a call never change places, whatever fails`(seed: UInt64) async throws {
        let random = Mutex(SeededGenerator(seed: seed))
        let sink = WebhookSink { _ in
            random.withLock { random in
                switch Int.random(in: 0..<14, using: &random) {
                case 0: .status(500)
                case 1: .reset
                case 2: .close
                case 3: .cutShort(200)
                case 4: .after(.milliseconds(Int64.random(in: 1...20, using: &random)), .status(200))
                case 5: .thenClose(200)
                default: .status(200)
                }
            }
        }
        defer { sink.stop() }
        let types: [EventType] = [.callStarted, .callAnswered, .callEnded, .callComplete]
        let crm = try endpoint(
            at: sink, telling: types, retry: "5ms", times: 60, ("concurrency", "8"))
        try await Bench.run([crm]) { bench in
            try await bench.commit(calls(60), types)
            await bench.witness.untilDelivered(240)
            var done: [String: [String]] = [:]
            for event in bench.witness.delivered { done[event.callID, default: []].append(event.event) }
            #expect(done.count == 60)
            #expect(done.values.allSatisfy { $0 == types.map(\.rawValue) }, "seed \(seed)")
            // And as the receiver saw it: once a later event has come, no earlier one comes any more.
            var latest: [String: Int] = [:]
            for request in sink.requests {
                let json = try JSONValue(parsing: request.body)
                let call = try #require(json["data"]?["id"]?.string)
                let place = try #require(types.firstIndex { $0.rawValue == json["type"]?.string })
                #expect(place >= latest[call] ?? 0, "seed \(seed)")
                latest[call] = place
            }
        }
    }
}
