import EventLoop
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import Testing

@testable import Delivery

/// The section's lookup; fails the test where the section is wrong. Its timeout is one that no busy machine meets.
private func lookup(_ url: String, _ lines: (String, String)...) throws -> LookupConfiguration {
    let patience = lines.contains { $0.0 == "timeout" } ? [] : [EndpointConfiguration.Entry("timeout", "60s")]
    return try LookupConfiguration(
        name: "", line: 1,
        entries: [.init("url", url, line: 2)] + patience + lines.enumerated().map { .init($1.0, $1.1, line: $0 + 3) })
}

private func question(
    _ number: String? = "09171234567", dialled: String? = "0285550100",
    parameters: [LookupConfiguration.Variable] = []
) -> LookupQuestion {
    LookupQuestion(
        number: number, dialled: dialled, callerName: "Ana & \"Bo\"", uniqueID: UniqueID("1795227460.0"),
        channel: ChannelName("PJSIP/trunk-00000000"), parameters: parameters)
}

/// Asks the questions one after the other and gives what came of each.
private func answers(
    _ configuration: LookupConfiguration, _ questions: [LookupQuestion], budget: Duration = .seconds(60),
    clock: @escaping @Sendable () -> Instant = CallStore.wallClock, alerts: Witness = Witness()
) async throws -> [LookupOutcome] {
    try await EventLoop.withThread { loop in
        let crm = CRMLookup(
            configuration, budget: budget, on: loop, version: "test", now: clock, alerts: { alerts.tell($0) })
        defer { crm.close() }
        var outcomes: [LookupOutcome] = []
        for question in questions { outcomes.append(await crm.answer(question)) }
        return outcomes
    }
}

@Suite struct LookupTests {
    @Test func `what is asked is in the request, and what is answered comes back as variables`() async throws {
        let sink = WebhookSink { _ in
            .status(200, body: #"{"contact":{"name":"Ana\r\nCruz","vip":true,"debt":12.50,"tags":["a"]},"n":null}"#)
        }
        defer { sink.stop() }
        let configuration = try lookup(
            sink.url + "?phone=${number}&did=${dialled.raw}&list=${param.list}&who=${name}",
            ("country_code", "63"), ("header.X-Api-Key", "k"), ("bearer", "t"), ("set.CRM_NAME", "contact.name"),
            ("set.__CRM_VIP", "contact.vip"), ("set.CRM_DEBT", "contact.debt"), ("set.CRM_TAGS", "contact.tags"),
            ("set.CRM_NONE", "n"), ("default.CRM_NONE", "-"), ("default.CRM_VIP", "0"))
        let outcome = try await answers(configuration, [question(parameters: [.init("list", "a b")])])[0]
        #expect(
            outcome
                == .found([
                    .init("CRM_NAME", "AnaCruz"), .init("__CRM_VIP", "1"), .init("CRM_DEBT", "12.50"),
                    .init("CRM_TAGS", #"["a"]"#), .init("CRM_NONE", "-"),
                ]))
        let request = try #require(sink.requests.first)
        #expect(request.method == "GET")
        #expect(
            request.target == "/hook?phone=%2B639171234567&did=0285550100&list=a%20b&who=Ana%20%26%20%22Bo%22")
        #expect(request.headers["authorization"] == "Bearer t")
        #expect(request.headers["x-api-key"] == "k")
        #expect(request.headers["accept"] == "application/json")
        #expect(configuration.defaults == [.init("__CRM_VIP", "0"), .init("CRM_NONE", "-")])
    }

