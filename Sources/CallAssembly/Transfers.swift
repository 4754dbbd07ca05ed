import Telephony

/// The moves of a call as the record lists them.
///
/// A pickup or a forward that only decided who takes the call first is how the call was delivered, not a transfer: it is told
/// by the legs and a note. One that moved a call somebody already had is listed.
struct Transfers {
    /// The record's `transfers`, oldest first, each with the event that tells of it.
    private(set) var told: [(transfer: CallRecord.Transfer, mark: Mark)] = []
    private let facts: Facts
    private let cast: Cast
    private let conversation: Conversation

    /// Lists the moves with who made them, where to, and whether they arrived; forwards and a manager's Redirect among
    /// them.
    init(_ facts: Facts, _ cast: Cast, _ conversation: Conversation, _ ends: Ends) {
        (self.facts, self.cast, self.conversation) = (facts, cast, conversation)
        for move in facts.call.moves {
            switch move.kind {
            case .blind where facts.call.isWayToParking(move): continue
            case .blind:
                append(
                    move.kind, move.at, by: move.by.flatMap { cast.number($0) }, to: move.to,
                    isOK: move.succeeded && arrived(move))
            case .attended:
                // Into an application: it may still be ringing somebody, who has to answer yet.
                let isOK = move.succeeded && (move.to == nil || arrived(move, isAsked: true))
                append(
                    move.kind, move.at, by: move.by.flatMap { cast.number($0) },
                    to: taker(move) ?? asked(move) ?? move.to, isOK: isOK
                )
            case .park:
                append(
                    move.kind, move.at, by: parker(move), to: move.to,
                    isOK: move.taker != nil || talksAfter(move.over?.at))
            case .pickup:
                guard talkedBefore(move.at.at) else { continue }
                append(
                    move.kind, move.at, by: move.by.flatMap { cast.number($0) },
                    to: move.by.flatMap { cast.number($0) }, isOK: true)
            case .forward, .redirect: continue
            }
        }
        let dials = facts.call.dials
        for dial in dials.indices {
            guard let forward = dials[dial].forward, talkedBefore(dials[dial].begin.at) else { continue }
            append(
                .forward, dials[dial].end ?? dials[dial].begin, by: cast.number(dials[dial].destination), to: forward,
                isOK: dials[dial].status != .busy)
        }
        for relocation in facts.call.relocations where cast.lines[relocation.part].isPerson {
            // A transfer or parking tells of itself, within moments of the relocation.
            let isTold = facts.call.moves.contains { move in
                let distance = move.at.at - relocation.at.at
                return distance < .seconds(2) && distance > .seconds(-2)
            }
            if isTold { continue }
            let survives = ends.left(relocation.part).map { $0 - relocation.at.at > .milliseconds(50) } ?? true
            // One action may send both sides of a call somewhere: it is told of the main party.
            let isMain = relocation.part == cast.main
            let hasFellow = facts.call.relocations.contains { other in
                let distance = other.at.at - relocation.at.at
                return other.part == cast.main && distance < .seconds(2) && distance > .seconds(-2)
            }
            guard survives, isMain || !hasFellow,
                isMain || relocation.part == cast.caller || !told.contains(where: { $0.transfer.kind == .redirect })
            else { continue }
            append(.redirect, relocation.at, by: nil, to: relocation.to.exten, isOK: true)
        }
        if told.count > 1 { told.sort { $0.mark.at < $1.mark.at } }
    }

    private mutating func append(
        _ kind: CallRecord.Transfer.Kind, _ mark: Mark, by: String?, to: String?, isOK: Bool
    ) {
        let transfer = CallRecord.Transfer(
            kind: kind, by: by.map(printable), to: to.map(printable), at: mark.at, isOK: isOK)
        told.append((transfer, mark))
    }

    /// A transfer arrived if somebody answered there, or if nobody was dialled (an application took it).
    /// - Parameter isAsked: whether the other end was asked before the transfer, so that its dials may have begun by then.
    private func arrived(_ move: Call.Move, isAsked: Bool = false) -> Bool {
        let after = facts.call.dials.filter { dial in
            let isOpen = isAsked && dial.destination != move.by && dial.end.map { $0.at > move.at.at } ?? false
            return (isOpen || dial.begin.at >= move.at.at - .milliseconds(500)) && cast.lines[dial.destination].isPerson
                && dial.destination != cast.main
        }
        return after.isEmpty || after.contains { $0.status == .answer } || talksAfter(move.at.at)
    }

    private func talkedBefore(_ time: Instant) -> Bool {
        conversation.segments.contains { if case .talk = $0.kind { $0.from.at < time } else { false } }
    }
    private func talksAfter(_ time: Instant?) -> Bool {
        guard let time else { return false }
        return conversation.segments.contains {
            if case .talk = $0.kind { $0.to.at > time + .milliseconds(100) } else { false }
        }
    }

    /// The number of who took an attended transfer: the target's line, or through Local channels who spoke next.
    private func taker(_ move: Call.Move) -> String? {
        if let taker = move.taker, cast.lines[taker].isPerson { return cast.number(taker) }
        for segment in conversation.segments where segment.to.at > move.at.at {
            guard case .talk(let people) = segment.kind else { continue }
            if let person = people.first(where: { $0 != move.by }) { return cast.number(person) }
        }
        return nil
    }

    /// What the transferer's other line had dialled.
    private func asked(_ move: Call.Move) -> String? {
        guard let asker = move.asker, asker != move.by else { return nil }
        let exten = facts.call.parts[asker].firstLocation.exten
        return exten.isEmpty || exten == "s" ? nil : exten
    }

    private func parker(_ move: Call.Move) -> String? {
        if let by = move.by { return cast.number(by) }
        // A manager's Park names the parked channel's own device: nobody of the call did it.
        guard let device = move.byText, device[...] != move.moved.map({ facts.call.parts[$0].device }) else {
            return nil
        }
        let part = facts.call.parts.indices.first { facts.call.parts[$0].device == device[...] }
        return part.flatMap { cast.number($0) } ?? device
    }
}
