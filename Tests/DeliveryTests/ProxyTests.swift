import EventLoop
import HookswitchTestKit
import Storage
import Testing

@testable import Delivery

/// A proxy between here and the receiver: what it does wrong is told apart from what the receiver does, with what to do.
@Suite(.timeLimit(.minutes(10))) struct ProxyTests {
    /// An endpoint behind the proxy at that port; the host of `url` exists nowhere.
    private func endpoint(
        _ proxy: String, to url: String = "https://crm.example.invalid/hook", _ lines: (String, String)...
    ) throws -> EndpointConfiguration {
        let entries = [("url", url), ("proxy", proxy), ("retry", "none")] + lines
        return try EndpointConfiguration(name: "crm", entries: entries.map { .init($0.0, $0.1) })
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var reply: WebhookSink.Reply
        var scheme = "http"
        var url = "https://crm.example.invalid/hook"
        var timeout = "60s"
        var status: Int?
        var words: String
        var hint: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Refusal(
            name: "403 to CONNECT", reply: .status(403), words: "the proxy answered 403",
            hint: "have the receiver's host and port allowed there"),
        Refusal(
            name: "407 to CONNECT", reply: .status(407, headers: ["Proxy-Authenticate: Basic realm=\"x\""]),
            words: "the proxy answered 407", hint: "USER:PASSWORD@HOST:PORT"),
        Refusal(
            name: "502 to CONNECT", reply: .status(502), words: "the proxy answered 502",
            hint: "the proxy cannot reach the receiver"),
        Refusal(
            name: "407 to a plain request", reply: .status(407, headers: ["Proxy-Authenticate: Basic realm=\"x\""]),
            url: "http://crm.example.invalid/hook", status: 407, words: "the proxy answered 407",
            hint: "USER:PASSWORD@HOST:PORT"),
        Refusal(
            name: "the connection ended", reply: .close, words: "the proxy gave no answer",
            hint: "is it a proxy that listens there"),
        Refusal(
            name: "the connection reset", reply: .reset, words: "the proxy gave no answer",
            hint: "is it a proxy that listens there"),
        Refusal(
            name: "no answer", reply: .hang, timeout: "3s", words: "the proxy gave no answer",
            hint: "is it a proxy that listens there"),
        Refusal(
            name: "no HTTP", reply: .raw("SSH-2.0-OpenSSH_9.2\r\n"), words: "the proxy gave no answer",
            hint: "is it a proxy that listens there"),
        Refusal(
            name: "plain where TLS is meant", reply: .status(400), scheme: "https", timeout: "5s",
            words: "the proxy gave no answer", hint: "and of the scheme that proxy has"),
    ])
    func `a proxy that makes no way is told as that, with what to do`(refusal: Refusal) async throws {
        let proxy = WebhookSink { _ in refusal.reply }
        defer { proxy.stop() }
        let crm = try endpoint(
            "\(refusal.scheme)://user:hunter2@127.0.0.1:\(proxy.port)", to: refusal.url, ("timeout", refusal.timeout))
        try await Bench.run([crm]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.until { events, _ in !events.isEmpty }
            let event = bench.witness.events[0]
            #expect(event.error == "proxy" && event.status == refusal.status, "\(event)")
            #expect(!event.detail.isEmpty && !event.detail.contains("hunter2"))
            #expect(
                bench.witness.alerts.first?.message
                    == "was not reached: \(refusal.words); deliveries are retried, then kept as dead letters")
            let probe = await DeliveryProbe(crm, version: "test").send(
                sampleEvent(), on: bench.loop, now: CallStore.wallClock)
            #expect(probe.attempt.error == "proxy" && !probe.isDelivered)
            #expect(probe.hint.contains(refusal.hint), "\(probe.hint)")
        }
    }

    @Test(arguments: ["http", "https", "socks5", "socks5h"])
    func `a proxy that is not there is not the receiver's fault`(scheme: String) async throws {
        let port = ClosedPort()
        try await EventLoop.withThread { loop in
            for url in ["https://crm.example.invalid/hook", "http://127.0.0.1:\(port.number)/hook"] {
                // By socks5 the name is looked up here, and has no address.
                if scheme == "socks5", url.contains("invalid") { continue }
                let crm = try endpoint("\(scheme)://127.0.0.1:\(port.number)", to: url)
                let probe = await DeliveryProbe(crm, version: "test").send(
                    sampleEvent(), on: loop, now: CallStore.wallClock)
                #expect(probe.attempt.error == "proxy", "\(url): \(probe.detail)")
                #expect(probe.proxyFault == .unreachable && probe.hint.contains("nobody takes connections"))
            }
            let nameless = try endpoint("\(scheme)://proxy.invalid:3128", to: "http://127.0.0.1:\(port.number)/hook")
            let probe = await DeliveryProbe(nameless, version: "test").send(
                sampleEvent(), on: loop, now: CallStore.wallClock)
            #expect(probe.proxyFault == .unknownName && probe.attempt.error == "proxy", "\(probe.detail)")
        }
    }

    /// RFC 1928: 0xFF, no method is acceptable; 0, none is needed, and by `socks5` the name is then looked up here.
    @Test(arguments: [("socks5h", 0xFF, "proxy"), ("socks5", 0xFF, "proxy"), ("socks5", 0, "name_lookup")])
    func `a SOCKS proxy that says no is told as that`(scheme: String, method: UInt8, error: String) async throws {
        try await EventLoop.withThread { loop in
            let listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
            let serving = Task(executorPreference: loop) {
                while let stream = try? await listener.accept() {
                    _ = try? await stream.read { _ in }
                    try? await stream.write([5, method])
                    _ = try? await stream.read { _ in }
                    stream.close()
                }
            }
            let crm = try endpoint("\(scheme)://127.0.0.1:\(listener.localAddress.port)")
            let probe = await DeliveryProbe(crm, version: "test").send(
                sampleEvent(), on: loop, now: CallStore.wallClock)
            listener.close()
            await serving.value
            #expect(probe.attempt.error == error, "\(probe.detail)")
            guard error == "proxy" else { return }
            #expect(probe.proxyFault == .refused(status: nil) && probe.hint.contains("socks5h://USER:PASSWORD"))
        }
    }

    @Test func `with its credentials the way is made, and what happens behind it is the receiver's`() async throws {
        let certificates = try TestCertificates.shared()
        try await EventLoop.withThread { loop in
            for (certificate, error) in [("server.pem", nil), ("expired.pem", "tls")] {
                let server = try TLSWebServer(certificates.server(certificate), on: loop)
                // user:hunter2, as RFC 7617 writes it.
                let proxy = try TunnelProxy(to: server.port, credentials: "dXNlcjpodW50ZXIy", on: loop)
                let crm = try endpoint(
                    "http://user:hunter2@127.0.0.1:\(proxy.port)", to: "https://127.0.0.1:7/hook",
                    ("ca_file", "\(certificates.folder)/ca.pem"))
                let probe = await DeliveryProbe(crm, version: "test").send(
                    sampleEvent(), on: loop, now: CallStore.wallClock)
                #expect(probe.attempt.error == error, "\(probe.detail)")
                #expect(probe.proxyFault == nil && probe.isDelivered == (error == nil))
                #expect(proxy.made == ["CONNECT 127.0.0.1:7 HTTP/1.1"])
                await proxy.close()
                await server.close()
            }
        }
    }

    @Test func `a connection that breaks behind a tunnel made earlier is the receiver's`() async throws {
        let certificates = try TestCertificates.shared()
        try await EventLoop.withThread { loop in
            let server = try TLSWebServer(certificates.server(), answers: 1, on: loop)
            let proxy = try TunnelProxy(to: server.port, on: loop)
            let crm = try endpoint(
                "http://127.0.0.1:\(proxy.port)", to: "https://127.0.0.1:7/hook",
                ("ca_file", "\(certificates.folder)/ca.pem"))
            let transport = EndpointTransport(
                connection: crm.connection, policy: crm.allow, timeout: .seconds(60), concurrency: 1,
                userAgent: "test", loop: loop)
            var outcomes: [AttemptOutcome] = []
            for _ in 0..<2 {
                let request = HTTPRequest(
                    method: "POST", url: crm.urlText, headers: [], body: Array("{}".utf8)[...], hasBody: true)
                let response: HTTPResponse = await withCheckedContinuation { continuation in
                    transport.send(request) { continuation.resume(returning: $0) }
                }
                outcomes.append(response.outcome)
                #expect(response.proxyFault == nil, "\(response.detail)")
            }
            #expect(outcomes == [.answered(status: 200, retryAfter: nil), .failed(.connectionLost)])
            #expect(proxy.made.count == 1)
            transport.close()
            await proxy.close()
            await server.close()
        }
    }
}
