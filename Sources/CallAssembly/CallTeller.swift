import Telephony

/// Decides what the record of one call says, from all its facts at once, when the call is over.
///
/// First who is who (`Cast`), then who heard whom (`Conversation`), then the outcome; each field notes the event that decided it.
struct CallTeller {
    /// What was heard of the call.
    let facts: Facts
    /// What it is told by: the PBX's name, trunks, internal numbers, wanted variables.
    let configuration: Shared<AssemblyConfiguration>
    /// The moment of telling, for a call still in progress; nil for one that is over.
    let now: Instant?
    private let knowledge: EndpointKnowledge

    /// `knowledge` is what earlier calls showed of the devices; this one adds nothing to it.
    init(
        _ facts: Facts, _ configuration: Shared<AssemblyConfiguration>, _ knowledge: EndpointKnowledge,
        now: Instant? = nil
    ) {
        (self.facts, self.configuration, self.knowledge, self.now) = (facts, configuration, knowledge, now)
    }

    /// The record; nil where nobody took part: Asterisk's own channels only.
    func finished() -> FinishedCall? {
        guard let cast = Cast(facts, configuration, knowledge) else { return nil }
        let ends = Ends(facts, cast, now: now)
        let conversation = Conversation(facts, main: cast.main, cast.lines, end: ends.mark)
        var outcome = Outcome(facts, cast, ends, conversation)
        outcome.decide()
        let first = firstChannel
        var record = CallRecord(
            id: CallRecord.id(system: configuration.system, linkedID: facts.call.linkedID),
            system: configuration.system,
            uniqueID: first.uniqueID, linkedID: facts.call.linkedID, direction: cast.direction,
            disposition: outcome.disposition.value, caller: cast.callerParty.value, callee: cast.calleeParty.value,
            startedAt: first.created.at, endedAt: max(ends.overall, first.created.at),
            hangupCause: outcome.cause.value)
        // Both are handed on, not copied: each has some dozens of texts and lists.
        let proof = fill(&record, first, consume outcome)
        return now == nil
            ? FinishedCall(record: consume record, evidenceFrom: proof.evidence)
            : FinishedCall(record: consume record)
    }

    /// Writes all that follows from what was decided.
    /// - Returns: what tells why the record says so.
    private func fill(_ record: inout CallRecord, _ first: ToldCall.Line, _ outcome: consuming Outcome) -> Proof {
        let (cast, ends) = (outcome.cast, outcome.ends)
        record.isInProgress = now != nil
        record.hangupCauseText = outcome.causeText
        record.hungUpBy = outcome.hungUp.value
        let answeredAt = answeredAt(cast, outcome)
        record.answeredAt = answeredAt.map { min(max($0.at, record.startedAt), record.endedAt) }
        record.answeredBy = outcome.answeredBy.map { cast.lines[$0].party }
        let agents = agents(cast, outcome)
        record.agents.reserveCapacity(agents.count)
        for i in agents { record.agents.append(cast.lines[i].party) }
        record.agent = record.agents.last
        if agents.isEmpty, cast.direction == .outbound, !cast.lines[cast.caller].isOutside {
            record.agent = cast.lines[cast.caller].party
        }
        record.talk = outcome.conversation.talk
        record.hold = outcome.conversation.hold
        record.park = outcome.conversation.park
        let ringing = ringing(cast)
        record.ring = CallTeller.total(ringing)
        record.queue = outcome.queue
        let transfers = Transfers(facts, cast, outcome.conversation, ends).told
        record.transfers = transfers.map(\.transfer)
        let recordings = recordings(cast)
        record.recordings = recordings.map { recording($0, ends) }
        record.legs = legs(cast, outcome)
        record.variables = variables()
        record.refID = facts.call.variables["HOOKSWITCH_REF"].flatMap { isUnfilled($0) ? nil : printable($0) }
        let (account, userField) = (accountCode(cast), userField())
        record.accountCode = account?.value
        record.userField = userField?.value
        record.completeness = facts.call.isPartial ? .partial : .full
        record.sources = facts.call.sources.sources
        addNotes(&record, cast, outcome)
        return Proof(
            first: first, outcome: consume outcome, agents: agents, ringing: ringing, transfers: transfers,
            recordings: recordings, answeredAt: answeredAt, accountCode: account, userField: userField, record)
    }

