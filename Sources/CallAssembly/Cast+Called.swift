import Telephony

/// What was called.
extension Cast {
    /// The number that was called, and the one that was shown for it where it was another: who is told as the caller then.
    struct Called: Sendable {
        /// What the caller asked for; nil where no extension and no number tells it.
        var number: String?
        /// Ours, which a line that Asterisk dialled shows instead of its own; nil where it shows no other.
        var callerNumber: String?
    }

    /// The number that was called, and the event that tells it: the first extension of who placed it, or of a call that
    /// Asterisk placed what the second line was to be.
    static func called(
        _ facts: Facts, caller: Int, main: Int, targets: [Int], isOriginated: Bool, direction: CallRecord.Direction
    ) -> Decided<Called> {
        func called(_ number: String?, _ mark: Mark, _ reason: String) -> Decided<Called> {
            Decided(Called(number: number), mark, reason)
        }
        let part = facts.call.parts[caller]
        guard isOriginated else {
            let exten = part.firstLocation.exten
            // A line without numbers of its own comes in on `s`: which number it is for, the dialplan says.
            if exten == "s",
                let dial = facts.call.dials.first(where: { $0.source == caller }),
                let turnedTo = dial.sourceLocation?.exten, Names.isNumber(turnedTo),
                part.up.map({ $0.at >= dial.begin.at }) ?? true
            {
                return called(turnedTo, dial.begin, "the number that the dialplan turned to from s")
            }
            return called(
                exten.isEmpty ? nil : exten, part.created,
                "the extension at the call's start: what was dialled")
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
            return Decided(
                Called(number: number, callerNumber: shown == number ? nil : shown), part.created,
                "the line Asterisk dialled")
        }
        if let dial = facts.call.dials.first(where: {
            $0.source != nil && targets.contains($0.destination)
                || $0.source != nil && facts.call.parts[$0.destination].isLocal
        }),
            let exten = dial.sourceLocation?.exten, !exten.isEmpty, exten != "s", !isLocalTwo(facts, dial.source)
        {
            return called(exten, dial.begin, "the extension that dialled")
        }
        // Through a Local channel the line that runs the dialplan is its first half.
        if let dial = facts.call.dials.first(where: { targets.contains($0.destination) }) {
            if let exten = dial.sourceLocation?.exten, Outside.isLong(exten), Names.isNumber(exten) {
                return called(exten, dial.begin, "the extension that dialled")
            }
            // What an application outside has a line called by is that line's caller id, and ours; what it dialled is the number.
            let number = Names.dialledNumber(facts.call, dial.destination)
            let shown = facts.call.parts[dial.destination].number ?? facts.call.originate?.exten
            return called(number ?? shown, dial.begin, "the number of the dialled line")
        }
        if let exten = facts.call.originate?.exten {
            return called(exten, facts.call.originateMark, "the extension asked for")
        }
        return called(part.number, part.shown ?? part.created, "the line Asterisk dialled")
    }

    private static func isLocalTwo(_ facts: Facts, _ part: Int?) -> Bool {
        part.map { i in facts.call.parts[i].name.description.hasSuffix(";2") } ?? false
    }
}
