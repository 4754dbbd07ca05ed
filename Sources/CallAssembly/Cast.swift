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
    let direction: CallRecord.Direction
    let directionReason: String
    let callerParty: CallRecord.Caller
    let calleeParty: CallRecord.Caller
    let calleeMark: Mark
    let calleeEvent: String
    let calleeReason: String

    init?(_ facts: Facts, _ configuration: AssemblyConfiguration, _ knowledge: EndpointKnowledge) {
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

        // Through Local channels: a line dialled by ;2 is dialled by whoever dialled ;1.
        func source(_ dial: Call.Dial, _ depth: Int = 0) -> Int? {
            guard let from = dial.source, depth < 16 else { return dial.source }
            guard let one = facts.call.localPairs.first(where: { $0.two == from })?.one,
                let outer = facts.call.dials.last(where: { $0.destination == one && $0.begin.at <= dial.begin.at })
            else { return from }
            return source(outer, depth + 1)
        }
        func isPickup(_ i: Int) -> Bool { facts.call.moves.contains { $0.kind == .pickup && $0.by == i } }
        let isDialled = parts.indices.map { i in facts.call.dials.contains { $0.destination == i } && !isPickup(i) }
        self.isDialled = isDialled

        let caller = people[0]
        self.caller = caller
        let isOriginated =
            facts.call.dials.first { $0.destination == caller }.map { dial in
                guard let from = source(dial) else { return true }
                return !isPerson[from] || from == caller
            } ?? (isPerson[caller] && parts[caller].isInternal)
        self.isOriginated = isOriginated
        targets = Cast.firsts(
            facts.call.dials.map(\.destination).filter { isPerson[$0] && $0 != caller && !isPickup($0) })

        let outside = Outside(facts, configuration, knowledge)
        isOutside = parts.indices.map {
            isPerson[$0] && outside.contains($0, isDialled: isDialled[$0], isOriginated: isOriginated && $0 == caller)
        }
        (direction, directionReason) = Cast.direction(
            facts, configuration, caller: caller, targets: targets, isOutside: isOutside, isOriginated: isOriginated)

        let outsideTargets = targets.filter { [isOutside] in isOutside[$0] }
        if direction == .outbound, !(isOutside[caller] && isOriginated) {
            main = outsideTargets.first { parts[$0].up != nil } ?? outsideTargets.last ?? caller
        } else {
            main = caller
        }

        var agentName = parts.map { $0.agent }
        for visit in facts.call.queueVisits {
            guard let connect = visit.connect, let member = visit.member ?? visit.interface else { continue }
            if let destination = visit.destination, isPerson[destination] {
                // Who picks a queue's call up takes the member's place in it, not his name.
                if !isPickup(destination) { agentName[destination] = member }
            } else if let i = targets.first(where: { i in
                parts[i].up.map { $0.at <= connect.at + .seconds(1) } ?? false
                    && parts[i].end.map { $0.at >= connect.at } ?? true
            }) {
                agentName[i] = member
            }
        }
        if let agent = facts.call.variables["HOOKSWITCH_AGENT"],
            let i = targets.first(where: { [isOutside] in !isOutside[$0] })
        {
            agentName[i] = agent
        }
        self.agentName = agentName

        let callee = Cast.callee(
            facts, caller: caller, main: main, targets: targets, isOriginated: isOriginated, direction: direction)
        calleeMark = callee.mark
        calleeEvent = callee.event
        calleeReason = callee.reason
        let names = Names(facts, isOutside, isDialled)
        if isOutside[caller] && isOriginated {
            // Without a number of its own a callback is the call of who was called for it.
            let agent = callee.callerNumber == nil ? targets.first { [isOutside] in !isOutside[$0] } : nil
            callerLine = agent
            callerParty =
                agent.map { CallRecord.Caller(number: names.number($0).map(printable), name: names.name($0)) }
                ?? CallRecord.Caller(number: callee.callerNumber.map(printable))
        } else {
            callerLine = caller
            callerParty = CallRecord.Caller(number: names.number(caller).map(printable), name: names.name(caller))
        }
        var calleeNumber = callee.number
        if calleeNumber == nil, let target = targets.first { calleeNumber = names.number(target) }
        let named = direction == .inbound ? nil : targets.first { names.number($0) == calleeNumber }
        calleeParty = CallRecord.Caller(number: calleeNumber.map(printable), name: named.flatMap { names.name($0) })
        self.names = names
    }

    private let names: Names
    func number(_ i: Int) -> String? { names.number(i) }
    func name(_ i: Int) -> String? { names.name(i) }

    /// Each once, in order.
    static func firsts(_ all: [Int]) -> [Int] {
        var seen: [Int] = []
        for i in all where !seen.contains(i) { seen.append(i) }
        return seen
    }

    // MARK: Direction

    private static func direction(
        _ facts: Facts, _ configuration: AssemblyConfiguration, caller: Int, targets: [Int], isOutside: [Bool],
        isOriginated: Bool
    ) -> (CallRecord.Direction, String) {
        if let said = facts.call.variables["HOOKSWITCH_DIRECTION"],
            let direction = CallRecord.Direction(rawValue: said.lowercased())
        {
            return (direction, "HOOKSWITCH_DIRECTION says so")
        }
        if isOutside[caller] {
            return isOriginated
                ? (.outbound, "Asterisk dialled an outside line")
                : (.inbound, "the first line leads outside")
        }
        let outside = targets.filter { isOutside[$0] }
        let asked = facts.call.dials.first { targets.contains($0.destination) || $0.source != nil }?.sourceLocation?
            .exten
        let dialled = isOriginated ? facts.call.originate?.exten ?? asked : facts.call.parts[caller].firstLocation.exten
        let isInternalNumber =
            dialled.map { number in configuration.internalNumbers.match(number) } ?? false
        if !outside.isEmpty,
            outside.count == targets.count || !isInternalNumber || outside.first == targets.first && !isInternalNumber
        {
            return (.outbound, "an inside line called an outside one")
        }
        let isInConference = facts.call.parts[caller].stays.contains {
            facts.call.bridges[$0.bridge].kind == .conference
        }
        if targets.isEmpty, let dialled, Outside.isLong(dialled), !isInternalNumber, !isInConference {
            return (.outbound, "an inside line asked for an outside number")
        }
        return (.internal, "no line of the call leads outside")
    }

    // MARK: What was called

    private struct Callee {
        var number: String?
        var callerNumber: String?
        var mark: Mark
        var event: String
        var reason: String
    }

    private static func callee(
        _ facts: Facts, caller: Int, main: Int, targets: [Int], isOriginated: Bool, direction: CallRecord.Direction
    ) -> Callee {
        let part = facts.call.parts[caller]
        guard isOriginated else {
            return Callee(
                number: part.firstLocation.exten.isEmpty ? nil : part.firstLocation.exten, mark: part.created,
                event: "Newchannel", reason: "the extension at the call's start: what was dialled")
        }
        if main == caller, direction == .outbound, part.isInternal == false,
            targets.isEmpty || facts.call.parts[caller].number.map(Outside.isLong) ?? false,
            Outside.isLong(part.number ?? part.firstLocation.exten),
            facts.call.originate?.exten.map({
                !Outside.isLong($0) || $0 == Names.dialledNumber(facts.call, caller) || $0 == part.number
            }) ?? true
        {
            // Asterisk called the outside line first: that line is what was called. Its caller id is ours, where it is another.
            let shown = part.number ?? part.firstLocation.exten
            let number = Names.dialledNumber(facts.call, caller) ?? shown
            return Callee(
                number: number, callerNumber: shown == number ? nil : shown, mark: part.created, event: "Newchannel",
                reason: "the line Asterisk dialled")
        }
        if let dial = facts.call.dials.first(where: {
            $0.source != nil && targets.contains($0.destination)
                || $0.source != nil && facts.call.parts[$0.destination].isLocal
        }),
            let exten = dial.sourceLocation?.exten, !exten.isEmpty, exten != "s", !isLocalTwo(facts, dial.source)
        {
            return Callee(number: exten, mark: dial.begin, event: "DialBegin", reason: "the extension that dialled")
        }
        // Through a Local channel the line that runs the dialplan is its first half.
        if let dial = facts.call.dials.first(where: { targets.contains($0.destination) }) {
            if let exten = dial.sourceLocation?.exten, Outside.isLong(exten) {
                return Callee(number: exten, mark: dial.begin, event: "DialBegin", reason: "the extension that dialled")
            }
            let number = facts.call.parts[dial.destination].number ?? facts.call.originate?.exten
            return Callee(
                number: number, mark: dial.begin, event: "DialBegin", reason: "the number of the dialled line")
        }
        if let exten = facts.call.originate?.exten {
            return Callee(
                number: exten, mark: part.created, event: "OriginateResponse", reason: "the extension asked for")
        }
        return Callee(number: part.number, mark: part.created, event: "Newchannel", reason: "the line Asterisk dialled")
    }

    private static func isLocalTwo(_ facts: Facts, _ part: Int?) -> Bool {
        part.map { i in facts.call.parts[i].name.description.hasSuffix(";2") } ?? false
    }
}

