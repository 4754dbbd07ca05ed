import Foundation
import Storage
import Telephony
import Testing

@testable import Delivery

/// Each preset against a stored example, written by hand from the system's own description.
@Suite struct PresetTests {
    func example(_ name: String) throws -> String {
        let url = try #require(Bundle.module.resourceURL).appendingPathComponent("Examples/\(name)")
        return String(decoding: try Data(contentsOf: url), as: UTF8.self)
    }
    let e164: [(String, String)] = [("number_format", "e164"), ("country_code", "63"), ("time_zone", "utc")]

    @Test func `the ViciDial call-complete body, S2.1, as JSON and as a form`() throws {
        #expect(body(try endpoint(("preset", "vicidial"), ("time_zone", "utc"))) == (try example("vicidial.json")))
        let form = try endpoint(
            ("preset", "vicidial"), ("time_zone", "utc"), ("content_type", "application/x-www-form-urlencoded"))
        #expect(body(form) == (try example("vicidial.form")))
        #expect(form.contentType == "application/x-www-form-urlencoded")
    }

    @Test func `an agent_user is always there, as its receiver refuses a missing one`() throws {
        var record = sampleRecord()
        (record.agent, record.variables["user"]) = (nil, nil)
        #expect(body(try endpoint(("preset", "vicidial")), sampleEvent(record)).contains("\"agent_user\":\"VDCL\""))
        record.direction = .outbound
        #expect(body(try endpoint(("preset", "vicidial")), sampleEvent(record)).contains("\"agent_user\":\"VDAD\""))
    }

    @Test func `the Smartflo body with its 32 keys, all strings`() throws {
        let endpoint = try endpoint(
            ("preset", "smartflo"), ("time_zone", "utc"), ("country_code", "63"),
            ("recording_url", "https://rec.example.com/${recording_path}"))
        #expect(body(endpoint) == (try example("smartflo.json")))
    }

    @Test func `a Smartflo-style body of one's own`() throws {
        let own = "{\"call_id\":\"$call_id\",\"lead\":\"$ref_id\",\"agent\":\"$answered_agent_name\"}"
        let expected = "{\"call_id\":\"1795227460.0\",\"lead\":\"ref-77\",\"agent\":\"Maria\"}"
        #expect(body(try endpoint(("preset", "smartflo"), ("body", own))) == expected)
        #expect(body(try endpoint(("body", own))) == expected)
        #expect(refusal(("body", "{\"x\":\"$answered_agnt\"}"))?.hint.contains("$answered_agent") == true)
    }

    @Test func `the Intellicall callback, S4.8 to S4.11`() throws {
        let endpoint = try endpoint(
            ("preset", "intellicall"), e164[0], e164[1], ("recording_url", "https://rec.example.com/${recording_path}"))
        let id = PresetBodies.derivedUUID("pbx1-1795227460.0")
        #expect(UUID(uuidString: id) != nil)
        #expect(body(endpoint) == (try example("intellicall.json")).replacingOccurrences(of: "CALL_ID", with: id))
        #expect(endpoint.retry == RetryPolicy(waits: [.seconds(1), .seconds(2), .seconds(4)], jitter: 0))
        #expect(endpoint.timeout == .seconds(10))
    }

    @Test(arguments: [
        (CallRecord.Disposition.answered, "ANSWER"), (.noAnswer, "NO_ANSWER"), (.busy, "BUSY"), (.failed, "FAILED"),
        (.canceled, "CANCELED"),
    ])
    func `Intellicall's status words`(disposition: CallRecord.Disposition, status: String) throws {
        var record = sampleRecord()
        record.disposition = disposition
        let json = try JSONValue(parsing: body(try endpoint(("preset", "intellicall")), sampleEvent(record)))
        #expect(json["status"]?.string == status)
        #expect((json["duration"]?.integer == 0) == (disposition != .answered))
    }

