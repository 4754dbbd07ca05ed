import Telephony

/// Cuts a CSV or TSV file into rows of fields, without control characters (a stranger can send some by SIP).
///
/// **Shape**: RFC 4180 with quotes doubled (`""`) inside quoted fields, as Asterisk's `CSV_QUOTE` and database exports write it;
/// `\"` inside quotes is taken as a quote too where the field goes on after it. The separator is found from the first line.
struct DelimitedRows {
    private(set) var rows: [[String]] = []

    /// Rows longer than this many fields are cut; no Asterisk backend writes as many.
    static let fieldLimit = 128

    init(_ bytes: [UInt8]) {
        let separator = DelimitedRows.separator(bytes)
        var row: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var wasQuoted = false
        var i = 0
        func text(_ field: [UInt8]) -> String { printable(String(decoding: field, as: UTF8.self)) }
        while i < bytes.count {
            let byte = bytes[i]
            i += 1
            if isQuoted {
                if byte == UInt8(ascii: "\"") {
                    if i < bytes.count, bytes[i] == UInt8(ascii: "\"") {
                        field.append(byte)
                        i += 1
                    } else {
                        isQuoted = false
                    }
                } else if byte == UInt8(ascii: "\\"), i + 1 < bytes.count, bytes[i] == UInt8(ascii: "\""),
                    bytes[i + 1] != separator, bytes[i + 1] != 10, bytes[i + 1] != 13,
                    bytes[i + 1] != UInt8(ascii: "\"")
                {
                    field.append(UInt8(ascii: "\""))
                    i += 1
                } else {
                    field.append(byte)
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\"") where field.isEmpty && !wasQuoted:
                isQuoted = true
                wasQuoted = true
            case separator:
                if row.count < DelimitedRows.fieldLimit { row.append(text(field)) }
                field.removeAll(keepingCapacity: true)
                wasQuoted = false
            case 13: break
            case 10:
                row.append(text(field))
                if row.count > 1 || !row[0].isEmpty { rows.append(row) }
                row = []
                field.removeAll(keepingCapacity: true)
                wasQuoted = false
            default: field.append(byte)
            }
        }
        if !field.isEmpty || !row.isEmpty {
            row.append(text(field))
            rows.append(row)
        }
    }

    /// The separator that stands most often in the first line, outside quotes: comma, tab, semicolon or bar.
    private static func separator(_ bytes: [UInt8]) -> UInt8 {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in bytes.prefix(while: { $0 != 10 }) {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted { counts[byte, default: 0] += 1 }
        }
        let candidates = [UInt8(ascii: ","), 9, UInt8(ascii: ";"), UInt8(ascii: "|")]
        return candidates.max { counts[$0, default: 0] < counts[$1, default: 0] } ?? UInt8(ascii: ",")
    }
}
