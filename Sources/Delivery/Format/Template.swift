import Telephony

/// A text with places for fields, read once into segments.
///
/// **Shape**: three spellings, as the systems that use them write them:
/// - `${field}` and `${object.field}`: Hookswitch's own, everywhere;
/// - `$name`: Smartflo's, where `style` says so; the whole word counts, so `$answered_agent_name` is never
///   `$answered_agent` and `_name`; `$$` is a dollar;
/// - `--A--name--B--`: VICIdial's, everywhere, in any case of letters.
///
/// Each value is escaped for where it stands. In a JSON body a place between quotes takes text, and one outside of them a
/// JSON value: `"seconds": ${billsec}`, `"agent": ${agent.name}` (quoted, or `null`).
struct Template: Sendable {
    /// Which spellings are read beside `${field}` and `--A--name--B--`.
    enum Style: Sendable { case plain, smartflo }
    /// What the text is, and so how values are escaped.
    enum Place: Sendable {
        /// The kind of text, as the content type says: see `ContentType.place`. `url` is path and query; in `text`
        /// nothing is escaped.
        case json, form, url, xml, text
        /// A URL in which a value may be several parts of a path: `/` stays.
        case link
    }

    private enum Escape: Sendable { case jsonText, jsonValue, form, url, link, xml, text }
    private enum Segment: Sendable {
        case literal([UInt8])
        case field(RecordField, Escape)
    }
    private var segments: [Segment] = []

    /// False: the text is the same for every event.
    var hasFields: Bool { segments.contains { if case .field = $0 { true } else { false } } }

    /// - Throws: on a name no record has (with the nearest), on a place without its end, on a JSON body that ends inside
    ///   quotes.
    init(_ text: String, in place: Place, style: Style = .plain) throws(ValueError) {
        let bytes = Array(text.utf8)
        var literal: [UInt8] = []
        var quotes = QuoteScanner()
        var i = 0
        func escape() -> Escape {
            switch place {
            case .json: quotes.isInside ? .jsonText : .jsonValue
            case .form: .form
            case .url: .url
            case .link: .link
            case .xml: .xml
            case .text: .text
            }
        }
        func insert(_ field: RecordField) {
            if !literal.isEmpty { segments.append(.literal(literal)) }
            literal = []
            segments.append(.field(field, escape()))
        }
        while i < bytes.count {
            let rest = bytes[i...]
            if let (name, next) = try Template.fieldName(at: rest, example: "caller.number") {
                if style == .smartflo, let field = SmartfloVariables.field(name) {
                    insert(field)
                } else {
                    insert(try RecordField.named(name))
                }
                i = next
            } else if style == .smartflo, rest.starts(with: "$$".utf8) {
                literal.append(UInt8(ascii: "$"))
                i += 2
            } else if style == .smartflo, bytes[i] == UInt8(ascii: "$") {
                let name = String(decoding: rest.dropFirst().prefix(while: Template.isNameByte), as: UTF8.self)
                insert(try SmartfloVariables.named(name))
                i += 1 + name.utf8.count
            } else if Template.starts(rest, with: "--A--") {
                guard let end = Template.firstIndex(of: "--B--", in: rest.dropFirst(5)) else {
                    throw ValueError(
                        problem: "\"--A--\" without \"--B--\"", hint: "write it as VICIdial does: --A--lead_id--B--")
                }
                insert(try VICIdialVariables.named(String(decoding: bytes[(i + 5)..<end], as: UTF8.self)))
                i = end + 5
            } else {
                quotes.take(bytes[i])
                literal.append(bytes[i])
                i += 1
            }
        }
        if place == .json, quotes.isInside {
            throw ValueError(problem: "the JSON body ends inside quotes", hint: "close the last \"")
        }
        if !literal.isEmpty { segments.append(.literal(literal)) }
    }

