import Telephony

/// Decides when Asterisk's own files are read for calls that nobody told, and from which on: a value.
///
/// ```
/// start, connection lost ─▶ something may be missed ─┬─ live channels known ─▶ read, done
///                                                    └─ ten seconds without ─▶ read, and again when they are known
/// ```
/// A call that ends before the live channels have been listed is in the files by then; one that ends later is heard.
struct BackfillSchedule {
    /// Calls that began after this may have been missed; nil: none.
    private var since: Instant?
    private var waited = 0
    /// A call that was missed may have begun so long before we went deaf.
    private static let longestCall: Duration = .seconds(3600)
    private static let patience = 10

    /// Nothing was heard from `time` on.
    mutating func deaf(from time: Instant) {
        since = min(since ?? time, time - BackfillSchedule.longestCall)
        waited = 0
    }

    /// To be called once a second.
    /// - Returns: the earliest start of the calls to look for, if it is time to look; else nil.
    mutating func tick(knowsCalls: Bool) -> Instant? {
        guard let since else { return nil }
        waited += 1
        if knowsCalls {
            self.since = nil
            return since
        }
        return waited == BackfillSchedule.patience ? since : nil
    }
}
