import Telephony

/// Reads the times a person writes: `2h` ago, `2026-11-21`, `2026-11-21 10:00`, `2026-11-21T02:00:00Z`, and what
/// `date -Iseconds` prints.
enum TimeExpression {
    /// The instant meant; nil for anything that is no time. Without a `Z` or an offset a date is the local one.
    static func instant(_ text: String, now: Instant, zone: LocalTime) -> Instant? {
        if let ago = duration(text) { return now - ago }
        if text.hasSuffix("Z") { return CivilTime(text)?.asUTC }
        if let (time, offset) = splitOffset(text) { return CivilTime(time).map { $0.asUTC - offset } }
        let completed: String
        switch text.utf8.count {
        case 10: completed = "\(text) 00:00:00"
        case 16: completed = "\(text):00"
        default: completed = text
        }
        return CivilTime(completed).map { zone.instant($0) }
    }

    /// `2026-11-21T10:00:00+08:00` or `…+0800` as its time and its offset from UTC; nil where none stands.
    private static func splitOffset(_ text: String) -> (time: Substring, offset: Duration)? {
        guard let clock = text.lastIndex(of: "T"), let sign = text[clock...].lastIndex(where: { "+-".contains($0) })
        else {
            return nil
        }
        let digits = text[sign...].dropFirst().filter { $0 != ":" }
        guard digits.utf8.count == 4, let number = Int(digits), number / 100 < 15, number % 100 < 60 else { return nil }
        let minutes = number / 100 * 60 + number % 100
        return (text[..<sign], .seconds(60 * (text[sign] == "-" ? -minutes : minutes)))
    }

    /// `90s`, `10m`, `2h`, `3d`, `1w`; nil for anything else. A bare number is none: it says no unit.
    static func duration(_ text: String) -> Duration? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
            (0...100_000).contains(count)
        else { return nil }
        return .seconds(count * unit)
    }
}
