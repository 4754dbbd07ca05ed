import Telephony

/// Who is who in a call: the people's lines, who placed it, whom it was to reach, who is outside.
final class Cast: Sendable {
    /// One channel of the call, and whose it is: all of it in one place, for a call's end asks for each of it many times.
    struct Line: Sendable {
        /// Somebody's: neither half of a Local channel nor one of Asterisk's own.
        var isPerson: Bool
        /// Was dialled, directly or through Local channels.
        var isDialled: Bool
        /// Beyond a trunk.
        var isOutside = false
        /// Why it counts as outside, or as inside; empty for one that is nobody's.
        var whyOutside = ""
        /// Its own number as it was shown, not made printable, and what tells it.
        var number: Decided<String?>
        /// As the record names it, printable; `agent` is who a queue, the login or the dialplan says took the call there.
        var party: CallRecord.Party
    }
    /// By place in `facts.call.parts`.
    let lines: [Line]
    /// The people's lines that are the call's own, oldest first.
    let people: [Int]
    /// The first line of the call: who placed it, unless Asterisk called an outside line first.
    let caller: Int
    /// The line of who is told as the caller; nil where that is no line of the call (a campaign).
    let callerLine: Int?
    /// The outside party, or the first caller where nobody is outside.
    let main: Int
    /// The lines the call tried to reach for the caller, in order.
    let targets: [Int]
    /// Asterisk dialled the caller's line itself (Originate, call file).
    let isOriginated: Bool
    /// Seen from the PBX: `HOOKSWITCH_DIRECTION` decides where the dialplan sets it, else who of the lines is outside.
    var direction: CallRecord.Direction { directionEvidence.value }
    /// What told that direction, and why, in words, for `show`.
    let directionEvidence: Decided<CallRecord.Direction>
    /// Why the line that decided it counts as outside; nil where none did.
    let directionDetail: String?
    /// The record's `caller`, printable; where Asterisk called the outside line first, the number shown to it, or the
    /// line that was then called for it.
    let callerParty: Decided<CallRecord.Caller>
    /// The record's `callee`, printable: the number that was called, and the name of the line that has it, where one
    /// does.
    let calleeParty: Decided<CallRecord.Caller>

