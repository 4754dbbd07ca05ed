import Telephony

/// Reads the small values any section may have: times, numbers, lists, yes and no.
package enum ConfigurationText {
    /// Items of a comma-separated list, blanks removed, empty ones left out.
    package static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { trimmed($0) }.filter { !$0.isEmpty }
    }

    /// The text without the blanks and tabs around it.
    package static func trimmed(_ text: some StringProtocol) -> String {
        var bytes = Substring(text).utf8
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads `500ms`, `10s`, `2m`, `12h`, `1d`; a bare number is seconds.
    package static func duration(_ text: String) throws(ValueError) -> Duration {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let unit = trimmed(String(text[digits.endIndex...]))
        guard let count = Int64(digits), count <= 1_000_000_000 else { throw notADuration(text) }
        switch unit {
        case "ms": return .milliseconds(count)
        case "", "s": return .seconds(count)
        case "m", "min": return .seconds(count * 60)
        case "h": return .seconds(count * 3600)
        case "d": return .seconds(count * 86400)
        default: throw notADuration(text)
        }
    }
    private static func notADuration(_ text: String) -> ValueError {
        ValueError(problem: "\"\(text)\" is not a time", hint: "write a number and ms, s, m, h or d, as 3s or 2m")
    }

    /// Reads a whole number within bounds.
    package static func integer(_ text: String, in bounds: ClosedRange<Int>) throws(ValueError) -> Int {
        guard let number = Int(text), bounds.contains(number) else {
            throw ValueError(
                problem: "\"\(text)\" is not a number from \(bounds.lowerBound) to \(bounds.upperBound)",
                hint: "write a whole number in that range")
        }
        return number
    }

    /// Reads `yes` and `no` in Asterisk's spellings (`ast_true`, `ast_false` in main/utils.c).
    package static func flag(_ text: String) throws(ValueError) -> Bool {
        switch text.lowercased() {
        case "yes", "true", "on", "1", "y", "t": return true
        case "no", "false", "off", "0", "n", "f": return false
        default: throw ValueError(problem: "\"\(text)\" is neither yes nor no", hint: "write yes or no")
        }
    }
}
