import Telephony

/// What was decided of one call, kept to be looked at once more: which event decided each field of its record.
///
/// Without the devices' past, which goes on changing as the stream goes on.
final class Proof: Sendable {
    /// The call's first channel.
    let first: ToldCall.Line
    /// How it came out; and in it what that was decided from.
    let outcome: Outcome
    /// The record's `agents`, by place in `facts.call.parts`.
    let agents: [Int]
    /// The times in which somebody was rung for the caller.
    let ringing: [(from: Mark, to: Mark)]
    /// Those that the record lists, each with its event.
    let transfers: [(transfer: CallRecord.Transfer, mark: Mark)]
    /// The recordings that the record lists, by place in `facts.call.recordings`.
    let recordings: [Int]
    /// The record's `answered_at`; nil where nobody answered.
    let answeredAt: Mark?
    /// The record's `accountcode`; nil where it has none.
    let accountCode: Decided<String>?
    /// The record's `userfield`; nil where it has none.
    let userField: Decided<String>?
    /// The record's, by the names it has there.
    let variables: [String: String]
    /// The record has a `ref_id`.
    let hasReference: Bool
    /// The record has an `agent`.
    let hasAgent: Bool

    /// Takes over what was decided.
    init(
        first: ToldCall.Line, outcome: consuming Outcome, agents: [Int], ringing: [(from: Mark, to: Mark)],
        transfers: [(transfer: CallRecord.Transfer, mark: Mark)], recordings: [Int], answeredAt: Mark?,
        accountCode: Decided<String>?, userField: Decided<String>?, _ record: borrowing CallRecord
    ) {
        (self.first, self.agents, self.ringing) = (first, agents, ringing)
        self.outcome = outcome
        (self.transfers, self.recordings, self.answeredAt) = (transfers, recordings, answeredAt)
        (self.accountCode, self.userField, variables) = (accountCode, userField, record.variables)
        (hasReference, hasAgent) = (record.refID != nil, record.agent != nil)
    }

    private var facts: Facts { outcome.facts }
    private var cast: Cast { outcome.cast }
    private var ends: Ends { outcome.ends }
    private var conversation: Conversation { outcome.conversation }

    /// Each field's events in the contract's order: one or more for a field that was seen, none for one that is nil or
    /// follows from others. A time that is a sum has the beginning and the end of each of its parts.
    func evidence() -> [FieldEvidence] {
        let call = facts.call
        let first = first.created
        var evidence = Evidence()
        evidence.add("uniqueid", first, "the call's first channel")
        let oldest = call.parts.first { $0.uniqueID == call.linkedID.oldest } ?? self.first
        evidence.add("linkedid", oldest.created, "the oldest linked id of its channels")
        let why = cast.directionEvidence
        evidence.add("direction", why.mark ?? first, cast.directionDetail.map { "\(why.reason): \($0)" } ?? why.reason)
        evidence.add("disposition", outcome.disposition, otherwise: first)
        evidence.add("caller", cast.callerParty, otherwise: first)
        if let line = cast.callerLine, cast.callerParty.value.name != nil, let shown = call.parts[line].shown,
            call.parts[line].firstName != call.parts[line].callerName
        {
            evidence.add("caller", shown, "the name it was shown with")
        }
        evidence.add("callee", cast.calleeParty, otherwise: first)
        addPeople(&evidence)
        evidence.add("started_at", first, "the call's first channel")
        if let answeredAt {
            let reason = "first time up: the channel whose answer counts for \(cast.direction.rawValue)"
            evidence.add("answered_at", answeredAt, reason)
        }
        evidence.add("ended_at", ends.mark, "the last party left")
        addTimes(&evidence)
        evidence.add("hungup_by", outcome.hungUp, otherwise: ends.mark)
        evidence.add("hangup_cause", outcome.cause, otherwise: ends.mark)
        if let wait = outcome.wait {
            evidence.add("queue", wait.name, otherwise: first)
            if let over = wait.over { evidence.add("queue", over, "the wait was over") }
            if wait.result.value != nil { evidence.add("queue", wait.result, otherwise: wait.over ?? first) }
        }
        for (transfer, mark) in transfers { evidence.add("transfers", mark, transfer.kind.sentence) }
        for recording in recordings.map({ call.recordings[$0] }) {
            evidence.add("recordings", recording.from, "a recording began")
            if let to = recording.to { evidence.add("recordings", to, "it was stopped") }
        }
        addLegs(&evidence)
        addWords(&evidence)
        if call.isPartial {
            let since = call.deafSince.flatMap { $0 > first.at ? $0 : nil } ?? first.at
            evidence.add("completeness", .unseen(since), call.notes.first ?? "events of it were missed")
        }
        addSources(&evidence)
        return evidence.list
    }

    /// Who answered, who spoke.
    private func addPeople(_ evidence: inout Evidence) {
        func met(_ i: Int) -> Mark? { conversation.talkers.first { $0.part == i }?.since }
        func answered(_ i: Int) -> Mark? {
            facts.call.dials.last { $0.destination == i && $0.status == .answer }?.end ?? facts.call.parts[i].up
        }
        if let answerer = outcome.answeredBy {
            if cast.direction != .outbound, let since = met(answerer) {
                evidence.add("answered_by", since, "first person the main party heard")
            } else if let mark = answered(answerer) {
                evidence.add("answered_by", mark, "the line that was called answered")
            }
        }
        for i in agents {
            guard let mark = met(i) ?? facts.call.parts[i].stays.first?.from else { continue }
            evidence.add("agents", mark, "came to speak with the outside party")
        }
        if agents.isEmpty, hasAgent {
            evidence.add("agent", facts.call.parts[cast.caller].created, "placed the call that nobody answered")
        }
    }