    @Test func `without a recording Intellicall's recording_url is absent, and a disposition nobody set is NONE`()
        throws
    {
        var record = sampleRecord()
        record.recordings = []
        record.variables = [:]
        record.refID = nil
        let json = try JSONValue(
            parsing: body(
                try endpoint(("preset", "intellicall"), ("recording_url", "https://rec.example.com/${recording_path}")),
                sampleEvent(record)))
        #expect(json["recording_url"] == nil)
        #expect(json["disposition"]?.string == "NONE")
        #expect(json["uuid"]?.isNull == true)
    }

    @Test func `the VICIdial-style GET`() throws {
        let endpoint = try endpoint(("url", "https://crm.example.com/dispo"), ("preset", "vicidial_get"))
        #expect(endpoint.method == "GET")
        #expect(body(endpoint) == (try example("vicidial_get.txt")))
    }

    /// S3.5: Smartflo is also told when the customer answers, and when an agent is dialled.
    @Test func `Smartflo's variables say nothing of an end that has not come`() throws {
        var record = sampleRecord()
        record.isInProgress = true
        let endpoint = try endpoint(("preset", "smartflo"), ("events", "call.started, call.answered"))
        func told() throws -> JSONValue {
            try JSONValue(parsing: body(endpoint, WebhookEvent(.callAnswered, of: record, at: record.endedAt)))
        }
        #expect(try told()["call_status"]?.string == "answered")
        for key in ["end_stamp", "hangup_cause", "reason_key"] { #expect(try told()[key]?.string == "", "\(key)") }
        record.disposition = .noAnswer
        #expect(try told()["call_status"]?.string == "")
        #expect(try told()["answer_stamp"]?.string != "")
    }

    @Test func `an alert to an endpoint of forms is a form`() throws {
        let alert = WebhookEvent(
            Alert(.deadLetter, subject: "crm", message: "a & b", at: Instant(seconds: 1_795_300_000)))
        for preset in ["vicidial", "twilio"] {
            let endpoint = try endpoint(
                ("preset", preset), ("content_type", "application/x-www-form-urlencoded"), ("events", "alert"))
            let text = body(endpoint, alert)
            #expect(text.contains("kind=dead_letter&subject=crm&message=a+%26+b"), "\(text)")
        }
    }

    @Test func `Yeastar's event 30012 with its message as a string`() throws {
        let endpoint = try endpoint(("preset", "yeastar30012"), ("account", "3631A2124XXX"), ("time_zone", "utc"))
        #expect(body(endpoint) == (try example("yeastar30012.json")))
    }

    @Test func `Twilio's status callback`() throws {
        let endpoint = try endpoint(
            ("preset", "twilio"), ("country_code", "63"), ("account", "AC0123456789abcdef0123456789abcdef"),
            ("recording_url", "https://rec.example.com/${recording_path}"))
        let text = body(endpoint)
        let sid = "CA" + PresetBodies.derivedHex("pbx1-1795227460.0")
        let recording = "RE" + PresetBodies.derivedHex("recording\npbx1-1795227460.0")
        #expect(sid.count == 34)
        #expect(
            text
                == (try example("twilio.form")).replacingOccurrences(of: "CALL_SID", with: sid)
                .replacingOccurrences(of: "RECORDING_SID", with: recording))
        #expect(endpoint.contentType == "application/x-www-form-urlencoded")
    }

    @Test func `CloudEvents carries the contract's record`() throws {
        let endpoint = try endpoint(("preset", "cloudevents"), ("events", "call.ended, call.complete"))
        let json = try JSONValue(parsing: body(endpoint))
        #expect(endpoint.contentType == "application/cloudevents+json")
        #expect(json["specversion"]?.string == "1.0")
        #expect(json["type"]?.string == "hookswitch.call.complete")
        #expect(json["source"]?.string == "/hookswitch/pbx1")
        #expect(json["subject"]?.string == "pbx1-1795227460.0")
        #expect(json["time"]?.string == "2026-11-21T02:19:02.500Z")
        #expect(json["id"]?.string == sampleEvent().id)
        #expect(json["data"] == (try JSONValue(parsing: sampleRecord().json)))
    }

