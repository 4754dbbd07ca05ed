import HookswitchTestKit
import Telephony
import TestGround
import Testing

@testable import Delivery

@Suite struct TemplateTests {
    func render(_ text: String, _ place: Template.Place = .json, _ style: Template.Style = .plain) throws -> String {
        let context = FieldContext(sampleEvent(), format: ValueFormat(zone: .utc))
        return String(decoding: try Template(text, in: place, style: style).rendered(context), as: UTF8.self)
    }

    @Test(arguments: [
        ("{\"n\":\"${caller.name}\"}", "{\"n\":\"Ana \\\"Bo\\\" Cruz\"}"),
        ("{\"n\":${caller.name}}", "{\"n\":\"Ana \\\"Bo\\\" Cruz\"}"),
        ("{\"s\":${billsec},\"t\":${talk_seconds}}", "{\"s\":70,\"t\":68.4}"),
        ("{\"q\":${queue.name},\"r\":\"${queue.name}\"}", "{\"q\":null,\"r\":\"\"}"),
        (
            "{\"a\":${agent}}",
            "{\"a\":{\"number\":\"1001\",\"name\":\"Maria\",\"channel\":\"PJSIP/1001-00000001\",\"agent\":\"6666\"}}"
        ),
        ("{\"\\\"${billsec}\":1}", "{\"\\\"70\":1}"),
        ("{\"at\":${started_at}}", "{\"at\":\"2026-11-21T02:17:40.996Z\"}"),
        ("{\"v\":\"${variables.lead_id}/${variables.none}\"}", "{\"v\":\"4711/\"}"),
        ("{\"c\":${hangup_cause}}", "{\"c\":{\"code\":16,\"text\":\"Normal Clearing\"}}"),
        ("{\"sources\":${sources},\"notes\":${notes}}", "{\"sources\":[\"ami\"],\"notes\":[]}"),
        ("no fields at all, $ and { }", "no fields at all, $ and { }"),
    ])
    func `in JSON a value fits where it stands`(text: String, expected: String) throws {
        #expect(try render(text) == expected)
    }

