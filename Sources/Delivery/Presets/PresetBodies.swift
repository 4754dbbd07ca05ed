import Telephony

/// The bodies of the presets that are not templates: an ordered list of members each, written as JSON or as a form.
enum PresetBodies {
    /// Names and values in the order the receiver's description has them.
    typealias Members = [(name: String, value: FieldValue)]

    /// Requirements S2.1. `call_duration` is the billed seconds as a string, as the guide's own dialplan sends
    /// `CDR(billsec)`; `calldate` is local; `agent_user` is never empty, as S2.3's receiver refuses that.
    static func vicidial(_ record: CallRecord, _ context: FieldContext) -> Members {
        let format = context.format
        return [
            ("event", .text(context.event.type.rawValue.replacing(".", with: "_"))),
            ("uniqueid", .text(record.uniqueID.description)),
            ("calldate", .text(format.zone.dateAndTime(record.startedAt))),
            ("phone_number", .text(format.numbers.written(record.customer.number) ?? "")),
            ("agent_user", .text(record.variables["user"] ?? record.diallerUser)),
            ("campaign_id", .text(DispositionMap.campaign(of: record) ?? "")),
            ("disposition", read("crm_disposition", context)),
            ("call_duration", .text(String(record.billableSeconds))),
            ("recording_filename", .text(record.recordingPath ?? "")),
            ("notes", .text(record.variables["call_notes"] ?? record.variables["comments"] ?? "")),
        ]
    }

    /// Requirements S4.8 to S4.11. `recording_url` is absent where there is no recording or no base for links;
    /// `disposition` is `NONE` where nobody set one; `uuid` is the caller's own, null where there is none (interop 6.3).
    static func intellicall(_ record: CallRecord, _ context: FieldContext) -> Members {
        let format = context.format
        let answered = record.disposition == .answered
        var members: Members = [
            ("call_id", .text(derivedUUID(record.id))),
            ("uuid", .optional(record.refID)),
            ("status", .text(record.disposition == .answered ? "ANSWER" : record.disposition.rawValue)),
            ("duration", .integer(answered ? record.talkSeconds : 0)),
            ("customer_number", .optional(format.numbers.written(record.customer.number))),
            ("agent_number", .optional(record.agent?.number)),
            ("crm_username", .optional(record.variables["crm_username"] ?? record.agent?.agent)),
            ("call_type", .text(record.variables["call_type"] == "browser" ? "browser" : "server")),
            ("disposition", dialledDisposition(record, context) ?? .text("NONE")),
            ("direction", .text(record.direction.rawValue)),
            ("start_time", .time(record.startedAt)),
            ("end_time", .time(record.endedAt)),
        ]
        let url = read("recording_url", context)
        if !url.isEmpty { members.append(("recording_url", url)) }
        return members
    }

    /// Yeastar's `msg`. The PBX sends it as JSON inside a string.
    static func yeastar(_ record: CallRecord, _ context: FieldContext) -> Members {
        let status: String
        switch record.disposition {
        case .answered: status = "ANSWERED"
        case .busy: status = "BUSY"
        case .failed: status = "FAILED"
        case .noAnswer, .canceled: status = "NO ANSWER"
        }
        let outside = record.legs.first { leg in
            leg.number == record.customer.number && leg.role == (record.direction == .inbound ? .caller : .callee)
        }
        let trunk = outside.map { String($0.channel.address) } ?? ""
        let file = record.recordingPath.flatMap { $0.split(separator: "/").last.map(String.init) } ?? ""
        return [
            ("call_id", .text(record.linkedID.description)),
            ("time_start", .text(context.format.zone.dateAndTime(record.startedAt))),
            ("call_from", .text(context.format.numbers.written(record.caller.number) ?? "")),
            ("call_to", .text(record.answeredBy?.number ?? record.callee.number ?? "")),
            ("call_duration", .integer(record.duration)),
            ("talk_duration", .integer(record.billableSeconds)),
            ("src_trunk_name", .text(record.direction == .inbound ? trunk : "")),
            ("dst_trunk_name", .text(record.direction == .outbound ? trunk : "")),
            ("pin_code", .text("")),
            ("status", .text(status)),
            ("type", .text(record.direction.rawValue.prefix(1).uppercased() + record.direction.rawValue.dropFirst())),
            ("recording", .text(file)),
            ("did_number", .text(record.direction == .inbound ? record.callee.number ?? "" : "")),
            ("did_name", .text("")),
            ("agent_ring_time", .integer(record.queue == nil ? 0 : record.agentRingSeconds)),
            ("uid", .text(record.uniqueID.description)),
            ("call_note_id", .text("")),
            ("enb_call_note", .integer(0)),
        ]
    }