    private func addNotes(_ record: inout CallRecord, _ cast: Cast, _ outcome: borrowing Outcome) {
        record.notes = facts.call.notes
        // Nothing added to an empty list makes a list of its own.
        if !outcome.notes.isEmpty { record.notes += outcome.notes }
        let remarks = contradictions(record, cast)
        if !remarks.isEmpty { record.notes += remarks }
        guard facts.call.variables.contains(where: { isUnfilled($0.value) }) else { return }
        let unfilled = facts.call.variables.filter { isUnfilled($0.value) }
        for entry in unfilled.sorted(by: { $0.name < $1.name }) {
            record.notes.append(
                "\(printable(entry.name)) was left out: it holds \(printable(entry.value)), which VICIdial should have filled in"
            )
        }
    }

    /// The oldest of the call's own channels, whoever's.
    private var firstChannel: ToldCall.Line {
        let parts = facts.call.parts
        var first: Int?
        for i in parts.indices where !parts[i].isGuest {
            if first.map({ parts[i].isOlder(than: parts[$0]) }) ?? true { first = i }
        }
        return parts[first!]
    }

    /// When the line came up whose answer counts; the caller's where the PBX itself answered; nil where none did.
    private func answeredAt(_ cast: Cast, _ outcome: borrowing Outcome) -> Mark? {
        answeredAt(cast) ?? (outcome.disposition.value == .answered ? facts.call.parts[cast.caller].up : nil)
    }
    private func answeredAt(_ cast: Cast) -> Mark? {
        switch cast.direction {
        case .inbound: facts.call.parts[cast.caller].up
        case .outbound:
            cast.lines[cast.main].isOutside && cast.lines[cast.main].isDialled ? facts.call.parts[cast.main].up : nil
        case .internal:
            if !cast.isOriginated {
                facts.call.parts[cast.caller].up
            } else if let target = cast.targets.first(where: { facts.call.parts[$0].up != nil }) {
                facts.call.parts[target].up
            } else if cast.targets.isEmpty {
                facts.call.parts[cast.caller].up
            } else {
                nil
            }
        }
    }

    /// Everyone inside who spoke with the outside party, in the order they first did; the same phone twice in a row is one
    /// person (a parked call that came back).
    private func agents(_ cast: Cast, _ outcome: borrowing Outcome) -> [Int] {
        let parts = facts.call.parts
        var agents: [Int] = []
        for (part, _) in outcome.conversation.talkers where !cast.lines[part].isOutside && part != cast.main {
            if let last = agents.last, parts[last].device == parts[part].device { continue }
            agents.append(part)
        }
        if agents.isEmpty, let met = met(cast, outcome) { agents.append(met) }
        return agents
    }

    /// Who inside was connected for no time that can be measured: the last that was heard of the call is that they met.
    private func met(_ cast: Cast, _ outcome: borrowing Outcome) -> Int? {
        let inside = cast.lines[cast.caller].isOutside || cast.main == cast.caller ? outcome.answeredBy : cast.caller
        guard let inside, !cast.lines[inside].isOutside, inside != cast.main else { return nil }
        let bridges = Set(facts.call.parts[cast.main].stays.map(\.bridge))
        return facts.call.parts[inside].stays.contains { bridges.contains($0.bridge) } ? inside : nil
    }

    /// The time somebody was rung for the caller: the union of all ringing, of legs other than the originated one.
    private func ringing(_ cast: Cast) -> [(from: Mark, to: Mark)] {
        var spans: [(from: Mark, to: Mark)] = []
        let dials = facts.call.dials
        for dial in dials.indices where cast.lines[dials[dial].destination].isPerson {
            if dials[dial].destination == cast.caller, !cast.targets.isEmpty { continue }
            let part = facts.call.parts[dials[dial].destination]
            let (begin, end) = (dials[dial].begin, dials[dial].end)
            let from = part.ringing.flatMap { $0.at > begin.at ? $0 : nil } ?? begin
            // A phone that was answered rings no more, though Dial may go on with an announcement to it or a question.
            let answer = part.up.flatMap { up in end.map { $0.at < up.at ? $0 : up } ?? up }
            guard let to = answer ?? end ?? part.end else { continue }
            if to.at > from.at { spans.append((from, to)) }
        }
        return CallTeller.union(spans)
    }