    @Test func `in forms, URLs, XML and text values are escaped as each wants it`() throws {
        #expect(try render("n=${caller.name}", .form) == "n=Ana+%22Bo%22+Cruz")
        #expect(
            try render("/x/${caller.name}?p=${recording_path}", .url).hasPrefix(
                "/x/Ana%20%22Bo%22%20Cruz?p=%2Fvar%2Fspool"))
        #expect(
            try render("<n>${caller.name} ${variables.comments}</n>", .xml)
                == "<n>Ana &quot;Bo&quot; Cruz call &amp; back</n>")
        #expect(try render("${caller.name}", .text) == "Ana \"Bo\" Cruz")
    }

    @Test(arguments: [
        ("${caller.numbr}", "did you mean \"caller.number\"?"), ("${billsecs}", "did you mean \"billsec\"?"),
        ("${variables.}", "did you mean \"variables\"?"), ("${}", "README"), ("${caller.number", "close it"),
        ("--A--lead_di--B--", "did you mean --A--lead_id--B--?"), ("--A--lead_id", "--A--lead_id--B--"),
        ("--A--pass--B--", "leave it out"), ("--A--PHONE_PASS--B--", "leave it out"),
        ("{\"a\":\"${billsec}}", "close the last"),
    ])
    func `an unknown name is refused with the nearest one`(text: String, hint: String) {
        do throws(ValueError) {
            _ = try Template(text, in: .json)
            Issue.record("accepted")
        } catch {
            #expect(error.hint.contains(hint), "\(error)")
        }
    }

    @Test func `Smartflo's longest name wins, and a dollar may be written`() throws {
        #expect(
            try render(
                "$answered_agent|$answered_agent_name|$answered_agent_number|$call_id|$call_to_number", .text, .smartflo
            )
                == "6666|Maria|1001|1795227460.0|0285550100")
        #expect(try render("$$5 $billsec$direction", .text, .smartflo) == "$5 70inbound")
        #expect(try render("{\"a\":\"$ref_id\",\"b\":$duration}", .json, .smartflo) == "{\"a\":\"ref-77\",\"b\":81}")
    }

    @Test func `all 32 Smartflo keys have a variable, and no other name is taken`() throws {
        #expect(SmartfloVariables.keys.count == 32)
        for (_, variable) in SmartfloVariables.keys { #expect(SmartfloVariables.field(variable) != nil, "\(variable)") }
        #expect(throws: ValueError.self) { try Template("$answered_agents", in: .json, style: .smartflo) }
        #expect(throws: ValueError.self) { try Template("$ x", in: .json, style: .smartflo) }
    }

    @Test(arguments: [
        ("--A--lead_id--B--", "4711"), ("--a--LEAD_ID--b--", "4711"), ("--A--phone_number--B--", "09171234567"),
        ("--A--campaign--B--", "SPRING"), ("--A--campaign_id--B--", "SPRING"), ("--A--user--B--", "6666"),
        ("--A--fullname--B--", "Maria"), ("--A--dispo--B--", "SALE"), ("--A--talk_time--B--", "68"),
        ("--A--recording_filename--B--", "20261121-0217_6666"), ("--A--vendor_lead_code--B--", "A-9"),
        ("--A--uniqueid--B--", "1795227460.0"), ("--A--SQLdate--B--", "2026-11-21%2002%3A17%3A40"),
        ("--A--epoch--B--", "1795227460"), ("--A--term_reason--B--", "CALLER"), ("--A--first_name--B--", ""),
        ("--A--user_custom_five--B--", ""), ("--A--preset_number_f--B--", ""),
        ("--A--did_extension--B--", "0285550100"),
    ])
    func `VICIdial's variables in any case of letters`(text: String, expected: String) throws {
        #expect(try render(text, .url) == expected)
    }

    /// Requirement S0.5: the URL as the guide has it pasted.
    @Test func `the pasted web form URL works, though campaign_id is the other script's name`() throws {
        let endpoint = try endpoint(
            (
                "url",
                "https://crm.example.com/dialer-pop?phone=--A--phone_number--B--&lead_id=--A--lead_id--B--&campaign_id=--A--campaign_id--B--&agent_user=--A--user--B--"
            ),
            ("preset", "vicidial_get"))
        #expect(body(endpoint) == ">/dialer-pop?phone=09171234567&lead_id=4711&campaign_id=SPRING&agent_user=6666")
    }

    @Test(arguments: [
        "https://${caller.number}.example.com/", "https://crm.--A--user--B--/x", "https://$caller_id_number/x",
        "https://${variables.host}", "http://a@${agent.number}/",
    ])
    func `a template cannot choose the host`(url: String) {
        #expect(refusal(("url", url))?.code == .conflict)
    }

    @Test func `a value cannot leave its part of the URL`() throws {
        var record = sampleRecord()
        record.variables["lead_id"] = "../../admin?x=1&y=2#z\r\nHost: evil"
        let endpoint = try endpoint(("url", "https://crm.example.com/leads/${variables.lead_id}/calls"))
        let stored = body(endpoint, sampleEvent(record))
        #expect(stored.hasPrefix(">/leads/..%2F..%2Fadmin%3Fx%3D1%26y%3D2%23z%0D%0AHost%3A%20evil/calls\n{\"type\":"))
        let (target, _) = MessageFormat.split(Array(stored.utf8))
        #expect(target == "/leads/..%2F..%2Fadmin%3Fx%3D1%26y%3D2%23z%0D%0AHost%3A%20evil/calls")
    }

    /// Whatever stands in a call, a JSON template stays JSON.
    @Test func `hostile values keep a JSON body whole`() throws {
        var random = SeededGenerator(seed: 11)
        let template = try Template(
            "{\"a\":\"${caller.name}\",\"b\":${variables.v},\"c\":${agent},\"d\":\"x${callee.name}y\"}", in: .json)
        let pieces = [
            "\"", "\\", "\u{0}", "\n", "}", "${id}", "é", "\u{1F600}", "\u{7f}", ",", "--A--user--B--", "\u{2028}",
        ]
        for _ in 0..<500 {
            func text() -> String {
                (0..<Int.random(in: 0..<8, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            }
            var record = sampleRecord()
            (record.caller.name, record.callee.name, record.variables["v"]) = (text(), text(), text())
            let json = try JSONValue(
                parsing: template.rendered(FieldContext(sampleEvent(record), format: ValueFormat())))
            #expect(json["a"]?.string == record.caller.name)
            #expect(json["b"]?.string == record.variables["v"])
            #expect(json["d"]?.string == "x" + record.callee.name! + "y")
        }
    }
}
