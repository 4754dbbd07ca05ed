/// A date and time of day of the proleptic Gregorian calendar, without a zone.
///
/// Source: the day arithmetic is the usual one of 400-year eras starting on 1 March.
public struct CivilTime: Hashable, Sendable {
    /// Month and day from 1, second up to 60 (a leap second).
    public var year: Int64, month: Int, day: Int, hour: Int, minute: Int, second: Int
    /// 0 to 999,999.
    public var microsecond: Int

    /// Takes the parts as they are: nobody checks that there is such a day.
    public init(
        year: Int64, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, microsecond: Int = 0
    ) {
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second, self.microsecond) = (hour, minute, second, microsecond)
    }

    /// The UTC calendar reading of an instant.
    public init(_ instant: Instant) {
        let seconds = instant.seconds
        let days = Instant.floorDivide(seconds, 86400)
        let ofDay = Int(seconds - days * 86400)
        let shifted = days + 719_468
        let era = Instant.floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        (hour, minute, second) = (ofDay / 3600, ofDay / 60 % 60, ofDay % 60)
        let fraction = Int(instant.microseconds % 1_000_000)
        microsecond = fraction < 0 ? fraction + 1_000_000 : fraction
    }

    /// The instant this reading names when it is taken as UTC.
    public var asUTC: Instant {
        let y = month <= 2 ? year - 1 : year
        let era = Instant.floorDivide(y, 400)
        let yearOfEra = y - era * 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        let seconds = days * 86400 + Int64(hour * 3600 + minute * 60 + second)
        return Instant(seconds: seconds) + .microseconds(microsecond)
    }

    /// Reads `2026-11-21 02:17:40`, with an optional fraction, `T` for the blank and a trailing `Z`; nil if it is no date.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        guard let time = text.withUTF8({ unsafe CivilTime.read($0) }) else { return nil }
        self = time
    }

    /// The same of bytes as they came.
    public init?(bytes: UnsafeRawBufferPointer) {
        guard let time = unsafe bytes.withMemoryRebound(to: UInt8.self, { unsafe CivilTime.read($0) }) else {
            return nil
        }
        self = time
    }

    private static func read(_ text: UnsafeBufferPointer<UInt8>) -> CivilTime? {
        var fields: (Int, Int, Int, Int, Int, Int) = (0, 0, 0, 0, 0, 0)
        var field = 0
        var current = 0
        var count = 0
        var fraction = 0
        var fractionDigits = -1
        func keep() {
            switch field {
            case 0: fields.0 = current
            case 1: fields.1 = current
            case 2: fields.2 = current
            case 3: fields.3 = current
            case 4: fields.4 = current
            default: fields.5 = current
            }
            field += 1
        }
        for i in 0..<text.count {
            let byte = unsafe text[i]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let digit = Int(byte - UInt8(ascii: "0"))
                if fractionDigits >= 0 {
                    if fractionDigits < 6 { fraction = fraction * 10 + digit }
                    fractionDigits += 1
                } else {
                    current = current * 10 + digit
                    count += 1
                    if count > 4 { return nil }
                }
            case UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: " "), UInt8(ascii: "T"), UInt8(ascii: "."):
                if count == 0 || fractionDigits >= 0 { return nil }
                keep()
                (current, count) = (0, 0)
                if byte == UInt8(ascii: ".") { fractionDigits = 0 }
            case UInt8(ascii: "Z"): break
            default: return nil
            }
        }
        if fractionDigits < 0 { keep() }
        guard field == 6, (1...12).contains(fields.1), (1...31).contains(fields.2), fields.3 < 24, fields.4 < 60,
            fields.5 < 61
        else { return nil }
        var scale = fractionDigits
        while scale >= 0, scale < 6 {
            fraction *= 10
            scale += 1
        }
        return CivilTime(
            year: Int64(fields.0), month: fields.1, day: fields.2, hour: fields.3, minute: fields.4, second: fields.5,
            microsecond: fractionDigits < 0 ? 0 : fraction)
    }
}

extension CivilTime {
    /// `2026-11-21 08:15:30`
    public var dateAndTime: String { "\(year)-\(twoDigits(month))-\(twoDigits(day)) \(clock)" }
    /// `08:15:30`
    public var clock: String { "\(twoDigits(hour)):\(twoDigits(minute)):\(twoDigits(second))" }
}