    /// The times that are sums.
    private func addTimes(_ evidence: inout Evidence) {
        func add(_ field: String, _ from: String, _ to: String, where isWanted: (Conversation.Kind) -> Bool) {
            var spans: [(from: Mark, to: Mark)] = []
            for segment in conversation.segments where isWanted(segment.kind) {
                if let last = spans.indices.last, spans[last].to.at == segment.from.at {
                    spans[last].to = segment.to
                } else {
                    spans.append((segment.from, segment.to))
                }
            }
            evidence.add(field, spans, from, to)
        }
        add("talk_seconds", "a talk began", "it ended") { if case .talk = $0 { true } else { false } }
        evidence.add("ring_seconds", ringing, "the first phone rang", "none rang any more")
        add("hold_seconds", "a hold began", "it ended") { $0 == .held }
        add("park_seconds", "it was parked", "it left the parking lot") { $0 == .parked }
    }

    /// Each time of each leg; which line it is stands in the field's name, what happened too.
    private func addLegs(_ evidence: inout Evidence) {
        let people = cast.people.filter { !facts.call.parts[$0].isInternal }
        for (n, i) in people.prefix(Evidence.legFields.count).enumerated() {
            let part = facts.call.parts[i]
            let field = Evidence.legFields[n]
            evidence.add(field.startedAt, part.created, "")
            if let mark = part.ringing { evidence.add(field.ringingAt, mark, "") }
            if let mark = part.up { evidence.add(field.answeredAt, mark, "") }
            if let dial = facts.call.dials.last(where: { $0.destination == i }), let end = dial.end {
                evidence.add(field.dialStatus, end, "")
            }
            for stay in part.stays.prefix(Evidence.longest) {
                guard let to = stay.to, to.at > stay.from.at else { continue }
                evidence.add(field.bridged, stay.from, "")
                evidence.add(field.bridged, to, "")
            }
            if let mark = ends.marks[i], !part.endIsGuessed || part.hangupRequest != nil {
                evidence.add(field.endedAt, mark, "")
            }
            if let end = part.end, !part.endIsGuessed { evidence.add(field.cause, end, "") }
        }
    }

    /// What the dialplan set.
    private func addWords(_ evidence: inout Evidence) {
        for entry in facts.call.variables {
            let name = printable(entry.name)
            if variables[name] != nil { evidence.add("variables", entry.mark, name) }
        }
        if hasReference, let mark = facts.call.variables.mark(of: "HOOKSWITCH_REF") {
            evidence.add("ref_id", mark, "HOOKSWITCH_REF, or the reference that a tag brought")
        }
        if let code = accountCode, let mark = code.mark { evidence.add("accountcode", mark, code.reason) }
        if let field = userField, let mark = field.mark { evidence.add("userfield", mark, field.reason) }
    }

    /// Who testified, each with the first of its words that is kept.
    private func addSources(_ evidence: inout Evidence) {
        let (call, created) = (facts.call, facts.call.parts.lazy.map(\.created))
        for source in [SourceSet.ami, .agi, .cdr, .cel] where call.sources.contains(source) {
            let mark: Mark? =
                switch source {
                case .ami: created.first { $0.event.source == .ami }
                case .agi: call.witnesses.first?.mark
                case .cdr: call.cdrRows.first?.mark
                default:
                    created.first { $0.event.source == .cel } ?? call.firstCEL
                        ?? call.parts.lazy.compactMap { $0.hangupSource?.mark }.first { $0.event.source == .cel }
                }
            if let mark { evidence.add("sources", mark, "the first of it") }
        }
    }

    /// Collects what decided each field.
    private struct Evidence {
        var list: [FieldEvidence] = []
        init() { list.reserveCapacity(48) }

        mutating func add<Value>(_ field: String, _ decided: Decided<Value>, otherwise mark: Mark) {
            add(field, decided.mark ?? mark, decided.reason)
        }
        mutating func add(_ field: String, _ mark: Mark, _ reason: String) {
            list.append(
                FieldEvidence(
                    field: field, event: mark.event.name, at: mark.at, offset: mark.offset < 0 ? nil : mark.offset,
                    reason: reason))
        }
        /// The parts of a sum; of a very long list the first ones.
        mutating func add(_ field: String, _ spans: [(from: Mark, to: Mark)], _ from: String, _ to: String) {
            for span in spans.prefix(Evidence.longest) {
                add(field, span.from, from)
                add(field, span.to, to)
            }
            if spans.count > Evidence.longest, let last = spans.last {
                add(field, last.to, "the last of \(spans.count) such times")
            }
        }

        /// A call may be held, rung or moved hundreds of times.
        static let longest = 16
        /// Fields of the first legs, spelt once.
        static let legFields = (0..<8).map(LegFields.init)
    }
    /// `legs[0].started_at` and so on.
    private struct LegFields {
        let startedAt, ringingAt, answeredAt, endedAt, dialStatus, cause, bridged: String
        init(_ n: Int) {
            func name(_ field: String) -> String { "legs[\(n)].\(field)" }
            startedAt = name("started_at")
            ringingAt = name("ringing_at")
            answeredAt = name("answered_at")
            endedAt = name("ended_at")
            dialStatus = name("dial_status")
            cause = name("hangup_cause")
            bridged = name("bridged")
        }
    }
}

extension CallRecord.Transfer.Kind {
    /// What such a move is, in words.
    fileprivate var sentence: String {
        switch self {
        case .blind: "handed on without asking"
        case .attended: "handed on after asking"
        case .park: "put into a parking lot"
        case .pickup: "taken from a phone that rang"
        case .forward: "the phone sent the call elsewhere"
        case .redirect: "sent elsewhere in the dialplan, as by a manager's Redirect"
        }
    }
}
