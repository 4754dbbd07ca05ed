import Diagnostics
import Telephony

/// A condition on an event: the `when` of a section.
///
/// **Shape**: `direction == inbound && billsec > 0`, `!(queue.name =~ sales*) || variables.lead_id != ""`.
///
///     or    = and { "||" and }          and  = not { "&&" not }
///     not   = "!" not | "(" or ")" | test
///     test  = field [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | "=~" | "!~") value ]
///     value = word | number | "text" | null
///
/// A field alone holds if it has a value other than empty and 0. Numbers compare as numbers where both sides are such,
/// else as text, byte for byte. `=~` matches the whole value, letters in any case, with `*` and `?`. A comparison with a
/// value that is not there fails, except `!=`, `!~` and `== null`.
struct Filter: Sendable {
    private indirect enum Node: Sendable {
        case any([Node])
        case all([Node])
        case not(Node)
        case holds(RecordField)
        case compare(RecordField, Comparison, Operand)
    }
    /// How a field and a value are compared; the raw value is the spelling.
    ///
    /// The order matters: the parser takes the first that fits, so those of two characters stand before `<` and `>`.
    enum Comparison: String, Sendable, CaseIterable {
        /// The same number, or the same text byte for byte; with `null`: there is no value.
        case equal = "=="
        /// The opposite of `==`, so that a field without a value differs from every value.
        case notEqual = "!="
        /// This and the next three compare numbers where both sides are such, else texts in the order of their bytes;
        /// none holds for a field without a value.
        case lessOrEqual = "<="
        case moreOrEqual = ">="
        case less = "<"
        case more = ">"
        /// The whole value fits a pattern of `*` and `?`, letters in any case.
        case matches = "=~"
        /// The opposite of `=~`; also of a field without a value.
        case matchesNot = "!~"
    }
    /// The value on the right of a comparison.
    struct Operand: Sendable {
        /// Nil for `null`.
        var text: String?
        /// The text as a number; nil where it is none. Quotes make it text, `"0123"`, except for a field that is a number.
        var number: Double?
    }
    private let root: Node

    /// - Throws: with the character at which the text stops making sense.
    init(_ text: String) throws(ValueError) {
        var parser = Parser(bytes: Array(text.utf8))
        root = try parser.disjunction(depth: 0)
        parser.skipBlanks()
        if parser.at < parser.bytes.count { throw parser.error("&& or || is missing") }
    }

    /// Whether the event is one of those the section wants. Reads fields only, so that a call's events are all judged
    /// alike.
    func holds(_ context: FieldContext) -> Bool { Filter.evaluate(root, context) }