    /// The times that are within at least one of the spans: two lines that ring together ring once.
    static func union(_ spans: [(from: Mark, to: Mark)]) -> [(from: Mark, to: Mark)] {
        guard spans.count > 1 else { return spans }
        var union: [(from: Mark, to: Mark)] = []
        for span in spans.sorted(by: { $0.from.at < $1.from.at }) {
            guard let last = union.last, span.from.at <= last.to.at else {
                union.append(span)
                continue
            }
            if span.to.at > last.to.at { union[union.count - 1].to = span.to }
        }
        return union
    }
    private static func total(_ spans: [(from: Mark, to: Mark)]) -> Duration {
        spans.reduce(.zero) { $0 + ($1.to.at - $1.from.at) }
    }

    /// Places in `facts.call.recordings` of those that the record lists.
    private func recordings(_ cast: Cast) -> [Int] {
        let all = facts.call.recordings
        return all.indices.filter { i in
            // What a conference's recorder heard is the customers' calls, not the session of the agent who sits in it.
            all[i].path != nil && !(facts.call.parts[all[i].part].isGuest && cast.direction == .internal)
        }
    }
    private func recording(_ i: Int, _ ends: Ends) -> CallRecord.Recording {
        let all = facts.call.recordings
        let path = all[i].path ?? ""
        return CallRecord.Recording(
            path: printable(path.hasPrefix("/") ? path : configuration.recordings + "/" + path),
            channel: facts.call.parts[all[i].part].name, startedAt: all[i].from.at,
            endedAt: all[i].to?.at ?? ends.left(all[i].part))
    }

    private func variables() -> [String: String] {
        var variables: [String: String] = [:]
        for entry in facts.call.variables {
            let (name, value) = (entry.name, entry.value)
            if name.hasPrefix("HOOKSWITCH_") || name.hasPrefix("CDR(") || name == "MIXMONITOR_FILENAME"
                || name == "QUEUESTATUS"
            {
                guard configuration.variables?.contains(name) ?? false else { continue }
            }
            if isUnfilled(value) { continue }
            variables[printable(name)] = printable(value)
        }
        return variables
    }

    /// The place of a value in a VICIdial URL with no value in it, `--A--lead_id--B--`: the name is not one of that URL's.
    private func isUnfilled(_ value: String) -> Bool {
        guard value.utf8.first == UInt8(ascii: "-"), value.utf8.count > 10 else { return false }
        return value.prefix(5).uppercased() == "--A--" && value.suffix(5).uppercased() == "--B--"
    }

    /// The caller's, from an event or its CDR, else the main party's.
    private func accountCode(_ cast: Cast) -> Decided<String>? {
        func told(_ part: ToldCall.Line, _ reason: String) -> Decided<String>? {
            part.accountCode.map { Decided(printable($0), part.billed ?? part.created, reason) }
        }
        if let code = told(facts.call.parts[cast.caller], "account of the first line of the call") { return code }
        let rows = facts.call.cdrRows
        let id = facts.call.parts[cast.caller].uniqueID
        if let row = rows.last(where: { $0.uniqueID == id }), let code = row.accountCode {
            return Decided(printable(code), row.mark, "accountcode of the CDR")
        }
        return told(facts.call.parts[cast.main], "account of the main party's line")
    }

    /// What the CDR says, else the dialplan.
    private func userField() -> Decided<String>? {
        if let row = facts.call.cdrRows.last(where: { $0.userField != nil }), let field = row.userField {
            return Decided(printable(field), row.mark, "userfield of the CDR")
        }
        let variables = facts.call.variables
        return variables["CDR(userfield)"].map {
            Decided(printable($0), variables.mark(of: "CDR(userfield)"), "CDR(userfield)")
        }
    }
}
