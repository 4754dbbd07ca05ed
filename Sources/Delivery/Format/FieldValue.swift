import Telephony

/// The value of one field of a record or event, before it is written into a body, a URL or a header.
enum FieldValue: Sendable, Equatable {
    case null
    case text(String)
    case integer(Int)
    case seconds(Duration)
    case time(Instant)
    case flag(Bool)
    /// Objects and arrays, as JSON text.
    case json([UInt8])

    static func optional(_ text: String?) -> FieldValue { text.map { .text($0) } ?? .null }
    static func optional(_ time: Instant?) -> FieldValue { time.map { .time($0) } ?? .null }
    static func object(_ write: (inout JSONWriter) -> Void) -> FieldValue {
        var writer = JSONWriter()
        write(&writer)
        return .json(writer.bytes)
    }

    /// As plain text, the way it stands inside quotes or in a query; null is empty.
    var text: String {
        switch self {
        case .null: ""
        case .text(let text): text
        case .integer(let number): String(number)
        case .flag(let flag): flag ? "true" : "false"
        case .time(let time): time.rfc3339
        case .seconds, .json: String(decoding: json, as: UTF8.self)
        }
    }
    /// As one JSON value.
    var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
    func write(to w: inout JSONWriter) {
        switch self {
        case .null: w.null()
        case .text(let text): w.value(text)
        case .integer(let number): w.value(number)
        case .seconds(let duration): w.value(seconds: duration)
        case .time(let time): w.value(time as Instant?)
        case .flag(let flag): w.value(flag)
        case .json(let bytes): w.value(raw: bytes)
        }
    }
    /// As a number, for comparing; nil where it is none.
    var number: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .seconds(let duration): Double(duration.wholeMicroseconds) / 1_000_000
        case .text(let text): Double(text)
        default: nil
        }
    }
    var isEmpty: Bool {
        switch self {
        case .null, .text(""): true
        case .json(let bytes): bytes.count == 2
        default: false
        }
    }
}
