import Telephony

/// Decides when one recording has settled: a value, told what the file looks like now and then.
///
/// ```
///              no folder: missing at once            whole by its header: ready at once
/// call ended ─▶ waiting for the file ── it is there ─▶ growing ── unchanged for `settle`: ready, or empty ─▶ done
///                    └─ `giveUp` over: missing
/// ```
/// Asterisk closes a recording within milliseconds of its channel's end. A file that stays as it is for `settle` after that is
/// finished, also one without audio: a call that nobody answered, recorded while bridged. Instants are of any clock that goes on
/// steadily.
struct RecordingWatch {
    /// What was found at the path.
    enum Look: Equatable {
        /// `isWhole`: the file itself says that its writer is done.
        case file(size: Int, audioBytes: Int, isWhole: Bool)
        /// The folder is there, the file is not: it may yet come.
        case noFile
        /// Not even the folder it should come to is there: another host's, or not mounted.
        case noFolder
    }
    private let settle: Duration
    private let giveUpAt: Instant
    private var size: Int?
    private var unchangedSince: Instant

    /// - Parameter now: the call's end or later, by the clock that `take` will be given.
    init(settle: Duration, giveUp: Duration, now: Instant) {
        (self.settle, giveUpAt, unchangedSince) = (settle, now + giveUp, now)
    }

    /// Takes what a look has found.
    ///
    /// - Parameter now: not before that of an earlier look.
    /// - Returns: the state it has settled in; nil: look again.
    mutating func take(_ look: Look, now: Instant) -> CallRecord.Recording.State? {
        switch look {
        case .noFolder: return .missing
        case .noFile:
            size = nil
            return now >= giveUpAt ? .missing : nil
        case .file(_, let audioBytes, isWhole: true) where audioBytes > 0: return .ready
        case .file(let size, let audioBytes, _):
            if size != self.size {
                (self.size, unchangedSince) = (size, now)
                // A file that never stops growing is not this call's alone; what is there is told.
                return now >= giveUpAt && audioBytes > 0 ? .ready : nil
            }
            guard now - unchangedSince >= settle else { return nil }
            return audioBytes > 0 ? .ready : .empty
        }
    }
}
