import Telephony

/// Beginning late in a long log.
extension LogTable {
    /// Time before the wanted rows that is read besides: a log's local times are up to 14 hours off, and a call of a day has rows of
    /// yesterday.
    static let slack: Duration = .seconds((24 + 14) * 3600)
    /// Shorter stretches are read instead of looked through.
    private static let stretch = 64 << 10

    /// Goes on near the first row of `time`: before it stand older ones only, as Asterisk appends. A log kept for years costs no more
    /// than its last days.
    ///
    /// Where the first row is not older, as in an export with the newest first, and where no row is a line, nothing is left out. Lines are
    /// counted from there.
    /// - Parameter when: what a row says of its time, local or not; nil for one that says nothing.
    mutating func skip(to time: Instant, _ bytes: inout LogBytes, _ when: (LogRow) -> Instant?) {
        guard case .delimited = shape else { return }
        var low = at
        var high = bytes.count
        guard let first = timedRow(low, &bytes, when), first.at < time else { return }
        while high - low > LogTable.stretch {
            let middle = low + (high - low) / 2
            let line = bytes.lineEnd(middle) + 1
            guard let found = timedRow(line, &bytes, when), found.at < time, found.offset < high else {
                high = middle
                continue
            }
            low = found.offset
        }
        at = low
    }

    /// The first row from a line on that tells a time; nil where the next ones tell none.
    private func timedRow(_ line: Int, _ bytes: inout LogBytes, _ when: (LogRow) -> Instant?) -> (
        offset: Int, at: Instant
    )? {
        var (table, row) = (self, LogRow())
        table.at = line
        // The offset may be in the middle of a quoted cell that goes over several lines.
        for _ in 0..<20 {
            guard table.next(&bytes, &row) else { return nil }
            if let at = when(row) { return (row.offset, at) }
        }
        return nil
    }
}