    /// Nil where no line of a person takes part, unless an origination failed: that one still has an answer to give.
    init?(_ facts: Facts, _ configuration: Shared<AssemblyConfiguration>, _ knowledge: EndpointKnowledge) {
        let parts = facts.call.parts
        let dials = facts.call.dials
        var lines: [Line] = []
        lines.reserveCapacity(parts.count)
        var people: [Int] = []
        people.reserveCapacity(parts.count)
        for i in parts.indices {
            let isDialled = dials.indices.contains { dials[$0].destination == i } && !Cast.isPickup(facts, i)
            if !parts[i].isInternal, !parts[i].isGuest { people.append(i) }
            lines.append(
                Line(
                    isPerson: !parts[i].isInternal, isDialled: isDialled, number: Decided(nil, nil, ""),
                    party: CallRecord.Party(
                        number: nil, name: nil, channel: ChannelName(printable(parts[i].name.description)),
                        agent: parts[i].agent.map(printable))))
        }
        if people.isEmpty {
            // A click-to-call that came to no line at all still has an answer to give.
            guard facts.call.originate?.succeeded == false, let first = parts.indices.first else { return nil }
            lines[first].isPerson = true
            people = [first]
        }
        people.sort { parts[$0].isOlder(than: parts[$1]) }
        self.people = people

        let caller = people[0]
        self.caller = caller
        let isOriginated =
            dials.indices.first { dials[$0].destination == caller }.map { dial in
                guard let from = Cast.source(facts, dial) else { return true }
                return !lines[from].isPerson || from == caller
            } ?? (lines[caller].isPerson && parts[caller].isInternal)
        self.isOriginated = isOriginated
        var targets: [Int] = []
        for dial in dials.indices {
            let i = dials[dial].destination
            if lines[i].isPerson, i != caller, !targets.contains(i), !Cast.isPickup(facts, i) { targets.append(i) }
        }
        self.targets = targets

        let outside = Outside(facts, configuration, knowledge)
        for i in parts.indices where lines[i].isPerson {
            (lines[i].isOutside, lines[i].whyOutside) = outside.verdict(
                i, isDialled: lines[i].isDialled, isOriginated: isOriginated && i == caller)
        }
        let (told, decider) = Cast.direction(
            facts, configuration, caller: caller, targets: targets, lines, isOriginated: isOriginated)
        directionEvidence = told
        directionDetail = decider.map { lines[$0].whyOutside }
        let direction = told.value

        // A line outside that Asterisk called is what was called, unless another outside was then called for it.
        let isCallback =
            lines[caller].isOutside && isOriginated && !(targets.first.map { lines[$0].isOutside } ?? false)
        if direction == .outbound, !isCallback {
            main =
                targets.first { lines[$0].isOutside && parts[$0].up != nil }
                ?? targets.last { lines[$0].isOutside } ?? caller
        } else {
            main = caller
        }

        Cast.nameAgents(facts, targets, &lines)

        let called = Cast.called(
            facts, caller: caller, main: main, targets: targets, isOriginated: isOriginated, direction: direction)
        let names = Names(facts, configuration, caller: caller, isCallerOutside: lines[caller].isOutside)
        for i in lines.indices {
            let (isOutside, isDialled) = (lines[i].isOutside, lines[i].isDialled)
            let number = names.number(i, isOutside: isOutside, isDialled: isDialled)
            lines[i].party.number = number.value.map(printable)
            lines[i].number = number
            lines[i].party.name = names.name(i, isOutside: isOutside, isDialled: isDialled)
        }
        self.lines = lines
        if isCallback {
            // Without a number of its own a callback is the call of who was called for it.
            let shown = called.value.callerNumber
            callerLine = shown == nil ? targets.first { !lines[$0].isOutside } : nil
            callerParty =
                callerLine.map { Cast.party(lines[$0]) }
                ?? Decided(
                    CallRecord.Caller(number: shown.map(printable)), parts[caller].shown ?? parts[caller].created,
                    "the number shown to the line that Asterisk dialled")
        } else {
            callerLine = caller
            callerParty = Cast.party(lines[caller])
        }
        let number = called.value.number ?? targets.first.flatMap { lines[$0].number.value }
        let named = direction == .inbound ? nil : targets.first { lines[$0].number.value == number }
        calleeParty = Decided(
            CallRecord.Caller(number: number.map(printable), name: named.flatMap { lines[$0].party.name }),
            called.mark, called.reason)
    }

    private static func party(_ line: borrowing Line) -> Decided<CallRecord.Caller> {
        Decided(
            CallRecord.Caller(number: line.party.number, name: line.party.name), line.number.mark, line.number.reason)
    }
    /// A line's own number, by place in `facts.call.parts`; as shown, not made printable.
    func number(_ i: Int) -> String? { lines[i].number.value }

    private static func isPickup(_ facts: Facts, _ i: Int) -> Bool {
        facts.call.moves.contains { $0.kind == .pickup && $0.by == i }
    }

    /// Who dialled, through Local channels: a line dialled by ;2 is dialled by whoever dialled ;1. `dial` is a place in
    /// `facts.call.dials`.
    private static func source(_ facts: Facts, _ dial: Int, _ depth: Int = 0) -> Int? {
        let dials = facts.call.dials
        guard let from = dials[dial].source, depth < 16 else { return dials[dial].source }
        guard let one = facts.call.localPairs.first(where: { $0.two == from })?.one,
            let outer = dials.indices.last(where: {
                dials[$0].destination == one && dials[$0].begin.at <= dials[dial].begin.at
            })
        else { return from }
        return source(facts, outer, depth + 1)
    }

