import Glibc
import Telephony

/// Local calendar time for people; JSON keeps UTC.
struct LocalTime: Sendable {
    /// Seconds east of UTC at an instant.
    let offset: @Sendable (Instant) -> Int

    /// The zone of the process: `TZ`, else /etc/localtime.
    static let process: LocalTime = {
        tzset()
        return LocalTime { instant in
            var seconds = time_t(instant.seconds)
            var parts = tm()
            localtime_r(&seconds, &parts)
            return parts.tm_gmtoff
        }
    }()

    /// Always the same distance from UTC.
    static func fixed(hours: Int) -> LocalTime { LocalTime { _ in hours * 3600 } }

    /// What a clock on the wall shows then.
    func civil(_ instant: Instant) -> CivilTime { CivilTime(instant + .seconds(offset(instant))) }

    /// The instant of a local reading; of the two that a clock set back gives, the first.
    func instant(_ civil: CivilTime) -> Instant {
        let guess = civil.asUTC
        let first = guess - .seconds(offset(guess))
        return guess - .seconds(offset(first))
    }

    /// `2026-11-21 10:05:20`
    func dateAndTime(_ instant: Instant) -> String { civil(instant).dateAndTime }
    /// `11-21 10:05:20`
    func shortDateAndTime(_ instant: Instant) -> String { String(dateAndTime(instant).dropFirst(5)) }
    /// `10:05:20.123`
    func clock(_ instant: Instant) -> String {
        let c = civil(instant)
        let milliseconds = String(c.microsecond / 1000)
        return "\(c.clock)." + String(repeating: "0", count: 3 - milliseconds.utf8.count) + milliseconds
    }
    /// `+08:00`
    func zone(_ instant: Instant) -> String {
        let minutes = offset(instant) / 60
        return "\(minutes < 0 ? "-" : "+")\(twoDigits(abs(minutes) / 60)):\(twoDigits(abs(minutes) % 60))"
    }
}
