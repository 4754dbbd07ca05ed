import Telephony

/// Numbers and names of lines, as people would state them.
struct Names {
    private let facts: Facts
    private let configuration: Shared<AssemblyConfiguration>
    /// The call's first line.
    private let caller: Int
    private let isCallerOutside: Bool

    /// `caller` is a place in `facts.call.parts`, as are all lines here.
    init(_ facts: Facts, _ configuration: Shared<AssemblyConfiguration>, caller: Int, isCallerOutside: Bool) {
        (self.facts, self.configuration) = (facts, configuration)
        (self.caller, self.isCallerOutside) = (caller, isCallerOutside)
    }

    /// A line's own number, and what tells it: what it showed first (dialplan changes caller id later), else what was
    /// dialled, else its name.
    func number(_ i: Int, isOutside: Bool, isDialled: Bool) -> Decided<String?> {
        let part = facts.call.parts[i]
        func first(_ number: String) -> Decided<String?> {
            Decided(number, part.created, "the number it showed at first")
        }
        func later(_ number: String) -> Decided<String?> {
            Decided(number, part.shown ?? part.created, "the number it was shown with")
        }
        func named(_ address: Substring) -> Decided<String?> {
            Decided(String(address), part.created, "its channel's name")
        }
        // A dialled line is given the number that the caller dialled; what was asked of the trunk is what it reached.
        if isOutside, isDialled {
            if let number = Names.dialledNumber(facts.call, i) {
                let begin = Names.askingDial(facts.call, i).map { facts.call.dials[$0].begin }
                return Decided(number, begin, "what was dialled on its line")
            }
            // An extension of words, as of a dialplan's step: what its caller asked for is the number.
            let asked = facts.call.parts[caller].firstLocation.exten
            if let word = part.number, !Names.isNumber(word), isGiven(word, i), i != caller, Outside.isLong(asked) {
                return Decided(asked, facts.call.parts[caller].created, "the number that its caller asked for")
            }
            return part.number.map(later) ?? part.firstNumber.map(first) ?? Decided(nil, part.created, "it shows none")
        }
        let address = part.address
        let addressIsNumber = !address.isEmpty && address.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
        // A phone that is rung with the customer's number as its caller id is still the phone of its own name.
        if isDialled, addressIsNumber, let number = part.firstNumber ?? part.number, Outside.isLong(number) {
            return named(address)
        }
        // Without a caller id of its own a phone is given the number that was called, which from outside is the company's, and of a
        // group the group's.
        if isDialled, addressIsNumber, configuration.internalNumbers.match(address),
            let number = part.firstNumber ?? part.number,
            isGiven(number, i), isCallerOutside || isOneOfMany(i)
        {
            return named(address)
        }
        // An account's name is no number that people call, where the dialplan gives its line one.
        if !isDialled, part.showsItsOwnName, let given = part.number, configuration.internalNumbers.match(given) {
            return later(given)
        }
        return Names.shown(part.firstNumber).map(first) ?? Names.shown(part.number).map(later)
            ?? (addressIsNumber ? named(address) : Decided(nil, part.created, "it shows none"))
    }

    /// Whether a dialled line shows what was called: the extension of a line that went through the dialplan.
    private func isGiven(_ number: String, _ i: Int) -> Bool {
        let dials = facts.call.dials
        return dials.indices.contains { dials[$0].destination == i && dials[$0].sourceLocation?.exten == number }
            || facts.call.parts.indices.contains { j in
                let part = facts.call.parts[j]
                return j != i && !part.isGuest && (part.firstLocation.exten == number || part.location.exten == number)
            }
    }
    /// Whether other devices were dialled for the same caller.
    private func isOneOfMany(_ i: Int) -> Bool {
        let device = facts.call.parts[i].device
        let dials = facts.call.dials
        return dials.indices.contains { dial in
            let other = facts.call.parts[dials[dial].destination]
            return dials[dial].destination != caller && !other.isInternal && other.device != device
        }
    }

    /// A line that is dialled from an extension `s` is given that for a number.
    private static func shown(_ number: String?) -> String? { number == "s" ? nil : number }

