import Telephony

/// A time as a log writes it.
///
/// **Shape**: `2026-11-21 02:17:40.996054` (local to the PBX), the same with `Z`, `+00`, `-0430` or `+05:30`, or epoch seconds with
/// or without a fraction.
struct LogTime {
    /// The instant; where the time is local, as if it were UTC.
    var at: Instant
    /// No zone is stated: the PBX's own.
    var isLocal: Bool

    /// What counts as epoch seconds: later than 1973, so that no extension does.
    private static let epochs = Int64(100_000_000)..<(1 << 33)

    /// Nil for anything else, as for a short number, which would be an extension.
    init?(_ text: some StringProtocol) {
        if let civil = CivilTime(text) {
            (at, isLocal) = (civil.asUTC, !text.hasSuffix("Z"))
            return
        }
        if let time = LogTime.zoned(String(text)) {
            (at, isLocal) = (time, false)
            return
        }
        let parts = text.split(separator: ".", maxSplits: 1)
        guard let first = parts.first, let seconds = Int64(first), LogTime.epochs.contains(seconds) else { return nil }
        var fraction = parts.count > 1 ? String(parts[1].prefix(6)) : ""
        while fraction.utf8.count < 6 { fraction += "0" }
        guard let micro = Int64(fraction), micro >= 0 else { return nil }
        (at, isLocal) = (Instant(microseconds: seconds * 1_000_000 + micro), false)
    }

    /// As local or UTC civil time, for rows that keep it so.
    var civil: CivilTime { CivilTime(at) }

    private static func zoned(_ text: String) -> Instant? {
        let u = Array(text.utf8)
        guard let sign = u.lastIndex(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }), sign > 12 else {
            return nil
        }
        let digits = u[(sign + 1)...].filter { $0 != UInt8(ascii: ":") }
        guard digits.count == 2 || digits.count == 4, digits.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        var minutes = Int(digits[0] - 48) * 600 + Int(digits[1] - 48) * 60
        if digits.count == 4 { minutes += Int(digits[2] - 48) * 10 + Int(digits[3] - 48) }
        if u[sign] == UInt8(ascii: "-") { minutes = -minutes }
        let local = String(decoding: u[..<sign], as: UTF8.self)
        guard let civil = CivilTime(local.last == " " ? String(local.dropLast()) : local) else { return nil }
        return civil.asUTC - .seconds(minutes * 60)
    }
}
