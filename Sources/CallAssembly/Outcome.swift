import Telephony

/// How the call came out: was somebody reached, who ended it, with what cause, how the queue went.
struct Outcome: Sendable {
    /// Place of the person who answered first.
    private(set) var answeredBy: Int?
    /// Who ended it: a side, or the PBX (`system`); the value is nil where that was not seen.
    private(set) var hungUp: Decided<CallRecord.HungUpBy?> = Decided(nil, nil, "")
    /// The queue that took the call, else the last it was in; nil where it was in none. One that was full or empty
    /// counts.
    var queue: CallRecord.Queue? { wait?.queue }
    /// The same, with what tells it.
    private(set) var wait: Wait?
    /// Whether somebody was reached, and how it failed where nobody was; the voicemail's answer counts as reached.
    private(set) var disposition: Decided<CallRecord.Disposition> = Decided(.failed, nil, "")
    /// Of the main party's channel, not of the one that ended first; 0 only where neither Asterisk nor the outcome
    /// tells one.
    private(set) var cause: Decided<HangupCause> = Decided(.notStated, nil, "")
    /// Asterisk's words for the cause, made printable, or the cause's own name.
    private(set) var causeText = ""
    /// Remarks on forwards and pickups, made printable.
    private(set) var notes: [String] = []

    /// A wait in a queue, and the events it is told from.
    struct Wait: Sendable {
        /// What the record says.
        let queue: CallRecord.Queue
        /// Which queue it was.
        let name: Decided<String>
        /// How it ended.
        let result: Decided<CallRecord.Queue.Result?>
        /// When the wait was over; nil for a queue that was never joined.
        let over: Mark?
    }

    /// What was heard of the call.
    let facts: Facts
    /// Who is who in it.
    let cast: Cast
    /// When each party left.
    let ends: Ends
    /// Who heard the main party, when.
    let conversation: Conversation
    /// The dialled line that said yes first.
    let answeredTarget: Int?

    /// Nothing is decided yet.
    init(_ facts: Facts, _ cast: Cast, _ ends: Ends, _ conversation: Conversation) {
        (self.facts, self.cast, self.ends, self.conversation) = (facts, cast, ends, conversation)
        let dials = facts.call.dials
        func answer(_ dial: Int) -> Instant { dials[dial].end?.at ?? dials[dial].begin.at }
        var first: Int?
        for dial in dials.indices where dials[dial].status == .answer {
            let destination = dials[dial].destination
            guard cast.lines[destination].isPerson, destination != cast.caller else { continue }
            if first.map({ answer(dial) < answer($0) }) ?? true { first = dial }
        }
        answeredTarget = first.map { dials[$0].destination }
    }

    /// Decides everything, in an order that matters: each looks at what was decided before it.
    mutating func decide() {
        answeredBy = whoAnswered()
        hungUp = whoHungUp()
        wait = queueWait()
        disposition = howItCameOut()
        decideCause()
        takeNotes()
    }

    private func whoAnswered() -> Int? {
        let parts = facts.call.parts
        if cast.direction == .outbound {
            return cast.lines[cast.main].isOutside && parts[cast.main].up != nil ? cast.main : nil
        }
        // Of people met in a conference nobody answered this call; an agent who is logged in did.
        let talker = conversation.talkers.first { talker in
            let part = parts[talker.part]
            return talker.part != cast.main && (!part.isGuest || part.agent != nil)
        }
        if let answerer = talker?.part ?? answeredTarget { return answerer }
        let isOneLine = cast.isOriginated && cast.targets.isEmpty && cast.direction == .internal
        return isOneLine && parts[cast.caller].up != nil ? cast.caller : nil
    }

    private mutating func decideCause() {
        let main = facts.call.parts[cast.main]
        let mark = main.end ?? ends.mark
        cause = Decided(main.cause, mark, "cause of the main party's channel")
        causeText = main.causeText.map(printable) ?? main.cause.text
        // Asterisk gives 0 where nothing went wrong, or nothing was said at all.
        guard main.cause == .notStated, !main.endIsGuessed else { return }
        let guess: HangupCause
        if main.up != nil || main.hangupRequest != nil {
            guess = .normalClearing
        } else if disposition.value == .noAnswer {
            guess = .noAnswer
        } else {
            return
        }
        let meaning = guess == .noAnswer ? "it rang out" : "an ordinary end"
        cause = Decided(guess, mark, "Asterisk stated none (0): \(meaning)")
        causeText = guess.text
    }

    private mutating func takeNotes() {
        let dials = facts.call.dials
        for dial in dials.indices {
            guard let forward = dials[dial].forward else { continue }
            let who = dials[dial].destination
            let from = cast.number(who) ?? facts.call.parts[who].name.description
            notes.append("\(printable(from)) forwarded the call to \(printable(forward))")
        }
        for move in facts.call.moves where move.kind == .pickup {
            guard let by = move.by, let moved = move.moved else { continue }
            let who = cast.number(by) ?? facts.call.parts[by].name.description
            let whom = cast.number(moved) ?? facts.call.parts[moved].name.description
            notes.append("picked up by \(printable(who)) while \(printable(whom)) rang")
        }
    }
}
