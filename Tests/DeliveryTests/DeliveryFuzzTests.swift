import HookswitchTestKit
import Storage
import Telephony
import TestGround
import Testing

@testable import Delivery

/// Damaged templates, conditions, sections and answers: a value or an error that says what is allowed.
@Suite struct DeliveryFuzzTests {
    private static let context = FieldContext(sampleEvent(), format: ValueFormat())

    @Test func `a damaged template is refused, or what it makes is of its place's kind`() {
        let mutator = Mutator(
            samples: [
                "{\"a\":\"${caller.name}\",\"b\":${variables.v},\"c\":${agent},\"s\":${billsec},\"r\":${record}}",
                SmartfloVariables.body, "{\"x\":\"$answered_agent_name $$ $uuid\"}",
                "lead_id=--A--lead_id--B--&dispo=--A--dispo--B--&t=${talk_seconds}", Preset.vicidialQuery,
                "/leads/${variables.lead_id}/x?n=${caller.e164}", "<a b=\"${caller.name}\">${hangup_cause.text}</a>",
            ].map { Array($0.utf8) },
            words: RecordField.names.map { "${\($0)}" } + SmartfloVariables.keys.map { "$\($0.variable)" }
                + ["${", "}", "$", "$$", "--A--", "--B--", "--a--user--b--", "\"", "\\", "\\\"", "${variables.}"])
        let outcome = Fuzz("template").run(mutator) { bytes, random in
            let text = String(decoding: bytes, as: UTF8.self)
            for place in [Template.Place.json, .form, .url, .xml, .text, .link] {
                let style = random.once(in: 2) ? Template.Style.plain : .smartflo
                do {
                    let template = try Template(text, in: place, style: style)
                    let made = template.rendered(Self.context)
                    if !template.hasFields { try require(made.count <= bytes.count * 3, "it grew without a field") }
                    // A field adds nothing that leaves its place: what was JSON with a text in each place is JSON.
                    if place == .form || place == .url, template.hasFields, !bytes.contains(13), !bytes.contains(10) {
                        try require(!made.contains(10) && !made.contains(13), "a line end in a query")
                    }
                } catch let error as ValueError {
                    try require(!error.problem.isEmpty && !error.hint.isEmpty, "an error without words")
                }
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test func `a damaged record is sent in every format, and what is JSON or a form stays so`() throws {
        let formats = try [
            endpoint(), endpoint(("preset", "vicidial")),
            endpoint(("preset", "vicidial"), ("content_type", "application/x-www-form-urlencoded")),
            endpoint(("preset", "vicidial_get"), ("url", "https://crm.example.com/dispo")),
            endpoint(("preset", "smartflo"), ("number_format", "e164"), ("country_code", "63")),
            endpoint(("preset", "intellicall"), ("number_format", "e164"), ("country_code", "1")),
            endpoint(("preset", "cloudevents")), endpoint(("preset", "yeastar30012"), ("account", "3631A2124XXX")),
            endpoint(("preset", "twilio"), ("country_code", "63"), ("account", "AC0123456789abcdef0123456789abcdef")),
        ]
        let mutator = Mutator(
            samples: [sampleRecord().json],
            words: [
                "0000-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "1e300", "null", "\\u0000", "\\u001b", "&a=b",
                "${record}",
                "--A--user--B--", "$call_id", "+", "00", "ANSWERED", "outbound", "\u{1F469}\u{200D}\u{1F467}",
            ])
        let outcome = Fuzz("formats").run(mutator) { bytes, _ in
            guard let record = (try? JSONValue(parsing: bytes)).flatMap({ CallRecord(json: $0) }) else { return }
            for format in formats {
                let draft = format.draft(of: sampleEvent(record), recordJSON: nil, dueAt: record.endedAt)
                if draft.contentType == ContentType.form || format.method == "GET" {
                    let plain = draft.body.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                    try require(plain, "\(format.preset): a byte that a form escapes")
                } else if !draft.body.isEmpty {
                    let json = try? JSONValue(parsing: draft.body)
                    try require(
                        json != nil, "\(format.preset): no JSON: \(String(decoding: draft.body, as: UTF8.self))")
                }
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test func `a damaged condition is refused, or holds or not`() {
        let mutator = Mutator(
            samples: [
                "direction == inbound && billsec > 0", "!(queue.name =~ sales*) || variables.lead_id != \"\"",
                "((billsec >= 5 && caller.number !~ \"+49*\") || agent.number == null)", "talk_seconds < 3.5",
            ].map { Array($0.utf8) },
            words: Filter.Comparison.allCases.map(\.rawValue) + RecordField.names
                + [
                    "&&", "||", "!", "(", ")", "((((((((((", "!!!!!!!!!!", "\"", "\\\"", "null", "*?*?*?", "nan",
                    "1e400",
                ])
        let outcome = Fuzz("when").run(mutator) { bytes, _ in
            do throws(ValueError) {
                let filter = try Filter(String(decoding: bytes, as: UTF8.self))
                _ = filter.holds(Self.context)
            } catch {
                try require(!error.problem.isEmpty && !error.hint.isEmpty, "an error without words")
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test func `a damaged section is an endpoint or an error with its line`() {
        let sections = [
            """
            url = https://crm.example.com:8443/hooks/${variables.lead_id}?a=1
            events = call.started, call.complete, alert
            method = PUT
            content_type = application/json
            body = {"a":"${caller.name}","b":${billsec}}
            secret = whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, plain
            header.X-Api-Key = k1
            timeout = 500ms
            retry = 5s, 30s, 2m, 24h
            concurrency = 8
            rate = 100/min
            allow = private, 203.0.113.0/24, fd00::/8
            when = direction == inbound
            number_format = e164
            country_code = 49
            time_zone = +05:30
            disposition.SPRING.SALE = Won
            alert_age = 1h
            """,
            """
            url = http://[::1]:80/
            preset = vicidial_get
            bearer = abc
            proxy = socks5h://127.0.0.1:1080
            recording_url = https://rec.example.com/${recording_path}
            """,
            """
            url = https://a.b/c
            preset = twilio
            oauth2_token_url = https://id.example.com/token
            oauth2_client_id = id
            oauth2_client_secret = s
            oauth2_scope = calls write
            """,
        ]
        let mutator = Mutator(
            samples: sections.map { Array($0.utf8) },
            words: EndpointConfiguration.keys.map { "\n\($0) = " } + Preset.allCases.map(\.rawValue)
                + [
                    "https://", "://", "[", "]", "@", "#", "/0", "/129", "::", "::ffff:1.2.3.4", "none", "any", "1d",
                    "0s", "=",
                ])
        let outcome = Fuzz("webhook-section").run(mutator) { bytes, random in
            do {
                let endpoint = try EndpointConfiguration(
                    name: "crm", entries: sectionEntries(String(decoding: bytes, as: UTF8.self)))
                _ = endpoint.allow.allows((0..<4).map { _ in random.byte() })
                _ = endpoint.allow.allows((0..<16).map { _ in random.byte() })
                let event = sampleEvent()
                let draft = endpoint.draft(of: event, recordJSON: nil, dueAt: event.timestamp)
                // What is stored is split into a path and a body as it was put together: the path is one line.
                let (target, _) = MessageFormat.split(draft.body)
                try require(
                    target.map { $0.hasPrefix("/") && $0.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F } } ?? true,
                    "the path is \(target ?? "")")
            } catch let error as DeliveryConfigurationError {
                try require(!error.problem.isEmpty, "an error without words")
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test func `a damaged answer is read or ignored, and never makes a wait that is out of bounds`() {
        let mutator = Mutator(
            samples: [
                "120", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
                "Fri, 31 Dec 9999 23:59:60 GMT",
                "{\"access_token\":\"abc\",\"token_type\":\"Bearer\",\"expires_in\":3600}",
                "{\"access_token\":\"abc\",\"expires_in\":\"60\"}",
            ].map { Array($0.utf8) },
            words: [
                "GMT", "Feb", "30", ":", ",", "-", " ", "Sun", "{", "}", "\"expires_in\":", "\"access_token\":\"x\"",
                "1e18",
            ])
        let outcome = Fuzz("answer").run(mutator) { bytes, random in
            let now = Instant(seconds: Int64(random.below(4_000_000_000)))
            let header = RetryAfter(String(decoding: bytes, as: UTF8.self))
            let verdict = RetryPolicy.standard.verdict(
                attempt: 1, outcome: .answered(status: 429, retryAfter: header), now: now, chance: 0.999)
            guard case .retry(let wait) = verdict else { throw Fuzz.Finding("\(verdict)") }
            try require(wait > .zero && wait < .seconds(2 * 86400), "\(wait)")
            let answer = HTTPResponse(
                outcome: .answered(status: 200, retryAfter: nil), status: 200, body: bytes, detail: "")
            if let token = TokenSource.read(answer) {
                try require(token.lifetime > .zero && token.lifetime <= .seconds(365 * 86400), "\(token.lifetime)")
                try require(token.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "a token that breaks a header")
            }
            _ = Escaping.formPairs(bytes)
            _ = Base64.decode(String(decoding: bytes, as: UTF8.self))
        }
        #expect(outcome.isClean, "\(outcome)")
    }
}