/// Numbers and names of lines, as people would state them.
struct Names: Sendable {
    private let facts: Facts
    private let isOutside: [Bool]
    private let isDialled: [Bool]
    /// By place in `facts.call.parts`: each is asked for several times.
    private var numbers: [String?] = []
    private var names: [String?] = []

    init(_ facts: Facts, _ isOutside: [Bool], _ isDialled: [Bool]) {
        (self.facts, self.isOutside, self.isDialled) = (facts, isOutside, isDialled)
        numbers = facts.call.parts.indices.map(findNumber)
        names = facts.call.parts.indices.map(findName)
    }

    /// A line's own number: what it showed first (dialplan changes caller id later), else what was dialled, else its name.
    func number(_ i: Int) -> String? { numbers[i] }
    /// The name shown; nil for an outside line that was dialled, which carries the caller's name.
    func name(_ i: Int) -> String? { names[i] }

    private func findNumber(_ i: Int) -> String? {
        let part = facts.call.parts[i]
        // A dialled line is given the number that the caller dialled; what was asked of the trunk is what it reached.
        if isOutside[i], isDialled[i] { return Names.dialledNumber(facts.call, i) ?? part.number ?? part.firstNumber }
        let address = String(part.name.address)
        let addressIsNumber = !address.isEmpty && address.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
        // A phone that is rung with the customer's number as its caller id is still the phone of its own name.
        if isDialled[i], addressIsNumber, let number = part.firstNumber, Outside.isLong(number) { return address }
        return part.firstNumber ?? part.number ?? (addressIsNumber ? address : nil)
    }

