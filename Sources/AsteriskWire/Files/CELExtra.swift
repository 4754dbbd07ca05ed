import Telephony

/// Reads what a CEL type adds: the JSON object of `Extra` (Asterisk 12 on), as far as it is one.
enum CELExtra {
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
