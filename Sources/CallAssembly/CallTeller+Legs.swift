import Telephony

/// The record's legs: one for each line, none for Asterisk's own channels.
extension CallTeller {
    /// One for each line that is the call's own, oldest first; a guest is none.
    func legs(_ cast: Cast, _ outcome: borrowing Outcome) -> [CallRecord.Leg] {
        var legs: [CallRecord.Leg] = []
        legs.reserveCapacity(cast.people.count)
        for i in cast.people where !facts.call.parts[i].isInternal {
            legs.append(
                CallRecord.Leg(
                    uniqueID: facts.call.parts[i].uniqueID, channel: cast.lines[i].party.channel,
                    role: role(i, cast, outcome), startedAt: facts.call.parts[i].created.at))
            // Where it lies: a leg that is handed on is copied.
            fill(&legs[legs.count - 1], i, cast, outcome.ends)
        }
        return legs
    }

    private func fill(_ leg: inout CallRecord.Leg, _ i: Int, _ cast: Cast, _ ends: Ends) {
        let part = facts.call.parts[i]
        leg.number = cast.lines[i].party.number
        leg.name = cast.lines[i].party.name
        leg.ringingAt = part.ringing?.at
        leg.answeredAt = part.up?.at
        // A damaged stream may have its end before its beginning: no time of a record runs backwards.
        leg.endedAt =
            part.endIsGuessed && part.hangupRequest == nil ? nil : ends.left(i).map { max($0, part.created.at) }
        let dials = facts.call.dials
        leg.dialStatus = dials.indices.last { dials[$0].destination == i }.flatMap { dials[$0].status }
        if part.end != nil, !part.endIsGuessed {
            leg.cause = part.cause
            leg.causeText = part.causeText.map(printable) ?? part.cause.text
        }
        leg.techCause = part.techCause.map(printable)
        leg.isAnsweredElsewhere = isAnsweredElsewhere(i, cast)
        let stays = part.stays
        leg.bridged.reserveCapacity(stays.count)
        for stay in stays {
            guard let to = stay.to?.at, to > stay.from.at else { continue }
            var with: [ChannelName] = []
            for j in facts.call.parts.indices where j != i && met(j, stay, until: to) {
                with.append(facts.call.parts[j].name)
            }
            leg.bridged.append(CallRecord.Leg.Bridged(from: stay.from.at, to: to, with: with))
        }
    }

    /// Whether the channel at place `i` was in the bridge at any time of that stay.
    private func met(_ i: Int, _ stay: Call.Stay, until to: Instant) -> Bool {
        facts.call.parts[i].stays.contains { other in
            other.bridge == stay.bridge && other.from.at < to && (other.to.map { $0.at > stay.from.at } ?? true)
        }
    }

    private func role(_ i: Int, _ cast: Cast, _ outcome: borrowing Outcome) -> CallRecord.Leg.Role {
        if i == cast.callerLine { return .caller }
        if i == outcome.answeredBy || i == cast.main { return .callee }
        let part = facts.call.parts[i]
        if part.up == nil { return .rung }
        if outcome.conversation.hasTalked(i) { return .agent }
        // Connected with others only, while the main party was there: to be asked, or to ask.
        guard let first = part.stays.first else { return cast.lines[i].isDialled ? .rung : .consulted }
        return outcome.ends.left(cast.main).map { first.from.at < $0 } ?? true ? .consulted : .agent
    }

    /// A ring-group member whose call a colleague took: it rang, and the dial that rang it ended because another answered.
    private func isAnsweredElsewhere(_ i: Int, _ cast: Cast) -> Bool {
        let part = facts.call.parts[i]
        guard part.up == nil, cast.lines[i].isDialled, let end = part.end else { return false }
        if part.cause == .answeredElsewhere { return true }
        let dials = facts.call.dials
        return dials.indices.contains { dial in
            dials[dial].status == .answer && dials[dial].destination != i
                && cast.lines[dials[dial].destination].isPerson
                && dials[dial].end.map { abs(($0.at - end.at).wholeMilliseconds) < 500 } ?? false
        }
    }
}
