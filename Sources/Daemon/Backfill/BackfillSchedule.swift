import Telephony

/// Decides when Asterisk's own files are read for calls that nobody told, and from which on: a value.
///
/// ```
/// heard ◀──────────────────────────── nothing waited for ──┐
///   │ start, connection lost, a call waits for the files    │
///   ▼                                                       │
/// deaf ── live channels known ─▶ reading ── read ───────────┤
///   └─ ten seconds without: read, and go on                 └─ a call has no end in them yet ─▶ resting ─▶ reading
/// ```
/// A call that ends before the live channels have been listed is in the files by then or within moments: Asterisk writes them on
/// threads of their own, a CDR with `batch = yes` seconds later. One that ends later is heard; unless the manager user may see no
/// calls any more, which a CDR of an unknown call shows while the connection stands.
struct BackfillSchedule {
    /// A reading that is due.
    struct Order: Sendable, Equatable {
        /// Calls that began after this may have been missed.
        var since: Instant
        /// The live channels are known: a call that is not among them is over, whatever the files say.
        var knowsCalls: Bool
        /// The files are not read again for what they do not say yet.
        var isLast: Bool
    }
    private enum State {
        case heard
        case deaf(since: Instant, seconds: Int)
        /// The readings so far, this one among them.
        case reading(since: Instant, count: Int)
        case resting(since: Instant, count: Int, seconds: Int)
    }
    private var state = State.heard
    /// Ticks of the present reading, and those until a waiting call may cause another one: large files are not read all the time.
    private var spent = 0
    private var rest = 0
    /// Nothing that began before this is looked for; nil: no matter when.
    var earliest: Instant?
    /// A call that was missed may have begun so long before we went deaf.
    private static let longestCall: Duration = .seconds(3600)
    private static let patience = 10
    /// Seconds from one reading to the next. Together they are less than a call waits for the files.
    private static let pauses = [2, 4, 8]
    private static let shortestRest = 4

    /// Nothing was heard from `time` on.
    mutating func deaf(from time: Instant) {
        var since = time - BackfillSchedule.longestCall
        // Ids and the times of a CDR are whole seconds.
        if let earliest { since = max(since, earliest - .seconds(1)) }
        switch state {
        case .heard: break
        case .deaf(let before, _), .reading(let before, _), .resting(let before, _, _): since = min(since, before)
        }
        state = .deaf(since: since, seconds: 0)
    }

    /// A call of which more may stand in the files waits for them, though the connection stands; its oldest channel is of `time`.
    mutating func wanted(since time: Instant) {
        if case .heard = state, rest == 0 { deaf(from: time) }
    }

    /// To be called once a second.
    /// - Returns: what to read, if it is time to.
    mutating func tick(knowsCalls: Bool) -> Order? {
        switch state {
        case .heard:
            rest = max(0, rest - 1)
            return nil
        case .reading:
            spent += 1
            return nil
        case .deaf(let since, _) where knowsCalls: return read(since, 1)
        case .deaf(let since, let seconds):
            state = .deaf(since: since, seconds: seconds + 1)
            return seconds + 1 == BackfillSchedule.patience ? Order(since: since, knowsCalls: false, isLast: true) : nil
        case .resting(let since, let count, let seconds):
            if seconds == 1 { return read(since, count + 1) }
            state = .resting(since: since, count: count, seconds: seconds - 1)
            return nil
        }
    }

    private mutating func read(_ since: Instant, _ count: Int) -> Order {
        state = .reading(since: since, count: count)
        spent = 0
        return Order(since: since, knowsCalls: true, isLast: count > BackfillSchedule.pauses.count)
    }

    /// The files have been read with the live channels known. `isWaitedFor`: a call that is over has no end in them yet.
    mutating func wereRead(isWaitedFor: Bool) {
        // Deaf again meanwhile: they are read once more anyway.
        guard case .reading(let since, let count) = state else { return }
        rest = max(BackfillSchedule.shortestRest, spent * 10)
        state =
            isWaitedFor && count <= BackfillSchedule.pauses.count
            ? .resting(since: since, count: count, seconds: BackfillSchedule.pauses[count - 1]) : .heard
    }
}
