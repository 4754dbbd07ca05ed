import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

@testable import Delivery

/// Received requests checked by the official libraries, in Python, from the lab's cache. What cannot be had fails.
@Suite(.timeLimit(.minutes(20))) struct VerifierTests {
    /// Runs a program to its end; its output, or an error that says what it said.
    static func run(_ program: String, _ arguments: [String], input: Data = Data()) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let (stdin, stdout, stderr) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (stdin, stdout, stderr)
        try process.run()
        try stdin.fileHandleForWriting.write(contentsOf: input)
        try stdin.fileHandleForWriting.close()
        let output = try stdout.fileHandleForReading.readToEnd() ?? Data()
        let errors = try stderr.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(
            process.terminationStatus == 0, "\(program): \(String(decoding: errors.suffix(2000), as: UTF8.self))")
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    static let verifiers: Result<String, any Error> = Result {
        try run("\(HookswitchTestKit.repository)/Tests/Lab/make-verifiers", [])
    }

    func verify(_ kind: String, secret: String, url: String = "", _ request: WebhookSink.Request) throws -> JSONValue {
        let folder = try VerifierTests.verifiers.get()
        let script = try #require(Bundle.module.resourceURL).appendingPathComponent("Verifiers/verify.py").path
        let message = try JSONSerialization.data(withJSONObject: [
            "kind": kind, "secret": secret, "url": url, "headers": request.headers, "body": request.text,
        ])
        return try JSONValue(parsing: try VerifierTests.run("\(folder)/bin/python", [script], input: message))
    }

    /// The one request an endpoint with these settings makes of a call.
    func received(_ lines: (String, String)...) async throws -> (WebhookSink.Request, url: String) {
        let sink = WebhookSink()
        defer { sink.stop() }
        let crm = try EndpointConfiguration(
            name: "crm", entries: [.init("url", sink.url + "?a=1&b=2")] + lines.map { .init($0.0, $0.1) })
        try await Bench.run([crm]) { bench in
            var record = sampleRecord()
            record.caller.name = "Zoë \u{1F600} \"Q\""
            try await bench.commit([record])
            await bench.witness.untilDelivered(1)
        }
        return (try #require(sink.requests.first), sink.url + "?a=1&b=2")
    }

    @Test(arguments: ["standardwebhooks", "svix"])
    func `the signature is accepted by the official library, with each of two active secrets`(library: String)
        async throws
    {
        let secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
        let (request, _) = try await received(("secret", secrets.joined(separator: ", ")))
        for secret in secrets {
            let payload = try verify(library, secret: secret, request)
            #expect(payload["data"]?["caller"]?["name"]?.string == "Zoë \u{1F600} \"Q\"")
        }
    }

    @Test func `a CloudEvent is read by the CloudEvents library`() async throws {
        let (request, _) = try await received(("preset", "cloudevents"))
        let event = try verify("cloudevents", secret: "", request)
        #expect(event["type"]?.string == "hookswitch.call.complete")
        #expect(event["source"]?.string == "/hookswitch/pbx1")
        #expect(event["id"]?.string == request.headers["webhook-id"])
        #expect(event["data"]?["id"]?.string == "pbx1-1795227460.0")
    }

    @Test func `a status callback is accepted by Twilio's validator`() async throws {
        let (request, url) = try await received(("preset", "twilio"), ("secret", "12345"), ("country_code", "63"))
        let parameters = try verify("twilio", secret: "12345", url: url, request)
        #expect(parameters["CallStatus"]?.string == "completed")
        #expect(parameters["CallerName"]?.string == "Zoë \u{1F600} \"Q\"")
        #expect(parameters["From"]?.string == "+639171234567")
        #expect(request.headers["webhook-signature"] == nil)
    }
}

/// TLS as a receiver sees it: a private authority, a client certificate, and a certificate that is wrong.
@Suite(.timeLimit(.minutes(20))) struct DeliveryTLSTests {
    struct Certificates {
        let folder = TemporaryFolder()
        init() throws {
            _ = try VerifierTests.run(
                "/bin/sh",
                [
                    "-ec",
                    """
                    cd \(folder.path)
                    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
                        -subj '/CN=Private CA' -days 2
                    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' >names
                    for name in server client; do
                        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out $name.csr \
                            -subj "/CN=hookswitch-$name"
                        openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
                            -extfile names -out $name.pem
                    done
                    """,
                ])
        }
        func path(_ name: String) -> String { "\(folder.path)/\(name)" }
    }

    /// A receiver process that ends with this value.
    final class Receiver {
        let port: String
        private let process = Process()
        private let stdin = Pipe()
        private let stdout = Pipe()
        init(_ arguments: [String]) throws {
            let script = try #require(Bundle.module.resourceURL).appendingPathComponent("Verifiers/tls_receiver.py")
                .path
            process.executableURL = URL(fileURLWithPath: "\(try VerifierTests.verifiers.get())/bin/python")
            process.arguments = [script] + arguments
            (process.standardInput, process.standardOutput) = (stdin, stdout)
            process.standardError = FileHandle.nullDevice
            try process.run()
            port = Receiver.line(stdout)
            try #require(Int(port) != nil, "the receiver did not start")
        }
        func line() -> String { Receiver.line(stdout) }
        private static func line(_ pipe: Pipe) -> String {
            var text = Data()
            while let byte = try? pipe.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte != Data([10]) {
                text.append(byte)
            }
            return String(decoding: text, as: UTF8.self)
        }
        deinit {
            try? stdin.fileHandleForWriting.close()
            process.waitUntilExit()
        }
    }

    @Test func `a private authority and a client certificate let a call through`() async throws {
        let files = try Certificates()
        let receiver = try Receiver([files.path("server.pem"), files.path("server.key"), files.path("ca.pem")])
        let crm = try EndpointConfiguration(
            name: "crm",
            entries: [
                .init("url", "https://localhost:\(receiver.port)/calls"), .init("ca_file", files.path("ca.pem")),
                .init("client_certificate", files.path("client.pem")), .init("client_key", files.path("client.key")),
            ])
        try await Bench.run([crm]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.untilDelivered(1)
        }
        #expect(receiver.line() == "hookswitch-client /calls")
    }

    @Test func `an unknown authority and a missing client certificate are failures, not deliveries`() async throws {
        let files = try Certificates()
        let open = try Receiver([files.path("server.pem"), files.path("server.key")])
        let closed = try Receiver([files.path("server.pem"), files.path("server.key"), files.path("ca.pem")])
        let stranger = try EndpointConfiguration(
            name: "stranger", entries: [.init("url", "https://localhost:\(open.port)/"), .init("retry", "none")])
        let anonymous = try EndpointConfiguration(
            name: "anonymous",
            entries: [
                .init("url", "https://localhost:\(closed.port)/"), .init("ca_file", files.path("ca.pem")),
                .init("retry", "none"),
            ])
        try await Bench.run([stranger, anonymous]) { bench in
            try await bench.commit(calls(1))
            await bench.witness.until { events, _ in events.count == 2 }
            #expect(bench.witness.events.first { $0.endpoint == "stranger" }?.error == "tls")
            // TLS 1.3 tells the client of its missing certificate only after the handshake: a broken connection.
            #expect(bench.witness.events.first { $0.endpoint == "anonymous" }?.status == nil)
            #expect(bench.witness.events.allSatisfy { $0.verdict == .deadLetter })
        }
    }
}
