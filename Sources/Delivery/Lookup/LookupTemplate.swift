import Diagnostics
import Telephony

/// A text with places for what a dialplan asks about: a lookup's path and query, or its body.
///
/// | name | is |
/// |---|---|
/// | `${number}` `${dialled}` | caller and called number as `number_format` says, by default in E.164 where that can be told |
/// | `${number.digits}` `${dialled.digits}` | the same without a plus |
/// | `${number.raw}` `${dialled.raw}` | as Asterisk has them |
/// | `${name}` `${uniqueid}` `${channel}` | of the channel |
/// | `${param.NAME}` | the request's parameter NAME |
///
/// In a JSON body a place between quotes takes text, and one outside of them a JSON value: the text in quotes, or `null`.
struct LookupTemplate: Sendable {
    private enum Segment: Sendable {
        case literal([UInt8])
        /// `isValue`: in JSON and outside of quotes, where a text would be taken for JSON of the caller's own.
        case field(@Sendable (LookupQuestion) -> String?, isValue: Bool)
    }
    private var segments: [Segment] = []
    private let place: Template.Place

    /// - Throws: on a name that no question has, and on a place without its end.
    init(_ text: String, in place: Template.Place, numbers: NumberFormat) throws(ValueError) {
        self.place = place
        let bytes = Array(text.utf8)
        var literal: [UInt8] = []
        var quotes = QuoteScanner()
        var i = 0
        while i < bytes.count {
            guard let (name, next) = try Template.fieldName(at: bytes[i...], example: "number") else {
                literal.append(bytes[i])
                quotes.take(bytes[i])
                i += 1
                continue
            }
            let field = try LookupTemplate.field(name, numbers)
            if !literal.isEmpty { segments.append(.literal(literal)) }
            literal = []
            segments.append(.field(field, isValue: place == .json && !quotes.isInside))
            i = next
        }
        if !literal.isEmpty { segments.append(.literal(literal)) }
    }

    /// The text with the values of one question; what is not known is empty.
    func rendered(_ question: LookupQuestion) -> [UInt8] {
        var out: [UInt8] = []
        for segment in segments {
            switch segment {
            case .literal(let bytes): out.append(contentsOf: bytes)
            case .field(let read, isValue: true):
                out.append(contentsOf: (read(question).map { JSONValue.string($0) } ?? .null).serialised)
            case .field(let read, isValue: false):
                let value = read(question) ?? ""
                switch place {
                case .json: JSONWriter.appendEscaped(value, to: &out)
                case .form: Escaping.appendForm(value, to: &out)
                case .xml: Escaping.appendXML(value, to: &out)
                case .url, .link: Escaping.appendURL(value, to: &out)
                case .text: out.append(contentsOf: value.utf8)
                }
            }
        }
        return out
    }

    private static func field(
        _ name: String, _ numbers: NumberFormat
    ) throws(ValueError) -> @Sendable (LookupQuestion) -> String? {
        if name.hasPrefix("param."), name.utf8.count > 6 {
            let parameter = String(name.dropFirst(6))
            return { question in question.parameters.first { $0.name == parameter }?.value }
        }
        let known: [String: @Sendable (LookupQuestion) -> String?] = [
            "number": { numbers.written($0.number) }, "dialled": { numbers.written($0.dialled) },
            "number.digits": { numbers.written($0.number).map(digits) },
            "dialled.digits": { numbers.written($0.dialled).map(digits) },
            "number.raw": { $0.number }, "dialled.raw": { $0.dialled }, "name": { $0.callerName },
            "uniqueid": { $0.uniqueID.description }, "channel": { $0.channel.description },
        ]
        if let field = known[name] { return field }
        let names = known.keys.sorted()
        let hint =
            NearestName.of(name, among: names).map { "did you mean \"\($0)\"?" }
            ?? "known: \(names.joined(separator: ", ")); a parameter of the request is param.NAME"
        throw ValueError(code: .unknownField, problem: "a lookup has no \"\(name)\"", hint: hint)
    }

    private static func digits(_ number: String) -> String {
        number.hasPrefix("+") ? String(number.dropFirst()) : number
    }
}
