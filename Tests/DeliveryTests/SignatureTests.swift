import Testing

@testable import Delivery

@Suite struct SignatureTests {
    /// The test vector of the Standard Webhooks libraries.
    @Test func `the published vector comes out`() throws {
        let secret = try SigningSecret(configuration: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        #expect(
            WebhookSignature.header(
                id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330,
                body: Array(#"{"test": 2432232314}"#.utf8),
                secrets: [secret]) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `two active secrets give two signatures, the first one first`() throws {
        let first = try SigningSecret(configuration: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let second = try SigningSecret(configuration: "plain text")
        func header(_ secrets: [SigningSecret]) -> String {
            WebhookSignature.header(id: "a", timestamp: 1, body: [], secrets: secrets)
        }
        #expect(header([first, second]) == header([first]) + " " + header([second]))
        #expect(header([first]) != header([second]))
    }

    @Test func `a secret is never printed`() throws {
        let secret = try SigningSecret(configuration: "hunter2")
        #expect("\(secret) \(String(reflecting: secret))" == "<secret> <secret>")
    }

    @Test(arguments: ["whsec_", "whsec_!!", "whsec_A", ""])
    func `a secret that cannot be one is refused`(text: String) {
        #expect(throws: ValueError.self) { try SigningSecret(configuration: text) }
    }

    /// Twilio's own example, from "Webhooks security" (auth token 12345).
    @Test func `Twilio's published example comes out`() throws {
        let parameters = [
            ("CallSid", "CA1234567890ABCDE"), ("Caller", "+14158675309"), ("Digits", "1234"), ("From", "+14158675309"),
            ("To", "+18005551212"),
        ]
        #expect(
            WebhookSignature.twilio(
                url: "https://mycompany.com/myapp.php?foo=1&bar=2", parameters: parameters.reversed(),
                token: try SigningSecret(configuration: "12345")) == "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    }

    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `base64 is that of RFC 4648`(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
        #expect(Base64.decode(encoded.prefix { $0 != "=" }) == Array(text.utf8))
    }

    @Test func `an empty HMAC key is an empty key`() {
        // RFC-style check against Python: hmac.new(b"", b"", "sha256").hexdigest()
        #expect(
            Crypto.hex(Crypto.hmac(.sha256, key: [], []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }
}
