import Telephony

/// Rows of a CDR or CEL log with named columns, however they are kept: CSV or TSV with or without a header, JSON lines or a
/// JSON array.
struct LogTable {
    /// Column names in lower case; empty where the file has none.
    private(set) var header: [String] = []
    private(set) var rows: [[String]] = []
    /// Lines that could not be read, with their number from 1.
    private(set) var problems: [LogProblem] = []

    init(_ bytes: [UInt8]) {
        let start = bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
        if start == UInt8(ascii: "{") || start == UInt8(ascii: "[") {
            readJSON(bytes)
        } else {
            rows = DelimitedRows(bytes).rows
            if let first = rows.first, LogTable.isHeader(first) {
                header = first.map { $0.lowercased() }
                rows.removeFirst()
            }
        }
    }

    /// The row's value in the first of these columns that is there and not empty.
    func value(_ row: [String], _ names: String...) -> String? {
        for name in names {
            if let i = header.firstIndex(of: name), i < row.count, !row[i].isEmpty, row[i] != "NULL", row[i] != "\\N" {
                return row[i]
            }
        }
        return nil
    }

    private static func isHeader(_ row: [String]) -> Bool {
        let names = Set(row.map { $0.lowercased() })
        return names.contains("uniqueid")
            && (names.contains("eventtype") || names.contains("channel") || names.contains("dst"))
    }

    private mutating func readJSON(_ bytes: [UInt8]) {
        var objects: [JSONValue] = []
        if let all = try? JSONValue(parsing: bytes) {
            objects = all.array ?? [all]
        } else {
            for (i, line) in bytes.split(separator: 10).enumerated() {
                do throws(JSONValue.ParseError) {
                    objects.append(try JSONValue(parsing: Array(line)))
                } catch {
                    problems.append(LogProblem(line: i + 1, reason: error.description))
                }
            }
        }
        for object in objects {
            for (name, _) in object.object ?? [] where header.count < DelimitedRows.fieldLimit {
                let name = name.lowercased()
                if !header.contains(name) { header.append(name) }
            }
        }
        for object in objects {
            var row = [String](repeating: "", count: header.count)
            for (name, value) in object.object ?? [] {
                guard let i = header.firstIndex(of: name.lowercased()) else { continue }
                row[i] = LogTable.text(value)
            }
            rows.append(row)
        }
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): return printable(text)
        case .number(let text): return text
        case .bool(let flag): return flag ? "true" : "false"
        case .null: return ""
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
}

/// A line of a log that could not be read, and why; the others are.
public struct LogProblem: Sendable, Hashable {
    /// From 1, the header included.
    public var line: Int
    public var reason: String
    public init(line: Int, reason: String) { (self.line, self.reason) = (line, reason) }
}
