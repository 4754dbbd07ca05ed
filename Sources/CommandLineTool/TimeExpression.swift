import Telephony

/// Reads the times a person writes: `2h` ago, `2026-11-21`, `2026-11-21 10:00`, `2026-11-21T02:00:00Z`.
enum TimeExpression {
    /// The instant meant; nil for anything that is no time. Without a `Z` a date is the local one.
    static func instant(_ text: String, now: Instant, zone: LocalTime) -> Instant? {
        if let ago = duration(text) { return now - ago }
        if text.hasSuffix("Z") { return CivilTime(text)?.asUTC }
        let completed: String
        switch text.utf8.count {
        case 10: completed = "\(text) 00:00:00"
        case 16: completed = "\(text):00"
        default: completed = text
        }
        return CivilTime(completed).map { zone.instant($0) }
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
