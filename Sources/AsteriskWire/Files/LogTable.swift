/// Rows of a CDR or CEL log, however they are kept.
///
/// **Shape**: CSV or TSV (`cel_custom`, `cdr_csv`, `mysql -B`, `psql --csv`), with or without a header; the tables that `psql` and `mysql`
/// draw (`a | b`, `| a | b |`), also one field a line (`\x`, `\G`); JSON, an array or an object a line; the dumps of
/// `mysqldump`, phpMyAdmin, `sqlite3 .dump` (`INSERT INTO`) and `pg_dump` (`COPY … FROM stdin`). Found from what stands first.
struct LogTable {
    /// How the rows are written.
    enum Shape: Equatable {
        /// One row a line, cells with this byte between them.
        case delimited(UInt8)
        /// A table drawn for a person, `a | b`.
        case drawn
        /// One cell a line, as `\x` of psql and `\G` of mysql write.
        case upright
        /// Objects, in an array or one a line.
        case json
        /// A dump: statements that bring rows.
        case sql
    }
    /// Found when the table was made.
    private(set) var shape = Shape.delimited(UInt8(ascii: ","))
    /// Column names, in small letters and figures only (`cid_num` is `cidnum`); empty where the file has none.
    var header: [String] = []
    /// Lines that could not be read.
    var problems: [LogProblem] = []

    /// Whether a table of these columns is the one looked for.
    let isWanted: ([String]) -> Bool
    /// Offset at which the next row is looked for.
    var at = 0
    /// Line that stands at `at`, from 1; 0 after `row(at:)`, which knows no line.
    var line = 1
    /// Columns of the tables of a dump, by table.
    var tables: [String: [String]] = [:]
    /// What a dump's rows are taken from at the moment.
    var section = Section.none
    /// Between statements, behind `VALUES`, or behind `COPY … FROM stdin`.
    enum Section { case none, values, copy }
    /// A backslash in a dump's texts stands for what follows it, as MySQL writes; in `pg_dump` and `sqlite3 .dump` for itself.
    var escapesByBackslash = true
    /// Where a drawn table's bars stand, in characters.
    var bars: [Int] = []

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
                let head = text.prefix(40).uppercased()
                escapesByBackslash = !["-- POSTGRESQL", "PRAGMA", "BEGIN TRANSACTION"].contains { head.hasPrefix($0) }
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

    /// How dumps begin: with a statement, or with the name of who wrote it, whose further remarks may fill a page.
    private static let sqlBeginnings = [
        "INSERT INTO", "INSERT IGNORE", "REPLACE INTO", "COPY ", "CREATE TABLE", "-- MYSQL DUMP", "-- MARIADB DUMP",
        "-- POSTGRESQL DATABASE", "-- PHPMYADMIN SQL", "-- ADMINER ", "/*!40", "SET SQL_MODE", "SET NAMES",
        "BEGIN TRANSACTION", "START TRANSACTION", "PRAGMA FOREIGN_KEYS",
    ]

    private static func isSQL(_ text: String) -> Bool {
        let head = text.prefix(40).uppercased()
        return sqlBeginnings.contains { head.hasPrefix($0) }
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
    /// Goes to the next line.
    mutating func skipLine(_ bytes: inout LogBytes) {
        at = min(bytes.lineEnd(at) + 1, bytes.count)
        line += 1
    }
}