    /// Twilio's request parameters of a completed call, all of them text.
    ///
    /// **Source**: Twilio's `StatusCallback` reference (voice, Call resource). Ids have Twilio's shape and are derived.
    static func twilio(_ record: CallRecord, _ context: FieldContext) -> Members {
        let status: String
        switch record.disposition {
        case .answered: status = "completed"
        case .busy: status = "busy"
        case .noAnswer: status = "no-answer"
        case .canceled: status = "canceled"
        case .failed: status = "failed"
        }
        let numbers = context.format.numbers
        func number(_ text: String?) -> FieldValue { .text(text.map { numbers.e164($0) } ?? "") }
        var members: Members = [
            ("CallSid", .text("CA" + derivedHex(record.id))),
            ("AccountSid", .text(context.format.account ?? "AC" + derivedHex(record.system))),
            ("From", number(record.caller.number)),
            ("To", number(record.callee.number)),
            ("CallStatus", .text(status)),
            ("ApiVersion", .text("2010-04-01")),
            ("Direction", .text(record.direction == .inbound ? "inbound" : "outbound-api")),
            ("Timestamp", .text(HTTPDate.mail(record.endedAt))),
            ("CallbackSource", .text("call-progress-events")),
            ("SequenceNumber", .integer(0)),
            ("Duration", .integer((record.billableSeconds + 59) / 60)),
            ("CallDuration", .integer(record.billableSeconds)),
        ]
        if let name = record.caller.name, !name.isEmpty { members.append(("CallerName", .text(name))) }
        let url = read("recording_url", context)
        if !url.isEmpty {
            members.append(("RecordingUrl", url))
            members.append(("RecordingSid", .text("RE" + derivedHex("recording\n\(record.id)"))))
            if let length = record.recordings.first(where: { $0.state == .ready })?.length {
                members.append(("RecordingDuration", .integer(Int(length.wholeMilliseconds / 1000))))
            }
        }
        return members
    }

    /// The record's simple values, as a form or a query carries them: objects flattened with `_`, lists as JSON.
    static func flat(_ record: CallRecord, _ context: FieldContext, withLists: Bool) -> Members {
        var members: Members = [
            ("type", .text(context.event.type.rawValue)), ("id", .text(context.event.id)),
            ("timestamp", .time(context.event.timestamp)),
        ]
        for name in flatNames {
            let value = read(name, context)
            members.append((name == "id" ? "call_id" : name.replacing(".", with: "_"), value))
        }
        for (name, value) in record.variables.sorted(by: { $0.key < $1.key }) {
            members.append(("variables_\(name)", .text(value)))
        }
        if withLists {
            for name in ["agents", "transfers", "recordings", "legs", "notes"] {
                members.append((name, read(name, context)))
            }
        }
        return members
    }
    private static let flatNames = [
        "id", "system", "uniqueid", "linkedid", "direction", "disposition", "caller.number", "caller.name",
        "callee.number", "callee.name", "answered_by.number", "answered_by.name", "agent.number", "agent.name",
        "agent.agent", "started_at", "answered_at", "ended_at", "duration", "billsec", "talk_seconds", "ring_seconds",
        "hold_seconds", "park_seconds", "hungup_by", "hangup_cause.code", "hangup_cause.text", "queue.name",
        "queue.wait_seconds", "queue.position", "queue.result", "recording_path", "ref_id", "accountcode", "userfield",
        "completeness",
    ]

    /// Writes one JSON object; null members are written as `null`.
    static func writeObject(_ members: Members, to w: inout JSONWriter) {
        w.beginObject()
        for (name, value) in members {
            w.key(text: name)
            value.write(to: &w)
        }
        w.endObject()
    }
    /// Writes `name=value&…`; a null is a name with nothing behind the `=`, so leave out what should not be there.
    static func appendForm(_ members: Members, to out: inout [UInt8]) {
        for (i, member) in members.enumerated() {
            if i > 0 { out.append(UInt8(ascii: "&")) }
            Escaping.appendForm(member.name, to: &out)
            out.append(UInt8(ascii: "="))
            Escaping.appendForm(member.value.text, to: &out)
        }
    }

    private static func read(_ name: String, _ context: FieldContext) -> FieldValue {
        RecordField(name)?.read(context) ?? .null
    }
    /// A disposition somebody set, in the CRM's words; nil where nobody did.
    private static func dialledDisposition(_ record: CallRecord, _ context: FieldContext) -> FieldValue? {
        let status = DispositionMap.status(of: record)
        return status == record.disposition.rawValue && context.format.dispositions == nil
            ? nil : read("crm_disposition", context)
    }

    /// 32 hexadecimal digits that depend on the text alone.
    static func derivedHex(_ text: String) -> String {
        Crypto.hex(Crypto.hash(.sha256, Array(text.utf8)).prefix(16))
    }
    /// A name-based UUID of version 5 (RFC 9562, 5.5) in a name space of Hookswitch's own.
    static func derivedUUID(_ name: String) -> String {
        // Any 16 bytes make a name space, as long as they never change.
        let space: [UInt8] = Array("hookswitch-calls".utf8)
        var bytes = Array(Crypto.hash(.sha1, space + Array(name.utf8)).prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x50
        bytes[8] = bytes[8] & 0x3F | 0x80
        let hex = Crypto.hex(bytes)
        var out = ""
        for (i, digit) in hex.enumerated() {
            if i == 8 || i == 12 || i == 16 || i == 20 { out.append("-") }
            out.append(digit)
        }
        return out
    }
}

extension String {
    fileprivate func replacing(_ old: Character, with new: Character) -> String {
        String(map { $0 == old ? new : $0 })
    }
}
