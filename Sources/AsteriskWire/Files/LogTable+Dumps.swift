/// What `mysqldump`, `sqlite3 .dump`, `pg_dump`, phpMyAdmin and their like write.
extension LogTable {
    /// The next row of the table looked for.
    mutating func sql(_ bytes: inout LogBytes, _ row: inout LogRow) -> Bool {
        while at < bytes.count {
            switch section {
            case .none: statement(&bytes)
            case .values:
                guard let byte = bytes.byte(at) else { return false }
                if byte == UInt8(ascii: "(") {
                    row.begin(offset: at, line: line)
                    tuple(&bytes, &row)
                    if row.count == header.count { return true }
                    problems.append(
                        LogProblem(
                            line: row.line, reason: "\(row.count) values where the table has \(header.count) columns"))
                } else {
                    if byte == UInt8(ascii: ";") { section = .none }
                    if byte == 10 { line += 1 }
                    at += 1
                }
            case .copy:
                if bytes.byte(at) == UInt8(ascii: "\\"), bytes.byte(at + 1) == UInt8(ascii: ".") {
                    section = .none
                    skipLine(&bytes)
                    continue
                }
                row.begin(offset: at, line: line)
                copied(&bytes, &row)
                if row.count == header.count { return true }
            }
        }
        return false
    }

    /// Looks at the statement that begins on this line: `CREATE TABLE` tells columns, `INSERT` and `COPY` bring rows.
    private mutating func statement(_ bytes: inout LogBytes) {
        let start = at
        // No statement's head is longer; the rows behind it may be.
        let head = bytes.text(start..<min(start + 4096, bytes.count))
        let upper = head.prefix(12).uppercased()
        if upper.hasPrefix("CREATE TABLE") {
            let body = LogTable.statementBody(head)
            tables[LogTable.tableName(head.dropFirst(12))] = LogTable.createdColumns(body)
            skipLine(&bytes)
            return
        }
        let isCopy = upper.hasPrefix("COPY ")
        guard let verb = LogTable.verbs.first(where: { upper.hasPrefix($0) }) else { return skipLine(&bytes) }
        // `INSERT IGNORE INTO cel`: the name stands behind the last word.
        var words = head.dropFirst(verb.count)
        if verb == "INSERT ", let into = LogTable.range(of: "INTO ", in: words.prefix(40)) { words = words[into...] }
        let table = LogTable.tableName(words)
        guard let (columns, length) = LogTable.listedColumns(words, isCopy: isCopy) else {
            return skipLine(&bytes)
        }
        let names = columns.isEmpty ? tables[table] ?? [] : columns
        if names.isEmpty, ["cel", "cdr"].contains(table) {
            problems.append(
                LogProblem(
                    line: line,
                    reason:
                        "INSERT INTO \(table) without column names: dump with them (mysqldump --complete-insert) or with the table's CREATE TABLE"
                ))
        }
        let isTaken = !names.isEmpty && isWanted(names) && (header.isEmpty || header == names)
        if isCopy {
            skipLine(&bytes)
            if isTaken { (section, header) = (.copy, names) } else { skipCopy(&bytes) }
        } else {
            at = start + head.utf8.count - words.utf8.count + length
            if isTaken { (section, header) = (.values, names) } else { skipStatement(&bytes) }
        }
    }

    /// What statements that bring rows begin with.
    private static let verbs = ["COPY ", "INSERT ", "REPLACE INTO"]

    /// Where a text that stands in another, in capitals or not, is over.
    private static func range(of word: String, in text: Substring) -> Substring.Index? {
        text.indices.first { text[$0...].prefix(word.count).uppercased() == word }
            .map { text.index($0, offsetBy: word.count) }
    }

    private mutating func skipCopy(_ bytes: inout LogBytes) {
        while at < bytes.count {
            let isLast = bytes.byte(at) == UInt8(ascii: "\\") && bytes.byte(at + 1) == UInt8(ascii: ".")
            skipLine(&bytes)
            if isLast { return }
        }
    }
    private mutating func skipStatement(_ bytes: inout LogBytes) {
        var row = LogRow()
        while let byte = bytes.byte(at), byte != UInt8(ascii: ";") {
            if byte == UInt8(ascii: "(") {
                row.begin(offset: at, line: line)
                tuple(&bytes, &row)
            } else {
                if byte == 10 { line += 1 }
                at += 1
            }
        }
    }

