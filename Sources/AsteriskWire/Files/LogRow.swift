import Telephony

/// One row of a log as it is being read: its cells' bytes, unescaped, one after another. Used again for each row.
struct LogRow {
    /// Line it begins on, from 1; 0 where it was found by its offset.
    var line = 0
    /// Where it begins.
    var offset = 0
    /// All cells' bytes, one behind the other; where each ends is in `ends`.
    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var blanks: Set<Int> = []

    /// Rows with more cells are cut; no back end writes as many.
    static let limit = 256

    /// Cells ended so far.
    var count: Int { ends.count }

    /// Forgets the row before and begins one that stands there.
    mutating func begin(offset: Int, line: Int) {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        if !blanks.isEmpty { blanks.removeAll() }
        (self.offset, self.line) = (offset, line)
    }
    /// Adds to the present cell.
    @inline(__always)
    mutating func append(_ byte: UInt8) { bytes.append(byte) }
    /// Adds to the present cell.
    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
    /// Ends the cell that was appended.
    mutating func endCell(isNull: Bool = false) {
        guard ends.count < LogRow.limit else { return }
        if isNull { blanks.insert(ends.count) }
        ends.append(bytes.count)
    }
    /// The last byte of the present cell; nil while it is empty.
    var lastByte: UInt8? { bytes.count > (ends.last ?? 0) ? bytes.last : nil }
    /// Takes back what was appended to the present cell.
    mutating func restartCell() { bytes.removeLast(bytes.count - (ends.last ?? 0)) }
    /// Cuts blanks around the present cell's text.
    mutating func trimCell() {
        let start = ends.last ?? 0
        while bytes.count > start, bytes[bytes.count - 1] == 0x20 { bytes.removeLast() }
        var from = start
        while from < bytes.count, bytes[from] == 0x20 { from += 1 }
        if from > start { bytes.removeSubrange(start..<from) }
    }

    /// A cell's bytes; empty where it is not there.
    func cell(_ i: Int) -> ArraySlice<UInt8> {
        guard i >= 0, i < ends.count else { return [] }
        return bytes[(i == 0 ? 0 : ends[i - 1])..<ends[i]]
    }

    /// A cell's text, repaired where it is not UTF-8 and without control characters (a stranger can send some by SIP); nil where
    /// it is missing, empty or says that there is no value.
    func text(_ i: Int) -> String? {
        let cell = cell(i)
        if cell.isEmpty || blanks.contains(i) { return nil }
        let text = printable(String(decoding: cell, as: UTF8.self))
        return text == "NULL" || text == "\\N" ? nil : text
    }

    /// All cells as they are, `NULL` and control characters included.
    var texts: [String] { (0..<count).map { String(decoding: cell($0), as: UTF8.self) } }
}
