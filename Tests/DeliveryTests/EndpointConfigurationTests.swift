import Telephony
import Testing

@testable import Delivery

@Suite struct EndpointConfigurationTests {
    @Test func `the contract's example is read`() throws {
        let endpoint = try endpoint(
            ("url", "https://crm.example.com/hooks/calls"), ("events", "call.complete"), ("method", "POST"),
            ("content_type", "application/json"), ("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, whsec_bmV3"),
            ("header.Authorization", "Bearer abc"), ("timeout", "10s"),
            ("retry", "5s, 30s, 2m, 10m, 30m, 1h, 3h, 6h, 12h, 24h"), ("concurrency", "4"), ("rate", "50/s"),
            ("allow", "any"), ("when", "direction == inbound && billsec > 0"))
        #expect(endpoint.retry == .standard)
        #expect(endpoint.rate == .init(count: 50, per: .seconds(1)))
        #expect(endpoint.secrets.count == 2)
        #expect(endpoint.events == [.callComplete])
        #expect(endpoint.allow.isAny)
        #expect("\(endpoint)" == "crm" && !String(reflecting: endpoint).contains("abc"))
    }

    @Test func `one line is enough, and the rest is the contract's default`() throws {
        let endpoint = try endpoint()
        #expect(endpoint.method == "POST" && endpoint.concurrency == 4 && endpoint.timeout == .seconds(10))
        #expect(endpoint.events == [.callComplete] && endpoint.retry == .standard && endpoint.isEnabled)
    }

    @Test(arguments: [
        ("eventz", "call.complete", "did you mean \"events\"?"),
        ("events", "call.completed", "did you mean \"call.complete\"?"),
        ("preset", "intelicall", "did you mean \"intellicall\"?"), ("method", "DELETE", "allowed: POST"),
        ("timeout", "10 parrots", "write a number and ms"), ("timeout", "1ms", "allowed"),
        ("retry", "5s, x", "write a number"),
        ("concurrency", "0", "whole number"), ("concurrency", "65", "whole number"), ("rate", "fast", "50/s"),
        ("allow", "publik", "allowed: any"), ("secret", "whsec_???", "copy the whole secret"),
        ("secret", ",", "openssl"),
        ("header.Bad Name", "x", "letters, digits"), ("header.webhook-id", "x", "leave it out"),
        ("header.Content-Type", "x", "use content_type"), ("content_type", "json", "media type"),
        ("content_type", "text/xml", "add body"), ("ca_file", "ca.pem", "begin it with /"),
        ("client_key", "/k.pem", "client_certificate"),
        ("proxy", "proxy:3128", "http://"), ("proxy", "http://", "no host"),
        ("proxy", "http://u:hunter2@p:99999", "port"), ("enabled", "perhaps", "yes or no"),
        ("time_zone", "Asia/Manila", "offset"),
        ("number_format", "e164", "template"), ("oauth2_client_id", "x", "go together"), ("bearer", "", "bearer ="),
        ("disposition.a.b.c", "x", "disposition.SALE"), ("url", "crm.example.com/x", "https://"),
        ("url", "ftp://x/", "https://"),
        ("url", "https://", "https://crm"), ("url", "https://user:pw@x/", "header.Authorization"),
        ("url", "https://x/#y", "leave it out"),
        ("url", "https://x/a b", "%20"), ("url", "https://x:99999/", "port"), ("country_code", "+6x", "digits"),
        ("national_digits", "many", "4 to 14"),
        ("body", "{\"a\":${calller}}", "did you mean"), ("body", "user=${agent.number}", "content_type = text/plain"),
        ("body", "{\"a\":${billsec},}", "not JSON"), ("body", "{\"a\":${caller.name} \"b\":1}", "after {\"a\":0 "),
    ])
    func `a mistake is refused with what is allowed`(key: String, value: String, hint: String) {
        let error = refusal((key, value))
        #expect(error?.key == key)
        #expect(error?.line == 2)
        #expect(error.map { ($0.hint + $0.problem).contains(hint) } == true, "\(String(describing: error))")
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(arguments: [("user = ${agent.number}", "%20"), ("a=1#b", "leave it out")])
    func `a body that goes into the query of a GET is written as a URL is`(body: String, hint: String) {
        let error = refusal(("body", body), ("method", "GET"))
        #expect(error?.key == "body")
        #expect(error.map { ($0.hint + $0.problem).contains(hint) } == true, "\(String(describing: error))")
        #expect(refusal(("body", body), ("content_type", "text/plain")) == nil)
    }

    @Test func `keys that contradict each other are refused`() {
        #expect(refusal(("bearer", "a"), ("header.Authorization", "b"))?.code == .conflict)
        #expect(refusal(("proxy", "http://p:3128"), ("allow", "public"))?.code == .conflict)
        #expect(refusal(("timeout", "1s"), ("timeout", "2s"))?.code == .repeatedKey)
        #expect(refusal(("preset", "twilio"), ("content_type", "application/json"))?.code == .conflict)
        #expect(refusal(("preset", "twilio"), ("secret", "a, b"))?.code == .conflict)
        #expect(refusal(("header.X", "a\r\nEvil: b"))?.code == .badValue)
        #expect(
            refusal(("oauth2_token_url", "https://id/"), ("oauth2_client_id", "x"), ("bearer", "y"))?.code == .conflict)
    }

    @Test func `without a url the section is refused`() {
        #expect(throws: DeliveryConfigurationError.self) { try EndpointConfiguration(name: "crm", entries: []) }
    }

    @Test func `an error never shows a secret`() {
        for key in ["secret", "bearer", "header.Authorization", "proxy", "url"] {
            let value = key == "url" ? "https://user:hunter2@x/" : key == "secret" ? "whsec_hunter2?" : "hunter2\u{1}"
            #expect(refusal((key, value))?.description.contains("hunter2") == false)
        }
    }
}
