import Telephony

/// Objects, one a row, in an array or one after the other, also inside others as an interface's answer or phpMyAdmin has them:
/// `{"total": 2, "rows": [{…}, {…}]}`.
extension LogTable {
    /// The next object that is a row; a broken one is a problem, and the reading goes on in the next line.
    mutating func json(_ bytes: inout LogBytes, _ row: inout LogRow) -> Bool {
        while at < bytes.count {
            guard let byte = bytes.byte(at) else { return false }
            if byte != UInt8(ascii: "{") {
                if byte == 10 { line += 1 }
                at += 1
                continue
            }
            if enterEnvelope(&bytes) { continue }
            let start = (at, line)
            let end = objectEnd(&bytes)
            var object: [UInt8] = []
            for i in start.0..<end { if let byte = bytes.byte(i) { object.append(byte) } }
            do throws(JSONValue.ParseError) {
                let members = try JSONValue(parsing: object).object ?? []
                at = end
                // What stands beside the rows: which table it is, of which version.
                guard members.contains(where: { LogTable.rowNames.contains(LogTable.name($0.name)) }) else { continue }
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

    /// Names of which a row has one at least, near its beginning.
    private static let rowNames: Set<String> = [
        "uniqueid", "linkedid", "eventtype", "eventname", "eventtime", "channel", "channame", "channelname", "calldate",
        "src", "source", "dstchannel", "destinationchannel",
    ]

    /// Goes behind the bracket of the rows that the object at this place holds; false where it is a row itself, or holds none.
    private mutating func enterEnvelope(_ bytes: inout LogBytes) -> Bool {
        var text: [UInt8] = []
        var isText = false
        var depth = 0
        var newlines = 0
        var opened: (at: Int, line: Int)?
        var i = at
        // What names the rows stands in a few words before them.
        while i < at + 65_536, let byte = bytes.byte(i) {
            i += 1
            if byte == 10 { newlines += 1 }
            if isText {
                if byte == 10 { return false }
                if byte == UInt8(ascii: "\\") { i += 1 }
                if byte == UInt8(ascii: "\"") { isText = false } else { text.append(byte) }
                continue
            }
            switch byte {
            case 0x20, 9, 10, 13: continue
            case UInt8(ascii: "\""):
                isText = true
                text = []
            case UInt8(ascii: ":"):
                if LogTable.rowNames.contains(LogTable.name(String(decoding: text, as: UTF8.self))) { return false }
            case UInt8(ascii: "{"):
                if let opened {
                    (at, line) = opened
                    return true
                }
                depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return false }
            default: break
            }
            opened = byte == UInt8(ascii: "[") ? (i, line + newlines) : nil
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
        case .array, .object: return String(decoding: value.serialised, as: UTF8.self)
        }
    }
}
