/// How a number that a person looks for is looked for among those of calls, which trunks write in several ways.
enum NumberSearch {
    /// So many digits tell people apart: from here on the end of a number is enough.
    private static let leastDigits = 7

    /// Texts of which one must occur in a call's list of numbers, each of which stands between line feeds.
    ///
    /// `+639171234567` is found as `639171234567`, `00639171234567` and, its country left out, `09171234567`; `09171234567` in all of
    /// these. A country's code has one to three digits (ITU-T E.164), so all three are tried, with the whole of the rest.
    static func needles(for text: String) -> [String] {
        let number = String(text.filter { !" -().".contains($0) })
        let whole = "\n\(number)\n"
        let isInternational = number.hasPrefix("+") || number.hasPrefix("00")
        var core = Substring(number)
        if number.hasPrefix("+") {
            core = core.dropFirst()
        } else if number.hasPrefix("00") {
            core = core.dropFirst(2)
        } else if number.hasPrefix("0") {
            core = core.dropFirst()
        }
        guard core.utf8.count >= leastDigits, core.utf8.allSatisfy({ (48...57).contains($0) }) else { return [whole] }
        var needles = [whole, "\(core)\n"]
        guard isInternational else { return needles }
        for code in 1...3 where core.utf8.count - code >= leastDigits { needles.append("\n0\(core.dropFirst(code))\n") }
        return needles
    }
}
