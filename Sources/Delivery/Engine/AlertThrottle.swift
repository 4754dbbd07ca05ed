package import EventLoop
import Storage
package import Telephony

/// Lets the first alert of a kind through at once, then at most one in a time that says how many there were: a value.
///
/// ```
///   alert ─▶ told ── within `interval` ─▶ held, counted ── `interval` over ─▶ told, with the count ─┐
///     │        ▲──────────────── none was held: the next is a first one again ◀────────────────────┘
///     └─ the end of a trouble, and something is held ─▶ held behind it
/// ```
struct AlertThrottle {
    /// What was held back and is to be told now.
    struct Summary: Equatable {
        /// Of all that it counts: each kind is held by itself, and each subject has a throttle of its own.
        var kind: Alert.Kind
        /// How many were held since the last that was told, that of `message` included; 0 in an entry that holds
        /// nothing.
        var count: Int
        /// That of the last one.
        var message: String
        /// Whether none of its kind was told before.
        var isFirst = false

        /// The message, and of how many it speaks.
        var words: String {
            switch (count, isFirst) {
            case (1, true): message
            case (_, true): "\(message) (\(count) times)"
            case (1, false): "\(message) (once more since the last alert)"
            case (_, false): "\(message) (\(count) times more since the last alert)"
            }
        }
    }
    private struct Entry {
        /// Of what waits for others alone: an interval before it came.
        var toldAt: Instant
        var held: Summary
    }
    /// How long after one that was told the next of its kind is held.
    let interval: Duration
    /// Those that were told within the interval; what happened last stands last.
    private var entries: [Entry] = []

    /// Holds nothing yet: the first of each kind is told at once.
    init(interval: Duration) { self.interval = interval }

    /// Whether it is to be told now; else it is counted.
    ///
    /// A trouble is never kept waiting for another. That it is over waits for every trouble that is still to be told, and is not
    /// told at all once there is a new one: the last that people hear is what holds.
    /// - Parameter now: of a clock that is never put back.
    mutating func admit(_ kind: Alert.Kind, _ message: String, now: Instant) -> Bool {
        if let index = entries.firstIndex(where: { $0.held.kind == kind }) {
            var entry = entries.remove(at: index)
            entry.held.count += 1
            entry.held.message = message
            entries.append(entry)
            return false
        }
        let waits = kind.isGood && entries.contains { $0.held.count > 0 }
        if !kind.isGood {
            for i in entries.indices where entries[i].held.kind.isGood { entries[i].held.count = 0 }
        }
        let held = Summary(kind: kind, count: waits ? 1 : 0, message: message, isFirst: waits)
        entries.append(Entry(toldAt: waits ? now - interval : now, held: held))
        return !waits
    }

    /// When `due` has something to do; nil: before the next alert nothing.
    var nextDue: Instant? {
        let forgotten = entries.filter { $0.held.count == 0 }.map(\.toldAt).min()
        let told = entries.first { $0.held.count > 0 }?.toldAt
        return [forgotten, told].compactMap { $0 }.min().map { $0 + interval }
    }

    /// What has been held for long enough, in the order it happened: what is held keeps back those that happened after it, so
    /// that a trouble and its end are not told the wrong way round.
    mutating func due(now: Instant) -> [Summary] {
        entries.removeAll { $0.held.count == 0 && now - $0.toldAt >= interval }
        var summaries: [Summary] = []
        for i in entries.indices where entries[i].held.count > 0 {
            guard now - entries[i].toldAt >= interval else { break }
            summaries.append(entries[i].held)
            entries[i].toldAt = now
            (entries[i].held.count, entries[i].held.isFirst) = (0, false)
        }
        return summaries
    }
}

/// Where the alerts about one endpoint, lookup or PBX go out: each to the log, to people no more than they can read.
///
/// Every alert is raised; one that follows another of its kind within a minute is marked as a repeat, which is for the log alone,
/// and is told to people with the others of that minute at its end. So a token that has expired is one page at once and one a
/// minute, and not one refusal of it goes untold.
///
/// **Isolation**: the loop's thread only; `@unchecked Sendable` on that ground.
package final class AlertGate: @unchecked Sendable {
    /// What a person can read: one of a kind and subject in a minute.
    static let interval: Duration = .seconds(60)

    private let subject: String
    private let loop: EventLoop
    private let now: () -> Instant
    private let steady: () -> Instant
    private let raise: (Alert) -> Void
    private var throttle: AlertThrottle
    private var timer: LoopTimer?
    /// When the timer rings, by `steady`.
    private var wakesAt = Instant(seconds: 0)
    private var isClosed = false

    /// - Parameters:
    ///   - now: the wall clock, for what is told.
    ///   - steady: a clock that nobody sets.
    init(
        subject: String, interval: Duration = AlertGate.interval, on loop: EventLoop, now: @escaping () -> Instant,
        steady: @escaping () -> Instant, raise: @escaping (Alert) -> Void
    ) {
        (self.subject, self.loop, self.now, self.steady, self.raise) = (subject, loop, now, steady, raise)
        throttle = AlertThrottle(interval: interval)
    }

    /// - Parameter now: the wall clock, for what is told; the minute is counted by the machine's uptime.
    package convenience init(
        subject: String, on loop: EventLoop, now: @escaping @Sendable () -> Instant, raise: @escaping (Alert) -> Void
    ) {
        let clock = SteadyClock(wall: now, uptime: CallStore.uptime)
        self.init(subject: subject, on: loop, now: now, steady: { clock.now }, raise: raise)
    }

    /// Raises an alert, marked as a repeat where one of its kind was told within the minute.
    package func alert(_ kind: Alert.Kind, _ message: String) {
        var alert = Alert(kind, subject: subject, message: message, at: now())
        alert.isRepeat = !throttle.admit(kind, message, now: steady())
        raise(alert)
        wake()
    }

    /// Tells nothing any more.
    package func close() {
        isClosed = true
        timer?.cancel()
        timer = nil
    }

    private func wake() {
        guard !isClosed, let due = throttle.nextDue else { return }
        // What comes again gives its place to the next, which may have waited for longer.
        if timer != nil, wakesAt <= due { return }
        timer?.cancel()
        wakesAt = due
        timer = loop.schedule(after: max(due - steady(), .milliseconds(1))) { [weak self] in
            guard let self else { return }
            timer = nil
            for summary in throttle.due(now: steady()) {
                raise(Alert(summary.kind, subject: subject, message: summary.words, at: now()))
            }
            wake()
        }
    }
}
