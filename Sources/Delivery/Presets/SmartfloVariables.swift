import Diagnostics
import Telephony

/// Smartflo's webhook variables, filled from a call record.
///
/// **Source**: requirements S3.2: 32 keys. Key and variable have one name but for `customer_no_with_prefix`, whose variable
/// is `customer_number_with_prefix`; both names are read. Values arrive as strings.
enum SmartfloVariables {
    /// The keys in the guide's order, each with its variable's name.
    static let keys: [(key: String, variable: String)] = names.map {
        ($0, $0 == "customer_no_with_prefix" ? "customer_number_with_prefix" : $0)
    }

    /// The variable of that name, without its `$`; nil where Smartflo has none. For `${name}` in a Smartflo body.
    static func field(_ name: String) -> RecordField? { table[name].map { RecordField(name, $0) } }

    /// The variable behind a `$`, whole word and case as written.
    /// - Throws: `unknownField` with the nearest name.
    static func named(_ name: String) throws(ValueError) -> RecordField {
        if let field = field(name) { return field }
        let hint =
            NearestName.of(name, among: table.keys.sorted()).map { "did you mean \"$\($0)\"?" }
            ?? "write $$ for a dollar sign; Smartflo's variables are in the README"
        throw ValueError(code: .unknownField, problem: "there is no Smartflo variable \"$\(name)\"", hint: hint)
    }

    /// The body Smartflo sends when each key has its own variable, all of them strings.
    static let body: String =
        "{" + keys.map { "\"\($0.key)\":\"$\($0.variable)\"" }.joined(separator: ",") + "}"

    private static let names = [
        "uuid", "call_to_number", "caller_id_number", "start_stamp", "answer_stamp", "end_stamp", "hangup_cause",
        "billsec", "digits_dialed", "direction", "duration", "answered_agent", "answered_agent_name",
        "answered_agent_number", "missed_agent", "call_flow", "broadcast_lead_fields", "recording_url", "call_status",
        "call_id", "outbound_sec", "agent_ring_time", "agent_transfer_ring_time", "billing_circle", "call_connected",
        "aws_call_recording_identifier", "customer_no_with_prefix", "campaign_name", "campaign_id",
        "customer_ring_time", "reason_key", "ref_id",
    ]

    private typealias Reader = @Sendable (FieldContext) -> FieldValue

    private static let table: [String: Reader] = {
        func of(_ read: @escaping @Sendable (CallRecord, ValueFormat) -> FieldValue) -> Reader {
            { context in context.record.map { read($0, context.format) } ?? .null }
        }
        func stamp(_ read: @escaping @Sendable (CallRecord) -> Instant?) -> Reader {
            of { record, format in read(record).map { .text(format.zone.dateAndTime($0)) } ?? .null }
        }
        func variable(_ name: String) -> Reader { of { record, _ in .optional(record.variables[name]) } }
        var table: [String: Reader] = [
            "uuid": of { record, _ in .text(record.id) },
            "call_id": of { record, _ in .text(record.linkedID.description) },
            "call_to_number": of { record, format in .optional(format.numbers.written(record.callee.number)) },
            "caller_id_number": of { record, format in .optional(format.numbers.written(record.caller.number)) },
            "start_stamp": stamp { $0.startedAt },
            "answer_stamp": stamp { $0.answeredAt },
            "end_stamp": stamp { $0.isInProgress ? nil : $0.endedAt },
            "hangup_cause": of { record, _ in .optional(record.isInProgress ? nil : record.hangupCauseText) },
            "billsec": of { record, _ in .integer(record.billableSeconds) },
            "duration": of { record, _ in .integer(record.duration) },
            "digits_dialed": of { record, _ in
                .optional(record.variables["digits_dialed"] ?? record.callee.number)
            },
            "direction": of { record, _ in .text(record.direction.rawValue) },
            "answered_agent": of { record, _ in
                .optional(record.answeredAgent.flatMap { $0.agent ?? $0.number })
            },
            "answered_agent_name": of { record, _ in .optional(record.answeredAgent?.name) },
            "answered_agent_number": of { record, _ in .optional(record.answeredAgent?.number) },
            "missed_agent": of { record, _ in .text(record.missedNumbers.joined(separator: ",")) },
            "call_flow": of { record, _ in .text(record.callFlow) },
            "call_status": of { record, _ in
                .optional(record.knownDisposition.map { $0 == .answered ? "answered" : "missed" })
            },
            "call_connected": of { record, _ in .integer(record.disposition == .answered ? 1 : 0) },
            "outbound_sec": of { record, _ in .integer(record.direction == .outbound ? record.billableSeconds : 0) },
            "agent_ring_time": of { record, _ in .integer(record.agentRingSeconds) },
            "customer_ring_time": of { record, _ in
                .integer(record.direction == .outbound ? Int(record.ring.wholeMilliseconds / 1000) : 0)
            },
            "customer_number_with_prefix": of { record, format in
                .optional(record.customer.number.map { format.numbers.e164($0) })
            },
            "campaign_id": of { record, _ in .optional(DispositionMap.campaign(of: record)) },
            "reason_key": of { record, _ in .optional(record.isInProgress ? nil : record.hangupCause.text) },
            "ref_id": of { record, _ in .optional(record.refID) },
            "recording_url": { RecordField("recording_url")?.read($0) ?? .null },
        ]
        // What no record has of itself: the channel variable of that name, where the configuration copies one.
        for name in [
            "agent_transfer_ring_time", "billing_circle", "broadcast_lead_fields", "aws_call_recording_identifier",
            "campaign_name",
        ] { table[name] = variable(name) }
        table["customer_no_with_prefix"] = table["customer_number_with_prefix"]
        return table
    }()
}

extension CallRecord {
    /// Who inside took the call; of an outbound call that was answered, who placed it.
    var answeredAgent: Party? {
        guard disposition == .answered else { return nil }
        return agent ?? answeredBy
    }
    /// Numbers that rang and did not take the call.
    var missedNumbers: [String] {
        var numbers: [String] = []
        for leg in legs where leg.role == .rung {
            if let number = leg.number, !numbers.contains(number) { numbers.append(number) }
        }
        return numbers
    }
    /// The way the call took, in a line: queue and legs in order.
    var callFlow: String {
        var steps: [String] = []
        if let queue { steps.append("Queue:\(queue.name)") }
        for leg in legs where leg.role != .caller {
            steps.append("\(leg.role.rawValue):\(leg.number ?? leg.channel.description)")
        }
        return steps.joined(separator: " > ")
    }
    /// Whole seconds the answering agent's phone rang.
    var agentRingSeconds: Int {
        guard let channel = (agent ?? answeredBy)?.channel, let leg = legs.first(where: { $0.channel == channel }),
            let ringing = leg.ringingAt
        else { return 0 }
        return Int(max(0, ((leg.answeredAt ?? leg.endedAt ?? ringing) - ringing).wholeMilliseconds / 1000))
    }
}
