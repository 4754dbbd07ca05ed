import Telephony

/// What Asterisk's own CDR says otherwise.
///
/// Compared is only what both mean alike, and only where one row is there for the caller's channel. Not compared:
/// - calls of several rows: each stands for a part (a transfer, a hunt, a Local channel), and how many there are depends on
///   `unanswered` and on what the dialplan forks;
/// - `dst`: where the channel got to in the dialplan, not what was called;
/// - how a call failed: a caller who gives up, a refused number and a queue without members are all `NO ANSWER` there;
/// - a row that ends first, of a call whose line went on to others: more rows follow.
///
/// **Source**: cdr.c of 16 and 22, where a row is made and closed; its times are whole seconds, cut, without a zone.
extension CallTeller {
    /// One remark for each contradiction; none where the CDR agrees within a second, or cannot be compared.
    func contradictions(_ record: CallRecord, _ cast: Cast) -> [String] {
        guard !facts.call.isPartial, !facts.call.cdrRows.isEmpty else { return [] }
        let (rows, line) = (facts.call.cdrRows, facts.call.parts[cast.caller])
        guard let place = rows.firstIndex(where: { $0.uniqueID == line.uniqueID }),
            !rows[(place + 1)...].contains(where: { $0.uniqueID == line.uniqueID })
        else { return [] }
        let row = rows[place]
        let margins = margins(row, line, record)
        if let margins, margins.isShort, mayHaveMoreRows(cast.caller, record) { return [] }
        var remarks: [String] = []
        if let remark = seconds(row, record, cast, margins) { remarks.append(remark) }
        if let remark = answer(row, line, record) { remarks.append(remark) }
        if let remark = caller(row, line, cast) { remarks.append(remark) }
        if let remark = account(row, line) { remarks.append(remark) }
        return remarks
    }

    /// How much of the call lies outside a row; negative where the row is longer.
    private struct Margins {
        var before: Duration
        var after: Duration
        /// The row's times are cut to the second, and half of one is put back: what is left of that, and a second.
        private static let tolerance = Duration.milliseconds(1500)
        var isShort: Bool { before > Margins.tolerance || after > Margins.tolerance }

        /// Why the row counts other seconds than the record; nil where it covers the call.
        var reason: String? {
            if after > Margins.tolerance { return "its row ends before the call does" }
            if before > Margins.tolerance { return "its row begins after the call does" }
            return after < .zero - Margins.tolerance ? "its row ends when the channel was let go, after the call" : nil
        }
    }

    /// Nil where the row has no times.
    private func margins(_ row: Call.Row, _ line: ToldCall.Line, _ record: CallRecord) -> Margins? {
        guard let start = row.start?.asUTC, let end = row.end?.asUTC else { return nil }
        // Zones are whole quarters of an hour; which one it is changes twice a year.
        let quarter: Int64 = 900
        let distance = start.seconds - line.created.at.seconds
        let zone = Duration.seconds((distance + (distance < 0 ? -quarter / 2 : quarter / 2)) / quarter * quarter)
        let half = Duration.milliseconds(500)
        return Margins(before: start + half - zone - line.created.at, after: record.endedAt - (end + half - zone))
    }

    /// Whether the line did more than one thing: Asterisk makes a row for each.
    private func mayHaveMoreRows(_ i: Int, _ record: CallRecord) -> Bool {
        let call = facts.call
        let line = call.parts[i]
        if !call.moves.isEmpty || !call.localPairs.isEmpty || !call.relocations.isEmpty || !call.queueVisits.isEmpty
            || line.hasMovedOn || call.dials.indices.count(where: { call.dials[$0].source == i }) > 1
        {
            return true
        }
        guard let stay = line.stays.first else { return !call.dials.isEmpty }
        // Not one bridge until the end.
        return line.stays.count > 1 || stay.to.map { $0.at + .seconds(1) < record.endedAt } ?? false
    }

    private func seconds(_ row: Call.Row, _ record: CallRecord, _ cast: Cast, _ margins: Margins?) -> String? {
        var why: String { margins?.reason.map { ": \($0)" } ?? "" }
        if let seconds = row.billableSeconds, abs(seconds - record.billableSeconds) > 1 {
            if cast.isOriginated { return "Asterisk's CDR counts \(seconds) s from the first leg's answer" }
            return "Asterisk's CDR says billsec \(seconds)" + why
        }
        // A channel in its hangup handler is not a longer call.
        guard let seconds = row.duration, seconds < record.duration - 1 else { return nil }
        return "Asterisk's CDR says duration \(seconds)" + why
    }

    private func answer(_ row: Call.Row, _ line: ToldCall.Line, _ record: CallRecord) -> String? {
        guard let disposition = row.disposition else { return nil }
        if disposition == "ANSWERED" {
            let isAnswered = facts.call.parts.contains { $0.up != nil }
            return isAnswered ? nil : "Asterisk's CDR says ANSWERED, but no event tells of an answer"
        }
        guard record.disposition == .answered, line.up != nil else { return nil }
        return "Asterisk's CDR says \(printable(disposition))"
    }

    /// The row has the number that the line showed last: whichever it was, the line must have shown it.
    private func caller(_ row: Call.Row, _ line: ToldCall.Line, _ cast: Cast) -> String? {
        guard let source = row.source, source != line.firstNumber, !source.isEmpty, Names.isNumber(source) else {
            return nil
        }
        let shown = [line.firstNumber, line.number, cast.number(cast.caller), cast.callerParty.value.number].compactMap
        { $0 }
        guard !shown.isEmpty, !shown.contains(where: { Names.areOne($0, source) }) else { return nil }
        return "Asterisk's CDR says that \(printable(source)) called"
    }

    private func account(_ row: Call.Row, _ line: ToldCall.Line) -> String? {
        guard let written = row.accountCode, let heard = line.accountCode, written != heard else { return nil }
        return "Asterisk's CDR says accountcode \(printable(written))"
    }
}
