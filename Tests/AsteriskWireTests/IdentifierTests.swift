import Telephony
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    /// Every form an id may have is given back as it came: plain ones are kept as numbers, the rest as text.
    @Test(
        "an id prints as the text Asterisk sent",
        arguments: [
            "1795227460.0", "1795227460.1", "1795227460.99999999", "1795227460.100000000", "1795227460.1073741823",
            "1795227460.1073741824", "8589934591.5", "8589934592.5", "9999999999.9", "0795227460.1", "1795227460.01",
            "1795227460.", "1795227460", "179522746.12", "17952274601.2", "1795227460./5", "1795227460.:5",
            "179522746a.12", "1795227460,12", "pbx-a-1795227460.12", "pbx.1-1795227460.0", "-1795227460.0", "a", "",
            "4f0a9d2b-5c7e-4f0a-9d2b-000000000000", "1795227460.1 ", "١795227460.1", "1795227460.1٢",
        ])
    func roundTrip(_ text: String) {
        let id = UniqueID(text)
        #expect(id.description == text)
        #expect(id == UniqueID(text) && id.hashValue == UniqueID(text).hashValue)
        #expect(id.isEmpty == text.isEmpty)
    }

    @Test("an id is the one without the control characters that stand in it")
    func control() {
        #expect(UniqueID("17952\u{7F}27460.0") == UniqueID("1795227460.0"))
        #expect(UniqueID("\u{1B}[2Jpbx\u{7}-1795227460.12") == UniqueID("[2Jpbx-1795227460.12"))
        #expect(UniqueID("\u{0}").isEmpty && UniqueID("crm\r\n-7").description == "crm-7")
        #expect(LinkedID("\u{7F}1795227460.0") == LinkedID(UniqueID("1795227460.0")))
    }

    @Test("ids order by second and then by counter, however many digits it has")
    func order() {
        let inOrder = ["1795227459.500", "1795227460.9", "1795227460.10", "1795227460.123456789", "1795227461.0"]
        #expect(inOrder.map { UniqueID($0) }.sorted() == inOrder.map { UniqueID($0) })
        #expect(UniqueID("1795227460.9").created == Instant(seconds: 1_795_227_460))
        #expect(LinkedID("1795227460.9").hashValue == LinkedID("1795227460.9").hashValue)
        #expect(Set((0..<10_000).map { UniqueID("1795227460.\($0)") }).count == 10_000)
    }

    @Test(
        "a channel's name is cut at its first slash and its last hyphen",
        arguments: [
            ("PJSIP/1001-00000001", "PJSIP", "1001", "PJSIP/1001"),
            ("PJSIP/trunk-in-0000001a", "PJSIP", "trunk-in", "PJSIP/trunk-in"),
            ("Local/1001@agents-00000003;2", "Local", "1001@agents", "Local/1001@agents"),
            ("DAHDI/i1/5551234-1", "DAHDI", "i1/5551234", "DAHDI/i1/5551234"),
            ("a-b/c", "a-b", "c", "a-b/c"), ("PJSIP/", "PJSIP", "", "PJSIP/"), ("no-slash", "", "no-slash", "no-slash"),
            ("", "", "", ""), ("PJSIP/Zoë-1", "PJSIP", "Zoë", "PJSIP/Zoë"),
        ])
    func channelName(_ name: String, _ technology: String, _ address: String, _ device: String) {
        let channel = ChannelName(name)
        #expect(channel.technology == technology)
        #expect(channel.address == address)
        #expect(channel.device == device)
    }

    @Test("control characters are taken out of a text and nothing else is")
    func printableText() {
        #expect(printable("Zoë \"Müller\" 🎧") == "Zoë \"Müller\" 🎧")
        #expect(printable("a\u{0}b\r\nc\u{7F}d\u{85}e\u{A0}f") == "abcde\u{A0}f")
        #expect(printable("") == "")
    }
}