    private static func evaluate(_ node: Node, _ context: FieldContext) -> Bool {
        switch node {
        case .any(let nodes): return nodes.contains { evaluate($0, context) }
        case .all(let nodes): return nodes.allSatisfy { evaluate($0, context) }
        case .not(let node): return !evaluate(node, context)
        case .holds(let field):
            let value = field.read(context)
            return !value.isEmpty && value.number != 0
        case .compare(let field, let comparison, let operand):
            return compare(field.read(context), comparison, operand)
        }
    }
    private static func compare(_ value: FieldValue, _ comparison: Comparison, _ operand: Operand) -> Bool {
        let isNull = value == .null
        guard let text = operand.text else { return comparison == .notEqual ? !isNull : isNull }
        if isNull { return comparison == .notEqual || comparison == .matchesNot }
        switch comparison {
        case .matches: return matches(Array(value.text.utf8)[...], Array(text.utf8)[...])
        case .matchesNot: return !matches(Array(value.text.utf8)[...], Array(text.utf8)[...])
        default: break
        }
        let order: Int
        if let a = value.number, let b = operand.number {
            order = a < b ? -1 : a > b ? 1 : 0
        } else {
            let a = value.text
            order = a == text ? 0 : Array(a.utf8).lexicographicallyPrecedes(Array(text.utf8)) ? -1 : 1
        }
        switch comparison {
        case .equal: return order == 0
        case .notEqual: return order != 0
        case .less: return order < 0
        case .lessOrEqual: return order <= 0
        case .more: return order > 0
        case .moreOrEqual: return order >= 0
        case .matches, .matchesNot: return false
        }
    }
    /// Whether a whole text fits a pattern of `*` and `?`, ASCII letters in any case.
    /// - Complexity: product of the lengths.
    static func matches(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        func lower(_ b: UInt8) -> UInt8 { (65...90).contains(b) ? b | 0x20 : b }
        var (t, p) = (text.startIndex, pattern.startIndex)
        var star: (pattern: Int, text: Int)?
        while t < text.endIndex {
            if p < pattern.endIndex, pattern[p] == UInt8(ascii: "*") {
                star = (p + 1, t)
                p += 1
            } else if p < pattern.endIndex, pattern[p] == UInt8(ascii: "?") || lower(pattern[p]) == lower(text[t]) {
                (t, p) = (t + 1, p + 1)
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                (t, p) = (last.text + 1, last.pattern)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }

    private struct Parser {
        let bytes: [UInt8]
        var at = 0

        func error(_ hint: String, problem: String? = nil, code: DeliveryConfigurationError.Code = .badValue)
            -> ValueError
        {
            let rest = String(decoding: bytes[min(at, bytes.count)...].prefix(20), as: UTF8.self)
            let place = rest.isEmpty ? "at its end" : "at character \(at + 1), \"\(rest)\""
            return ValueError(code: code, problem: problem ?? "the condition cannot be read \(place)", hint: hint)
        }
        mutating func skipBlanks() { while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 } }
        mutating func take(_ word: String) -> Bool {
            skipBlanks()
            guard bytes[at...].starts(with: word.utf8) else { return false }
            at += word.utf8.count
            return true
        }
        mutating func disjunction(depth: Int) throws(ValueError) -> Node {
            if depth > 50 { throw error("use fewer parentheses") }
            var nodes = [try conjunction(depth: depth)]
            while take("||") { nodes.append(try conjunction(depth: depth)) }
            return nodes.count == 1 ? nodes[0] : .any(nodes)
        }
        mutating func conjunction(depth: Int) throws(ValueError) -> Node {
            var nodes = [try negation(depth: depth)]
            while take("&&") { nodes.append(try negation(depth: depth)) }
            return nodes.count == 1 ? nodes[0] : .all(nodes)
        }
        mutating func negation(depth: Int) throws(ValueError) -> Node {
            if depth > 50 { throw error("use fewer parentheses") }
            if take("!") { return .not(try negation(depth: depth + 1)) }
            if take("(") {
                let node = try disjunction(depth: depth + 1)
                guard take(")") else { throw error("\")\" is missing") }
                return node
            }
            return try test()
        }
        mutating func test() throws(ValueError) -> Node {
            skipBlanks()
            let start = at
            let name = word()
            guard !name.isEmpty else { throw error("a field's name is expected, as billsec") }
            let field: RecordField
            do {
                field = try RecordField.named(name)
            } catch {
                at = start
                throw ValueError(
                    code: .unknownField, problem: "\(error.problem), at character \(start + 1)", hint: error.hint)
            }
            for comparison in Comparison.allCases where take(comparison.rawValue) {
                skipBlanks()
                let place = at
                var operand = try operand()
                try check(operand, of: field, comparison, at: place)
                // As text "10" would be less than "5".
                if RecordField.numbers.contains(field.name) { operand.number = operand.text.flatMap { Double($0) } }
                return .compare(field, comparison, operand)
            }
            skipBlanks()
            if at < bytes.count, bytes[at] == UInt8(ascii: "=") { throw error("write == to compare") }
            return .holds(field)
        }
        /// Refuses what the field can never be: such a condition holds for no call, or for each, and nobody would be told.
        private func check(
            _ operand: Operand, of field: RecordField, _ comparison: Comparison, at place: Int
        ) throws(ValueError) {
            guard let text = operand.text, comparison != .matches, comparison != .matchesNot else { return }
            if let words = RecordField.words[field.name], !words.contains(text) {
                throw ValueError(
                    problem: "\(field.name) is never \"\(text)\", at character \(place + 1)",
                    hint: NearestName.hint(for: text, among: words))
            }
            if RecordField.numbers.contains(field.name), Double(text) == nil {
                throw ValueError(
                    problem: "\(field.name) is a number, \"\(text)\" at character \(place + 1) is none",
                    hint: "write as \(field.name) > 0")
            }
        }
        mutating func operand() throws(ValueError) -> Operand {
            skipBlanks()
            if take("\"") {
                var text: [UInt8] = []
                while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
                    if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count { at += 1 }
                    text.append(bytes[at])
                    at += 1
                }
                guard take("\"") else { throw error("the closing \" is missing") }
                return Operand(text: String(decoding: text, as: UTF8.self))
            }
            let text = word(extra: "*?+-/@:#")
            guard !text.isEmpty else { throw error("a value is expected: a word, a number or \"text\"") }
            return text == "null" ? Operand() : Operand(text: text, number: Double(text))
        }
        mutating func word(extra: String = "") -> String {
            skipBlanks()
            let start = at
            let extra = Array(extra.utf8)
            while at < bytes.count {
                let b = bytes[at]
                guard
                    (48...57).contains(b) || (97...122).contains(b | 0x20) || b == UInt8(ascii: "_")
                        || b == UInt8(ascii: ".") || b >= 0x80 || extra.contains(b)
                else { break }
                at += 1
            }
            return String(decoding: bytes[start..<at], as: UTF8.self)
        }
    }
}
