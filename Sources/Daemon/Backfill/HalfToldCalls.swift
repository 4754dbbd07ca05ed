import CallAssembly
import Telephony

/// What is to become of the calls that Asterisk's files tell half of: a value.
///
/// ```
/// no end in the CEL ─▶ asked for ─┬─ listed ─▶ in progress: its PBX's fold has it
///                                 └─ not listed ─┐
/// a CDR and no CEL ──────────────────────────────┴─▶ gone ─┬─ all of it is read ─▶ told as any other
///                                                          └─ never ─▶ told by that half
/// ```
/// Where a CEL file ends says nothing of a call, whose next row may come in an hour: only a list of the live channels that was asked
/// for after its rows were read shows that it is over. What Asterisk wrote as it ended may be read moments later.
struct HalfToldCalls {
    private enum State {
        /// The first list that can show it has this number.
        case asked(list: Int)
        /// It was over when the files were read in this second.
        case gone(since: Int)
    }
    /// By the record's id.
    private var states: [String: State] = [:]
    /// When the oldest began whose rest is still waited for; nil: there is none.
    private(set) var since: Instant?
    /// Seconds for which the rest of a call that is gone is waited for.
    private static let patience = 10

    /// The files have been read once more.
    /// - Parameters:
    ///   - unended: calls without an end in the CEL, none of them known to be in progress.
    ///   - behind: calls that are over by their CDR and not in the CEL yet.
    ///   - second: when that reading began.
    ///   - lists: of a PBX, the number of the latest list of its live channels that was complete at that time, and the number of the
    ///     next one to be asked for now.
    /// - Returns: those whose rest is waited for no longer, and the PBXs whose channels have to be listed to know about others.
    mutating func sort(
        unended: [FinishedCall], behind: [FinishedCall], readIn second: Int,
        lists: (_ system: String) -> (complete: Int, next: Int)
    ) -> (over: [FinishedCall], asking: Set<String>) {
        var asking: Set<String> = []
        let before = states
        states = [:]
        for record in unended.map(\.record) {
            let (complete, next) = lists(record.system)
            switch before[record.id] {
            case .gone(let since): states[record.id] = .gone(since: since)
            case .asked(let list) where complete >= list: states[record.id] = .gone(since: second)
            case .asked(let list):
                // One that failed is asked for again.
                states[record.id] = .asked(list: list)
                asking.insert(record.system)
            case nil:
                states[record.id] = .asked(list: next)
                asking.insert(record.system)
            }
        }
        for record in behind.map(\.record) { states[record.id] = before[record.id] ?? .gone(since: second) }
        var over: [FinishedCall] = []
        since = nil
        for call in unended + behind {
            if case .gone(let gone) = states[call.record.id], second - gone >= HalfToldCalls.patience {
                over.append(call)
            } else {
                since = min(since ?? call.record.startedAt, call.record.startedAt)
            }
        }
        return (over, asking)
    }
}