    /// The same account however the trunk writes its number (a plus in a query may have become a blank).
    @Test(arguments: ["+639171234567", "00639171234567", "09171234567", " 639171234567", "639171234567"])
    func `one caller is one question however the number is written`(number: String) async throws {
        let sink = WebhookSink { _ in .status(200, body: #"{"id":7}"#) }
        defer { sink.stop() }
        let configuration = try lookup(
            sink.url + "?a=${number}&b=${number.digits}", ("country_code", "63"), ("set.ID", "id"))
        #expect(try await answers(configuration, [question(number)]) == [.found([.init("ID", "7")])])
        #expect(sink.requests.first?.target == "/hook?a=%2B639171234567&b=639171234567")
    }

    @Test func `a body is escaped as its type wants it`() async throws {
        let sink = WebhookSink { _ in .status(200, body: #"{"id":"7"}"#) }
        defer { sink.stop() }
        let configuration = try lookup(
            sink.url, ("body", #"{"who":"${name}","number":"${number.raw}"}"#), ("found", "id"))
        #expect(try await answers(configuration, [question()]) == [.found([])])
        let request = try #require(sink.requests.first)
        #expect(request.method == "POST" && request.headers["content-type"] == "application/json")
        #expect(request.text == #"{"who":"Ana & \"Bo\"","number":"09171234567"}"#)
    }

    @Test func `what a caller calls himself stays one value, outside of quotes too`() async throws {
        let sink = WebhookSink { _ in .status(200, body: "{\"tags\":[\"a\u{9B}31m\"]}") }
        defer { sink.stop() }
        let configuration = try lookup(
            sink.url, ("body", #"{"who":${name},"list":${param.list},"n":[${number.raw}]}"#), ("set.TAGS", "tags"))
        // And a list that comes back has no control character, as a text has none.
        #expect(
            try await answers(configuration, [question("1,\"admin\":true")]) == [.found([.init("TAGS", #"["a31m"]"#)])])
        #expect(
            sink.requests.first?.text == #"{"who":"Ana & \"Bo\"","list":null,"n":["1,\"admin\":true"]}"#)
    }

    @Test(arguments: [
        (WebhookSink.Reply.status(404), LookupOutcome.notFound), (.status(204), .notFound),
        (.status(200, body: " \n"), .notFound), (.status(200, body: #"{"contact":null}"#), .notFound),
        (.status(200, body: #"{"contact":{"name":""}}"#), .notFound),
        (.status(500), .failed("the CRM answered 500")), (.status(302), .failed("the CRM answered 302")),
        (.status(200, body: "<html>"), .failed("not JSON at byte 0: a value expected")),
        (.huge(200, bytes: 1_000_000), .failed("an answer of more than 64 KiB")), (.hang, .late),
    ])
    func `an answer that is none is told apart`(reply: WebhookSink.Reply, outcome: LookupOutcome) async throws {
        let sink = WebhookSink { _ in reply }
        defer { sink.stop() }
        let isHanging = outcome == .late
        let configuration = try lookup(
            sink.url, ("timeout", isHanging ? "300ms" : "60s"), ("set.CRM_NAME", "contact.name"))
        #expect(try await answers(configuration, [question()]) == [outcome])
    }

    @Test func `found says what counts as found`() async throws {
        let sink = WebhookSink { request in
            .status(200, body: request.number == 0 ? #"{"count":0,"hits":[]}"# : #"{"count":1,"hits":[{"id":7}]}"#)
        }
        defer { sink.stop() }
        let configuration = try lookup(
            sink.url, ("found", "hits"), ("set.HITS", "count"), ("set.ID", "hits.0.id"))
        #expect(
            try await answers(configuration, [question(), question()])
                == [.notFound, .found([.init("HITS", "1"), .init("ID", "7")])])
    }

    @Test func `a CRM that fails is left alone after some failures, and asked again when it is back`() async throws {
        let isDown = Mutex(true)
        let sink = WebhookSink { _ in isDown.withLock { $0 } ? .close : .status(200, body: #"{"id":7}"#) }
        defer { sink.stop() }
        let uptime = Mutex(Duration.seconds(100))
        let alerts = Witness()
        let configuration = try lookup(sink.url, ("set.ID", "id"))
        let outcomes = try await EventLoop.withThread { loop in
            let crm = CRMLookup(
                configuration, budget: .seconds(60), on: loop, version: "test",
                now: { CallStore.wallClock() - (isDown.withLock { $0 } ? .zero : .seconds(3600)) },
                uptime: { uptime.withLock { $0 } }, alerts: { alerts.tell($0) })
            defer { crm.close() }
            var outcomes: [LookupOutcome] = []
            for _ in 0..<7 { outcomes.append(await crm.answer(question())) }
            // Back, and somebody sets the wall clock back by an hour: the breaker's seconds are not those.
            isDown.withLock { $0 = false }
            uptime.withLock { $0 += .seconds(2) }
            outcomes.append(await crm.answer(question()))
            return outcomes
        }
        for outcome in outcomes[..<5] {
            guard case .failed(let words) = outcome else {
                Issue.record("\(outcome)")
                continue
            }
            #expect(words.hasPrefix("connection_lost: "))
        }
        let refused = LookupOutcome.failed("the CRM failed just now and is asked again in a few seconds")
        #expect(outcomes[5...6].allSatisfy { $0 == refused })
        #expect(outcomes[7] == .found([.init("ID", "7")]))
        #expect(sink.requests.count == 6)
        #expect(alerts.alerts.map(\.kind) == [.endpointFailing, .breakerOpen, .endpointRecovered])
        #expect(alerts.alerts.allSatisfy { $0.subject == "lookup" })
    }

    @Test func `credentials that are refused are an alert, and no silence`() async throws {
        let sink = WebhookSink { _ in .status(401) }
        defer { sink.stop() }
        let alerts = Witness()
        let configuration = try lookup(sink.url, ("set.ID", "id"))
        let outcomes = try await answers(configuration, [question(), question()], alerts: alerts)
        #expect(outcomes == [.failed("the CRM answered 401"), .failed("the CRM answered 401")])
        #expect(alerts.alerts.map(\.kind) == [.unauthorized, .unauthorized])
        #expect(alerts.paged.count == 1)
    }

    @Test func `an answer is kept for as long as it is said, and a failure is not`() async throws {
        let sink = WebhookSink { request in
            request.number == 0 ? .status(500) : .status(200, body: #"{"id":\#(request.number)}"#)
        }
        defer { sink.stop() }
        let uptime = Mutex(Duration.seconds(100))
        let configuration = try lookup(sink.url + "?n=${number}", ("cache", "30s"), ("set.ID", "id"))
        try await EventLoop.withThread { loop in
            let crm = CRMLookup(
                configuration, budget: .seconds(60), on: loop, version: "test", now: CallStore.wallClock,
                uptime: { uptime.withLock { $0 } }, alerts: { _ in })
            defer { crm.close() }
            #expect(await crm.answer(question()) == .failed("the CRM answered 500"))
            #expect(await crm.answer(question()) == .found([.init("ID", "1")]))
            #expect(await crm.answer(question()) == .found([.init("ID", "1")]))
            #expect(await crm.answer(question("1002")) == .found([.init("ID", "2")]))
            uptime.withLock { $0 += .seconds(31) }
            #expect(await crm.answer(question()) == .found([.init("ID", "3")]))
        }
    }

    @Test func `an OAuth 2 token is renewed before it expires`() async throws {
        let issued = Mutex(0)
        let identity = WebhookSink { _ in
            let n = issued.withLock { issued in
                issued += 1
                return issued
            }
            return .status(200, body: #"{"access_token":"t\#(n)","token_type":"Bearer","expires_in":100}"#)
        }
        let sink = WebhookSink { _ in .status(200, body: #"{"id":7}"#) }
        defer {
            identity.stop()
            sink.stop()
        }
        let uptime = Mutex(Duration.seconds(100))
        let configuration = try lookup(
            sink.url, ("oauth2_token_url", identity.url), ("oauth2_client_id", "i"), ("oauth2_client_secret", "s"),
            ("set.ID", "id"))
        try await EventLoop.withThread { loop in
            let crm = CRMLookup(
                configuration, budget: .seconds(60), on: loop, version: "test", now: CallStore.wallClock,
                uptime: { uptime.withLock { $0 } }, alerts: { _ in })
            defer { crm.close() }
            for seconds in [0, 80, 15] as [Int64] {
                uptime.withLock { $0 += .seconds(seconds) }
                #expect(await crm.answer(question()) == .found([.init("ID", "7")]))
            }
        }
        // At 95 of 100 seconds it would still be taken, and might expire on its way.
        #expect(sink.requests.map { $0.headers["authorization"] } == ["Bearer t1", "Bearer t1", "Bearer t2"])
    }

    @Test(arguments: [404, 401, 200])
    func `a token that cannot be had is a failure, and not an answer of the CRM`(_ status: Int) async throws {
        let identity = WebhookSink { _ in .status(status) }
        let sink = WebhookSink()
        defer {
            identity.stop()
            sink.stop()
        }
        let configuration = try lookup(
            sink.url, ("oauth2_token_url", identity.url), ("oauth2_client_id", "i"), ("oauth2_client_secret", "s"),
            ("set.ID", "id"))
        let outcomes = try await answers(configuration, [question()])
        let words =
            switch status {
            case 401: "the token endpoint refused the client"
            case 404: "no token could be had: its endpoint answered 404"
            default: "the answer of the token endpoint has no access_token"
            }
        #expect(outcomes == [.failed("token: \(words)")])
        #expect(sink.requests.isEmpty)
    }

    @Test func `whether the CRM is there is asked without a number`() async throws {
        let sink = WebhookSink { _ in .status(403) }
        defer { sink.stop() }
        let port = ClosedPort()
        func reach(_ url: String) async throws -> CRMLookup.Reach {
            let configuration = try lookup(url + "?n=${number}", ("bearer", "t"), ("set.ID", "id"))
            return try await EventLoop.withThread { loop in
                let crm = CRMLookup(
                    configuration, budget: .seconds(60), on: loop, version: "test", now: CallStore.wallClock,
                    alerts: { _ in })
                defer { crm.close() }
                return await crm.reach()
            }
        }
        #expect(try await reach(sink.url).status == 403)
        #expect(sink.requests.map(\.target) == ["/"] && sink.requests[0].method == "OPTIONS")
        #expect(sink.requests[0].headers["authorization"] == "Bearer t")
        #expect(try await reach("http://127.0.0.1:\(port.number)/").error == "connection_refused")
    }

    @Test func `an address that is not allowed is not asked`() async throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        let configuration = try lookup(sink.url, ("allow", "public"), ("set.ID", "id"))
        let outcome = try await answers(configuration, [question()])[0]
        #expect(outcome == .failed("address_not_allowed: the address is not one of those allowed"))
        #expect(sink.requests.isEmpty)
    }

    @Test(arguments: [
        (("urls", "x"), "did you mean \"url\"?"), (("url", "https://${number}/"), "path and query only"),
        (("url", "https://x/${nummer}"), "did you mean \"number\"?"), (("url", "https://x/${number"), "close it"),
        (("set.SHELL(x)", "a"), "letters, digits"), (("set.HOOKSWITCH_STATUS", "a"), "another name"),
        (("set.A", "a..b"), "results.0.id"), (("timeout", "1ms"), "allowed"), (("cache", "x"), "write a number"),
        (("body", "{}"), "method = POST"), (("content_type", "text/xml"), "add body"), (("concurrency", "0"), "1 to"),
        (("header.Host", "x"), "leave it out"), (("oauth2_client_id", "x"), "go together"),
    ])
    func `a mistake is refused with what is allowed`(line: (String, String), hint: String) {
        do throws(DeliveryConfigurationError) {
            let base = line.0 == "url" ? [] : [EndpointConfiguration.Entry("url", "https://x/", line: 2)]
            let method = line.0 == "body" ? [EndpointConfiguration.Entry("method", "GET", line: 3)] : []
            _ = try LookupConfiguration(
                name: "", line: 1, entries: base + method + [.init(line.0, line.1, line: 9), .init("set.B", "b")])
            Issue.record("\(line) was taken")
        } catch {
            #expect((error.problem + " " + error.hint).contains(hint), "\(error)")
            #expect(error.line == 9)
            #expect(error.description.hasPrefix("[lookup] \(line.0): "))
        }
    }

    @Test func `a lookup that uses nothing of the answer is refused`() {
        #expect(throws: DeliveryConfigurationError.self) { try lookup("https://x/", ("default.A", "1")) }
    }
}
