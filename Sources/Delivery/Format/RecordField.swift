import Diagnostics
import Telephony

/// A field by its name: found once when the configuration is read, then a function.
struct RecordField: Sendable {
    /// As in `billsec` or `caller.number`; what `words` and `numbers` know it by.
    let name: String
    /// The value in one event, null where there is none. Touches nothing but the context, so it runs on whatever thread
    /// makes drafts.
    let read: @Sendable (FieldContext) -> FieldValue

    /// The field of that name, as `billsec`, `caller.number` or `variables.lead_id`; nil where no record has it.
    init?(_ name: String) {
        if name.hasPrefix("variables."), name.utf8.count > 10 {
            let variable = String(name.dropFirst(10))
            self.init(name) { .optional($0.record?.variables[variable]) }
        } else if let read = RecordField.table[name] {
            self.init(name, read)
        } else {
            return nil
        }
    }
    /// For the names other systems have for a field; the name need not be in the table.
    init(_ name: String, _ read: @escaping @Sendable (FieldContext) -> FieldValue) {
        (self.name, self.read) = (name, read)
    }

    /// The field, or the error that names the nearest.
    static func named(_ name: String) throws(ValueError) -> RecordField {
        if let field = RecordField(name) { return field }
        let hint =
            NearestName.of(name, among: names).map { "did you mean \"\($0)\"?" }
            ?? "the fields of a record are in the README; a channel variable is variables.NAME"
        throw ValueError(code: .unknownField, problem: "there is no field \"\(name)\"", hint: hint)
    }
    /// Every name but `variables.NAME`, in order: what a wrong one is compared with.
    static let names: [String] = table.keys.sorted()

    /// Fields that hold one of few words, with those words.
    static let words: [String: [String]] = [
        "direction": CallRecord.Direction.allCases.map(\.rawValue),
        "disposition": CallRecord.Disposition.allCases.map(\.rawValue),
        "hungup_by": CallRecord.HungUpBy.allCases.map(\.rawValue),
        "completeness": CallRecord.Completeness.allCases.map(\.rawValue),
        "queue.result": CallRecord.Queue.Result.allCases.map(\.rawValue),
        "event.type": EventType.allCases.map(\.rawValue),
        "alert.kind": Alert.Kind.allCases.map(\.rawValue),
    ]
    /// Fields that hold a number.
    static let numbers: Set<String> = [
        "duration", "billsec", "talk_seconds", "ring_seconds", "hold_seconds", "park_seconds", "hangup_cause.code",
        "queue.wait_seconds", "queue.position",
    ]

    private typealias Reader = @Sendable (FieldContext) -> FieldValue
    private typealias RecordReader = @Sendable (CallRecord) -> FieldValue

    private static let table: [String: Reader] = {
        var table: [String: Reader] = [:]
        for (name, read) in ofRecord { table[name] = { $0.record.map(read) ?? .null } }
        parties(into: &table)
        table["event.type"] = { .text($0.event.type.rawValue) }
        table["event.id"] = { .text($0.event.id) }
        table["event.timestamp"] = { .time($0.event.timestamp) }
        table["alert.kind"] = { context in
            if case .alert(let alert) = context.event.subject { .text(alert.kind.rawValue) } else { .null }
        }
        table["alert.subject"] = { context in
            if case .alert(let alert) = context.event.subject { .text(alert.subject) } else { .null }
        }
        table["alert.message"] = { context in
            if case .alert(let alert) = context.event.subject { .text(alert.message) } else { .null }
        }
        table["record"] = { context in
            if let json = context.recordJSON { return .json(json) }
            return context.record.map { .json($0.json) } ?? .null
        }
        table["crm_disposition"] = { context in
            guard let record = context.record else { return .null }
            let status = DispositionMap.status(of: record)
            if record.isInProgress, status == record.disposition.rawValue, record.knownDisposition == nil {
                return .null
            }
            return .text(
                context.format.dispositions?.word(for: status, campaign: DispositionMap.campaign(of: record)) ?? status)
        }
        table["recording_url"] = { context in
            guard let template = context.format.recordingURL, context.record?.recordingPath != nil else { return .null }
            return .text(String(decoding: template.rendered(context), as: UTF8.self))
        }
        return table
    }()

