/// Comma, tab and semicolon between the fields.
extension LogTable {
    /// RFC 4180, quotes doubled inside quotes, as Asterisk's `CSV_QUOTE` writes it; `\"` is taken as a quote too where the field goes
    /// on after it. A field that only begins with a quote is none that is quoted. Behind tabs `\t`, `\n` and `\\` are escapes
    /// (`mysql -B`).
    mutating func delimited(_ bytes: inout LogBytes, _ row: inout LogRow, _ separator: UInt8) -> Bool {
        while let byte = bytes.byte(at), byte == 10 || byte == 13 {
            if byte == 10 { line += 1 }
            at += 1
        }
        guard at < bytes.count else { return false }
        row.begin(offset: at, line: line)
        while true {
            let isQuoted = bytes.byte(at) == UInt8(ascii: "\"") && quoted(&bytes, &row, separator)
            if !isQuoted {
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

    /// What `\t`, `\n`, `\r` and `\\` stand for; nil for any other letter.
    static func escaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "t"): 9
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "r"): 13
        case UInt8(ascii: "\\"): byte
        default: nil
        }
    }
}
