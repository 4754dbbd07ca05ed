import Storage
import Telephony
import Testing

@testable import Delivery

/// The `key = value` lines of a section's text, as the configuration's reader gives them; a line without `=` is left out.
func sectionEntries(_ text: String) -> [EndpointConfiguration.Entry] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
        guard let equals = line.firstIndex(of: "=") else { return nil }
        return .init(
            ConfigurationText.trimmed(line[..<equals]), ConfigurationText.trimmed(line[line.index(after: equals)...]),
            line: number + 1)
    }
}

/// An inbound call of a campaign, answered by agent 6666, recorded; times in UTC.
func sampleRecord() -> CallRecord {
    var record = CallRecord(
        id: "pbx1-1795227460.0", system: "pbx1", uniqueID: UniqueID("1795227460.0"),
        linkedID: LinkedID("1795227460.0"), direction: .inbound, disposition: .answered,
        caller: .init(number: "09171234567", name: "Ana \"Bo\" Cruz"), callee: .init(number: "0285550100"),
        startedAt: Instant(rfc3339: "2026-11-21T02:17:40.996Z")!,
        endedAt: Instant(rfc3339: "2026-11-21T02:19:02.500Z")!,
        hangupCause: .normalClearing)
    record.answeredAt = Instant(rfc3339: "2026-11-21T02:17:52.000Z")!
    let agent = CallRecord.Party(
        number: "1001", name: "Maria", channel: ChannelName("PJSIP/1001-00000001"), agent: "6666")
    (record.answeredBy, record.agent, record.agents) = (agent, agent, [agent])
    record.talk = .milliseconds(68_400)
    record.ring = .milliseconds(6_250)
    record.hungUpBy = .caller
    record.variables = [
        "campaign_id": "SPRING", "lead_id": "4711", "dispo": "SALE", "vendor_lead_code": "A-9",
        "comments": "call & back",
    ]
    record.refID = "ref-77"
    record.sources = [.ami]
    var recording = CallRecord.Recording(
        path: "/var/spool/asterisk/monitor/2026/11/20261121-0217_6666.wav",
        channel: ChannelName("PJSIP/trunk-00000000"),
        startedAt: record.startedAt, endedAt: record.endedAt, state: .ready)
    recording.length = .seconds(70)
    record.recordings = [recording]
    var caller = CallRecord.Leg(
        uniqueID: UniqueID("1795227460.0"), channel: ChannelName("PJSIP/trunk-00000000"), role: .caller,
        startedAt: record.startedAt)
    caller.number = "09171234567"
    var rung = CallRecord.Leg(
        uniqueID: UniqueID("1795227460.2"), channel: ChannelName("PJSIP/1002-00000002"), role: .rung,
        startedAt: record.startedAt)
    rung.number = "1002"
    var taken = CallRecord.Leg(
        uniqueID: UniqueID("1795227460.1"), channel: agent.channel, role: .agent, startedAt: record.startedAt)
    taken.number = "1001"
    taken.ringingAt = Instant(rfc3339: "2026-11-21T02:17:45.000Z")!
    taken.answeredAt = Instant(rfc3339: "2026-11-21T02:17:52.000Z")!
    record.legs = [caller, rung, taken]
    return record
}

func sampleEvent(_ record: CallRecord = sampleRecord()) -> WebhookEvent {
    WebhookEvent(.callComplete, of: record, at: record.endedAt)
}

/// The section's endpoint; fails the test where the section is wrong.
func endpoint(_ lines: (String, String)..., name: String = "crm") throws -> EndpointConfiguration {
    let hasURL = lines.contains { $0.0 == "url" }
    return try EndpointConfiguration(
        name: name,
        entries: (hasURL ? [] : [.init("url", "https://crm.example.com/hook", line: 1)])
            + lines.enumerated().map { .init($1.0, $1.1, line: $0 + 2) })
}

/// What the endpoint would store of the sample call.
func body(_ endpoint: EndpointConfiguration, _ event: WebhookEvent = sampleEvent()) -> String {
    String(decoding: endpoint.draft(of: event, recordJSON: nil, dueAt: event.timestamp).body, as: UTF8.self)
}

/// The error a section is refused with.
func refusal(_ lines: (String, String)...) -> DeliveryConfigurationError? {
    do throws(DeliveryConfigurationError) {
        let hasURL = lines.contains { $0.0 == "url" }
        _ = try EndpointConfiguration(
            name: "crm",
            entries: (hasURL ? [] : [.init("url", "https://crm.example.com/hook", line: 1)])
                + lines.enumerated().map { .init($1.0, $1.1, line: $0 + 2) })
        return nil
    } catch {
        return error
    }
}
