import Telephony

/// Decides what the record of one call says, from all its facts at once, when the call is over.
///
/// First who is who (`Cast`), then who heard whom (`Conversation`), then the outcome; each field notes the event that decided it.
/// A class only so that its parts hand on a reference.
final class CallTeller: Sendable {
    /// What was heard of the call.
    let facts: Facts
    /// What it is told by: the PBX's name, trunks, internal numbers, wanted variables.
    let configuration: AssemblyConfiguration
    /// The moment of telling, for a call still in progress; nil for one that is over.
    let now: Instant?
    private let knowledge: EndpointKnowledge

    /// `knowledge` is what earlier calls showed of the devices; this one adds nothing to it.
    init(
        _ facts: Facts, _ configuration: AssemblyConfiguration, _ knowledge: EndpointKnowledge, now: Instant? = nil
    ) {
        (self.facts, self.configuration, self.knowledge, self.now) = (facts, configuration, knowledge, now)
    }

    /// The record; nil where nobody took part: Asterisk's own channels only.
    func finished() -> FinishedCall? {
        guard let cast = Cast(facts, configuration, knowledge) else { return nil }
        let ends = Ends(facts, cast, now: now)
        let conversation = Conversation(facts, main: cast.main, isPerson: cast.isPerson, end: ends.overall)
        let outcome = Outcome(facts, cast, ends, conversation)

        let first = facts.call.parts.filter { !$0.isGuest }
            .min { ($0.created.at, $0.uniqueID) < ($1.created.at, $1.uniqueID) }!
        var record = CallRecord(
            id: CallRecord.id(system: configuration.system, linkedID: facts.call.linkedID),
            system: configuration.system,
            uniqueID: first.uniqueID, linkedID: facts.call.linkedID, direction: cast.direction,
            disposition: outcome.disposition.value, caller: cast.callerParty, callee: cast.calleeParty.value,
            startedAt: first.created.at, endedAt: max(ends.overall, first.created.at), hangupCause: outcome.cause.value)
        record.isInProgress = now != nil
        record.hangupCauseText = outcome.causeText
        record.hungUpBy = outcome.hungUp.value
        record.answeredAt = answeredAt(cast, outcome).map { min(max($0.at, record.startedAt), record.endedAt) }
        record.answeredBy = outcome.answeredBy.map { party($0, cast) }
        var agents = conversation.talkers.map(\.part).filter { !cast.isOutside[$0] && $0 != cast.main }
        if agents.isEmpty { agents = met(cast, outcome) }
        record.agents = inTurn(agents, cast)
        record.agent = record.agents.last
        if record.agent == nil, cast.direction == .outbound, !cast.isOutside[cast.caller] {
            record.agent = party(cast.caller, cast)
        }
        record.talk = conversation.talk
        record.hold = conversation.hold
        record.park = conversation.park
        record.ring = ring(cast)
        record.queue = outcome.queue
        record.transfers = Transfers(facts, cast, conversation, ends).list
        record.recordings = recordings(ends, cast)
        record.legs = legs(cast, ends, outcome, conversation)
        record.variables = variables()
        record.refID = facts.call.variables["HOOKSWITCH_REF"].flatMap { isUnfilled($0) ? nil : printable($0) }
        record.accountCode = accountCode(cast)
        record.userField =
            (facts.call.cdrRows.last { $0.userField != nil }?.userField ?? facts.call.variables["CDR(userfield)"])
            .map(printable)
        record.completeness = facts.call.isPartial ? .partial : .full
        record.sources = facts.call.sources.sources
        record.notes = facts.call.notes + outcome.notes
        record.notes += contradictions(record, cast)
        let unfilled = facts.call.variables.filter { isUnfilled($0.value) }
        for (name, value) in unfilled.sorted(by: { $0.name < $1.name }) {
            record.notes.append(
                "\(printable(name)) was left out: it holds \(printable(value)), which VICIdial should have filled in")
        }
        return FinishedCall(record: record, evidence: evidence(first, cast, ends, conversation, outcome))
    }

    /// When the line came up whose answer counts; the caller's where the PBX itself answered; nil where none did.
    func answeredAt(_ cast: Cast, _ outcome: Outcome) -> Mark? {
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
    private func ring(_ cast: Cast) -> Duration {
        var spans: [(Instant, Instant)] = []
        for dial in facts.call.dials where cast.isPerson[dial.destination] {
            if dial.destination == cast.caller, !cast.targets.isEmpty { continue }
            let part = facts.call.parts[dial.destination]
            let from = max(part.ringing?.at ?? dial.begin.at, dial.begin.at)
            // A phone that was answered rings no more, though Dial may go on with an announcement to it or a question.
            guard let to = [dial.end?.at, part.up?.at].compactMap({ $0 }).min() ?? part.end?.at else { continue }
            if to > from { spans.append((from, to)) }
        }
        return CallTeller.union(spans)
    }

    /// The time that is within at least one of the spans: two lines that ring together ring once.
    static func union(_ spans: [(Instant, Instant)]) -> Duration {
        var total = Duration.zero
        var reach: Instant?
        for (from, to) in spans.sorted(by: { $0.0 < $1.0 }) {
            let start = max(from, reach ?? from)
            if to > start {
                total += to - start
                reach = to
            }
        }
        return total
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
    private func inTurn(_ parts: [Int], _ cast: Cast) -> [CallRecord.Party] {
        var parties: [CallRecord.Party] = []
        var device: Substring?
        for i in parts where facts.call.parts[i].name.device != device {
            device = facts.call.parts[i].name.device
            parties.append(party(i, cast))
        }
        return parties
    }

    private func recordings(_ ends: Ends, _ cast: Cast) -> [CallRecord.Recording] {
        facts.call.recordings.compactMap { start in
            guard let path = start.path else { return nil }
            // What a conference's recorder heard is the customers' calls, not the session of the agent who sits in it.
            if facts.call.parts[start.part].isGuest, cast.direction == .internal { return nil }
            let whole = path.hasPrefix("/") ? path : "\(configuration.recordings)/\(path)"
            return CallRecord.Recording(
                path: printable(whole), channel: facts.call.parts[start.part].name, startedAt: start.from.at,
                endedAt: start.to?.at ?? ends.left[start.part])
        }
    }

    private func variables() -> [String: String] {
        var variables: [String: String] = [:]
        for (name, value) in facts.call.variables {
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

    private func accountCode(_ cast: Cast) -> String? {
        let code =
            facts.call.parts[cast.caller].accountCode ?? rows(of: cast.caller).last.flatMap {
                facts.call.cdrRows[$0].accountCode
            }
            ?? facts.call.parts[cast.main].accountCode
        return code.map(printable)
    }

    /// Places in `cdrRows` of a channel's own rows.
    func rows(of part: Int) -> [Int] {
        let id = facts.call.parts[part].uniqueID
        return facts.call.cdrRows.indices.filter { facts.call.cdrRows[$0].uniqueID == id }
    }
}
