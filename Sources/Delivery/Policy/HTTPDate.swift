import Telephony

/// The dates of HTTP: the preferred form and the two old ones a recipient must still read.
enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]

    /// Reads any of the three forms RFC 9110, 5.6.7 names; nil for anything else and for a time that cannot be (hour
    /// 24).
    ///
    /// The day of the week is not looked at. Two digits of a year are 1970 to 2069.
    static func parse(_ text: String) -> Instant? {
        let words = text.split { $0 == " " || $0 == "," }.map(String.init)
        switch words.count {
        case 6 where words[5] == "GMT":  // Sun, 06 Nov 1994 08:49:37 GMT
            return instant(day: words[1], month: words[2], year: Int64(words[3]), time: words[4])
        case 4 where words[3] == "GMT":  // Sunday, 06-Nov-94 08:49:37 GMT
            let date = words[1].split(separator: "-").map(String.init)
            guard date.count == 3, let short = Int64(date[2]), (0..<100).contains(short) else { return nil }
            return instant(day: date[0], month: date[1], year: short + (short < 70 ? 2000 : 1900), time: words[2])
        case 5:  // Sun Nov  6 08:49:37 1994
            return instant(day: words[2], month: words[1], year: Int64(words[4]), time: words[3])
        default:
            return nil
        }
    }

    private static func instant(day: String, month: String, year: Int64?, time: String) -> Instant? {
        let clock = time.split(separator: ":").compactMap { Int($0) }
        guard let year, (1601...9999).contains(year), let day = Int(day), (1...31).contains(day), clock.count == 3,
            (0..<24).contains(clock[0]), (0..<60).contains(clock[1]), (0...60).contains(clock[2]),
            let month = months.firstIndex(of: month)
        else { return nil }
        return CivilTime(
            year: year, month: month + 1, day: day, hour: clock[0], minute: clock[1], second: clock[2]
        ).asUTC
    }

    /// `Sat, 21 Nov 2026 05:00:00 +0000`, the form of RFC 2822, for receivers that expect mail dates (Twilio's).
    static func mail(_ instant: Instant) -> String {
        let c = CivilTime(instant)
        let dayNumber = Int((instant.seconds >= 0 ? instant.seconds : instant.seconds - 86399) / 86400)
        let weekday = days[((dayNumber % 7) + 7) % 7]
        return "\(weekday), \(twoDigits(c.day)) \(months[c.month - 1]) \(c.year) \(c.clock) +0000"
    }
}