    @Test func `the default body is the contract's envelope, and the given JSON is taken as it is`() throws {
        let endpoint = try endpoint()
        let json = try JSONValue(parsing: body(endpoint))
        #expect(json.object?.map(\.name) == ["type", "id", "timestamp", "data"])
        #expect(json["type"]?.string == "call.complete")
        #expect(json["data"] == (try JSONValue(parsing: sampleRecord().json)))
        let event = sampleEvent()
        #expect(
            endpoint.draft(of: event, recordJSON: event.record?.json, dueAt: event.timestamp).body
                == endpoint.draft(of: event, recordJSON: nil, dueAt: event.timestamp).body)
    }

    @Test func `GET puts the fields into the query, and says nothing of what is not there`() throws {
        let endpoint = try endpoint(("url", "https://crm.example.com/hook?key=1"), ("method", "GET"))
        let text = body(endpoint)
        #expect(text.hasPrefix(">/hook?key=1&type=call.complete&id=msg_"))
        #expect(text.contains("&caller_number=09171234567&caller_name=Ana+%22Bo%22+Cruz&"))
        #expect(text.contains("&billsec=70&"))
        #expect(!text.contains("queue"))
    }

    @Test func `the message id depends on type, call and counter, and on nothing else`() {
        let record = sampleRecord()
        func id(_ type: EventType, _ counter: Int = 0, _ at: Int64 = 5) -> String {
            WebhookEvent(type, of: record, counter: counter, at: Instant(seconds: at)).id
        }
        #expect(id(.callComplete) == id(.callComplete, 0, 9))
        #expect(id(.callComplete) != id(.callEnded))
        #expect(id(.callTransferred, 1) != id(.callTransferred, 2))
        #expect(id(.callComplete).hasPrefix("msg_") && id(.callComplete).utf8.count == 36)
    }

    @Test func `the events of a call are in order by their sequence`() {
        let record = sampleRecord()
        let order: [(EventType, Int)] = [
            (.callStarted, 0), (.callAnswered, 0), (.callTransferred, 0), (.callTransferred, 1), (.callEnded, 0),
            (.recordingReady, 0), (.recordingReady, 1), (.recordingMissing, 0), (.callComplete, 0),
        ]
        let sequence = order.map { WebhookEvent($0.0, of: record, counter: $0.1, at: record.endedAt).sequence }
        #expect(sequence == sequence.sorted() && Set(sequence).count == sequence.count)
    }
}

@Suite struct ValueFormatTests {
    func philippines(_ style: NumberFormat.Style = .e164) -> NumberFormat {
        NumberFormat(style: style, countryCode: "63")
    }

    @Test(arguments: [
        ("09171234567", "+639171234567"), ("+639171234567", "+639171234567"), (" 639171234567", "+639171234567"),
        ("00639171234567", "+639171234567"), ("639171234567", "+639171234567"), ("0917 123-4567", "+639171234567"),
        ("1001", "1001"), ("s", "s"), ("anonymous", "anonymous"), ("", ""), ("0044 20 7946 0000", "+442079460000"),
        ("*97", "*97"), ("sip:ana@example.com", "sip:ana@example.com"),
    ])
    func `E.164 from what was dialled in the Philippines`(dialled: String, expected: String) {
        #expect(philippines().e164(dialled) == expected)
    }

    @Test func `North America has no national prefix but 1, and 011 to call abroad`() {
        let format = NumberFormat(style: .e164, countryCode: "1", nationalPrefix: "1", internationalPrefix: "011")
        #expect(format.e164("7275551212") == "+17275551212")
        #expect(format.e164("17275551212") == "+17275551212")
        #expect(format.e164("011442079460000") == "+442079460000")
    }

