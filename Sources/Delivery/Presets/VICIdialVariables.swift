import Diagnostics
import Telephony

/// VICIdial's `--A--name--B--` variables, filled from a call record.
///
/// What VICIdial knows of the lead comes from channel variables of the same name (`variables =` of the `[pbx:]` section);
/// what Hookswitch knows of the call is filled from the record. Names are read in any case of letters. `campaign` and
/// `campaign_id` are one: in VICIdial each exists in one of two scripts only, and pasted URLs have the wrong one.
///
/// **Source**: the variables of `www/agc/vdc_db_query.php`, `vicidial.php` and `bin/AST_send_URL.pl`.
enum VICIdialVariables {
    /// The variable between `--A--` and `--B--`. One that only a dialler knows is null unless its channel variable is
    /// copied.
    /// - Throws: `conflict` for an agent's password, `unknownField` with the nearest name else.
    static func named(_ name: String) throws(ValueError) -> RecordField {
        let lower = name.lowercased()
        if lower == "pass" || lower == "phone_pass" {
            throw ValueError(
                code: .conflict, problem: "--A--\(lower)--B-- would send an agent's password",
                hint: "leave it out; sign with a secret or use header.Authorization")
        }
        if let read = ofCall[lower] { return RecordField(lower, read) }
        if ofLead.contains(lower) || isNumberedField(lower) {
            return RecordField(lower) { .optional($0.record?.variables[lower]) }
        }
        let hint =
            NearestName.of(lower, among: Array(ofCall.keys) + ofLead).map { "did you mean --A--\($0)--B--?" }
            ?? "a custom list field is ${variables.NAME}"
        throw ValueError(
            code: .unknownField, problem: "VICIdial has no variable \"--A--\(name)--B--\"", hint: hint)
    }

    private typealias Reader = @Sendable (FieldContext) -> FieldValue

    private static let ofCall: [String: Reader] = {
        func of(_ read: @escaping @Sendable (CallRecord, ValueFormat) -> FieldValue) -> Reader {
            { context in context.record.map { read($0, context.format) } ?? .null }
        }
        /// The channel variable where the dialler set one, else what the record says.
        func variable(_ name: String, or read: @escaping @Sendable (CallRecord, ValueFormat) -> FieldValue) -> Reader {
            of { record, format in record.variables[name].map { .text($0) } ?? read(record, format) }
        }
        let phone = variable("phone_number") { .optional($1.numbers.written($0.customer.number)) }
        let campaign = of { record, _ in .optional(DispositionMap.campaign(of: record)) }
        let dispo: Reader = { RecordField("crm_disposition")?.read($0) ?? .null }
        let vendor = of { record, _ in .optional(record.variables["vendor_lead_code"] ?? record.variables["vendor_id"])
        }
        return [
            "uniqueid": of { record, _ in .text(record.uniqueID.description) },
            "call_id": variable("call_id") { record, _ in .text(record.linkedID.description) },
            "phone": phone, "phone_number": phone,
            "dialed_number": variable("dialed_number") { record, _ in .optional(record.callee.number) },
            "campaign": campaign, "campaign_id": campaign,
            "vendor_lead_code": vendor, "vendor_id": vendor,
            "dispo": dispo, "status": dispo,
            "user": variable("user") { record, _ in .text(record.diallerUser) },
            "fullname": variable("fullname") { record, _ in .optional(record.agent?.name) },
            "sipexten": of { record, _ in .optional(record.agent.map { String($0.channel.address) }) },
            "channel": of { record, _ in .optional(record.agent?.channel.description) },
            "talk_time": of { record, _ in .integer(record.talkSeconds) },
            "talk_time_min": of { record, _ in .integer((record.talkSeconds + 59) / 60) },
            "talk_time_ms": of { record, _ in .integer(Int(record.talk.wholeMilliseconds)) },
            "epoch": of { record, _ in .integer(Int(record.startedAt.seconds)) },
            "sqldate": of { record, format in .text(format.zone.dateAndTime(record.startedAt)) },
            "recording_filename": of { record, _ in .optional(record.recordingName) },
            "did_extension": variable("did_extension") { record, _ in
                record.direction == .inbound ? .optional(record.callee.number) : .null
            },
            "did_pattern": variable("did_pattern") { record, _ in
                record.direction == .inbound ? .optional(record.callee.number) : .null
            },
            "group": variable("group") { record, _ in .optional(record.queue?.name) },
            "channel_group": variable("channel_group") { record, _ in .optional(record.queue?.name) },
            "call_notes": variable("call_notes") { record, _ in .optional(record.variables["comments"]) },
            "term_reason": variable("term_reason") { record, _ in .text(record.terminationReason) },
        ]
    }()

