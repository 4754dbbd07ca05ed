import Telephony

/// A clock that nobody sets, beside the wall's: what waits, waits by this one, and notices when the other was set.
///
/// A wall clock jumps: NTP after a boot, a person, a machine that was copied. Its readings stand in what is sent, kept and
/// shown (`webhook-timestamp`, attempts, alerts); the breaker, rates, tokens, leases and the waits between attempts
/// are counted here. Due times alone are kept on disk by the wall clock, as they must outlive the process: when it was set, they
/// are moved with it.
struct SteadyClock {
    private let uptime: @Sendable () -> Duration
    private let wall: @Sendable () -> Instant
    /// What the uptime counts from, so that its readings look like the wall clock's at the start.
    private let origin: Instant
    /// Wall clock minus steady clock as of the last step.
    private(set) var offset = Duration.zero
    /// Put forward: when, by the old reading, and by how much. For ages of what was noted before.
    private var leaps: [(before: Instant, step: Duration)] = []

    /// Drift below this is slewing or a delayed thread, not somebody setting the clock.
    private static let tolerance: Duration = .seconds(1)

    /// - Parameters:
    ///   - wall: read here too, so that both clocks begin with the same reading.
    ///   - uptime: never goes back; its zero may be anywhere.
    init(wall: @escaping @Sendable () -> Instant, uptime: @escaping @Sendable () -> Duration) {
        (self.wall, self.uptime) = (wall, uptime)
        origin = wall() - uptime()
    }

    /// Never goes back.
    var now: Instant { origin + uptime() }

    /// By how much the wall clock was set since the last look; nil where it was not.
    mutating func step() -> Duration? {
        let (wall, steady) = (wall(), now)
        let step = (wall - steady) - offset
        guard abs(step.wholeMicroseconds) >= SteadyClock.tolerance.wholeMicroseconds else { return nil }
        offset = offset + step
        if step > .zero { leaps = leaps.suffix(15) + [(wall - step, step)] }
        return step
    }

    /// How long ago something was noted by the wall clock's reading, never negative. What was noted before the clock was put
    /// back may be told younger than it is, by as much.
    func age(of noted: Instant) -> Duration {
        let missed = leaps.filter { $0.before >= noted }.reduce(Duration.zero) { $0 + $1.step }
        return max(.zero, wall() - noted - missed)
    }
}
