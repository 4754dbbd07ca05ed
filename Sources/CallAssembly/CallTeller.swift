import Telephony

/// Decides what the record of one call says, from all its facts at once, when the call is over.
///
/// First who is who (`Cast`), then who heard whom (`Conversation`), then the outcome; each field notes the event that decided it.
/// A class only so that its parts hand on a reference.
final class CallTeller: Sendable {
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
        let conversation = Conversation(facts, main: cast.main, isPerson: cast.isPerson, end: ends.mark)
        let outcome = Outcome(facts, cast, ends, conversation)

        let first = facts.call.parts.filter { !$0.isGuest }
            .min { ($0.created.at, $0.uniqueID) < ($1.created.at, $1.uniqueID) }!
        let (start, end) = (first.created.at, max(ends.overall, first.created.at))
        var record = CallRecord(
            id: CallRecord.id(system: configuration.system, linkedID: facts.call.linkedID),
            system: configuration.system,
            uniqueID: first.uniqueID, linkedID: facts.call.linkedID, direction: cast.direction,
            disposition: outcome.disposition.value, caller: cast.callerParty.value, callee: cast.calleeParty.value,
            startedAt: start, endedAt: end, hangupCause: outcome.cause.value)
        record.isInProgress = now != nil
        record.hangupCauseText = outcome.causeText
        record.hungUpBy = outcome.hungUp.value
        let answeredAt = answeredAt(cast, outcome)
        record.answeredAt = answeredAt.map { min(max($0.at, start), end) }
        record.answeredBy = outcome.answeredBy.map { party($0, cast) }
        var agents = conversation.talkers.map(\.part).filter { !cast.isOutside[$0] && $0 != cast.main }
        if agents.isEmpty { agents = met(cast, outcome) }
        agents = inTurn(agents)
        record.agents = agents.map { party($0, cast) }
        record.agent = record.agents.last
        if record.agent == nil, cast.direction == .outbound, !cast.isOutside[cast.caller] {
            record.agent = party(cast.caller, cast)
        }
        record.talk = conversation.talk
        record.hold = conversation.hold
        record.park = conversation.park
        let ringing = ringing(cast)
        record.ring = CallTeller.total(ringing)
        record.queue = outcome.queue
        let transfers = Transfers(facts, cast, conversation, ends)
        record.transfers = transfers.told.map(\.transfer)
        let recordings = recordings(ends, cast)
        record.recordings = recordings.map(\.recording)
        record.legs = legs(cast, ends, outcome, conversation)
        record.variables = variables()
        record.refID = facts.call.variables["HOOKSWITCH_REF"].flatMap { isUnfilled($0) ? nil : printable($0) }
        let (account, userField) = (accountCode(cast), userField())
        record.accountCode = account?.value
        record.userField = userField?.value
        record.completeness = facts.call.isPartial ? .partial : .full
        record.sources = facts.call.sources.sources
        record.notes = facts.call.notes + outcome.notes
        record.notes += contradictions(record, cast)
        let unfilled = facts.call.variables.filter { isUnfilled($0.value) }
        for entry in unfilled.sorted(by: { $0.name < $1.name }) {
            record.notes.append(
                "\(printable(entry.name)) was left out: it holds \(printable(entry.value)), which VICIdial should have filled in"
            )
        }
        guard now == nil else { return FinishedCall(record: record) }
        let proof = Proof(
            facts: facts, first: first, cast: cast, ends: ends, conversation: conversation, outcome: outcome,
            agents: agents, ringing: ringing, transfers: transfers, recordings: recordings.map(\.start),
            answeredAt: answeredAt, accountCode: account, userField: userField, variables: record.variables,
            hasReference: record.refID != nil, hasAgent: record.agent != nil)
        return FinishedCall(record: record, evidenceFrom: proof.evidence)
    }

    /// When the line came up whose answer counts; the caller's where the PBX itself answered; nil where none did.
    private func answeredAt(_ cast: Cast, _ outcome: Outcome) -> Mark? {
        answeredAt(cast) ?? (outcome.disposition.value == .answered ? facts.call.parts[cast.caller].up : nil)
    }
    private func answeredAt(_ cast: Cast) -> Mark? {
        switch cast.direction {
        case .inbound: facts.call.parts[cast.caller].up
        case .outbound: cast.isOutside[cast.main] && cast.isDialled[cast.main] ? facts.call.parts[cast.main].up : nil
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

    /// Who inside was connected for no time that can be measured: the last that was heard of the call is that they met.
    private func met(_ cast: Cast, _ outcome: Outcome) -> [Int] {
        let inside = cast.isOutside[cast.caller] || cast.main == cast.caller ? outcome.answeredBy : cast.caller
        guard let inside, !cast.isOutside[inside], inside != cast.main else { return [] }
        let bridges = Set(facts.call.parts[cast.main].stays.map(\.bridge))
        return facts.call.parts[inside].stays.contains { bridges.contains($0.bridge) } ? [inside] : []
    }

    /// The time somebody was rung for the caller: the union of all ringing, of legs other than the originated one.
    private func ringing(_ cast: Cast) -> [(from: Mark, to: Mark)] {
        var spans: [(from: Mark, to: Mark)] = []
        for dial in facts.call.dials where cast.isPerson[dial.destination] {
            if dial.destination == cast.caller, !cast.targets.isEmpty { continue }
            let part = facts.call.parts[dial.destination]
            let from = part.ringing.flatMap { $0.at > dial.begin.at ? $0 : nil } ?? dial.begin
            // A phone that was answered rings no more, though Dial may go on with an announcement to it or a question.
            let answer = part.up.flatMap { up in dial.end.map { $0.at < up.at ? $0 : up } ?? up }
            guard let to = answer ?? dial.end ?? part.end else { continue }
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

    /// The line at place `i` in `facts.call.parts` as the record names it, its values made printable.
    func party(_ i: Int, _ cast: Cast) -> CallRecord.Party {
        let part = facts.call.parts[i]
        return CallRecord.Party(
            number: cast.number(i).map(printable), name: cast.name(i),
            channel: ChannelName(printable(part.name.description)),
            agent: cast.agentName[i].map(printable))
    }

    /// In the order they spoke; the same phone twice in a row is one person (a parked call that came back).
    private func inTurn(_ parts: [Int]) -> [Int] {
        var device: Substring?
        return parts.filter { i in
            defer { device = facts.call.parts[i].device }
            return facts.call.parts[i].device != device
        }
    }

    private func recordings(
        _ ends: Ends, _ cast: Cast
    ) -> [(recording: CallRecord.Recording, start: Call.RecordingStart)] {
        facts.call.recordings.compactMap { start in
            guard let path = start.path else { return nil }
            // What a conference's recorder heard is the customers' calls, not the session of the agent who sits in it.
            if facts.call.parts[start.part].isGuest, cast.direction == .internal { return nil }
            let whole = path.hasPrefix("/") ? path : "\(configuration.recordings)/\(path)"
            let recording = CallRecord.Recording(
                path: printable(whole), channel: facts.call.parts[start.part].name, startedAt: start.from.at,
                endedAt: start.to?.at ?? ends.left[start.part])
            return (recording, start)
        }
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
        if let row = rows(of: cast.caller).last, let code = facts.call.cdrRows[row].accountCode {
            return Decided(printable(code), facts.call.cdrRows[row].mark, "accountcode of the CDR")
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

    /// Places in `cdrRows` of a channel's own rows.
    func rows(of part: Int) -> [Int] {
        let id = facts.call.parts[part].uniqueID
        return facts.call.cdrRows.indices.filter { facts.call.cdrRows[$0].uniqueID == id }
    }
}
