/// A point in time: whole microseconds since 1970-01-01T00:00:00Z, the resolution of Asterisk's `Timestamp:` header.
///
/// Times and durations come from outside as numbers of any size. Arithmetic that leaves what 64 bits hold, some 292,000 years,
/// stops at the last time there is: a number in an event must not end the program.
public struct Instant: Hashable, Comparable, Sendable {
    /// Microseconds since the Unix epoch; negative before 1970.
    public var microseconds: Int64

    /// As Asterisk's `Timestamp` has it, its decimal point left out.
    public init(microseconds: Int64) { self.microseconds = microseconds }
    /// Stops at the last time there is where the seconds pass it.
    public init(seconds: Int64) { microseconds = seconds.timesUpToTheLimit(1_000_000) }
    /// As the database keeps it; stops at the last time there is.
    public init(milliseconds: Int64) { microseconds = milliseconds.timesUpToTheLimit(1000) }

    /// Milliseconds since the Unix epoch, rounded down; what the database keeps.
    public var milliseconds: Int64 { Instant.floorDivide(microseconds, 1000) }
    /// Whole seconds since the Unix epoch, rounded down.
    public var seconds: Int64 { Instant.floorDivide(microseconds, 1_000_000) }

    public static func < (a: Instant, b: Instant) -> Bool { a.microseconds < b.microseconds }
    /// How much later `a` is; negative where it is earlier.
    public static func - (a: Instant, b: Instant) -> Duration {
        .microseconds(a.microseconds.minusUpToTheLimit(b.microseconds))
    }
    /// Whole microseconds of the duration; stops at the last time there is.
    public static func + (a: Instant, b: Duration) -> Instant {
        Instant(microseconds: a.microseconds.plusUpToTheLimit(b.wholeMicroseconds))
    }
    /// Likewise.
    public static func - (a: Instant, b: Duration) -> Instant {
        Instant(microseconds: a.microseconds.minusUpToTheLimit(b.wholeMicroseconds))
    }

    /// Division rounded down, also below zero (1969 and before), where `/` rounds toward zero. `b` is positive.
    static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
        let q = a / b
        return a % b < 0 ? q - 1 : q
    }
}

extension Int64 {
    fileprivate func plusUpToTheLimit(_ other: Int64) -> Int64 {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? (other < 0 ? .min : .max) : sum
    }
    fileprivate func minusUpToTheLimit(_ other: Int64) -> Int64 {
        let (difference, isOver) = subtractingReportingOverflow(other)
        return isOver ? (other < 0 ? .max : .min) : difference
    }
    /// - Parameter factor: positive.
    fileprivate func timesUpToTheLimit(_ factor: Int64) -> Int64 {
        let (product, isOver) = multipliedReportingOverflow(by: factor)
        return isOver ? (self < 0 ? .min : .max) : product
    }
}

extension Duration {
    /// The duration in microseconds, rounded toward zero.
    public var wholeMicroseconds: Int64 {
        // One division: `components` makes two, by way of the whole seconds.
        Int64(clamping: attoseconds / 1_000_000_000_000)
    }
    /// The duration in milliseconds, rounded toward zero.
    public var wholeMilliseconds: Int64 { wholeMicroseconds / 1000 }
}

extension Instant {
    /// Reads seconds since the Unix epoch with a fraction, as `1795227460.996054`; nil for anything else, and for 0.
    ///
    /// **Source**: `Timestamp` of manager.c, `%ld.%06lu`.
    public init?(epochText bytes: UnsafeRawBufferPointer) {
        guard let time = unsafe Instant.plain(bytes) ?? Instant.decimal(bytes) else { return nil }
        self = time
    }

    /// The form that all of this century have: ten digits, a dot and six digits.
    @inline(__always)
    private static func plain(_ b: UnsafeRawBufferPointer) -> Instant? {
        guard b.count == 17, let p = b.baseAddress, unsafe b[10] == UInt8(ascii: "."),
            case let ninth = unsafe UInt64(b[8]) &- 48, case let tenth = unsafe UInt64(b[9]) &- 48, ninth < 10,
            tenth < 10,
            let head = unsafe EightDigits.number(p.loadUnaligned(as: UInt64.self)), head > 0,
            // Before the fraction's six digits the load has the tenth digit and the dot: zeros instead.
            let fraction = unsafe EightDigits.number((p + 9).loadUnaligned(as: UInt64.self) & ~0xFFFF | 0x3030)
        else { return nil }
        return Instant(microseconds: Int64((head &* 100 &+ ninth &* 10 &+ tenth) &* 1_000_000 &+ fraction))
    }
    private static func decimal(_ bytes: UnsafeRawBufferPointer) -> Instant? {
        var whole: Int64 = 0
        var fraction: Int64 = 0
        var scale: Int64 = 1_000_000
        var inFraction = false
        for i in 0..<bytes.count {
            let byte = unsafe bytes[i]
            if byte == UInt8(ascii: "."), !inFraction {
                inFraction = true
            } else if byte >= 48, byte <= 57 {
                if !inFraction {
                    if whole > 99_999_999_999 { return nil }
                    whole = whole * 10 + Int64(byte - 48)
                } else if scale > 1 {
                    scale /= 10
                    fraction += Int64(byte - 48) * scale
                }
            } else {
                return nil
            }
        }
        return whole == 0 ? nil : Instant(microseconds: whole * 1_000_000 + fraction)
    }

    /// RFC 3339 in UTC with milliseconds, as every time of a record is written: `2026-11-21T02:17:40.996Z`.
    public var rfc3339: String {
        var writer = JSONWriter()
        writer.appendTime(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
    /// Reads RFC 3339 UTC (`…Z`); nil for anything else.
    public init?(rfc3339 text: some StringProtocol) {
        guard text.hasSuffix("Z"), let civil = CivilTime(text) else { return nil }
        self = civil.asUTC
    }
}
