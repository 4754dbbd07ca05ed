import Telephony

/// Rows of a CDR or CEL log, however they are kept.
///
/// **Shape**: CSV or TSV (`cel_custom`, `cdr_csv`, `mysql -B`, `psql --csv`), with or without a header; the tables that `psql` and `mysql`
/// draw (`a | b`, `| a | b |`), also one field a line (`\x`, `\G`); JSON, an array or an object a line; the dumps of
/// `mysqldump`, `sqlite3 .dump` (`INSERT INTO`) and `pg_dump` (`COPY … FROM stdin`). Found from what stands first.
struct LogTable {
    enum Shape: Equatable {
        case delimited(UInt8)
        case drawn
        case upright
        case json
        case sql
    }
    private(set) var shape = Shape.delimited(UInt8(ascii: ","))
    /// Column names, in small letters and figures only (`cid_num` is `cidnum`); empty where the file has none.
    private(set) var header: [String] = []
    /// Lines that could not be read.
    var problems: [LogProblem] = []

    private let isWanted: ([String]) -> Bool
    /// Where the next row is looked for.
    private var at = 0
    private var line = 1
    /// Columns of the tables of a dump, by table.
    private var tables: [String: [String]] = [:]
    /// What a dump's rows are taken from at the moment.
    private var section = Section.none
    private enum Section { case none, values, copy }
    /// Where a drawn table's bars stand, in characters.
    private var bars: [Int] = []

    /// - Parameter isWanted: whether a table of these columns is the one looked for; a dump holds many.
    init(_ bytes: inout LogBytes, isWanted: @escaping ([String]) -> Bool) {
        self.isWanted = isWanted
        if bytes.byte(0) == 0xEF, bytes.byte(1) == 0xBB, bytes.byte(2) == 0xBF { at = 3 }
        recognise(&bytes)
    }

