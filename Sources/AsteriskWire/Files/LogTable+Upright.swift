/// One field a line, as `psql`'s `\x` and `mysql`'s `\G` write.
extension LogTable {
    /// `*** 1. row ***` and `name: value` (`\G`), or `-[ RECORD 1 ]-` and `name | value` (`\x`).
    mutating func upright(_ bytes: inout LogBytes, _ row: inout LogRow) -> Bool {
        var values: [String: String] = [:]
        var begin: (Int, Int)?
        while at < bytes.count {
            let (text, next) = bytes.line(at)
            if text.hasPrefix("*****") || text.hasPrefix("-[ RECORD") {
                if begin != nil { break }
                begin = (at, line)
            } else if let cut = text.firstIndex(where: { $0 == ":" || $0 == "|" }), begin != nil {
                let name = LogTable.name(text[..<cut])
                let value = text[text.index(after: cut)...].drop { $0 == " " }
                if !name.isEmpty { values[name] = String(value) }
                if !name.isEmpty, header.count < LogRow.limit, !header.contains(name) { header.append(name) }
            }
            (at, line) = (next, line + 1)
        }
        guard let begin else { return false }
        row.begin(offset: begin.0, line: begin.1)
        for name in header {
            if let value = values[name] { row.append(value) }
            row.endCell(isNull: values[name] == nil)
        }
        return true
    }
}
