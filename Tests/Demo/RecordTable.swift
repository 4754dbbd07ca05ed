import Telephony

/// A record as two columns: the field, and what it says.
enum RecordTable {
    private static let fields = [
        "direction", "disposition", "caller", "callee", "answered_by", "agents", "agent", "started_at", "answered_at",
        "ended_at", "duration", "billsec", "talk_seconds", "ring_seconds", "hold_seconds", "hungup_by",
        "hangup_cause", "queue", "transfers", "recordings", "variables", "ref_id", "completeness", "sources", "notes",
    ]

    /// One line a field; what is null, empty or zero is left out.
    static func lines(_ record: JSONValue) -> [String] {
        fields.compactMap { name in
            guard let value = record[name], let text = text(value) else { return nil }
            return name + String(repeating: " ", count: max(1, 14 - name.count)) + text
        }
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .null: return nil
        case .string(let text): return text.isEmpty ? nil : text
        case .number(let text): return text
        case .bool(let flag): return flag ? "yes" : "no"
        case .array(let items):
            let texts = items.compactMap(text)
            return texts.isEmpty ? nil : texts.joined(separator: ", ")
        case .object(let members):
            let parts = members.compactMap { member in text(member.value).map { "\(member.name) \($0)" } }
            return parts.isEmpty ? nil : parts.joined(separator: "; ")
        }
    }
}