    /// Names whose value only the dialler has.
    private static let ofLead: [String] = [
        "address1", "address2", "address3", "agent_email", "agent_log_id", "alt_phone", "called_count", "camp_script",
        "city", "closecallid", "closer", "comments", "country_code", "customer_server_ip", "customer_zap_channel",
        "date_of_birth", "dialed_label", "did_description", "did_id", "email", "entry_date", "entry_list_id",
        "first_name", "fronter", "gender", "gmt_offset_now", "in_script", "last_name", "lead_id", "list_description",
        "list_id", "list_name", "middle_initial", "original_phone_login", "owner", "parked_by", "phone_code",
        "phone_login", "postal_code", "province", "rank", "security_phrase", "server_ip", "session_id", "source_id",
        "state", "title", "user_group", "xfercallid", "callback_datetime", "callback_lead_status", "dispo_name",
        "recording_id", "called_since_last_reset", "script_width", "script_height", "web_vars", "function",
        "full_name", "launch_user", "last_local_call_time", "modify_date",
    ]
    /// `camp_custom_one` to `user_custom_five`, `preset_number_a` to `f`, `preset_dtmf_a` and `b`.
    private static func isNumberedField(_ name: String) -> Bool {
        for kind in ["camp", "did", "ig", "user"] where name.hasPrefix("\(kind)_custom_") {
            return ["one", "two", "three", "four", "five"].contains(String(name.dropFirst(kind.utf8.count + 8)))
        }
        if name.hasPrefix("preset_number_") { return ["a", "b", "c", "d", "e", "f"].contains(name.dropFirst(14)) }
        return name == "preset_dtmf_a" || name == "preset_dtmf_b"
    }
}

extension CallRecord {
    /// VICIdial's user: the agent's login, number or, where no agent was on the call, the users VICIdial logs such calls
    /// under: `VDCL` for inbound, `VDAD` for outbound. Never empty, as receivers refuse that.
    var diallerUser: String {
        if let agent, let user = agent.agent ?? agent.number, !user.isEmpty { return user }
        return direction == .outbound ? "VDAD" : "VDCL"
    }
    /// Talk, whole seconds.
    var talkSeconds: Int { Int(max(0, talk.wholeMilliseconds) / 1000) }
    /// The recording's file name without folder and type, as VICIdial keeps it.
    var recordingName: String? {
        recordingPath.map { path in
            let file = path.split(separator: "/").last.map(String.init) ?? path
            guard let dot = file.lastIndex(of: "."), dot != file.startIndex else { return file }
            return String(file[..<dot])
        }
    }
    /// Who ended it, in VICIdial's words.
    var terminationReason: String {
        if queue?.result == .abandoned { return "ABANDON" }
        if queue?.result == .timeout { return "QUEUETIMEOUT" }
        switch hungUpBy {
        case .caller: return direction == .inbound ? "CALLER" : "AGENT"
        case .callee: return direction == .outbound ? "CALLER" : "AGENT"
        case .agent: return "AGENT"
        case .system: return "SYSTEM"
        case nil: return "NONE"
        }
    }
}