    @Test(arguments: [
        // Numbers of eight digits, some of which begin with the country's own code.
        ("65", "6591234567", "+6591234567"), ("65", "91234567", "+6591234567"), ("65", "65123456", "+6565123456"),
        ("45", "45123456", "+4545123456"), ("45", "4545123456", "+4545123456"), ("852", "85291234567", "+85291234567"),
        // Nine: a landline of Brussels, a South African mobile.
        ("32", "3225123456", "+3225123456"), ("27", "27821234567", "+27821234567"),
        ("27", "0821234567", "+27821234567"),
        // Ten, as Indian mobile numbers have: many begin with 91.
        ("91", "9123456789", "+919123456789"), ("91", "919123456789", "+919123456789"),
        // Eleven: a mobile number in the area 55 of Brazil.
        ("55", "55999991234", "+5555999991234"), ("55", "5511987654321", "+5511987654321"),
        // Too long for the country and not with its code: nothing tells what it is.
        ("65", "60123456789", "60123456789"), ("65", "0060123456789", "+60123456789"),
    ])
    func `a number without a plus has the country's code already only if it is too long without`(
        code: String, dialled: String, expected: String
    ) {
        #expect(NumberFormat(style: .e164, countryCode: code).e164(dialled) == expected)
    }

    @Test func `how long a national number may be can be said`() throws {
        let numbers = try endpoint(("country_code", "63"), ("national_digits", "9")).format.values.numbers
        #expect(numbers.e164("6391234567") == "+6391234567")
    }

    @Test func `as dialled is as dialled, and both forms are at hand in a template`() throws {
        let endpoint = try endpoint(
            ("number_format", "e164"), ("country_code", "63"),
            ("body", "{\"n\":\"${caller.number}\",\"d\":\"${caller.dialled}\",\"e\":\"${callee.e164}\"}"))
        #expect(body(endpoint) == "{\"n\":\"+639171234567\",\"d\":\"09171234567\",\"e\":\"+63285550100\"}")
        #expect(philippines(.dialled).written("0917") == "0917")
    }

    @Test func `dispositions are mapped for each campaign, and what the map lacks is sent as it is`() throws {
        let endpoint = try endpoint(
            ("disposition.SALE", "Closed Won"), ("disposition.SPRING.SALE", "closedwon"),
            ("disposition.NI", "Closed Lost"),
            ("body", "${crm_disposition}"), ("content_type", "text/plain"))
        var record = sampleRecord()
        #expect(body(endpoint, sampleEvent(record)) == "closedwon")
        record.variables["campaign_id"] = "AUTUMN"
        #expect(body(endpoint, sampleEvent(record)) == "Closed Won")
        record.variables["dispo"] = "ni"
        #expect(body(endpoint, sampleEvent(record)) == "Closed Lost")
        record.variables["dispo"] = "XFER"
        #expect(body(endpoint, sampleEvent(record)) == "XFER")
        #expect(endpoint.format.values.dispositions?.unmapped(in: record)?.status == "XFER")
    }

    /// VICIdial's agent script fills `campaign`, its server's `campaign_id`; the other is there and empty.
    @Test func `the campaign is the one of its two names that has a value`() {
        var record = sampleRecord()
        record.variables["campaign_id"] = ""
        record.variables["campaign"] = "SPRING"
        #expect(DispositionMap.campaign(of: record) == "SPRING")
        record.variables["campaign_id"] = "AUTUMN"
        #expect(DispositionMap.campaign(of: record) == "AUTUMN")
        record.variables["campaign"] = ""
        #expect(DispositionMap.campaign(of: record) == "AUTUMN")
        record.variables["campaign_id"] = ""
        #expect(DispositionMap.campaign(of: record) == nil)
    }

    @Test(arguments: [
        ("utc", "2026-11-21 02:17:40"), ("+05:30", "2026-11-21 07:47:40"), ("-03:30", "2026-11-20 22:47:40"),
    ])
    func `local times are those of the zone`(zone: String, expected: String) throws {
        let instant = Instant(rfc3339: "2026-11-21T02:17:40.996Z")!
        #expect(try TimeZoneChoice(configuration: zone).dateAndTime(instant) == expected)
    }
}
