import HookswitchTestKit
import Testing

@testable import EventLoop

@Suite struct TLSTests {
    /// Both ends of a TLS connection's error, or nil where TLS came up and an echo of 200 kB went through.
    static func attempt(
        _ server: TLSServerOptions, _ client: TLSClientOptions
    ) async throws -> (client: EventLoopError?, server: EventLoopError?) {
        try await EventLoop.withThread { loop in
            let pair = try await Pair.make(on: loop)
            let serverSide = Task(executorPreference: loop) { () -> EventLoopError? in
                do {
                    try await pair.server.startTLS(server: server)
                    let all = try await pair.server.readAll()
                    try await pair.server.write(all)
                    try await pair.server.shutdownWrite()
                    return nil
                } catch { return error as? EventLoopError }
            }
            var clientError: EventLoopError?
            do {
                try await pair.client.startTLS(client)
                let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
                try await pair.client.write(bytes)
                try await pair.client.shutdownWrite()
                #expect(pair.client.isEncrypted)
                #expect(try await pair.client.readAll() == bytes)
            } catch { clientError = error as? EventLoopError }
            let serverError = await serverSide.value
            pair.close()
            return (clientError, serverError)
        }
    }

    @Test(
        "a certificate from a trusted authority for the right name, or the right address, is accepted",
        arguments: ["pbx.test", "127.0.0.1"])
    func accepts(host: String) async throws {
        let files = try TestCertificates.shared()
        let result = try await TLSTests.attempt(files.server(), files.client(host: host))
        #expect(result.client == nil)
        #expect(result.server == nil)
    }

    @Test(
        "a wrong certificate is refused with the reason and a hint",
        arguments: [
            ("server.pem", "other.test", "hostname mismatch", "connect by a name"),
            ("server.pem", "127.0.0.2", "IP address mismatch", "connect by a name"),
            ("expired.pem", "pbx.test", "certificate has expired", "renew"),
            ("self.pem", "pbx.test", "self-signed certificate", "CA file"),
        ])
    func refuses(certificate: String, host: String, why: String, hint: String) async throws {
        let files = try TestCertificates.shared()
        let error = try #require(await TLSTests.attempt(files.server(certificate), files.client(host: host)).client)
        #expect(error.code == .certificateWrong)
        #expect(error.description.contains("certificate wrong: \(why)"), "\(error)")
        #expect(error.hint.contains(hint))
    }

    @Test("the system's authorities do not vouch for ours, and an unverified connection does not care")
    func otherTrust() async throws {
        let files = try TestCertificates.shared()
        var options = TLSClientOptions(hostName: "pbx.test")
        #expect(try await TLSTests.attempt(files.server(), options).client?.code == .certificateWrong)
        options.verifiesCertificate = false
        #expect(try await TLSTests.attempt(files.server(), options).client == nil)
    }

    @Test("a server that asks for a client certificate gets it, and its refusal is understood")
    func clientCertificate() async throws {
        let files = try TestCertificates.shared()
        var server = files.server()
        server.clientAuthoritiesFile = "\(files.folder)/ca.pem"
        var client = files.client()
        let refused = try await TLSTests.attempt(server, client)
        #expect(refused.client?.code == .certificateWrong)
        #expect(
            refused.client?.detail.contains("refused our certificate") == true, "\(String(describing: refused.client))")
        client.certificateFile = "\(files.folder)/client.pem"
        client.privateKeyFile = "\(files.folder)/client.key"
        #expect(try await TLSTests.attempt(server, client).client == nil)
    }

    @Test("files that cannot be used are named")
    func setup() async throws {
        let files = try TestCertificates.shared()
        var options = files.client()
        options.authoritiesFile = "\(files.folder)/nothing.pem"
        let error = try #require(await TLSTests.attempt(files.server(), options).client)
        #expect(error.code == .tlsSetup)
        #expect(error.description.contains("nothing.pem"))
    }

    @Test("a port that does not speak TLS, one that says nothing, and one that hangs up give clear errors")
    func noTLS() async throws {
        try await EventLoop.withThread { loop in
            let talking = try await Pair.make(on: loop)
            try await talking.server.write(Array("Asterisk Call Manager/11.0.0\r\n".utf8))
            #expect(await code { try await talking.client.startTLS(TLSClientOptions(hostName: "x")) } == .tlsFailed)
            talking.close()
            let silent = try await Pair.make(on: loop)
            #expect(
                await code {
                    try await silent.client.startTLS(TLSClientOptions(hostName: "x"), deadline: .milliseconds(20))
                } == .timedOut)
            silent.close()
            let gone = try await Pair.make(on: loop)
            gone.server.close()
            let ended = await code { try await gone.client.startTLS(TLSClientOptions(hostName: "x")) }
            #expect(ended == .tlsFailed || ended == .connectionReset)
            gone.close()
        }
    }
}
