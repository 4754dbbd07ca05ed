import Telephony

/// Reads what a CEL type adds: the JSON object of `Extra` (Asterisk 12 on), or the words that stood there before.
enum CELExtra {
    /// What a row's `Extra` says, whole, broken or old.
    /// - Parameter event: the row's type; before Asterisk 12 the text alone does not tell what it is.
    static func read(_ text: String, of event: String) -> [String: String] {
        if text.isEmpty { return [:] }
        if text.utf8.first == UInt8(ascii: "{") {
            let members = read(text)
            return members.isEmpty ? salvage(text) : members
        }
        switch event {
        case "HANGUP":
            // Asterisk 11: cause,source,dialstatus.
            let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard parts.count >= 2, Int(parts[0]) != nil else { return [:] }
            return ["hangupcause": parts[0], "hangupsource": parts[1], "dialstatus": parts.count > 2 ? parts[2] : ""]
        case "BLINDTRANSFER", "ATTENDEDTRANSFER": return ["extension": text]
        case "FORWARD": return ["forward": text]
        default: return ["extra": text]
        }
    }

    /// Members as text, numbers as they stand; empty where the text is empty, cut off or not an object.
    static func read(_ text: String) -> [String: String] {
        guard !text.isEmpty, let value = try? JSONValue(parsing: text), let members = value.object else { return [:] }
        var extra: [String: String] = [:]
        for (name, value) in members {
            switch value {
            case .string(let text): extra[name] = printable(text)
            case .number(let text): extra[name] = text
            case .bool(let flag): extra[name] = flag ? "true" : "false"
            case .null, .array, .object: break
            }
        }
        return extra
    }

    /// What can be told of an object that was cut off, as a database column too narrow leaves it: its whole members.
    static func salvage(_ text: String) -> [String: String] {
        guard text.hasPrefix("{") else { return [:] }
        // No type of Asterisk's has as many members; what is longer is no cut Extra, and each try reads all before it.
        var tries = 32
        var rest = text
        while tries > 0, let comma = rest.lastIndex(of: ",") {
            tries -= 1
            rest = String(rest[..<comma])
            let members = read(rest + "}")
            if !members.isEmpty { return members }
        }
        return [:]
    }
}
