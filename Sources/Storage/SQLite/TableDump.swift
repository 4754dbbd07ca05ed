import CSQLite

/// The tables of an SQLite database that Asterisk itself writes (`cdr_sqlite3_custom`, `cel_sqlite3_custom`), as text.
public enum TableDump {
    /// How such a file begins.
    public static let signature = Array("SQLite format 3\0".utf8)

    /// Every table that has a `uniqueid`, as `pg_dump` writes one: `COPY NAME (COLUMN, …) FROM stdin;`, a line a row with tabs between,
    /// `\N` for null, and `\.`.
    /// - Throws: `missing`, `damaged`, `busy`, `io`.
    public static func text(ofDatabaseAt path: String) throws(StorageError) -> [UInt8] {
        let database = try Connection.open(path: path, mode: .readOnly)
        var tables: [String] = []
        let names = try database.prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
        while try names.step() { tables.append(names.text(0)) }
        var text: [UInt8] = []
        for table in tables {
            let quoted = table.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
            let rows = try database.prepare("SELECT * FROM \"\(quoted)\"")
            let columns = (0..<sqlite3_column_count(rows.handle)).map {
                String(cString: sqlite3_column_name(rows.handle, $0))
            }
            guard columns.contains(where: { $0.lowercased() == "uniqueid" }) else { continue }
            text += Array("COPY \(table) (\(columns.joined(separator: ", "))) FROM stdin;\n".utf8)
            while try rows.step() {
                for i in columns.indices {
                    if i > 0 { text.append(9) }
                    if rows.isNull(Int32(i)) {
                        text += Array("\\N".utf8)
                    } else {
                        append(rows.text(Int32(i)), to: &text)
                    }
                }
                text.append(10)
            }
            text += Array("\\.\n".utf8)
        }
        return text
    }

    private static func append(_ value: String, to text: inout [UInt8]) {
        for byte in value.utf8 {
            switch byte {
            case 9: text += Array("\\t".utf8)
            case 10: text += Array("\\n".utf8)
            case 13: text += Array("\\r".utf8)
            case UInt8(ascii: "\\"): text += Array("\\\\".utf8)
            default: text.append(byte)
            }
        }
    }
}