    /// `(1,'CHAN_START',NULL,'it''s')`, blanks and line ends between the values or not, also with backslashes as MySQL escapes, and
    /// with `"` around texts, as MySQL and SQLite allow.
    mutating func tuple(_ bytes: inout LogBytes, _ row: inout LogRow) {
        at += 1
        var wasText = false
        while let byte = bytes.byte(at) {
            at += 1
            switch byte {
            case 10: line += 1
            case UInt8(ascii: "'"), UInt8(ascii: "\""):
                // What stands before the quote is no part of the text: a blank, or the `E` of PostgreSQL, `_binary` of MySQL.
                let isEscaped = escapesByBackslash || row.lastByte == UInt8(ascii: "E")
                if !wasText { row.restartCell() }
                wasText = true
                while let inner = bytes.byte(at) {
                    at += 1
                    if inner == byte {
                        guard bytes.byte(at) == byte else { break }
                        at += 1
                        row.append(byte)
                    } else if inner == UInt8(ascii: "\\"), isEscaped, let next = bytes.byte(at) {
                        row.append(LogTable.escaped(next) ?? (next == UInt8(ascii: "0") ? 0 : next))
                        at += 1
                    } else {
                        if inner == 10 { line += 1 }
                        row.append(inner)
                    }
                }
            case UInt8(ascii: ","), UInt8(ascii: ")"):
                if !wasText { row.trimCell() }
                row.endCell()
                wasText = false
                if byte == UInt8(ascii: ")") { return }
            default: if !wasText { row.append(byte) }
            }
        }
    }

    /// A line of `COPY`: cells behind tabs, `\N` for none, backslash escapes.
    mutating func copied(_ bytes: inout LogBytes, _ row: inout LogRow) {
        while let byte = bytes.byte(at) {
            at += 1
            if byte == 9 || byte == 10 {
                row.endCell()
                if byte == 10 {
                    line += 1
                    return
                }
            } else if byte == UInt8(ascii: "\\"), let next = bytes.byte(at) {
                at += 1
                if next == UInt8(ascii: "N") {
                    row.append(byte)
                    row.append(next)
                } else {
                    row.append(LogTable.escaped(next) ?? next)
                }
            } else {
                row.append(byte)
            }
        }
        row.endCell()
    }

    private static func tableName(_ words: Substring) -> String {
        var rest = words.drop { $0 == " " }
        if rest.uppercased().hasPrefix("IF NOT EXISTS") { rest = rest.dropFirst(13).drop { $0 == " " } }
        let whole = rest.prefix { $0 != " " && $0 != "(" && $0 != "\n" }
        return name(whole.split(separator: ".").last ?? whole)
    }

    /// The names in the brackets before `VALUES` or `FROM`, and the length of what comes before the rows; nil where this is neither.
    private static func listedColumns(_ words: Substring, isCopy: Bool) -> (columns: [String], length: Int)? {
        let keyword = isCopy ? " FROM " : "VALUES"
        var place: Substring.Index?
        var i = words.startIndex
        while i < words.endIndex {
            if words[i...].prefix(keyword.count).uppercased() == keyword {
                place = i
                break
            }
            i = words.index(after: i)
        }
        guard let place else { return nil }
        let head = words[..<place]
        let length = words[..<words.index(place, offsetBy: keyword.count)].utf8.count
        guard let open = head.firstIndex(of: "("), let close = head.lastIndex(of: ")"), open < close else {
            return ([], length)
        }
        return (head[head.index(after: open)..<close].split(separator: ",").map { name($0) }, length)
    }

    private static func statementBody(_ head: String) -> Substring {
        guard let open = head.firstIndex(of: "(") else { return "" }
        return head[head.index(after: open)...]
    }

    /// The first word of each line or item of a `CREATE TABLE`, as far as it names a column.
    private static func createdColumns(_ body: Substring) -> [String] {
        var names: [String] = []
        var depth = 0
        var item = ""
        func keep() {
            let word = item.drop { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" }.prefix {
                $0 != " " && $0 != "\t"
            }
            let keys = ["PRIMARY", "KEY", "UNIQUE", "INDEX", "CONSTRAINT", "FULLTEXT", "CHECK"]
            if !word.isEmpty, !keys.contains(word.uppercased()) { names.append(name(word)) }
            item = ""
        }
        for character in body {
            switch character {
            case "(": depth += 1
            case ")":
                depth -= 1
                if depth < 0 {
                    keep()
                    return names
                }
            case "," where depth == 0:
                keep()
                continue
            default: break
            }
            item.append(character)
        }
        return names
    }
}
