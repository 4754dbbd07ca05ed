import Telephony

/// The record's legs: one for each line, none for Asterisk's own channels.
extension CallTeller {
    /// One for each line that is the call's own, oldest first; a guest is none.
    func legs(_ cast: Cast, _ ends: Ends, _ outcome: Outcome, _ conversation: Conversation) -> [CallRecord.Leg] {
        let spoke = conversation.talkers.map(\.part)
        return cast.people.filter { !facts.call.parts[$0].isInternal }.map { leg($0, cast, ends, outcome, spoke) }
    }

    private func leg(_ i: Int, _ cast: Cast, _ ends: Ends, _ outcome: Outcome, _ spoke: [Int]) -> CallRecord.Leg {
        let part = facts.call.parts[i]
        let dial = facts.call.dials.last { $0.destination == i }
        var leg = CallRecord.Leg(
            uniqueID: part.uniqueID, channel: ChannelName(printable(part.name.description)),
            role: role(i, cast, ends, outcome, spoke), startedAt: part.created.at)
        leg.number = cast.number(i).map(printable)
        leg.name = cast.name(i)
        leg.ringingAt = part.ringing?.at
        leg.answeredAt = part.up?.at
        // A damaged stream may have its end before its beginning: no time of a record runs backwards.
        leg.endedAt =
            part.endIsGuessed && part.hangupRequest == nil ? nil : ends.left[i].map { max($0, part.created.at) }
        leg.dialStatus = dial?.status
        if part.end != nil, !part.endIsGuessed {
            leg.cause = part.cause
            leg.causeText = part.causeText.map(printable) ?? part.cause.text
        }
        leg.techCause = part.techCause.map(printable)
        leg.isAnsweredElsewhere = isAnsweredElsewhere(i, cast)
        leg.bridged = part.stays.compactMap { stay in
            guard let to = stay.to?.at, to > stay.from.at else { return nil }
            let with = facts.call.parts.indices.lazy.filter { [facts] j in
                j != i
                    && facts.call.parts[j].stays.contains { other in
                        other.bridge == stay.bridge && other.from.at < to
                            && (other.to.map { $0.at > stay.from.at } ?? true)
                    }
            }
            return CallRecord.Leg.Bridged(from: stay.from.at, to: to, with: with.map { facts.call.parts[$0].name })
        }
        return leg
    }

    private func role(
        _ i: Int, _ cast: Cast, _ ends: Ends, _ outcome: Outcome, _ spoke: [Int]
    ) -> CallRecord.Leg.Role {
        if i == cast.callerLine { return .caller }
        if i == outcome.answeredBy || i == cast.main { return .callee }
        let part = facts.call.parts[i]
        if part.up == nil { return .rung }
        if spoke.contains(i) { return .agent }
        // Connected with others only, while the main party was there: to be asked, or to ask.
        guard let first = part.stays.first else { return cast.isDialled[i] ? .rung : .consulted }
        return ends.left[cast.main].map { first.from.at < $0 } ?? true ? .consulted : .agent
    }

    /// A ring-group member whose call a colleague took: it rang, and the dial that rang it ended because another answered.
    private func isAnsweredElsewhere(_ i: Int, _ cast: Cast) -> Bool {
        let part = facts.call.parts[i]
        guard part.up == nil, cast.isDialled[i], let end = part.end else { return false }
        if part.cause == .answeredElsewhere { return true }
        return facts.call.dials.contains { dial in
            dial.status == .answer && dial.destination != i && cast.isPerson[dial.destination]
                && dial.end.map { abs(($0.at - end.at).wholeMilliseconds) < 500 } ?? false
        }
    }
}
