import Telephony

/// What happens to a channel.
extension Call.Part {
    /// A channel as it is at `mark`, when it was made or, as far as anybody heard, might have been.
    init(_ snapshot: CallEvent.Snapshot, _ mark: Mark) {
        self.init(
            uniqueID: snapshot.channel.uniqueID, linkedID: snapshot.channel.linkedID, name: snapshot.name,
            firstNumber: snapshot.number, number: snapshot.number, firstName: snapshot.callerName,
            callerName: snapshot.callerName, accountCode: snapshot.accountCode, firstLocation: snapshot.location,
            location: snapshot.location, created: mark, isInternal: snapshot.name.isInternalToAsterisk)
        take(snapshot.state, mark)
    }

    /// Keeps the first time it rang and the first time it came up; other states decide nothing.
    mutating func take(_ state: ChannelState, _ mark: Mark) {
        switch state {
        case .ringing where ringing == nil: ringing = mark
        case .up where up == nil || upIsGuessed: (up, upIsGuessed) = (mark, false)
        default: break
        }
    }
    /// It as another call sees it that met it.
    var asGuest: Call.Part {
        var part = self
        part.isGuest = true
        part.holds = []
        part.hangupRequest = nil
        // Its end is its own call's affair; to this one it only comes and goes.
        part.end = Mark.unseen(Instant(seconds: 1 << 40))
        return part
    }

    /// Whom it is billed to; nil or the same is no news.
    mutating func bill(_ code: String?, _ mark: Mark) {
        guard let code, code != accountCode else { return }
        (accountCode, billed) = (code, mark)
    }

    /// The side that ended it, as a source names it; nil says nothing.
    mutating func takeHangupSource(_ name: String?, _ mark: Mark) { hangupSource = name.map { ($0, mark) } }

    /// It shows another caller id: a dialplan gives a line a number and a name for the other side to see. A name found for its own
    /// number is its own; one that comes with another's is not, nor one that was put there just before the number.
    mutating func show(_ number: String?, _ name: String?, _ mark: Mark) {
        let before = self.number
        let was = (self.number, callerName)
        defer { if (self.number, callerName) != was { shown = mark } }
        if let number { self.number = number }
        let isForeign =
            number.map { number in
                // The name of an account is nobody's number: the extension that its line is given is its own.
                if isNamedByAccount, !Outside.isLong(number) { return false }
                return own.map { !Names.areOne($0, number) } ?? false
            } ?? false
        if !isForeign {
            callerName = name ?? callerName
        } else if number != before, name == callerName {
            callerName = firstName ?? callerName
        }
    }
    /// It came with its device's own name as its number: a subscriber's line, as a trunk shows who calls by it.
    var showsItsOwnName: Bool { firstNumber.map { $0[...] == name.address } ?? false }
    private var isNamedByAccount: Bool { showsItsOwnName && firstNumber.map(Outside.isLong) ?? false }
    /// The number it had at first; nil where that was withheld.
    private var own: String? { firstNumber.flatMap { Names.isNumber($0) ? $0 : nil } }

    /// Its Hangup, as the event, CEL's row or its handler tells it; closes its open stays and holds.
    /// - Parameters:
    ///   - text: `Cause-txt`; nil where the source has none.
    ///   - techCause: the SIP status of a failed leg; nil before 22 and for other sources.
    ///   - location: where in the dialplan it was; another place than the last one known means that the dialplan went
    ///     on, both names empty that nobody says.
    mutating func finish(
        _ mark: Mark, _ cause: HangupCause, _ text: String?, _ techCause: String?, _ location: CallEvent.Location
    ) {
        end = mark
        self.cause = cause
        causeText = text
        self.techCause = techCause
        hasMovedOn = location != self.location && !(location.context.isEmpty && location.exten.isEmpty)
        closeOpenSpans(mark)
    }
    /// Ends it at `mark`; in truth somewhere between that and `until`, where that is known.
    mutating func guessEnd(_ mark: Mark, until: Instant? = nil) {
        end = mark
        endIsGuessed = true
        closeOpenSpans(mark, until)
    }
    /// A hold whose end was heard, in whatever way.
    mutating func endHold(_ i: Int, _ mark: Mark) {
        holds[i].to = mark
        holds[i].unsureSince = nil
    }
    /// Its party holds again: a hold that a gap began in ended in there.
    mutating func endUnsureHold() {
        guard let last = holds.indices.last, holds[last].to == nil, let sure = holds[last].unsureSince else { return }
        holds[last].to = .unseen(sure)
    }
    private mutating func closeOpenSpans(_ mark: Mark, _ until: Instant? = nil) {
        for i in stays.indices where stays[i].to == nil {
            stays[i].to = mark
            stays[i].unseen = until.map { Call.Window(since: mark.at, until: $0) }
        }
        for i in holds.indices where holds[i].to == nil {
            holds[i].to = holds[i].unsureSince.map { Mark.unseen(min($0, mark.at)) } ?? mark
        }
    }
}
