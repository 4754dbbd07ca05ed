import Telephony
import Testing

/// Numbers of any size, as an event or a report may hold them.
@Suite("Times beyond all times") struct InstantTests {
    private static let now = Instant(seconds: 1_795_227_460)

    @Test("stop at the last there is", arguments: [Int64.max, 999_999_999_999_999_999, 9_223_372_036_855])
    func stops(seconds: Int64) {
        let long = Duration.seconds(seconds)
        #expect(InstantTests.now + long == Instant(microseconds: .max))
        #expect(InstantTests.now - long - long == Instant(microseconds: .min))
        #expect(InstantTests.now + .zero - long < InstantTests.now)
        #expect(Instant(seconds: seconds) == Instant(microseconds: .max))
        #expect(Instant(seconds: -seconds) == Instant(microseconds: .min))
        #expect(long.wholeMicroseconds == .max && (.zero - long).wholeMicroseconds == .min)
        #expect(Instant(microseconds: .min) - Instant(microseconds: .max) == .microseconds(Int64.min))
        #expect(Instant(microseconds: .max) - Instant(microseconds: .min) == .microseconds(Int64.max))
    }

    @Test("what fits is exact")
    func exact() {
        #expect(InstantTests.now + .microseconds(1) - InstantTests.now == .microseconds(1))
        #expect(InstantTests.now - .seconds(9_223_372_036_854) < InstantTests.now)
        #expect(Instant(seconds: -9_223_372_036_854).microseconds == -9_223_372_036_854_000_000)
    }

    // RFC 3339 has years of four digits, 0000 to 9999.
    @Test(
        "are written as the first or last that RFC 3339 has",
        arguments: [
            (Int64.min, "0000-01-01T00:00:00.000Z"), (-62_167_219_200_000_001, "0000-01-01T00:00:00.000Z"),
            (-62_167_219_199_999_000, "0000-01-01T00:00:00.001Z"),
            (253_402_300_799_998_999, "9999-12-31T23:59:59.998Z"),
            (253_402_300_800_000_000, "9999-12-31T23:59:59.999Z"), (.max, "9999-12-31T23:59:59.999Z"),
        ])
    func written(microseconds: Int64, text: String) {
        #expect(Instant(microseconds: microseconds).rfc3339 == text)
    }

    @Test("are read by the calendar and as JSON seconds without an end of the program", arguments: [Int64.min, .max])
    func calendar(limit: Int64) {
        let time = Instant(microseconds: limit)
        #expect(abs((CivilTime(time).asUTC - time).wholeMicroseconds) <= 1_000_000)
        #expect(Instant(milliseconds: limit) == time)
        var json = JSONWriter()
        json.value(seconds: .microseconds(limit))
        #expect(try! JSONValue(parsing: json.bytes).double.map { abs($0 - Double(limit) / 1e6) < 1 } == true)
    }
}

/// `Timestamp` of a manager event, `%ld.%06lu` in manager.c.
@Suite("Seconds since the epoch, as text") struct EpochTextTests {
    private static func read(_ text: String) -> Instant? {
        Array(text.utf8).withUnsafeBytes { unsafe Instant(epochText: $0) }
    }

    @Test(
        "are read to the microsecond",
        arguments: [
            ("1795227460.996054", 1_795_227_460_996_054), ("1000000000.000001", 1_000_000_000_000_001),
            ("9999999999.999999", 9_999_999_999_999_999), ("0000000012.000000", 12_000_000),
            ("12.5", 12_500_000), ("1795227460", 1_795_227_460_000_000), ("1795227460.", 1_795_227_460_000_000),
            ("10795227460.996054", 10_795_227_460_996_054), ("1795227460.9960547", 1_795_227_460_996_054),
            ("999999999.999999", 999_999_999_999_999),
        ])
    func values(text: String, microseconds: Int64) {
        #expect(EpochTextTests.read(text) == Instant(microseconds: microseconds))
    }

    @Test(
        "anything else is no time", arguments: ["", ".", "0", "0000000000.000000", "yesterday", "-1795227460.000000"])
    func noise(text: String) { #expect(EpochTextTests.read(text) == nil) }

    @Test("a byte that is no digit makes it none, wherever it stands", arguments: 0..<17)
    func wrongByte(place: Int) {
        for byte in UInt8.min...UInt8.max where byte < 48 || byte > 57 {
            var text = Array("1795227460.996054".utf8)
            if byte == text[place] { continue }
            text[place] = byte
            #expect(text.withUnsafeBytes { unsafe Instant(epochText: $0) } == nil)
        }
    }
}
