import Glibc
import Telephony

/// How an endpoint wants its values: numbers, local times, dispositions, links to recordings.
struct ValueFormat: Sendable {
    var numbers = NumberFormat()
    var zone: TimeZoneChoice = .system
    var dispositions: DispositionMap?
    /// Base of links to recordings, a template; nil where there are none.
    var recordingURL: Template?
    /// `account_sid` of Twilio, `sn` of Yeastar: who the sender says it is.
    var account: String?
}

/// How numbers are written: as dialled, or in E.164.
struct NumberFormat: Sendable, Hashable {
    enum Style: String, Sendable, CaseIterable { case dialled, e164 }
    var style: Style = .dialled
    /// Digits of the country, without a plus; nil leaves national numbers as dialled.
    var countryCode: String?
    /// Dialled before a national number, and dropped: `0` in most of the world, empty in North America.
    var nationalPrefix = "0"
    /// Dialled before a country code: `00`, `011`.
    var internationalPrefix = "00"
    /// Numbers of up to this many digits are extensions and stay as they are.
    var longestInternal = 6

    /// The number as this endpoint wants it.
    func written(_ number: String?) -> String? { style == .e164 ? number.map(e164) : number }

    /// `+` and country code and national number; the text as it is where it is no public number.
    func e164(_ text: String) -> String {
        // A `+` that went through a query came out as a blank.
        let isInternational = text.hasPrefix("+") || text.hasPrefix(" ")
        var digits = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "0"..."9": digits.unicodeScalars.append(scalar)
            case " ", "+", "-", "(", ")", ".", "/": break
            default: return text
            }
        }
        if isInternational { return digits.isEmpty ? text : "+" + digits }
        if digits.utf8.count <= longestInternal { return text }
        if !internationalPrefix.isEmpty, digits.hasPrefix(internationalPrefix) {
            return "+" + digits.dropFirst(internationalPrefix.count)
        }
        guard let countryCode else { return text }
        if !nationalPrefix.isEmpty, digits.hasPrefix(nationalPrefix) {
            return "+" + countryCode + digits.dropFirst(nationalPrefix.count)
        }
        // Dialled with the country code already, as many trunks present it.
        if digits.hasPrefix(countryCode), digits.utf8.count > 10 { return "+" + digits }
        return "+" + countryCode + digits
    }
}

/// The clock on the wall that a receiver's local times mean.
enum TimeZoneChoice: Sendable, Hashable {
    case utc
    /// The machine's own, as `TZ` or /etc/localtime say.
    case system
    /// Seconds east of Greenwich.
    case fixed(Int)

    init(configuration text: String) throws(ValueError) {
        switch text.lowercased() {
        case "utc", "z": self = .utc
        case "system", "local": self = .system
        default:
            let parts = text.dropFirst().split(separator: ":")
            guard text.hasPrefix("+") || text.hasPrefix("-"), parts.count == 2, let hours = Int(parts[0]),
                let minutes = Int(parts[1]), (0...14).contains(hours), (0..<60).contains(minutes)
            else {
                throw ValueError(
                    problem: "\"\(text)\" is not a time zone", hint: "write system, utc or an offset as +05:30")
            }
            self = .fixed((text.hasPrefix("-") ? -1 : 1) * (hours * 3600 + minutes * 60))
        }
    }

    /// `2026-11-21 08:15:30` on that clock.
    func dateAndTime(_ instant: Instant) -> String {
        let c = CivilTime(instant + .seconds(offset(at: instant)))
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        return "\(c.year)-\(two(c.month))-\(two(c.day)) \(two(c.hour)):\(two(c.minute)):\(two(c.second))"
    }

    private func offset(at instant: Instant) -> Int {
        switch self {
        case .utc: return 0
        case .fixed(let seconds): return seconds
        case .system:
            var seconds = time_t(instant.seconds)
            var broken = tm()
            localtime_r(&seconds, &broken)
            return broken.tm_gmtoff
        }
    }
}
