/// Tables as `psql` and `mysql` draw them for a person.
extension LogTable {
    /// `a | b | c`, `| a | b |`; rulers, blank lines and what stands below (`(12 rows)`) are passed over.
    mutating func drawn(_ bytes: inout LogBytes, _ row: inout LogRow) -> Bool {
        while at < bytes.count {
            let here = (at, line)
            let (whole, next) = bytes.line(at)
            (at, line) = (next, line + 1)
            var text = whole[...]
            if text.hasPrefix("|"), text.hasSuffix("|") || text.hasSuffix("| ") {
                text = text.dropFirst().prefix { _ in true }
                while text.hasSuffix(" ") { text = text.dropLast() }
                text = text.dropLast()
            }
            guard text.contains("|"), !text.allSatisfy({ "-+| =".contains($0) }) else { continue }
            row.begin(offset: here.0, line: here.1)
            LogTable.cut(text, skipping: whole.hasPrefix("|") ? 1 : 0, bars, header.count) { cell in
                row.append(String(cell))
                row.trimCell()
                row.endCell()
            }
            if !header.isEmpty, row.count != header.count, row.count != header.count - 1 {
                problems.append(
                    LogProblem(
                        line: here.1,
                        reason: "\(row.count) cells where the header has \(header.count): a value with a bar in it?"))
                continue
            }
            return true
        }
        return false
    }

    /// Where the bars of a header stand, in characters from 0.
    static func bars(_ header: String) -> [Int] {
        header.enumerated().compactMap { $0.element == "|" ? $0.offset : nil }
    }

    /// Cuts at bars; where there are more than columns, at those that stand where the header's do.
    private static func cut(
        _ text: Substring, skipping: Int, _ bars: [Int], _ columns: Int, _ cell: (Substring) -> Void
    ) {
        var cuts = text.indices.filter { text[$0] == "|" }
        if columns > 0, cuts.count >= columns {
            let wanted = Set(bars)
            var place = skipping - 1
            let aligned = text.indices.filter { i in
                place += 1
                return text[i] == "|" && wanted.contains(place)
            }
            if aligned.count == columns - 1 { cuts = aligned }
        }
        var from = text.startIndex
        for cut in cuts {
            cell(text[from..<cut])
            from = text.index(after: cut)
        }
        cell(text[from...])
    }
}
