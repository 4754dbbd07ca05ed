import Telephony

/// What `calls.jsonl` should hold.
///
/// Its lines stand in the order of commits, and those of one commit in the order of rows. A record that waited for its
/// recordings gets its line when it is amended, so that the last line is not always the newest row.
extension Ledger {
    /// The records whose lines should follow those that end the file, in order; none where the last line's call is not
    /// known here. Looks at the newest 10,000 records.
    ///
    /// - Parameter lines: the last whole lines of the file, without their line feeds.
    func records(missingAfter lines: [ArraySlice<UInt8>]) throws(StorageError) -> [[UInt8]] {
        guard let last = lines.last, let end = try commitTime(ofLine: last) else { return [] }
        // A record that never waited has its line before any of a later row.
        var newest: Int64 = 0
        for line in lines {
            if let id = CallsLog.id(inLine: line), let row = try row(ofCall: id) { newest = max(newest, row) }
        }
        let s = try connection.prepare(
            """
            SELECT c.id, d.record, c.amended_at_ms IS NOT NULL FROM calls c JOIN call_documents d ON d.call = c.row
            WHERE c.row > (SELECT max(row) FROM calls) - 10000
                AND (c.amended_at_ms >= ?1 OR (c.amended_at_ms IS NULL AND c.row > ?2 AND c.stored_at_ms >= ?1))
            ORDER BY coalesce(c.amended_at_ms, c.stored_at_ms), c.row
            """)
        s.bind(1, end)
        s.bind(2, newest)
        var missing: [[UInt8]] = []
        while try s.step() {
            if openIDs.contains(s.text(0)) { continue }  // still waiting: its line is to come
            let record = s.bytes(1)
            if s.integer(2) != 0, lines.contains(where: { $0.elementsEqual(record) }) { continue }
            missing.append(record)
        }
        return missing
    }
    /// Gives `body` the records that were written or amended since an instant, some hundred at a time, in the order of their
    /// commits; of the newest 100,000.
    func eachRecord(since: Instant, _ body: ([[UInt8]]) -> Void) throws(StorageError) {
        let s = try connection.prepare(
            """
            SELECT c.id, d.record FROM calls c JOIN call_documents d ON d.call = c.row
            WHERE c.row > (SELECT max(row) FROM calls) - 100000 AND coalesce(c.amended_at_ms, c.stored_at_ms) >= ?1
            ORDER BY coalesce(c.amended_at_ms, c.stored_at_ms), c.row
            """)
        s.bind(1, since)
        var records: [[UInt8]] = []
        while try s.step() {
            if openIDs.contains(s.text(0)) { continue }  // still waiting: its line is to come
            records.append(s.bytes(1))
            if records.count == 200 {
                body(records)
                records = []
            }
        }
        if !records.isEmpty { body(records) }
    }
    /// When what a line says was committed: of a record that has been amended since, when it was first written.
    private func commitTime(ofLine line: ArraySlice<UInt8>) throws(StorageError) -> Instant? {
        guard let id = CallsLog.id(inLine: line) else { return nil }
        let s = try connection.prepare(
            """
            SELECT c.stored_at_ms, c.amended_at_ms, d.record FROM calls c JOIN call_documents d ON d.call = c.row
            WHERE c.id = ?1
            """)
        s.bind(1, id)
        guard try s.step() else { return nil }
        let amended = s.optionalInstant(1)
        return s.bytes(2).elementsEqual(line) ? amended ?? s.instant(0) : s.instant(0)
    }
}
