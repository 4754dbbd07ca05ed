import Telephony

/// The first rows of a log without a header, to find its columns by what stands in them.
struct LogSample {
    /// At most 200, cell by cell.
    let rows: [[String]]
    /// Columns of the widest row.
    let width: Int

    /// Reads the first rows of a copy: the table itself stays where it is.
    init(_ table: LogTable, _ bytes: LogBytes) {
        var (table, bytes, row, rows) = (table, bytes, LogRow(), [[String]]())
        // Enough for every kind of row to be among them.
        while rows.count < 200, table.next(&bytes, &row) { rows.append(row.texts) }
        self.rows = rows
        width = rows.map(\.count).max() ?? 0
    }

    /// How many rows hold this in a column; 0 for one that is not there.
    func count(_ column: Int, _ holds: (String) -> Bool) -> Int {
        rows.count { column >= 0 && $0.count > column && !$0[column].isEmpty && holds($0[column]) }
    }
    /// Whether more than half of the rows hold this in a column.
    func mostly(_ column: Int, _ holds: (String) -> Bool) -> Bool { count(column, holds) * 2 > rows.count }

    /// An id begins with its channel's epoch second.
    static func isID(_ text: String) -> Bool {
        UniqueID(text).created.map { $0.seconds > 100_000_000 } ?? false
    }
    /// `PJSIP/1001-00000001`: a technology, a slash and a serial.
    static func isChannel(_ text: String) -> Bool {
        guard let slash = text.firstIndex(of: "/"), slash != text.startIndex, !text.contains(",") else { return false }
        return !text[..<slash].contains(" ") && text[slash...].contains("-")
    }
    /// A word of `cdr.disposition`; its numbers may stand for anything.
    static func isDisposition(_ text: String) -> Bool { CDRFile.disposition(text) != nil && Int(text) == nil }
}