    /// Numbers and names of people, in the endpoint's number format.
    private static func parties(into table: inout [String: Reader]) {
        func add(_ object: String, _ party: @escaping @Sendable (CallRecord) -> (number: String?, name: String?)?) {
            table["\(object).number"] = { context in
                .optional(context.format.numbers.written(context.record.flatMap(party)?.number))
            }
            table["\(object).dialled"] = { .optional($0.record.flatMap(party)?.number) }
            table["\(object).e164"] = { context in
                .optional(context.record.flatMap(party)?.number.map { context.format.numbers.e164($0) })
            }
            table["\(object).name"] = { .optional($0.record.flatMap(party)?.name) }
        }
        add("caller") { ($0.caller.number, $0.caller.name) }
        add("callee") { ($0.callee.number, $0.callee.name) }
        add("answered_by") { record in record.answeredBy.map { ($0.number, $0.name) } }
        add("agent") { record in record.agent.map { ($0.number, $0.name) } }
        add("customer") { ($0.customer.number, $0.customer.name) }
    }

    private static let ofRecord: [String: RecordReader] = [
        "id": { .text($0.id) },
        "system": { .text($0.system) },
        "uniqueid": { .text($0.uniqueID.description) },
        "linkedid": { .text($0.linkedID.description) },
        "direction": { .text($0.direction.rawValue) },
        "disposition": { .optional($0.knownDisposition?.rawValue) },
        "caller": { record in .object { record.caller.write(to: &$0) } },
        "callee": { record in .object { record.callee.write(to: &$0) } },
        "answered_by": { record in record.answeredBy.map { party in .object { party.write(to: &$0) } } ?? .null },
        "answered_by.channel": { .optional($0.answeredBy?.channel.description) },
        "answered_by.agent": { .optional($0.answeredBy?.agent) },
        "agents": { record in
            .object { $0.array(record.agents) { $0.write(to: &$1) } }
        },
        "agent": { record in record.agent.map { party in .object { party.write(to: &$0) } } ?? .null },
        "agent.channel": { .optional($0.agent?.channel.description) },
        "agent.agent": { .optional($0.agent?.agent) },
        "started_at": { .time($0.startedAt) },
        "answered_at": { .optional($0.answeredAt) },
        "ended_at": { .optional($0.isInProgress ? nil : $0.endedAt) },
        "duration": { .integer($0.duration) },
        "billsec": { .integer($0.billableSeconds) },
        "talk_seconds": { .seconds($0.talk) },
        "ring_seconds": { .seconds($0.ring) },
        "hold_seconds": { .seconds($0.hold) },
        "park_seconds": { .seconds($0.park) },
        "hungup_by": { .optional($0.isInProgress ? nil : $0.hungUpBy?.rawValue) },
        "hangup_cause.code": { $0.isInProgress ? .null : .integer($0.hangupCause.rawValue) },
        "hangup_cause.text": { $0.isInProgress ? .null : .text($0.hangupCauseText) },
        "queue.name": { .optional($0.queue?.name) },
        "queue.wait_seconds": { $0.queue?.wait.map { .seconds($0) } ?? .null },
        "queue.position": { $0.queue?.position.map { .integer($0) } ?? .null },
        "queue.result": { .optional($0.queue?.result?.rawValue) },
        "recording_path": { .optional($0.recordingPath) },
        "ref_id": { .optional($0.refID) },
        "accountcode": { .optional($0.accountCode) },
        "userfield": { .optional($0.userField) },
        "completeness": { .text($0.completeness.rawValue) },
        "hangup_cause": { $0.member("hangup_cause") },
        "queue": { $0.member("queue") },
        "transfers": { $0.member("transfers") },
        "recordings": { $0.member("recordings") },
        "legs": { $0.member("legs") },
        "variables": { $0.member("variables") },
        "sources": { $0.member("sources") },
        "notes": { $0.member("notes") },
    ]
}

extension CallRecord {
    /// The outside party: who called in, or who was called; of an internal call, who was called.
    var customer: Caller { direction == .inbound ? caller : callee }

    /// One member of the record as JSON, for the few that have no field of their own. Rare: a template that names a list.
    func member(_ name: String) -> FieldValue {
        guard let value = (try? JSONValue(parsing: json))?[name] else { return .null }
        return value.isNull ? .null : .json(value.serialised)
    }
}
