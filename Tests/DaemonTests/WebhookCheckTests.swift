import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Testing

@testable import Daemon

/// What `check` finds between here and a receiver, with real servers, and the fix it prints.
@Suite("check and the receivers", .timeLimit(.minutes(10))) struct WebhookCheckTests {
    private static let signed = "secret = whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// What is found of `[webhook:crm]` with these lines.
    private func findings(_ lines: String, _ loop: EventLoop) async throws -> [Finding] {
        let folder = try TestFolder()
        let settings = folder.settings(sections: "[webhook:crm]\n\(WebhookCheckTests.signed)\n\(lines)")
        return try await Doctor.findings(settings, on: loop).filter { $0.subject == "webhook crm" }
    }
    private func findings(_ lines: String) throws -> [Finding] {
        let loop = try EventLoop()
        return try loop.run { try await findings(lines, loop) }
    }

    /// What is found of `[lookup]` with these lines.
    private func lookupFindings(_ lines: String) throws -> [Finding] {
        let folder = try TestFolder()
        let sections = "[fastagi]\nlisten = 127.0.0.1:0\n[lookup]\n\(lines)set.CRM_NAME = name\n"
        let loop = try EventLoop()
        return try loop.run {
            try await Doctor.findings(folder.settings(sections: sections), on: loop).filter { $0.subject == "lookup" }
        }
    }

    /// A section for each receiver, by name; as patient as the test itself.
    private func sections(_ receivers: [(name: String, sink: WebhookSink)]) -> String {
        receivers.map { "[webhook:\($0.name)]\n\(WebhookCheckTests.signed)\nurl = \($0.sink.url)\ntimeout = 300s\n" }
            .joined()
    }

    /// Each of them answers only when the other has been asked too.
    @Test("receivers are asked at once, and told of in the order of the configuration")
    func atOnce() throws {
        let (first, second) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let one = WebhookSink { _ in
            first.signal()
            second.wait()
            return .status(200)
        }
        let other = WebhookSink { _ in
            second.signal()
            first.wait()
            return .status(404)
        }
        defer {
            one.stop()
            other.stop()
        }
        let folder = try TestFolder()
        let settings = folder.settings(sections: sections([("one", one), ("other", other)]))
        let loop = try EventLoop()
        let found = try loop.run { try await Doctor.findings(settings, on: loop) }
            .filter { $0.subject.hasPrefix("webhook") }
        #expect(found.map(\.subject) == ["webhook one", "webhook other"] && found.map(\.level) == [.ok, .failure])
    }

    @Test("a receiver that takes long is waited for in words")
    func waitedFor() throws {
        let gate = DispatchSemaphore(value: 0)
        let slow = WebhookSink { _ in
            gate.wait()
            return .status(200)
        }
        let quick = WebhookSink()
        defer {
            slow.stop()
            quick.stop()
        }
        let folder = try TestFolder()
        let settings = folder.settings(sections: sections([("slow", slow), ("quick", quick)]))
        let loop = try EventLoop()
        let (found, waited): ([String], [[String]]) = try loop.run {
            var found: [String] = []
            var waited: [[String]] = []
            await Doctor(try configuration(settings), on: loop).run(
                { found.append($0.subject) },
                waiting: {
                    waited.append($0)
                    gate.signal()
                })
            return (found, waited)
        }
        #expect(found.suffix(2) == ["webhook slow", "webhook quick"])
        #expect(waited.last == ["webhook slow"])
    }

    @Test(
        "what a receiver answers is judged, and it is told of no call",
        arguments: [(200, Finding.Level.ok), (405, .ok), (501, .ok), (401, .failure), (404, .failure), (503, .warning)])
    func receivers(_ status: Int, _ level: Finding.Level) throws {
        let sink = WebhookSink { _ in .status(status) }
        defer { sink.stop() }
        let found = try findings("url = \(sink.url)")
        #expect(found.map(\.level) == [level], "\(found)")
        #expect(sink.requests.map(\.method) == ["OPTIONS"])
        #expect(sink.requests[0].body.isEmpty)
    }

    /// Longer than a name can be: that no name server has it is known without asking one, which takes as long as it likes.
    private let noHost = String(repeating: "x", count: 64) + ".invalid"

    @Test("an endpoint that is switched off is not asked, and no fault")
    func switchedOff() throws {
        let sink = WebhookSink { _ in .status(404) }
        defer { sink.stop() }
        let found = try findings("url = \(sink.url)\nenabled = no")
        #expect(found.map(\.level) == [.warning] && found[0].text == "is switched off: it is told of nothing")
        #expect(sink.requests.isEmpty)
    }

    @Test("a receiver that is not there, or whose name is none, is a fault with what to do")
    func noReceiver() throws {
        let refused = try findings("url = http://127.0.0.1:9/x")
        #expect(refused.map(\.level) == [.failure])
        #expect(refused[0].fix.contains("nobody listens"))
        let nameless = try findings("url = http://\(noHost)/x")
        #expect(nameless[0].level == .failure)
        #expect(nameless[0].fix.contains("url names a host"))
    }

    struct Certificate: Sendable, CustomTestStringConvertible {
        var name: String
        var file: String
        var host = "127.0.0.1"
        var isTrusted = true
        /// libcurl's or OpenSSL's words, and ours for what to do; nil where all is well.
        var words: String?
        var fix = ""
        var testDescription: String { name }
    }

    @Test(
        "a receiver's certificate: what is wrong with it, and who mends it where",
        arguments: [
            Certificate(name: "good", file: "server.pem"),
            Certificate(
                name: "expired", file: "expired.pem", words: "certificate has expired",
                fix: "the receiver's certificate has expired: renew it there"),
            Certificate(
                name: "signed by itself", file: "self.pem", isTrusted: false, words: "self-signed certificate",
                fix: "hookswitch.conf, [webhook:crm]: ca_file = FILE of the authority"),
            Certificate(
                name: "of an authority of its own", file: "server.pem", isTrusted: false,
                words: "unable to get local issuer certificate",
                fix: "hookswitch.conf, [webhook:crm]: ca_file = FILE of the authority"),
            Certificate(
                name: "for another host", file: "server.pem", host: "localhost", words: "'localhost'",
                fix: "hookswitch.conf, [webhook:crm]: url must name a host that the receiver's certificate names"),
        ])
    func certificates(_ certificate: Certificate) throws {
        let certificates = try TestCertificates.shared()
        let loop = try EventLoop()
        let found: [Finding] = try loop.run {
            let server = try TLSWebServer(certificates.server(certificate.file), on: loop)
            let trust = certificate.isTrusted ? "ca_file = \(certificates.folder)/ca.pem" : ""
            let found = try await findings("url = https://\(certificate.host):\(server.port)/hook\n\(trust)", loop)
            await server.close()
            return found
        }
        let finding = try #require(found.first)
        #expect(found.count == 1)
        guard let words = certificate.words else {
            #expect(finding.level == .ok && finding.text.hasPrefix("answers (200)"))
            return
        }
        #expect(finding.level == .failure)
        #expect(finding.text.hasPrefix("no answer (tls): ") && finding.text.contains(words), "\(finding.text)")
        #expect(finding.fix.hasPrefix(certificate.fix), "\(finding.fix)")
    }

    @Test("https to a port that speaks plain http is told as that")
    func noTLS() throws {
        let loop = try EventLoop()
        let found: [Finding] = try loop.run {
            let listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
            // As nginx and Apache answer what is no request.
            let serving = Task(executorPreference: loop) {
                while let stream = try? await listener.accept() {
                    _ = try? await stream.read { _ in }
                    try? await stream.write(Array("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".utf8))
                    stream.close()
                }
            }
            let found = try await findings("url = https://127.0.0.1:\(listener.localAddress.port)/", loop)
            listener.close()
            await serving.value
            return found
        }
        #expect(found.map(\.level) == [.failure])
        #expect(found[0].text.hasPrefix("no answer (tls): "), "\(found[0].text)")
        #expect(
            found[0].fix
                == "hookswitch.conf, [webhook:crm]: no TLS can be agreed; is it https that listens at that port?")
    }

    @Test("a proxy in the way is told as that, for a receiver and for a CRM")
    func proxies() throws {
        let proxy = WebhookSink { _ in .status(403) }
        defer { proxy.stop() }
        let behind = "url = https://crm.example.invalid/\nproxy = http://127.0.0.1:\(proxy.port)\n"
        let refused = try findings(behind)
        #expect(refused.map(\.level) == [.failure] && refused[0].text.hasPrefix("no answer (proxy): "), "\(refused)")
        #expect(refused[0].fix.contains("the proxy forbids it"))
        let port = ClosedPort()
        let gone = try findings("url = https://crm.example.invalid/\nproxy = http://127.0.0.1:\(port.number)\n")
        #expect(
            gone.first?.fix.hasPrefix("hookswitch.conf, [webhook:crm]: nobody takes connections") == true, "\(gone)")
        let found = try lookupFindings(behind)
        #expect(found.first?.fix.contains("the proxy forbids it") == true, "\(found)")
    }

    @Test("an answer that breaks off is none, whatever status it began with")
    func cutShort() throws {
        let sink = WebhookSink { _ in .cutShort(200) }
        defer { sink.stop() }
        let found = try findings("url = \(sink.url)")
        #expect(
            found.map(\.level) == [.failure] && found[0].text.hasPrefix("no answer (connection_lost): "), "\(found)")
        #expect(found.first?.fix.contains("ended the connection before its answer was whole") == true)
    }

    @Test("a proxy that wants to know who asks is no receiver that answers")
    func proxyPassword() throws {
        let proxy = WebhookSink { _ in .status(407, headers: ["Proxy-Authenticate: Basic realm=\"x\""]) }
        defer { proxy.stop() }
        let found = try findings("url = http://crm.example.invalid/\nproxy = http://127.0.0.1:\(proxy.port)\n")
        #expect(found.map(\.level) == [.failure], "\(found)")
        #expect(found.first?.fix.contains("USER:PASSWORD@HOST:PORT") == true)
    }

    @Test(
        "an answer that no delivery would be content with is a finding with its fix",
        arguments: [
            (401, Finding.Level.failure, "hookswitch.conf, [webhook:crm]: header.Authorization or bearer"),
            (403, .failure, "hookswitch.conf, [webhook:crm]: header.Authorization or bearer"),
            (404, .failure, "hookswitch.conf, [webhook:crm]: url"),
            (410, .failure, "hookswitch.conf, [webhook:crm]: url"),
            (301, .failure, "hookswitch.conf, [webhook:crm]: url = the address it leads to"),
            (429, .warning, "hookswitch.conf, [webhook:crm]: rate ="), (500, .warning, "the receiver is in trouble"),
        ])
    func statuses(_ status: Int, _ level: Finding.Level, _ fix: String) throws {
        let sink = WebhookSink { _ in .status(status, headers: ["Location: /elsewhere"]) }
        defer { sink.stop() }
        let found = try findings("url = \(sink.url)")
        #expect(found.map(\.level) == [level])
        #expect(found[0].text.contains("\(status)"))
        #expect(found[0].fix.hasPrefix(fix), "\(found[0].fix)")
        #expect(sink.requests.count == 1, "not followed")
    }

    /// Gives a token, and takes nothing without it.
    private func guarded() -> WebhookSink {
        WebhookSink { request in
            if request.target == "/token" {
                return .status(200, body: #"{"access_token":"t0ken","token_type":"Bearer","expires_in":3600}"#)
            }
            return .status(request.headers["authorization"] == "Bearer t0ken" ? 200 : 401)
        }
    }
    private func client(_ sink: WebhookSink) -> String {
        "oauth2_token_url = http://127.0.0.1:\(sink.port)/token\noauth2_client_id = i\noauth2_client_secret = s\n"
    }

    @Test("a receiver and a CRM that want an OAuth 2 token are asked with one, as they will be by the daemon")
    func token() throws {
        let sink = guarded()
        defer { sink.stop() }
        let url = "url = http://127.0.0.1:\(sink.port)/hook\n\(client(sink))"
        #expect(try findings(url).map(\.level) == [.ok])
        let found = try lookupFindings(url)
        #expect(found.map(\.level) == [.ok], "\(found)")
        #expect(sink.requests.filter { $0.target != "/token" }.map(\.method) == ["OPTIONS", "OPTIONS"])
    }

    @Test("a token that cannot be had is a fault, with the keys to look at")
    func noToken() throws {
        let sink = WebhookSink { _ in .status(400, body: #"{"error":"invalid_client"}"#) }
        defer { sink.stop() }
        let found = try findings("url = http://127.0.0.1:\(sink.port)/hook\n\(client(sink))")
        #expect(found.map(\.level) == [.failure])
        #expect(found.first?.fix.hasPrefix("hookswitch.conf, [webhook:crm]: oauth2_") == true, "\(found)")
        #expect(sink.requests.map(\.target) == ["/token"])
    }

    @Test("an answer that takes more than half of the time it has is told before deliveries time out")
    func slow() throws {
        let sink = WebhookSink { _ in .after(.seconds(2), .status(200)) }
        defer { sink.stop() }
        let found = try findings("url = \(sink.url)\ntimeout = 3s")
        // On a machine that is busy enough it has timed out; an idle one takes two of three seconds.
        if found.count == 2 {
            #expect(found.map(\.level) == [.ok, .warning])
            #expect(found[1].text.contains("deliveries will time out"))
            #expect(
                found[1].fix == "hookswitch.conf, [webhook:crm]: timeout, or make the receiver answer before it works")
        } else {
            #expect(found.map(\.fix) == ["no answer within the timeout: the receiver or a firewall holds it up"])
        }
    }

    @Test("an answer that does not come, a host without an address, a port without anybody, and an address not allowed")
    func noAnswer() throws {
        let sink = WebhookSink { _ in .hang }
        defer { sink.stop() }
        let port = ClosedPort()
        for (lines, error, fix) in [
            ("url = \(sink.url)\ntimeout = 1s", "timeout", "no answer within the timeout"),
            ("url = http://\(noHost)/x", "name_lookup", "hookswitch.conf, [webhook:crm]: url names a host"),
            ("url = http://127.0.0.1:\(port.number)/", "connection_refused", "nobody listens there"),
            ("url = \(sink.url)\nallow = public", "address_not_allowed", "hookswitch.conf, [webhook:crm]: allow"),
        ] {
            let found = try findings(lines)
            #expect(found.map(\.level) == [.failure])
            #expect(found[0].text.hasPrefix("no answer (\(error)): "), "\(found[0].text)")
            #expect(found[0].fix.hasPrefix(fix), "\(found[0].fix)")
        }
    }
}