    /// Who took the call on each line, as the queue, the login or the dialplan names him.
    private static func nameAgents(_ facts: Facts, _ targets: [Int], _ lines: inout [Line]) {
        let parts = facts.call.parts
        for visit in facts.call.queueVisits {
            guard let connect = visit.connect, let member = visit.member ?? visit.interface else { continue }
            if let destination = visit.destination, lines[destination].isPerson {
                // Who picks a queue's call up takes the member's place in it, not his name.
                if !isPickup(facts, destination) { lines[destination].party.agent = printable(member) }
            } else if let i = targets.first(where: { i in
                parts[i].up.map { $0.at <= connect.at + .seconds(1) } ?? false
                    && parts[i].end.map { $0.at >= connect.at } ?? true
            }) {
                lines[i].party.agent = printable(member)
            }
        }
        // `setinterfacevar` of queues.conf: the handler's word, where the queue's own events were not heard.
        for witness in facts.call.witnesses {
            guard let member = witness.memberName, let interface = witness.memberInterface else { continue }
            if let i = targets.first(where: { parts[$0].device == interface[...] }), lines[i].party.agent == nil {
                lines[i].party.agent = printable(member)
            }
        }
        if let agent = facts.call.variables["HOOKSWITCH_AGENT"],
            let i = targets.first(where: { !lines[$0].isOutside })
        {
            lines[i].party.agent = printable(agent)
        }
    }

    // MARK: Direction

    private static func direction(
        _ facts: Facts, _ configuration: Shared<AssemblyConfiguration>, caller: Int, targets: [Int], _ lines: [Line],
        isOriginated: Bool
    ) -> (told: Decided<CallRecord.Direction>, byLine: Int?) {
        if let said = facts.call.variables["HOOKSWITCH_DIRECTION"],
            let direction = CallRecord.Direction(rawValue: said.lowercased())
        {
            let mark = facts.call.variables.mark(of: "HOOKSWITCH_DIRECTION")
            return (Decided(direction, mark, "HOOKSWITCH_DIRECTION says so"), nil)
        }
        let first = facts.call.parts[caller].created
        if lines[caller].isOutside {
            return isOriginated
                ? (Decided(.outbound, first, "Asterisk dialled an outside line"), caller)
                : (Decided(.inbound, first, "the first line leads outside"), caller)
        }
        let dials = facts.call.dials
        let asked = dials.indices.first { targets.contains(dials[$0].destination) || dials[$0].source != nil }
            .flatMap { dials[$0].sourceLocation?.exten }
        let dialled = isOriginated ? facts.call.originate?.exten ?? asked : facts.call.parts[caller].firstLocation.exten
        let isInternalNumber = dialled.map { configuration.internalNumbers.match($0) } ?? false
        if let line = targets.first(where: { lines[$0].isOutside }),
            !isInternalNumber || targets.allSatisfy({ lines[$0].isOutside })
        {
            let begin =
                dials.indices.first { dials[$0].destination == line }.map { dials[$0].begin }
                ?? facts.call.parts[line].created
            return (Decided(.outbound, begin, "an inside line called an outside one"), line)
        }
        // Itself, or the Local channel that brings it there.
        let isInConference = facts.call.parts.contains { part in
            !part.isGuest && part.stays.contains { facts.call.bridges[$0.bridge].kind == .conference }
        }
        // A code of the dialplan's own (meeting rooms, settings) may be long too.
        let isCode = dialled.map { $0.hasPrefix("*") || $0.hasPrefix("#") } ?? false
        if targets.isEmpty, let dialled, Outside.isLong(dialled), !isCode, !isInternalNumber, !isInConference {
            return (Decided(.outbound, first, "an inside line asked for an outside number"), nil)
        }
        return (Decided(.internal, first, "no line of the call leads outside"), nil)
    }
}