    /// What was dialled to reach a line, without its technology; nil where no event says it.
    static func asked(_ call: ToldCall, _ i: Int) -> Substring? {
        guard let text = call.dials.last(where: { $0.destination == i && $0.dialString != nil })?.dialString else {
            return nil
        }
        // A queue tells its members' interfaces, Dial what follows the technology.
        let technology = call.parts[i].name.technology + "/"
        return text.hasPrefix(technology) ? text.dropFirst(technology.count) : text[...]
    }

    /// The number that was asked of a line's device; nil where the device itself was dialled.
    static func dialledNumber(_ call: ToldCall, _ i: Int) -> String? { asked(call, i).flatMap { number(in: $0) } }

    /// The number inside a dial string, as `15559876543@trunk`, `trunk/15559876543`, `trunk/sip:112@host:5060` or
    /// `user:secret@host/15559876543`; nil where it names a device only.
    static func number(in text: Substring) -> String? {
        guard text.utf8.contains(where: { $0 == 0x40 || $0 == 0x2F }) else { return nil }
        var last = text.split(separator: "/").last ?? ""
        for scheme in ["sip:", "sips:", "tel:"] where last.hasPrefix(scheme) { last = last.dropFirst(scheme.count) }
        let number = last.prefix { $0 != "@" && $0 != ":" && $0 != ";" }
        let isNumber = number.utf8.allSatisfy { (48...57).contains($0) || $0 == 0x2B || $0 == 0x2A || $0 == 0x23 }
        return isNumber && number.utf8.count > 2 ? String(number) : nil
    }

