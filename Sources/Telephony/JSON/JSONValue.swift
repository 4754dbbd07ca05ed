/// Any JSON value, for what is read back or comes from outside (`Extra` of CEL, a CRM's answer, a stored record).
///
/// Numbers keep their text, so nothing is lost; members keep their order, and of two of one name the last counts.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// As it is written: `1e3` is not `1000`.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// In the order of the text, a repeated name each time.
    case object([(name: String, value: JSONValue)])

    /// Members in the same order, numbers spelt alike: `1.0` is not `1`.
    public static func == (a: JSONValue, b: JSONValue) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let x), .bool(let y)): x == y
        case (.number(let x), .number(let y)): x == y
        case (.string(let x), .string(let y)): x == y
        case (.array(let x), .array(let y)): x == y
        case (.object(let x), .object(let y)):
            x.count == y.count && zip(x, y).allSatisfy { $0.name == $1.name && $0.value == $1.value }
        default: false
        }
    }

    /// An object's member, of a repeated name the last; nil where it is missing or this is no object.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }
    /// An array's item; nil beyond its end or where this is no array.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let items) = self, items.indices.contains(index) else { return nil }
        return items[index]
    }
    /// Nil for anything but a string, a number included.
    public var string: String? { if case .string(let text) = self { text } else { nil } }
    /// Nil for anything but `true` and `false`.
    public var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    /// A number that is whole, also `1e3` and `2.0`; nil for any other and for one beyond 64 bits.
    public var integer: Int? {
        if case .number(let text) = self { Int(text) ?? Double(text).flatMap { Int(exactly: $0) } } else { nil }
    }
    /// Any number, to a double's precision.
    public var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }
    /// Nil for anything but an array.
    public var array: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
    /// An object's members in order; nil for anything else.
    public var object: [(name: String, value: JSONValue)]? {
        if case .object(let members) = self { members } else { nil }
    }
    /// True for `null` only: a member that is missing is a nil `JSONValue?`.
    public var isNull: Bool { self == .null }

    /// The value as JSON text, members in their order.
    public var serialised: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// Where and why a text is not JSON.
    public struct ParseError: Error, Equatable, CustomStringConvertible {
        /// Bytes from the start of the text.
        public let offset: Int
        /// What could have stood there, as `a value`, `':'`, `a digit`.
        public let expected: String
        public var description: String { "not JSON at byte \(offset): \(expected) expected" }
    }

    /// Reads one JSON text (RFC 8259) and nothing after it.
    /// - Throws: at the first byte that does not fit, or below 128 levels of nesting.
    public init(parsing text: String) throws(ParseError) { try self.init(parsing: Array(text.utf8)) }
    /// The same of bytes; text in them that is not UTF-8 is repaired.
    public init(parsing bytes: [UInt8]) throws(ParseError) {
        var parser = Parser(bytes: bytes)
        self = try parser.value(depth: 0)
        parser.skipBlanks()
        if parser.at != bytes.count { throw parser.error("the end") }
    }

    private struct Parser {
        let bytes: [UInt8]
        var at = 0

        func error(_ expected: String) -> ParseError { ParseError(offset: at, expected: expected) }
        var byte: UInt8? { at < bytes.count ? bytes[at] : nil }
        mutating func skipBlanks() {
            while let b = byte, b == 0x20 || b == 0x0A || b == 0x0D || b == 0x09 { at += 1 }
        }
        mutating func take(_ b: UInt8) -> Bool {
            guard byte == b else { return false }
            at += 1
            return true
        }
        mutating func word(_ w: StaticString, _ v: JSONValue) throws(ParseError) -> JSONValue {
            for i in 0..<w.utf8CodeUnitCount {
                guard unsafe take(w.utf8Start[i]) else { throw error("\(w)") }
            }
            return v
        }
        mutating func value(depth: Int) throws(ParseError) -> JSONValue {
            if depth > 128 { throw error("fewer than 128 levels") }
            skipBlanks()
            switch byte {
            case UInt8(ascii: "{"): return try object(depth)
            case UInt8(ascii: "["): return try array(depth)
            case UInt8(ascii: "\""): return .string(try string())
            case UInt8(ascii: "t"): return try word("true", .bool(true))
            case UInt8(ascii: "f"): return try word("false", .bool(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            default: return try number()
            }
        }
        mutating func object(_ depth: Int) throws(ParseError) -> JSONValue {
            at += 1
            var members: [(name: String, value: JSONValue)] = []
            skipBlanks()
            if take(UInt8(ascii: "}")) { return .object(members) }
            while true {
                skipBlanks()
                guard byte == UInt8(ascii: "\"") else { throw error("a member's name") }
                let name = try string()
                skipBlanks()
                guard take(UInt8(ascii: ":")) else { throw error("':'") }
                members.append((name, try value(depth: depth + 1)))
                skipBlanks()
                if take(UInt8(ascii: "}")) { return .object(members) }
                guard take(UInt8(ascii: ",")) else { throw error("',' or '}'") }
            }
        }
        mutating func array(_ depth: Int) throws(ParseError) -> JSONValue {
            at += 1
            var items: [JSONValue] = []
            skipBlanks()
            if take(UInt8(ascii: "]")) { return .array(items) }
            while true {
                items.append(try value(depth: depth + 1))
                skipBlanks()
                if take(UInt8(ascii: "]")) { return .array(items) }
                guard take(UInt8(ascii: ",")) else { throw error("',' or ']'") }
            }
        }
        mutating func number() throws(ParseError) -> JSONValue {
            let start = at
            _ = take(UInt8(ascii: "-"))
            func isDigit(_ b: UInt8?) -> Bool { b.map { $0 >= 48 && $0 <= 57 } ?? false }
            guard isDigit(byte) else { throw error("a value") }
            if !take(48) { while isDigit(byte) { at += 1 } }
            if take(UInt8(ascii: ".")) {
                guard isDigit(byte) else { throw error("a digit") }
                while isDigit(byte) { at += 1 }
            }
            if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
                at += 1
                if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { at += 1 }
                guard isDigit(byte) else { throw error("a digit") }
                while isDigit(byte) { at += 1 }
            }
            return .number(String(decoding: bytes[start..<at], as: UTF8.self))
        }
        mutating func string() throws(ParseError) -> String {
            at += 1
            var out: [UInt8] = []
            while let b = byte {
                at += 1
                switch b {
                case 0x22: return String(decoding: out, as: UTF8.self)
                case 0x5C:
                    guard let escape = byte else { throw error("an escape") }
                    at += 1
                    switch escape {
                    case UInt8(ascii: "n"): out.append(0x0A)
                    case UInt8(ascii: "t"): out.append(0x09)
                    case UInt8(ascii: "r"): out.append(0x0D)
                    case UInt8(ascii: "b"): out.append(0x08)
                    case UInt8(ascii: "f"): out.append(0x0C)
                    case 0x22, 0x5C, UInt8(ascii: "/"): out.append(escape)
                    case UInt8(ascii: "u"): out.append(contentsOf: String(try scalar()).utf8)
                    default: throw error("an escape")
                    }
                case 0..<0x20: throw error("no control character")
                default: out.append(b)
                }
            }
            throw error("'\"'")
        }
        mutating func scalar() throws(ParseError) -> Unicode.Scalar {
            let high = try hex4()
            if (0xD800..<0xDC00).contains(high), at + 1 < bytes.count, bytes[at] == 0x5C,
                bytes[at + 1] == UInt8(ascii: "u")
            {
                at += 2
                let low = try hex4()
                if (0xDC00..<0xE000).contains(low) {
                    return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
                }
                return "\u{FFFD}"
            }
            return Unicode.Scalar(high) ?? "\u{FFFD}"
        }
        mutating func hex4() throws(ParseError) -> UInt32 {
            guard at + 4 <= bytes.count, let n = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
            else {
                throw error("four hexadecimal digits")
            }
            at += 4
            return n
        }
    }
}
