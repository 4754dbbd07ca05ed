import Telephony

/// Reads the small values of a section: times, rates, lists, yes and no.
enum ConfigurationText {
    /// Items of a comma-separated list, blanks removed, empty ones left out.
    static func list(_ text: String) -> [String] {
        text.split(separator: ",").map { trimmed(String($0)) }.filter { !$0.isEmpty }
    }

    static func trimmed(_ text: String) -> String {
        var s = Substring(text)
        while let first = s.utf8.first, first == 0x20 || first == 0x09 { s.removeFirst() }
        while let last = s.utf8.last, last == 0x20 || last == 0x09 { s.removeLast() }
        return String(s)
    }

    /// Reads `500ms`, `10s`, `2m`, `12h`, `1d`; a bare number is seconds.
    static func duration(_ text: String) throws(ValueError) -> Duration {
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
        ValueError(problem: "\"\(text)\" is not a time", hint: "write a number and ms, s, m, h or d, as 10s")
    }

    /// Reads a whole number within bounds.
    static func integer(_ text: String, in bounds: ClosedRange<Int>) throws(ValueError) -> Int {
        guard let number = Int(text), bounds.contains(number) else {
            throw ValueError(
                problem: "\"\(text)\" is not a number from \(bounds.lowerBound) to \(bounds.upperBound)",
                hint: "write a whole number in that range")
        }
        return number
    }

    /// Reads `yes` and `no` in Asterisk's spellings.
    static func flag(_ text: String) throws(ValueError) -> Bool {
        switch text.lowercased() {
        case "yes", "true", "on", "1", "y", "t": return true
        case "no", "false", "off", "0", "n", "f": return false
        default: throw ValueError(problem: "\"\(text)\" is neither yes nor no", hint: "write yes or no")
        }
    }
}
