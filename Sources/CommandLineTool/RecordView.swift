import Telephony

/// A call record as the store gives it: the contract's JSON, read by the names the contract has for its fields.
///
/// Its texts are as a terminal may get them: ids and channel names can be a stranger's too (a `chan_sip` guest's is), and a store
/// keeps what Asterisk said.
struct RecordView {
    /// An object; its texts without control characters and without marks that turn the direction of what follows.
    let json: JSONValue
    /// The bytes as stored, for `--json`.
    let bytes: [UInt8]

    /// Nil where the bytes are no JSON object.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes), json.object != nil else { return nil }
        (self.json, self.bytes) = (RecordView.harmless(json), bytes)
    }

    private static func harmless(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .number: value
        case .string(let text): .string(harmless(text))
        case .array(let items): .array(items.map(harmless))
        case .object(let members): .object(members.map { (harmless($0.name), harmless($0.value)) })
        }
    }
    /// Text without what moves a terminal or turns the rest of a line.
    static func harmless(_ text: String) -> String {
        let text = printable(text)
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        // Embeddings, overrides and isolates (UAX 9); the plain marks of a name written from right to left stay.
        let isTurning = { (scalar: Unicode.Scalar) in
            (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        }
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { !isTurning($0) }))
    }

    /// A field's text; empty where there is none, or it is null.
    func text(_ name: String) -> String { json[name]?.string ?? "" }
    /// A field's time; nil where there is none, or it is null.
    func time(_ name: String) -> Instant? { RecordView.time(json[name]) }
    /// A field's number, mostly seconds; 0 where there is none, or it is null.
    func seconds(_ name: String) -> Double { json[name]?.double ?? 0 }
    /// The record's `legs`; empty where it has none.
    var legs: [JSONValue] { json["legs"]?.array ?? [] }

    /// An RFC 3339 time of the record.
    static func time(_ value: JSONValue?) -> Instant? { value?.string.flatMap { CivilTime($0)?.asUTC } }

    /// `Ana <1001>`, `1001`, `Ana`, or the empty text; with the agent's name first where there is one.
    static func party(_ value: JSONValue?) -> String {
        guard let value, !value.isNull else { return "" }
        let number = value["number"]?.string ?? ""
        let name = value["agent"]?.string ?? value["name"]?.string ?? ""
        if number.isEmpty { return name }
        return name.isEmpty || name == number ? number : "\(name) <\(number)>"
    }

    /// Seconds as a person reads them: `0:07`, `12:30`, `1:02:03`.
    static func clock(_ seconds: Double) -> String {
        let total = Int(seconds.rounded(.down))
        let minutes = total / 60
        return minutes >= 60
            ? "\(minutes / 60):\(twoDigits(minutes % 60)):\(twoDigits(total % 60))"
            : "\(minutes):\(twoDigits(total % 60))"
    }

    /// The colour a disposition is shown in.
    static func colour(ofDisposition text: String) -> Console.Colour? {
        switch text {
        case "ANSWERED": .green
        case "FAILED": .red
        default: .yellow
        }
    }
}