    /// A column's name as it is compared.
    static func name(_ text: some StringProtocol) -> String {
        String(
            decoding: text.utf8.compactMap { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
                case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
                default: nil
                }
            }, as: UTF8.self)
    }

    /// The place of the first of these columns that is there; nil where none is.
    func column(_ names: [String]) -> Int? {
        names.lazy.compactMap { header.firstIndex(of: $0) }.first
    }

    /// Reads the next row; false at the end.
    mutating func next(_ bytes: inout LogBytes, _ row: inout LogRow) -> Bool {
        switch shape {
        case .delimited(let separator): return delimited(&bytes, &row, separator)
        case .drawn: return drawn(&bytes, &row)
        case .upright: return upright(&bytes, &row)
        case .json: return json(&bytes, &row)
        case .sql: return sql(&bytes, &row)
        }
    }

    /// Reads a row again that `next` has found at this offset.
    mutating func row(at offset: Int, _ bytes: inout LogBytes, _ row: inout LogRow) {
        (at, line) = (offset, 0)
        switch shape {
        case .sql:
            row.begin(offset: offset, line: 0)
            if bytes.byte(offset) == UInt8(ascii: "(") { tuple(&bytes, &row) } else { copied(&bytes, &row) }
        default: _ = next(&bytes, &row)
        }
    }

    // MARK: What it is

    private mutating func recognise(_ bytes: inout LogBytes) {
        skipBlankLines(&bytes)
        let first = bytes.byte(at)
        let start = bytes.line(at).text
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") && start.dropFirst().allSatisfy({ $0 != "]" })
            || start.hasPrefix("[{")
        {
            shape = .json
            return
        }
        // A drawn table's first line is set in.
        while at > 0, bytes.byte(at - 1) == 0x20 { at -= 1 }
        let beginning = (at, line)
        // A header may stand behind a prompt, a warning or a comment.
        for _ in 0..<24 where at < bytes.count {
            let (text, next) = bytes.line(at)
            if LogTable.isSQL(text) {
                (shape, at, line) = (.sql, beginning.0, beginning.1)
                return
            }
            if text.hasPrefix("*****") && text.contains(". row") || text.hasPrefix("-[ RECORD") {
                shape = .upright
                return
            }
            let bar = UInt8(ascii: "|")
            let isBarred = text.contains("|")
            for separator in isBarred ? [bar] : [UInt8(ascii: ","), 9, UInt8(ascii: ";")] {
                var row = LogRow()
                let here = (at, line)
                let isRead =
                    separator == bar ? drawn(&bytes, &row) : delimited(&bytes, &row, separator)
                let names = row.texts.map { LogTable.name($0) }
                if isRead, row.offset == here.0, LogTable.isHeader(names) {
                    header = names
                    shape = separator == bar ? .drawn : .delimited(separator)
                    if shape == .drawn { bars = LogTable.bars(text) }
                    return
                }
                (at, line) = here
            }
            (at, line) = (next, line + 1)
        }
        (at, line) = beginning
        shape = .delimited(LogTable.separator(start))
    }

    private static func isSQL(_ text: String) -> Bool {
        let head = text.prefix(40).uppercased()
        return ["INSERT INTO", "COPY ", "CREATE TABLE", "-- MYSQL DUMP", "-- MARIADB DUMP", "-- POSTGRESQL DATABASE"]
            .contains { head.hasPrefix($0) } || head.hasPrefix("PRAGMA FOREIGN_KEYS")
    }

    /// Names that only a log's header has.
    static func isHeader(_ names: [String]) -> Bool {
        let known = Set(names)
        let isCEL = !known.isDisjoint(with: ["eventtype", "eventname"]) && known.contains("uniqueid")
        let isCDR =
            known.contains("dstchannel") || known.contains("destinationchannel")
            || known.isSuperset(of: ["src", "dst"])
        return isCEL || isCDR
    }

    /// The separator that stands most often in a line, outside quotes: comma, tab, semicolon or bar.
    private static func separator(_ line: String) -> UInt8 {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in line.utf8 {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted { counts[byte, default: 0] += 1 }
        }
        let candidates = [UInt8(ascii: ","), 9, UInt8(ascii: ";"), UInt8(ascii: "|")]
        return candidates.max { counts[$0, default: 0] < counts[$1, default: 0] } ?? UInt8(ascii: ",")
    }

    private mutating func skipBlankLines(_ bytes: inout LogBytes) {
        while let byte = bytes.byte(at), byte == 0x20 || byte == 9 || byte == 10 || byte == 13 {
            if byte == 10 { line += 1 }
            at += 1
        }
    }
    private mutating func skipLine(_ bytes: inout LogBytes) {
        at = min(bytes.lineEnd(at) + 1, bytes.count)
        line += 1
    }

    // MARK: CSV and TSV

    /// RFC 4180, quotes doubled inside quotes, as Asterisk's `CSV_QUOTE` writes it; `\"` is taken as a quote too where the field goes
    /// on after it. A field that only begins with a quote is none that is quoted. Behind tabs `\t`, `\n` and `\\` are escapes
    /// (`mysql -B`).
    private mutating func delimited(_ bytes: inout LogBytes, _ row: inout LogRow, _ separator: UInt8) -> Bool {
        while let byte = bytes.byte(at), byte == 10 || byte == 13 {
            if byte == 10 { line += 1 }
            at += 1
        }
        guard at < bytes.count else { return false }
        row.begin(offset: at, line: line)
        while true {
            if bytes.byte(at) == UInt8(ascii: "\""), quoted(&bytes, &row, separator) {
            } else {
                row.restartCell()
                while let byte = bytes.byte(at), byte != separator, byte != 10 {
                    at += 1
                    if byte == 13, bytes.byte(at) == 10 || at == bytes.count { continue }
                    if byte == UInt8(ascii: "\\"), separator == 9, let next = bytes.byte(at),
                        let meant = LogTable.escaped(next)
                    {
                        row.append(meant)
                        at += 1
                        continue
                    }
                    row.append(byte)
                }
            }
            row.endCell()
            guard let byte = bytes.byte(at) else { return true }
            at += 1
            if byte == 10 {
                line += 1
                return true
            }
        }
    }

    /// Reads a quoted field; false, with nothing taken, where what follows its last quote is no end of a field.
    private mutating func quoted(_ bytes: inout LogBytes, _ row: inout LogRow, _ separator: UInt8) -> Bool {
        let quote = UInt8(ascii: "\"")
        let start = (at, line)
        func isEnd(_ byte: UInt8?) -> Bool { byte == nil || byte == separator || byte == 10 || byte == 13 }
        at += 1
        while let byte = bytes.byte(at) {
            at += 1
            let next = bytes.byte(at)
            if byte == 10 { line += 1 }
            if byte == quote {
                if next == quote {
                    row.append(quote)
                    at += 1
                    continue
                }
                if isEnd(next) {
                    if next == 13 { at += 1 }
                    return true
                }
                break
            }
            if byte == UInt8(ascii: "\\"), next == quote {
                let after = bytes.byte(at + 1)
                if !isEnd(after), after != quote {
                    row.append(quote)
                    at += 1
                    continue
                }
            }
            row.append(byte)
        }
        (at, line) = start
        return false
    }

    static func escaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "t"): 9
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "r"): 13
        case UInt8(ascii: "\\"): byte
        default: nil
        }
    }

    // MARK: Drawn tables

    /// `a | b | c`, `| a | b |`; rulers, blank lines and what stands below (`(12 rows)`) are passed over.
    private mutating func drawn(_ bytes: inout LogBytes, _ row: inout LogRow) -> Bool {
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

    private static func bars(_ header: String) -> [Int] {
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

    // MARK: One field a line

    /// `*** 1. row ***` and `name: value` (`\G`), or `-[ RECORD 1 ]-` and `name | value` (`\x`).
    private mutating func upright(_ bytes: inout LogBytes, _ row: inout LogRow) -> Bool {
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

    // MARK: JSON

    private mutating func json(_ bytes: inout LogBytes, _ row: inout LogRow) -> Bool {
        while at < bytes.count {
            guard let byte = bytes.byte(at) else { return false }
            if byte != UInt8(ascii: "{") {
                if byte == 10 { line += 1 }
                at += 1
                continue
            }
            let start = (at, line)
            let end = objectEnd(&bytes)
            var object: [UInt8] = []
            for i in start.0..<end { if let byte = bytes.byte(i) { object.append(byte) } }
            do throws(JSONValue.ParseError) {
                let members = try JSONValue(parsing: object).object ?? []
                at = end
                fill(&row, members, start)
                return true
            } catch {
                problems.append(LogProblem(line: start.1, reason: error.description))
                at = start.0
                line = start.1
                skipLine(&bytes)
            }
        }
        return false
    }

    /// Where the object ends that begins here; the end of the line where it is broken.
    private mutating func objectEnd(_ bytes: inout LogBytes) -> Int {
        var depth = 0
        var isText = false
        var i = at
        while let byte = bytes.byte(i) {
            i += 1
            if byte == 10 { line += 1 }
            if isText {
                if byte == UInt8(ascii: "\\") { i += 1 } else if byte == UInt8(ascii: "\"") { isText = false }
                if byte == 10 { return i }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return i }
            default: break
            }
        }
        return i
    }

    private mutating func fill(
        _ row: inout LogRow, _ members: [(name: String, value: JSONValue)], _ start: (Int, Int)
    ) {
        var values: [String: String?] = [:]
        for (name, value) in members {
            let name = LogTable.name(name)
            if header.count < LogRow.limit, !header.contains(name) { header.append(name) }
            values[name] = .some(LogTable.text(value))
        }
        row.begin(offset: start.0, line: start.1)
        for name in header {
            let value = values[name] ?? nil
            if let value { row.append(value) }
            row.endCell(isNull: value == nil)
        }
    }

    private static func text(_ value: JSONValue) -> String? {
        switch value {
        case .string(let text): return text
        case .number(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .null: return nil
        case .array, .object:
            var writer = JSONWriter()
            write(value, to: &writer)
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }
    private static func write(_ value: JSONValue, to writer: inout JSONWriter) {
        switch value {
        case .null: writer.null()
        case .bool(let flag): writer.value(flag)
        case .number(let text): writer.value(raw: text.utf8)
        case .string(let text): writer.value(text)
        case .array(let items):
            writer.beginArray()
            for item in items { write(item, to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for (name, value) in members {
                writer.key(text: name)
                write(value, to: &writer)
            }
            writer.endObject()
        }
    }

    // MARK: Dumps

    private mutating func sql(_ bytes: inout LogBytes, _ row: inout LogRow) -> Bool {
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
        guard isCopy || upper.hasPrefix("INSERT INTO") else { return skipLine(&bytes) }
        let words = head.dropFirst(isCopy ? 5 : 11)
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

    /// `(1,'CHAN_START',NULL,'it''s')`, also with backslashes as MySQL escapes.
    private mutating func tuple(_ bytes: inout LogBytes, _ row: inout LogRow) {
        let quote = UInt8(ascii: "'")
        at += 1
        var wasText = false
        while let byte = bytes.byte(at) {
            at += 1
            switch byte {
            case 10: line += 1
            case quote:
                wasText = true
                while let inner = bytes.byte(at) {
                    at += 1
                    if inner == quote {
                        guard bytes.byte(at) == quote else { break }
                        at += 1
                        row.append(quote)
                    } else if inner == UInt8(ascii: "\\"), let next = bytes.byte(at) {
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
            default: row.append(byte)
            }
        }
    }

    /// A line of `COPY`: cells behind tabs, `\N` for none, backslash escapes.
    private mutating func copied(_ bytes: inout LogBytes, _ row: inout LogRow) {
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

/// A line of a log that could not be read, and why; the others are.
public struct LogProblem: Sendable, Hashable {
    /// From 1, the header included.
    public var line: Int
    public var reason: String
    public init(line: Int, reason: String) { (self.line, self.reason) = (line, reason) }
}
