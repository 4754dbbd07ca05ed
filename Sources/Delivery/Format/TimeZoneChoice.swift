import Glibc
import Telephony

/// The clock on the wall that a receiver's local times mean.
enum TimeZoneChoice: Sendable, Hashable {
    /// `utc` or `z` in the configuration.
    case utc
    /// The machine's own, as `TZ` or /etc/localtime say.
    case system
    /// Seconds east of Greenwich.
    case fixed(Int)

    /// Reads `time_zone`: `system`, `utc` or an offset up to 14 hours and 59 minutes, as `+05:30`.
    /// - Throws: on anything else, also on a zone's name as `Asia/Kolkata`: that is set for the whole machine.
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
        CivilTime(instant + .seconds(offset(at: instant))).dateAndTime
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
