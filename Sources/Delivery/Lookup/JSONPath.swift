import Telephony

/// A place in a JSON answer: `contact.name`, `results.0.phone`. A number is a member's name or an array's index, from 0.
struct JSONPath: Sendable, Equatable {
    private let steps: [String]

    /// - Throws: where it is empty or has an empty step.
    init(_ text: String) throws(ValueError) {
        let steps = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard steps.allSatisfy({ !$0.isEmpty && !$0.contains(" ") }) else {
            throw ValueError(
                problem: "\"\(text)\" is not a place in JSON", hint: "write as contact.name or results.0.id")
        }
        self.steps = steps
    }

    /// What stands there; nil where there is nothing, or `null`.
    func value(in json: JSONValue) -> JSONValue? {
        var value = json
        for step in steps {
            guard let next = value[step] ?? Int(step).flatMap({ value[$0] }) else { return nil }
            value = next
        }
        return value.isNull ? nil : value
    }

    /// The value as a channel variable has it: text and numbers as they are, `true` and `false` as 1 and 0 (to a dialplan's
    /// `$[...]` any other word is true), lists and objects as JSON; nil where there is none.
    func text(in json: JSONValue) -> String? {
        switch value(in: json) {
        case nil, .null: nil
        case .string(let text): printable(text)
        case .number(let text): text
        case .bool(let flag): flag ? "1" : "0"
        case .some(let other): printable(String(decoding: other.serialised, as: UTF8.self))
        }
    }

    /// Whether something is there that says yes: neither `false`, `""`, `[]` nor `{}`.
    func isAffirmed(in json: JSONValue) -> Bool {
        switch value(in: json) {
        case nil, .null: false
        case .bool(let flag): flag
        case .string(let text): !text.isEmpty
        case .array(let items): !items.isEmpty
        case .object(let members): !members.isEmpty
        case .number: true
        }
    }
}
