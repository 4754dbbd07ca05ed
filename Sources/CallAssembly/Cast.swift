import Telephony

/// Who is who in a call: the people's lines, who placed it, whom it was to reach, who is outside.
final class Cast: Sendable {
    private let facts: Facts
    /// Somebody's line, by place in `facts.call.parts`: neither half of a Local channel nor one of Asterisk's own.
    let isPerson: [Bool]
    /// The people's lines that are the call's own, oldest first.
    let people: [Int]
    /// Beyond a trunk.
    let isOutside: [Bool]
    /// Was dialled, directly or through Local channels.
    let isDialled: [Bool]
    /// Who a queue says took the call on this channel.
    let agentName: [String?]
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
    let direction: CallRecord.Direction
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
    private let names: Names

    /// Nil where no line of a person takes part, unless an origination failed: that one still has an answer to give.
    init?(_ facts: Facts, _ configuration: Shared<AssemblyConfiguration>, _ knowledge: EndpointKnowledge) {
        self.facts = facts
        let parts = facts.call.parts
        var isPerson = parts.map { !$0.isInternal }
        var people = parts.indices.filter { isPerson[$0] && !parts[$0].isGuest }
        if people.isEmpty {
            // A click-to-call that came to no line at all still has an answer to give.
            guard facts.call.originate?.succeeded == false, let first = parts.indices.first else { return nil }
            isPerson[first] = true
            people = [first]
        }
        people.sort { (parts[$0].created.at, parts[$0].uniqueID) < (parts[$1].created.at, parts[$1].uniqueID) }
        self.people = people
        self.isPerson = isPerson

        let isDialled = parts.indices.map { i in
            facts.call.dials.contains { $0.destination == i } && !Cast.isPickup(facts, i)
        }
        self.isDialled = isDialled

        let caller = people[0]
        self.caller = caller
        let isOriginated =
            facts.call.dials.first { $0.destination == caller }.map { dial in
                guard let from = Cast.source(facts, dial) else { return true }
                return !isPerson[from] || from == caller
            } ?? (isPerson[caller] && parts[caller].isInternal)
        self.isOriginated = isOriginated
        targets = Cast.firsts(
            facts.call.dials.lazy.map(\.destination)
                .filter { isPerson[$0] && $0 != caller && !Cast.isPickup(facts, $0) })

        let outside = Outside(facts, configuration, knowledge)
        let verdicts = parts.indices.map { i in
            isPerson[i]
                ? outside.verdict(i, isDialled: isDialled[i], isOriginated: isOriginated && i == caller) : nil
        }
        isOutside = verdicts.map { $0?.isOutside ?? false }
        let (told, decider) = Cast.direction(
            facts, configuration, caller: caller, targets: targets, isOutside: isOutside, isOriginated: isOriginated)
        directionEvidence = told
        directionDetail = decider.flatMap { verdicts[$0]?.reason }
        direction = directionEvidence.value

        let outsideTargets = targets.filter { [isOutside] in isOutside[$0] }
        // A line outside that Asterisk called is what was called, unless another outside was then called for it.
        let isCallback =
            isOutside[caller] && isOriginated && !(targets.first.map { [isOutside] in isOutside[$0] } ?? false)
        if direction == .outbound, !isCallback {
            main = outsideTargets.first { parts[$0].up != nil } ?? outsideTargets.last ?? caller
        } else {
            main = caller
        }

        agentName = Cast.agentNames(facts, isPerson: isPerson, isOutside: isOutside, targets: targets)

        let called = Cast.called(
            facts, caller: caller, main: main, targets: targets, isOriginated: isOriginated, direction: direction)
        let names = Names(facts, isOutside, isDialled, configuration.internalNumbers, caller: caller)
        self.names = names
        func party(_ i: Int) -> Decided<CallRecord.Caller> {
            let number = names.told(i)
            return Decided(
                CallRecord.Caller(number: number.value.map(printable), name: names.name(i)), number.mark, number.reason)
        }
        if isCallback {
            // Without a number of its own a callback is the call of who was called for it.
            let shown = called.value.callerNumber
            callerLine = shown == nil ? targets.first { [isOutside] in !isOutside[$0] } : nil
            callerParty =
                callerLine.map(party)
                ?? Decided(
                    CallRecord.Caller(number: shown.map(printable)), parts[caller].shown ?? parts[caller].created,
                    "the number shown to the line that Asterisk dialled")
        } else {
            callerLine = caller
            callerParty = party(caller)
        }
        let number = called.value.number ?? targets.first.flatMap { names.number($0) }
        let named = direction == .inbound ? nil : targets.first { names.number($0) == number }
        calleeParty = Decided(
            CallRecord.Caller(number: number.map(printable), name: named.flatMap { names.name($0) }), called.mark,
            called.reason)
    }