    /// The last dial of a line that says what was asked for: a place in `dials`.
    private static func askingDial(_ call: ToldCall, _ i: Int) -> Int? {
        let dials = call.dials
        return dials.indices.last { dials[$0].destination == i && dials[$0].dialString != nil }
    }

    /// What was dialled to reach a line, without its technology; nil where no event says it.
    static func asked(_ call: ToldCall, _ i: Int) -> Substring? {
        guard let dial = askingDial(call, i), let text = call.dials[dial].dialString else { return nil }
        // A queue tells its members' interfaces, Dial what follows the technology.
        let technology = call.parts[i].technology.utf8
        let rest = text.utf8.dropFirst(technology.count)
        let hasTechnology = rest.first == UInt8(ascii: "/") && text.utf8.starts(with: technology)
        return hasTechnology ? Substring(rest.dropFirst()) : text[...]
    }

    /// The number that was asked of a line's device; nil where the device itself was dialled, also by its own address, as
    /// `PJSIP_DIAL_CONTACTS` has it: `820017004/sip:820017004@192.0.2.7:5060`.
    static func dialledNumber(_ call: ToldCall, _ i: Int) -> String? {
        asked(call, i).flatMap { dialledNumber($0, of: call.parts[i]) }
    }
    /// The same, of what was asked of the line.
    static func dialledNumber(_ asked: Substring, of line: ToldCall.Line) -> String? {
        guard let number = number(in: asked), number != line.address else { return nil }
        return number
    }

    /// The number inside a dial string, as `15559876543@trunk`, `trunk/15559876543`, `trunk/sip:112@host:5060` or
    /// `user:secret@host/15559876543`; nil where it names a device only.
    static func number(in text: Substring) -> String? {
        guard text.utf8.contains(where: { $0 == 0x40 || $0 == 0x2F }) else { return nil }
        var last = text.split(separator: "/").last ?? ""
        for scheme in ["sip:", "sips:", "tel:"] where last.hasPrefix(scheme) { last = last.dropFirst(scheme.count) }
        let number = last.prefix { $0 != "@" && $0 != ":" && $0 != ";" }
        return isNumber(number) && number.utf8.count > 2 ? String(number) : nil
    }
    /// Whether it could be keyed in: digits, `+`, `*` and `#` only.
    static func isNumber(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { (48...57).contains($0) || $0 == 0x2B || $0 == 0x2A || $0 == 0x23 }
    }

    /// Whether two numbers are one, as `+4930123456` and `030123456` are: the same but for what stands before the last digits.
    static func areOne(_ a: String, _ b: String) -> Bool {
        if a == b { return true }
        func digits(_ text: String) -> [UInt8] {
            Array(text.utf8.filter { (48...57).contains($0) }.drop { $0 == 48 })
        }
        let (a, b) = (digits(a), digits(b))
        let (short, long) = a.count < b.count ? (a, b) : (b, a)
        // An extension is no part of a longer number.
        return short.count >= 6 && long.suffix(short.count).elementsEqual(short)
    }

    /// The name shown, printable; nil for an outside line that was dialled, which carries the caller's name.
    func name(_ i: Int, isOutside: Bool, isDialled: Bool) -> String? {
        if isOutside, isDialled { return nil }
        let part = facts.call.parts[i]
        // Without a number of its own a phone shows what it was given for the call, and the name that goes with it.
        let isGiven = isDialled && part.firstNumber == nil && part.number.map(Outside.isLong) ?? false
        guard let name = isGiven ? part.firstName : part.callerName else { return nil }
        // PJSIP hands a SIP quoted-string on with its backslashes.
        return printable(part.technology == "PJSIP" ? Names.unquoted(name) : name)
    }

    /// Takes SIP's quoted pairs back, if all backslashes are such.
    static func unquoted(_ text: String) -> String {
        let isQuoted =
            unsafe text.utf8.withContiguousStorageIfAvailable { unsafe $0.contains(0x5C) } ?? text.utf8.contains(0x5C)
        guard isQuoted else { return text }
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
