import HookswitchTestKit
import Telephony
import TestGround
import Testing

@testable import Delivery

/// What a CRM and a caller may say: a channel gets variables of the section's own in printable text, and the CRM gets the question
/// that the section asks.
@Suite struct LookupFuzzTests {
    private static func section(_ text: String) throws(DeliveryConfigurationError) -> LookupConfiguration {
        try LookupConfiguration(name: "", line: 1, entries: sectionEntries(text))
    }

    @Test func `a damaged answer gives the section's own variables, each once and printable, or none`() throws {
        let sections = try [
            """
            url = https://crm.example.com/?n=${number}
            set.CRM_NAME = contact.name
            set.__CRM_VIP = contact.vip
            set.CRM_DEBT = contact.debt
            set.CRM_TAGS = contact.tags
            set.ID = results.0.id
            set.ALL = contact
            default.CRM_NAME = unknown
            default.CRM_LIST = none
            """,
            "url = https://crm.example.com/?n=${number}\nfound = contact.id\nset.CRM_NAME = contact.name\ndefault.CRM_NAME = -",
            "url = https://crm.example.com/?n=${number}\nfound = results",
            "url = https://crm.example.com/?n=${number}\nset.A = 0.1.-1.99999999999999999999",
        ].map { try Self.section($0) }
        let mutator = Mutator(
            samples: [
                #"{"contact":{"id":7,"name":"Ana\r\nCruz","vip":true,"debt":12.50,"tags":["a","é"]},"results":[{"id":"1"}]}"#,
                #"{"results":[],"contact":null}"#, #"[[0,{"-1":1}],{"contact":{"name":"\u0085\u0000\ud83d\ude00"}}]"#,
                "{\"contact\":{\"name\":\"a\u{85}b\",\"tags\":[\"\u{9B}31m\",\"\u{7F}\"]}}", " \n", "",
            ].map { Array($0.utf8) },
            words: [
                "{", "}", "[", "]", "[[[[[[[[[[[[[[[[", ":", ",", "\"", "\\u", "\\ud800", "null", "true", "false",
                "1e400",
                "\"contact\":", "\"name\":", "\"results\":", "\"tags\":", "\"id\":", "\u{85}", "\u{7F}", "\u{1}",
                "\u{FEFF}", "\"name\":\"x\",\"name\":",
            ])
        let outcome = Fuzz("lookup-answer").run(mutator) { bytes, random in
            let configuration = random.pick(sections)
            let status = random.once(in: 4) ? random.pick([201, 204, 299, 301, 404, 410, 500, 0]) : 200
            let response = HTTPResponse(
                outcome: .answered(status: status, retryAfter: nil), status: status, body: bytes, detail: "")
            switch LookupOutcome(response, for: configuration) {
            case .late: throw Fuzz.Finding("an answer that came was late")
            case .failed(let words): try require(!words.isEmpty, "a failure without words")
            case .notFound: break
            case .found(let variables):
                try require((200..<300).contains(status) && status != 204, "found by \(status)")
                var rest = configuration.mappings[...]
                for variable in variables {
                    // The section's order is kept, and so none comes twice.
                    guard let at = rest.firstIndex(where: { $0.name == variable.name }) else {
                        throw Fuzz.Finding("\(variable.name) is not the section's, or came twice")
                    }
                    rest = rest[(at + 1)...]
                    try require(printable(variable.value) == variable.value, "a control character in \(variable)")
                    // A control character is written as \\u0001 in an object's JSON.
                    try require(variable.value.utf8.count <= 6 * bytes.count + 16, "a value longer than its answer")
                }
                let missing = configuration.defaults.filter { wanted in
                    !variables.contains { $0.name == wanted.name }
                }
                try require(missing.isEmpty, "\(missing) has a default and was not set")
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test func `a damaged section is a lookup or an error with its line, and no caller gets out of his place`() {
        let mutator = Mutator(
            samples: [
                """
                url = https://crm.example.com:8443/contacts/${number.digits}?phone=${number}&did=${dialled.raw}&x=${param.list}
                bearer = t
                timeout = 500ms
                cache = 30s
                concurrency = 4
                number_format = e164
                country_code = 63
                set.CRM_NAME = contact.name
                set.__CRM_VIP = results.0.vip
                default.CRM_NAME = unknown
                """,
                """
                url = https://crm.example.com/find
                content_type = application/json
                body = {"who":"${name}","number":"${number.raw}","n":${number},"p":${param.list}}
                found = contact.id
                """,
                """
                url = https://crm.example.com/find
                method = PUT
                content_type = application/x-www-form-urlencoded
                body = who=${name}&channel=${channel}&id=${uniqueid}
                header.X-Api-Key = k
                found = id
                """,
                "url = http://[::1]/\ncontent_type = text/xml\nbody = <a b=\"${name}\">${param.list}</a>\nset.A = b",
            ].map { Array($0.utf8) },
            words: LookupConfiguration.keys.map { "\n\($0) = " }
                + [
                    "${", "}", "${number}", "${number.raw}", "${dialled.digits}", "${name}", "${uniqueid}",
                    "${channel}",
                    "${param.list}", "${param.", "\"", "\\", "\\\"", "https://", "@", "?", "#", "set.HOOKSWITCH_X = a",
                    "set.A(b) = c", "default.__A = ", "0s",
                ])
        let outcome = Fuzz("lookup-section").run(mutator) { bytes, random in
            func words() -> String {
                let alphabet = Array("a1 +\"'\\&=?/#%<>{}[],:;\r\n\u{0}\u{1B}$é😀".unicodeScalars)
                var text = ""
                for _ in 0..<random.below(12) { text.unicodeScalars.append(random.pick(alphabet)) }
                return text
            }
            let text = String(decoding: bytes, as: UTF8.self)
            let configuration: LookupConfiguration
            do throws(DeliveryConfigurationError) { configuration = try Self.section(text) } catch {
                let lines = text.utf8.count { $0 == 10 } + 1
                try require((0...lines).contains(error.line) && !error.problem.isEmpty, "\(error)")
                return
            }
            let tame = LookupQuestion(
                number: "1", dialled: "1", callerName: "1", uniqueID: UniqueID("1"), channel: ChannelName("1"),
                parameters: [.init("list", "1")])
            let hostile = LookupQuestion(
                number: words(), dialled: words(), callerName: words(), uniqueID: UniqueID(words()),
                channel: ChannelName(words()), parameters: [.init("list", words())])
            let target = configuration.target.rendered(hostile)
            try require(
                target.first == UInt8(ascii: "/") && target.allSatisfy { $0 > 0x20 && $0 != 0x7F },
                "the path is \(String(decoding: target, as: UTF8.self))")
            // The same parts in the same places, whoever calls.
            func marks(_ bytes: [UInt8], _ marks: String) -> [UInt8] { bytes.filter { marks.utf8.contains($0) } }
            try require(
                marks(target, "/?#&=") == marks(configuration.target.rendered(tame), "/?#&="),
                "the query has other parts")
            guard let body = configuration.body else { return }
            let (made, usual) = (body.rendered(hostile), body.rendered(tame))
            switch ContentType.place(configuration.contentType) {
            case .json:
                guard let json = try? JSONValue(parsing: usual) else { return }
                let other = try? JSONValue(parsing: made)
                try require(
                    other.map { Self.shape($0) } == Self.shape(json),
                    "not that JSON any more: \(String(decoding: made, as: UTF8.self))")
            case .form: try require(marks(made, "&=") == marks(usual, "&="), "the form has other parts")
            case .xml: try require(marks(made, "<>\"'") == marks(usual, "<>\"'"), "the XML has other parts")
            case .url, .link, .text: break
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    /// How many members and items there are and where; what the leaves say is not looked at.
    private static func shape(_ json: JSONValue) -> String {
        switch json {
        case .object(let members): "{\(members.map { shape($0.value) }.joined(separator: ","))}"
        case .array(let items): "[\(items.map(shape).joined(separator: ","))]"
        default: "."
        }
    }
}
