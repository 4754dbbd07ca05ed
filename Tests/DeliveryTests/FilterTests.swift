import Telephony
import Testing

@testable import Delivery

@Suite struct FilterTests {
    func holds(_ text: String, _ record: CallRecord = sampleRecord()) throws -> Bool {
        try Filter(text).holds(FieldContext(sampleEvent(record), format: ValueFormat()))
    }

    @Test(arguments: [
        "direction == inbound && billsec > 0", "billsec>=70 && billsec<=70", "disposition == ANSWERED",
        "duration > 9", "talk_seconds == 68.4", "!(direction == outbound)", "direction != outbound",
        "queue.name == null", "ref_id != null", "variables.lead_id == 4711", "variables.lead_id == 4711.0",
        "variables.nothing != x", "agent.name =~ mar*", "agent.name =~ M?ria", "agent.name !~ jo*",
        "caller.number =~ 0917*", "queue.name || agent.number", "!queue.name", "billsec", "!hold_seconds",
        "direction == internal || direction == inbound && billsec == 70",
        "(direction == internal || direction == inbound) && billsec == 70", "caller.name == \"Ana \\\"Bo\\\" Cruz\"",
        "billsec > \"9\"", "talk_seconds == \"68.40\"",
        "event.type == call.complete", "started_at > 2026-11-21T00:00:00Z", "recording_path =~ */monitor/*.wav",
    ])
    func `true of the sample call`(text: String) throws { #expect(try holds(text)) }

    @Test(arguments: [
        "direction == outbound", "billsec > 70", "billsec < 9", "queue.name == sales", "queue.name != null",
        "variables.nothing == x", "variables.nothing > 0", "queue.wait_seconds < 1", "agent.name =~ jo*",
        "direction == outbound && billsec > 0", "direction == outbound || billsec > 0 && hold_seconds > 0",
        "!agent.number", "!(billsec && agent.number)", "caller.number =~ 0917", "hungup_by == agent",
        "billsec < \"9\"",
    ])
    func `false of the sample call`(text: String) throws { #expect(try !holds(text)) }

    @Test(arguments: [
        ("direction = inbound", "write == to compare"), ("billsec >", "a value is expected"),
        ("(billsec > 0", "\")\" is missing"), ("billsec > 0 direction == inbound", "&& or || is missing"),
        ("", "a field's name is expected"), ("billsec > 0 &&", "a field's name is expected"),
        ("caller.name == \"Ana", "closing \""), ("billsec > 0 & direction", "&& or || is missing"),
        ("bilsec > 0", "did you mean \"billsec\"?"),
        ("billsec > 0 && caller.numbr == 1", "did you mean \"caller.number\"?"),
        ("direction == inbond", "did you mean \"inbound\"?"), ("disposition != ANSWER", "did you mean \"ANSWERED\"?"),
        ("disposition == answered", "did you mean \"ANSWERED\"?"), ("hungup_by == customer", "caller, callee"),
        ("queue.result == \"LOST\"", "ABANDONED"), ("event.type == call.complte", "did you mean \"call.complete\"?"),
        ("billsec > abc", "write as billsec > 0"), ("hangup_cause.code == busy", "write as hangup_cause.code > 0"),
    ])
    func `what cannot be read is refused with what is expected`(text: String, hint: String) {
        let error = refusal(("when", text))
        #expect(error?.key == "when")
        #expect(error?.line == 2)
        #expect(error?.hint.contains(hint) == true, "\(String(describing: error))")
    }

    @Test func `the place of a mistake is named`() {
        #expect(refusal(("when", "billsec > 0 and direction == inbound"))?.problem.contains("character 13") == true)
    }

    @Test func `deep nesting is refused, not followed`() {
        #expect(throws: ValueError.self) {
            try Filter(String(repeating: "(", count: 10_000) + "billsec" + String(repeating: ")", count: 10_000))
        }
        #expect(throws: ValueError.self) { try Filter(String(repeating: "!", count: 100_000) + "billsec") }
    }

    @Test func `a filter keeps events from an endpoint, but never alerts`() throws {
        let endpoint = try endpoint(("when", "direction == outbound"), ("events", "call.complete, alert"))
        #expect(!endpoint.accepts(sampleEvent(), recordJSON: nil))
        #expect(
            endpoint.accepts(
                WebhookEvent(Alert(.diskLow, subject: "/", message: "", at: .init(seconds: 1))), recordJSON: nil))
    }
}
