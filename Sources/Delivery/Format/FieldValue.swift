import Telephony

/// The value of one field of a record or event, before it is written into a body, a URL or a header.
enum FieldValue: Sendable, Equatable {
    /// Not known or not there: JSON's `null`, nothing in a text; the standard form and query leave it out.
    case null
    /// Written in quotes in JSON, as it is elsewhere.
    case text(String)
    /// A count, a code or whole seconds.
    case integer(Int)
    /// Written in seconds with up to three decimals: `3.006`, `3`.
    case seconds(Duration)
    /// Written as RFC 3339 in UTC with milliseconds; local times are made text before, by `TimeZoneChoice`.
    case time(Instant)
    /// Objects and arrays, as JSON text.
    case json([UInt8])

    /// Text, or null for nil. An empty text stays text.
    static func optional(_ text: String?) -> FieldValue { text.map { .text($0) } ?? .null }
    /// A time, or null for nil.
    static func optional(_ time: Instant?) -> FieldValue { time.map { .time($0) } ?? .null }
    /// What `write` writes, which must be one JSON value: an object, or a list.
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
    /// One JSON value; commas and keys are the writer's.
    func write(to w: inout JSONWriter) {
        switch self {
        case .null: w.null()
        case .text(let text): w.value(text)
        case .integer(let number): w.value(number)
        case .seconds(let duration): w.value(seconds: duration)
        case .time(let time): w.value(time as Instant?)
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
    /// Nothing, an empty text, or JSON of two bytes: `{}`, `[]`, `""`. Zero is not empty.
    var isEmpty: Bool {
        switch self {
        case .null, .text(""): true
        case .json(let bytes): bytes.count == 2
        default: false
        }
    }
}