    private func findName(_ i: Int) -> String? {
        let part = facts.call.parts[i]
        guard let name = part.callerName, !(isOutside[i] && isDialled[i]) else { return nil }
        // PJSIP hands a SIP quoted-string on with its backslashes.
        return printable(part.name.technology == "PJSIP" ? Names.unquoted(name) : name)
    }

    /// Takes SIP's quoted pairs back, if all backslashes are such.
    static func unquoted(_ text: String) -> String {
        guard text.utf8.contains(0x5C) else { return text }
        var out: [UInt8] = []
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            guard byte == 0x5C else {
                out.append(byte)
                continue
            }
            guard let next = bytes.next(), next == 0x5C || next == 0x22 else { return text }
            out.append(next)
        }
        return String(decoding: out, as: UTF8.self)
    }
}

/// Tells whether a line leads outside.
struct Outside {
    private let facts: Facts
    private let configuration: AssemblyConfiguration
    private let knowledge: EndpointKnowledge

    init(_ facts: Facts, _ configuration: AssemblyConfiguration, _ knowledge: EndpointKnowledge) {
        (self.facts, self.configuration, self.knowledge) = (facts, configuration, knowledge)
    }

    func contains(_ i: Int, isDialled: Bool, isOriginated: Bool) -> Bool {
        let part = facts.call.parts[i]
        if !configuration.trunks.isEmpty {
            return configuration.trunks.contains { $0.matches(part.name.description) || $0.matches(part.name.device) }
        }
        if facts.call.queueVisits.contains(where: {
            $0.destination == i || $0.interface.map { $0[...] == part.name.device } ?? false
        }) {
            return false
        }
        let address = part.name.address
        // A phone named like an extension is one, whatever caller id it was given.
        if isInternal(address) { return false }
        // What was asked of the line's device tells more than any caller id: a line that is dialled is given the number
        // that its caller dialled, an originated one what the CRM gave it.
        // Without a number in it the device itself was called: a phone, unless it has shown to be more.
        if isDialled, let asked = Names.asked(facts.call, i) {
            guard let number = Names.number(in: asked) else { return knowledge.isOutside(part.name.device) ?? false }
            if Outside.isLong(number), !isInternal(number) { return true }
        }
        let shown = isDialled || isOriginated ? part.number ?? part.firstNumber : part.firstNumber ?? part.number
        if let shown, !shown.isEmpty, shown != "s" {
            if Outside.isLong(shown), !isInternal(shown) {
                if knowledge.isOutside(part.name.device) == false, isOriginated { return false }
                return true
            }
            if let learned = knowledge.isOutside(part.name.device) { return learned }
            return !isInternal(shown)
        }
        if let learned = knowledge.isOutside(part.name.device) { return learned }
        // Phones are configured with a number; a stranger may withhold it.
        return !isDialled
    }

    private func isInternal(_ number: some StringProtocol) -> Bool {
        configuration.internalNumbers.match(number)
    }

    /// Seven digits or more, or international: no extension.
    static func isLong(_ number: String) -> Bool {
        let digits = number.utf8.count { $0 >= 48 && $0 <= 57 }
        return digits >= 7 || number.hasPrefix("+") && digits > 0
    }
}