    /// A line's own number, by place in `facts.call.parts`; as shown, not made printable.
    func number(_ i: Int) -> String? { names.number(i) }
    /// A line's own name, likewise, printable; nil for an outside line that was dialled.
    func name(_ i: Int) -> String? { names.name(i) }

    /// Each once, in order.
    static func firsts(_ all: some Sequence<Int>) -> [Int] {
        var seen: [Int] = []
        for i in all where !seen.contains(i) { seen.append(i) }
        return seen
    }

    private static func isPickup(_ facts: Facts, _ i: Int) -> Bool {
        facts.call.moves.contains { $0.kind == .pickup && $0.by == i }
    }

    /// Who dialled, through Local channels: a line dialled by ;2 is dialled by whoever dialled ;1.
    private static func source(_ facts: Facts, _ dial: Call.Dial, _ depth: Int = 0) -> Int? {
        guard let from = dial.source, depth < 16 else { return dial.source }
        guard let one = facts.call.localPairs.first(where: { $0.two == from })?.one,
            let outer = facts.call.dials.last(where: { $0.destination == one && $0.begin.at <= dial.begin.at })
        else { return from }
        return source(facts, outer, depth + 1)
    }

    /// Who took the call on each line, as the queue, the login or the dialplan names him.
    private static func agentNames(
        _ facts: Facts, isPerson: [Bool], isOutside: [Bool], targets: [Int]
    ) -> [String?] {
        let parts = facts.call.parts
        var agentName = parts.map { $0.agent }
        for visit in facts.call.queueVisits {
            guard let connect = visit.connect, let member = visit.member ?? visit.interface else { continue }
            if let destination = visit.destination, isPerson[destination] {
                // Who picks a queue's call up takes the member's place in it, not his name.
                if !isPickup(facts, destination) { agentName[destination] = member }
            } else if let i = targets.first(where: { i in
                parts[i].up.map { $0.at <= connect.at + .seconds(1) } ?? false
                    && parts[i].end.map { $0.at >= connect.at } ?? true
            }) {
                agentName[i] = member
            }
        }
        // `setinterfacevar` of queues.conf: the handler's word, where the queue's own events were not heard.
        for witness in facts.call.witnesses {
            guard let member = witness.memberName, let interface = witness.memberInterface else { continue }
            if let i = targets.first(where: { parts[$0].device == interface[...] }), agentName[i] == nil {
                agentName[i] = member
            }
        }
        if let agent = facts.call.variables["HOOKSWITCH_AGENT"],
            let i = targets.first(where: { !isOutside[$0] })
        {
            agentName[i] = agent
        }
        return agentName
    }

    // MARK: Direction

    private static func direction(
        _ facts: Facts, _ configuration: Shared<AssemblyConfiguration>, caller: Int, targets: [Int], isOutside: [Bool],
        isOriginated: Bool
    ) -> (told: Decided<CallRecord.Direction>, byLine: Int?) {
        if let said = facts.call.variables["HOOKSWITCH_DIRECTION"],
            let direction = CallRecord.Direction(rawValue: said.lowercased())
        {
            let mark = facts.call.variables.mark(of: "HOOKSWITCH_DIRECTION")
            return (Decided(direction, mark, "HOOKSWITCH_DIRECTION says so"), nil)
        }
        let first = facts.call.parts[caller].created
        if isOutside[caller] {
            return isOriginated
                ? (Decided(.outbound, first, "Asterisk dialled an outside line"), caller)
                : (Decided(.inbound, first, "the first line leads outside"), caller)
        }
        let outside = targets.filter { isOutside[$0] }
        let asked = facts.call.dials.first { targets.contains($0.destination) || $0.source != nil }?.sourceLocation?
            .exten
        let dialled = isOriginated ? facts.call.originate?.exten ?? asked : facts.call.parts[caller].firstLocation.exten
        let isInternalNumber = dialled.map { configuration.internalNumbers.match($0) } ?? false
        if !outside.isEmpty, outside.count == targets.count || !isInternalNumber {
            let line = outside[0]
            let begin = facts.call.dials.first { $0.destination == line }?.begin ?? facts.call.parts[line].created
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
