import Foundation
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import Testing

@testable import Delivery

/// Endpoints of a configuration that is read anew while others are at work.
@Suite(.timeLimit(.minutes(20))) struct ReloadTests {
    /// As `systemctl reload` of a logrotate while a receiver is down.
    @Test func `an endpoint that did not change goes on with its breaker, and people are told nothing twice`()
        async throws
    {
        let isDown = Mutex(true)
        let gate = DispatchSemaphore(value: 0)
        let (arrived, arrival) = AsyncStream<Void>.makeStream()
        let sink = WebhookSink { _ in
            if isDown.withLock({ $0 }) { return .status(500) }
            arrival.finish()
            gate.wait()
            gate.signal()
            return .status(200)
        }
        defer {
            gate.signal()
            sink.stop()
        }
        let lines = [("retry", "1h"), ("concurrency", "4"), ("secret", "whsec_bmV3")]
        try await Bench.run([try endpoint(at: sink, lines[0], lines[1], lines[2])]) { bench in
            try await bench.commit(calls(40))
            // Ten in a row open the breaker, and three more are on their way by then.
            await bench.witness.until { events, _ in events.count == 13 }
            isDown.withLock { $0 = false }
            bench.engine.reload([try endpoint(at: sink, lines[2], lines[0], lines[1])])
            for await _ in arrived {}
            // A fresh one would send four at once.
            try #require(bench.engine.inFlight == ["crm": 1])
            gate.signal()
            await bench.witness.until { _, alerts in alerts.contains { $0.kind == .endpointRecovered } }
            #expect(bench.witness.alerts.map(\.kind) == [.endpointFailing, .breakerOpen, .endpointRecovered])
        }
    }

    @Test func `an endpoint that did not change keeps its connection and its token, one that did gets new ones`()
        async throws
    {
        let issued = Mutex(0)
        let identity = WebhookSink { _ in
            issued.withLock { $0 += 1 }
            return .status(200, body: "{\"access_token\":\"t\",\"expires_in\":3600}")
        }
        let sink = WebhookSink()
        defer {
            identity.stop()
            sink.stop()
        }
        @Sendable func crm(_ scope: String) throws -> EndpointConfiguration {
            try endpoint(
                at: sink, ("oauth2_token_url", identity.url), ("oauth2_client_id", "id"), ("oauth2_client_secret", "s"),
                ("oauth2_scope", scope), ("concurrency", "1"))
        }
        try await Bench.run([try crm("calls")]) { bench in
            for (i, scope) in ["calls", "calls", "all"].enumerated() {
                if i > 0 { bench.engine.reload([try crm(scope)]) }
                try await bench.commit(calls(1, from: i))
                await bench.witness.untilDelivered(i + 1)
                #expect(sink.connectionCount == (scope == "calls" ? 1 : 2))
                #expect(issued.withLock { $0 } == (scope == "calls" ? 1 : 2))
            }
        }
    }

    /// What is kept of it would be trusted, or shown to the receiver, on.
    @Test func `a certificate that is renewed under its old name is a change`() async throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        let folder = TemporaryFolder()
        let file = "\(folder.path)/ca.pem"
        @Sendable func write(_ text: String) throws {
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
        try write("one")
        try await Bench.run([try endpoint(at: sink, ("ca_file", file), ("concurrency", "1"))]) { bench in
            for (i, text) in [nil, nil, "another"].enumerated() {
                if let text { try write(text) }
                if i > 0 { bench.engine.reload([try endpoint(at: sink, ("ca_file", file), ("concurrency", "1"))]) }
                try await bench.commit(calls(1, from: i))
                await bench.witness.untilDelivered(i + 1)
                #expect(sink.connectionCount == (text == nil ? 1 : 2))
            }
        }
    }

    @Test func `a reload moves to the new address and loses nothing`() async throws {
        let old = WebhookSink { _ in .after(.milliseconds(50), .status(200)) }
        let new = WebhookSink()
        defer {
            old.stop()
            new.stop()
        }
        try await Bench.run([try endpoint(at: old)]) { bench in
            try await bench.commit(calls(20))
            await old.received(2)
            bench.engine.reload([try endpoint(at: new)])
            await bench.witness.untilDelivered(20)
            let ids = (old.requests + new.requests).compactMap { $0.headers["webhook-id"] }
            #expect(Set(ids).count == 20 && ids.count == 20)
            #expect(!new.requests.isEmpty)
        }
    }

    /// As `systemctl reload` of a logrotate that is followed by a restart.
    @Test func `a stop right after a reload waits for what the earlier endpoint has on its way, and writes it`()
        async throws
    {
        let sink = WebhookSink { _ in .after(.seconds(1), .status(200)) }
        defer { sink.stop() }
        try await Bench.run([try endpoint(at: sink)]) { bench in
            try await bench.commit(calls(1))
            await sink.received(1)
            bench.engine.reload([try endpoint(at: sink, ("concurrency", "2"))])
            await bench.engine.stop(within: .seconds(60))
            #expect(try await bench.store.query.deliveries(matching: .init()).map(\.state) == [.delivered])
        }
        #expect(sink.requests.count == 1)
    }

    @Test func `a reload with a rotated secret signs by both, also what was made before it`() async throws {
        let first = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let sink = WebhookSink { $0.number == 0 ? .status(500) : .status(200) }
        defer { sink.stop() }
        let crm = try endpoint(at: sink, ("secret", first), ("retry", "500ms"))
        try await Bench.run([crm]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.until { events, _ in !events.isEmpty }
            let rotated = try endpoint(at: sink, ("secret", "whsec_bmV3, \(first)"), ("retry", "500ms"))
            bench.engine.reload([rotated])
            await bench.witness.untilDelivered(1)
            let requests = sink.requests
            #expect(requests.map { $0.headers["webhook-signature"]?.split(separator: " ").count } == [1, 2])
            let stamp = Int64(requests[1].headers["webhook-timestamp"] ?? "")
            #expect(
                requests[1].headers["webhook-signature"]
                    == WebhookSignature.header(
                        id: requests[0].headers["webhook-id"]!, timestamp: try #require(stamp), body: requests[1].body,
                        secrets: rotated.secrets))
        }
    }
}
