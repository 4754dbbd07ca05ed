import Telephony

/// A call record as the store gives it: the contract's JSON, read by the names the contract has for its fields.
struct RecordView {
    let json: JSONValue
    /// The bytes as stored, for `--json`.
    let bytes: [UInt8]

    /// Nil where the bytes are no JSON object.
    init?(_ bytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: bytes), json.object != nil else { return nil }
        (self.json, self.bytes) = (json, bytes)
    }

    func text(_ name: String) -> String { json[name]?.string ?? "" }
    func time(_ name: String) -> Instant? { RecordView.time(json[name]) }
    func seconds(_ name: String) -> Double { json[name]?.double ?? 0 }
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
        func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
        let minutes = total / 60
        return minutes >= 60
            ? "\(minutes / 60):\(two(minutes % 60)):\(two(total % 60))" : "\(minutes):\(two(total % 60))"
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
