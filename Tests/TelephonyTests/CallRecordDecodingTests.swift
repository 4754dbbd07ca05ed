import Telephony
import Testing

/// A record read from its JSON.
@Suite struct CallRecordDecodingTests {
    /// A call of 2.9998 s that is written as one of 3.000 s: the seconds are those of the times beside them.
    @Test("seconds are those of the times as they are written")
    func seconds() throws {
        let text = JSONFuzzTests.record.replacing("11:06.552Z\",\"ended_at", with: "11:06.5562Z\",\"ended_at")
        let record = try #require(CallRecord(json: JSONValue(parsing: Array(text.utf8))))
        #expect(record.billableSeconds == 3)
        let again = try CallRecord(json: JSONValue(parsing: record.json))
        #expect(again?.json == record.json)
    }
}
