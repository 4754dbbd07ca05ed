import Telephony

/// Tells whether a line leads outside.
struct Outside {
    private let facts: Facts
    private let configuration: Shared<AssemblyConfiguration>
    private let knowledge: EndpointKnowledge

    /// `knowledge` counts only where the configuration names no trunks.
    init(_ facts: Facts, _ configuration: Shared<AssemblyConfiguration>, _ knowledge: EndpointKnowledge) {
        (self.facts, self.configuration, self.knowledge) = (facts, configuration, knowledge)
    }

    /// Whether the line at place `i` in `facts.call.parts` leads outside: configured trunks decide alone; else queue
    /// membership, its name, what was asked of it, its caller id, and what its device has shown before, in this order.
    /// - Parameters:
    ///   - isDialled: somebody or Asterisk called it; its number is then mostly what was dialled, not its own.
    ///   - isOriginated: Asterisk called it first, before anybody else took part.
    func contains(_ i: Int, isDialled: Bool, isOriginated: Bool) -> Bool {
        verdict(i, isDialled: isDialled, isOriginated: isOriginated).isOutside
    }

    /// The same, and why, in words for `show`.
    func verdict(_ i: Int, isDialled: Bool, isOriginated: Bool) -> (isOutside: Bool, reason: String) {
        let part = facts.call.parts[i]
        if !configuration.trunks.isEmpty {
            let isTrunk = configuration.trunks.contains {
                $0.matches(part.name.description) || $0.matches(part.device)
            }
            return (
                isTrunk, isTrunk ? "the configuration has its device as a trunk" : "no configured trunk is its device"
            )
        }
        if facts.call.queueVisits.contains(where: {
            $0.destination == i || $0.interface.map { $0[...] == part.device } ?? false
        }) {
            return (false, "a queue has its device as a member")
        }
        if configuration.value.isNamedLikeExtension(technology: part.technology, address: part.address) {
            return (false, "its device is named like an extension")
        }
        // A trunk shows who calls by it; only a subscriber's line shows its own name.
        if !isDialled, !isOriginated, part.showsItsOwnName { return (false, "it shows its own device's name") }
        // What was asked of the line's device tells more than any caller id: a line that is dialled is given the number
        // that its caller dialled, an originated one what the CRM gave it.
        // Without a number in it the device itself was called: a phone, unless it has shown to be more.
        if isDialled, let asked = Names.asked(facts.call, i) {
            guard let number = Names.dialledNumber(asked, of: part) else {
                return learned(part, otherwise: (false, "its device itself was dialled, without a number"))
            }
            if Outside.isLong(number), !isInternal(number) {
                return (true, "a number longer than an extension was dialled on it")
            }
        } else if isDialled, showsTheCalled(i) {
            return learned(part, otherwise: (false, "it shows the number that somebody outside called"))
        }
        let shown = isDialled || isOriginated ? part.number ?? part.firstNumber : part.firstNumber ?? part.number
        if let shown, !shown.isEmpty, shown != "s" {
            if Outside.isLong(shown), !isInternal(shown) {
                if isOriginated, knowledge.isOutside(part.device) == false {
                    return (false, Outside.learnedReason)
                }
                return (true, "it shows a number longer than an extension")
            }
            let isInside = isInternal(shown)
            return learned(
                part, otherwise: (!isInside, isInside ? "it shows an internal number" : "it shows no internal number"))
        }
        // Phones are configured with a number; a stranger may withhold it.
        return learned(
            part, otherwise: (!isDialled, isDialled ? "a phone was dialled" : "it shows no number, as a phone would"))
    }

    private static let learnedReason = "earlier calls showed it of its device"

    private func learned(
        _ part: ToldCall.Line, otherwise: (isOutside: Bool, reason: String)
    ) -> (isOutside: Bool, reason: String) {
        knowledge.isOutside(part.device).map { ($0, Outside.learnedReason) } ?? otherwise
    }

    /// Whether a dialled line, of which no dial string is known (CEL), shows no more than the number that somebody outside called
    /// the company by. A line to the outside shows what was asked of it.
    func showsTheCalled(_ i: Int) -> Bool {
        guard Names.asked(facts.call, i) == nil, let number = facts.call.parts[i].number,
            let first = facts.call.parts.indices.first(where: {
                !facts.call.parts[$0].isInternal && !facts.call.parts[$0].isGuest
            }), first != i, !facts.call.dials.contains(where: { $0.destination == first })
        else { return false }
        return number == facts.call.parts[first].firstLocation.exten
            && contains(first, isDialled: false, isOriginated: false)
    }

    private func isInternal(_ number: some StringProtocol) -> Bool {
        configuration.internalNumbers.match(number)
    }

    /// Seven digits or more, or international: no extension.
    static func isLong(_ number: String) -> Bool {
        // Most numbers are either an extension's, which need not be looked at, or long.
        if number.utf8.count < 7, number.utf8.first != UInt8(ascii: "+") { return false }
        let digits = number.utf8.count { $0 >= 48 && $0 <= 57 }
        return digits >= 7 || number.hasPrefix("+") && digits > 0
    }
}
