import HookswitchTestKit
import Telephony
import Testing

@testable import Delivery

/// A real HTTP/2 receiver: nginx over TLS.
@Suite(.timeLimit(.minutes(10))) struct HTTP2Tests {
    private func crm(_ server: NginxServer, _ lines: (String, String)...) throws -> EndpointConfiguration {
        try EndpointConfiguration(
            name: "crm",
            entries: [
                .init("url", server.url), .init("ca_file", "\(try TestCertificates.shared().folder)/ca.pem"),
                .init("timeout", "300s"), .init("concurrency", "8"),
                .init("retry", Array(repeating: "10ms", count: 30).joined(separator: ",")),
            ] + lines.map { .init($0.0, $0.1) })
    }

    @Test func `where HTTP/2 is offered, all requests share one connection, several at once`() async throws {
        let sink = WebhookSink { _ in .after(.milliseconds(30), .status(200)) }
        defer { sink.stop() }
        let server = try NginxServer(inFrontOf: sink)
        try await Bench.run([try crm(server)]) { bench in
            try await bench.commit(calls(40))
            await bench.witness.untilDelivered(40)
            #expect(bench.witness.events.count == 40)
        }
        let lines = server.finish()
        #expect(lines.count == 40 && lines.allSatisfy { $0.version == "HTTP/2.0" && $0.status == "200" })
        #expect(Set(lines.map(\.connection)).count == 1)
        #expect(Set(lines.map(\.messageID)).count == 40)
        // nginx has a connection to the sink for each request that is under way.
        #expect(sink.connectionCount > 1)
    }

    @Test func `GOAWAY after every ten requests loses nothing`() async throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        let server = try NginxServer(inFrontOf: sink, requestsPerConnection: 10)
        try await Bench.run([try crm(server)]) { bench in
            try await bench.commit(calls(100))
            await bench.witness.untilDelivered(100)
        }
        let lines = server.finish()
        #expect(lines.allSatisfy { $0.version == "HTTP/2.0" })
        #expect(Set(lines.map(\.connection)).count >= 10)
        #expect(Set(sink.requests.map { $0.headers["webhook-id"] }).count == 100)
        for call in calls(100) {
            let id = WebhookEvent(.callComplete, of: call, at: call.endedAt).id
            #expect(sink.requests.contains { $0.headers["webhook-id"] == id })
        }
    }

    @Test func `a connection that breaks under eight requests is a failure of each, and each is delivered after it`()
        async throws
    {
        // The first eight are held until the worker is gone, and with it their connections.
        let sink = WebhookSink { $0.number < 8 ? .hang : .status(200) }
        defer { sink.stop() }
        let server = try NginxServer(inFrontOf: sink)
        try await Bench.run([try crm(server)]) { bench in
            try await bench.commit(calls(30))
            await sink.received(8)
            try server.killWorker()
            await bench.witness.untilDelivered(30)
            let failed = bench.witness.events.filter { $0.verdict != .delivered }
            #expect(
                failed.count >= 8
                    && failed.allSatisfy { $0.error == "connection_lost" || $0.error == "connection_refused" })
            #expect(Set(bench.witness.delivered.map(\.messageID)).count == 30)
        }
        #expect(Set(sink.requests.compactMap { $0.headers["webhook-id"] }).count == 30)
        _ = server.finish()
    }
}
