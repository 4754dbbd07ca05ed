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
}
