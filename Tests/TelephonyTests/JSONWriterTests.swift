import Telephony
import Testing

/// JSON as it is written: RFC 8259, byte for byte.
@Suite struct JSONWriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
    /// RFC 8259 section 7, with the short escapes for what has one of line feed, carriage return and tab.
    private func escape(_ scalar: UInt8) -> String {
        switch scalar {
        case 0x22: return #"\""#
        case 0x5C: return #"\\"#
        case 0x0A: return #"\n"#
        case 0x0D: return #"\r"#
        case 0x09: return #"\t"#
        case 0..<0x20:
            let digits = String(scalar, radix: 16)
            return #"\u"# + String(repeating: "0", count: 4 - digits.count) + digits
        default: return String(UnicodeScalar(scalar))
        }
    }

    @Test("each character is escaped where it must be, wherever it stands in a text of any length", arguments: 0..<20)
    func escapes(length: Int) {
        for position in 0...length {
            for character in UInt8(0)..<0x80 {
                let (before, after) = (
                    String(repeating: "é", count: position), String(repeating: "~", count: length - position)
                )
                let text = before + String(UnicodeScalar(character)) + after
                #expect(written { $0.value(text) } == "\"" + before + escape(character) + after + "\"")
            }
        }
    }

    @Test("whole numbers are written with all their digits and no more")
    func numbers() {
        var numbers: [Int64] = [0, .max, .min]
        var power: Int64 = 1
        for _ in 0..<19 {
            numbers += [power - 1, power, power + 1, 1 - power, -power, -power - 1]
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
        for number in numbers { #expect(written { $0.value(number) } == String(number)) }
    }

    @Test("what is written stays as it is while the text grows")
    func growth() {
        let words = (0..<500).map { String(repeating: "w", count: $0 % 37) }
        let json = written { w in
            w.beginObject()
            w.array("words", words) { $1.value($0) }
            w.member("at", Instant(microseconds: 1_795_227_460_996_999) as Instant?)
            w.member("count", words.count)
            w.endObject()
        }
        let list = words.map { "\"\($0)\"" }.joined(separator: ",")
        #expect(json == #"{"words":["# + list + #"],"at":"2026-11-21T02:17:40.996Z","count":500}"#)
    }
}