    /// Whether a text read for a JSON body is JSON, with any value in the place of each field: a body that no receiver can read is
    /// known before the first call, not by its refusal.
    /// - Throws: what does not fit, and after what.
    func checkJSON() throws(ValueError) {
        var sample: [UInt8] = []
        for segment in segments {
            switch segment {
            case .literal(let bytes): sample += bytes
            case .field(_, .jsonValue): sample.append(UInt8(ascii: "0"))
            case .field: break
            }
        }
        do { _ = try JSONValue(parsing: sample) } catch {
            let before = String(decoding: sample.prefix(error.offset).suffix(24), as: UTF8.self)
            throw ValueError(
                problem: "the body is not JSON: \(error.expected) expected after \(before)",
                hint: "mend it, or say what it is: content_type = text/plain, application/x-www-form-urlencoded")
        }
    }

    /// Writes the text with the values of one event.
    func append(_ context: FieldContext, to out: inout [UInt8]) {
        for segment in segments {
            switch segment {
            case .literal(let bytes): out.append(contentsOf: bytes)
            case .field(let field, let escape):
                let value = field.read(context)
                switch escape {
                case .jsonText: JSONWriter.appendEscaped(value.text, to: &out)
                case .jsonValue: out.append(contentsOf: value.json)
                case .form: Escaping.appendForm(value.text, to: &out)
                case .url: Escaping.appendURL(value.text, to: &out)
                case .link:
                    // `https://host/${recording_path}` is meant to have one slash there.
                    if out.last == UInt8(ascii: "/"), value.text.hasPrefix("/") { out.removeLast() }
                    Escaping.appendURL(value.text, keeping: UInt8(ascii: "/"), to: &out)
                case .xml: Escaping.appendXML(value.text, to: &out)
                case .text: out.append(contentsOf: value.text.utf8)
                }
            }
        }
    }
    /// The text with the values of one event, by itself.
    func rendered(_ context: FieldContext) -> [UInt8] {
        var out: [UInt8] = []
        append(context, to: &out)
        return out
    }

    /// Whether a text without a preset is written in Smartflo's way: it has a `$` with a letter behind it.
    static func looksLikeSmartflo(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.indices.dropLast().contains { i in
            bytes[i] == UInt8(ascii: "$") && (97...122).contains(bytes[i + 1] | 0x20)
        }
    }

    /// The name between `${` and `}` where that is what the bytes begin with, and the index behind it.
    /// - Parameter example: a name for the hint.
    /// - Throws: where the end is missing.
    static func fieldName(
        at bytes: ArraySlice<UInt8>, example: String
    ) throws(ValueError) -> (name: String, next: Int)? {
        guard bytes.starts(with: "${".utf8) else { return nil }
        guard let end = bytes.firstIndex(of: UInt8(ascii: "}")) else {
            throw ValueError(problem: "\"${\" without \"}\"", hint: "close it: ${\(example)}")
        }
        return (String(decoding: bytes[(bytes.startIndex + 2)..<end], as: UTF8.self), end + 1)
    }
    private static func isNameByte(_ b: UInt8) -> Bool {
        (48...57).contains(b) || (97...122).contains(b | 0x20) || b == UInt8(ascii: "_")
    }
    /// Whether bytes start with an ASCII word, in any case of letters.
    private static func starts(_ bytes: ArraySlice<UInt8>, with word: String) -> Bool {
        bytes.count >= word.utf8.count
            && zip(bytes, word.utf8).allSatisfy { $0 == $1 || ((97...122).contains($0) && $0 & 0xDF == $1) }
    }
    private static func firstIndex(of word: String, in bytes: ArraySlice<UInt8>) -> Int? {
        bytes.indices.first { starts(bytes[$0...], with: word) }
    }
}

/// Follows the quotes of a JSON text, a byte at a time.
struct QuoteScanner {
    /// Whether a text has been opened and not closed.
    private(set) var isInside = false
    private var isEscaped = false

    /// The next byte of the text as written.
    mutating func take(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\"), isInside {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInside.toggle()
        }
    }
}
