public import Telephony

/// Reads call detail records from a file: `Master.csv` of `cdr_csv`, a `cdr_custom` file, or an export of a `cdr` table.
///
/// **Shape**: with a header the columns of Asterisk's `cdr` table; without one the order of `Master.csv` (accountcode, src, dst,
/// dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end, duration, billsec, disposition, amaflags,
/// uniqueid, userfield) or of the sample `cdr_custom.conf` (clid first; uniqueid, userfield or linkedid, peeraccount, sequence last).
/// **Source**: cdr_csv.c, cdr_custom.c and their sample configurations, Asterisk 11 to 22.
public struct CDRFile: Sendable {
    public private(set) var rows: [CDRRow] = []
    public private(set) var problems: [LogProblem] = []

    public init(_ bytes: [UInt8]) {
        let table = LogTable(bytes)
        problems = table.problems
        for (i, fields) in table.rows.enumerated() {
            guard let row = table.header.isEmpty ? CDRFile.positional(fields) : CDRFile.named(table, fields) else {
                problems.append(LogProblem(line: i + 1, reason: "no channel or uniqueid"))
                continue
            }
            rows.append(row)
        }
    }

    public var events: [CallEvent] {
        rows.map { row in CallEvent(at: (row.end ?? row.start)?.asUTC ?? Instant(microseconds: 0), body: .cdr(row)) }
    }

    private static func named(_ table: LogTable, _ fields: [String]) -> CDRRow? {
        guard let unique = table.value(fields, "uniqueid"), let channel = table.value(fields, "channel") else {
            return nil
        }
        var row = CDRRow(uniqueID: UniqueID(unique), channel: ChannelName(channel))
        row.linkedID = table.value(fields, "linkedid").map { LinkedID($0) }
        row.sequence = table.value(fields, "sequence").flatMap { Int($0) }
        row.source = table.value(fields, "src")
        row.destination = table.value(fields, "dst")
        row.context = table.value(fields, "dcontext")
        row.callerID = table.value(fields, "clid")
        row.destinationChannel = table.value(fields, "dstchannel").map(ChannelName.init)
        row.lastApplication = table.value(fields, "lastapp")
        row.lastData = table.value(fields, "lastdata")
        row.start = table.value(fields, "start", "calldate").flatMap { CivilTime($0) }
        row.answer = table.value(fields, "answer").flatMap { CivilTime($0) }
        row.end = table.value(fields, "end").flatMap { CivilTime($0) }
        row.duration = table.value(fields, "duration").flatMap { Int($0) }
        row.billableSeconds = table.value(fields, "billsec").flatMap { Int($0) }
        row.disposition = table.value(fields, "disposition")
        row.accountCode = table.value(fields, "accountcode")
        row.peerAccount = table.value(fields, "peeraccount")
        row.userField = table.value(fields, "userfield")
        return row
    }

    /// Nine columns follow each other in every layout: channel, dstchannel, lastapp, lastdata, start, answer, end, duration, billsec.
    private static func positional(_ fields: [String]) -> CDRRow? {
        guard let start = fields.indices.first(where: { $0 >= 5 && CivilTime(fields[$0]) != nil }), start >= 5,
            let unique = fields.indices.first(where: { $0 > start + 4 && UniqueID(fields[$0]).created != nil })
        else { return nil }
        func field(_ i: Int) -> String? { fields.indices.contains(i) && !fields[i].isEmpty ? fields[i] : nil }
        guard let channel = field(start - 4) else { return nil }
        var row = CDRRow(uniqueID: UniqueID(fields[unique]), channel: ChannelName(channel))
        row.destinationChannel = field(start - 3).map(ChannelName.init)
        row.lastApplication = field(start - 2)
        row.lastData = field(start - 1)
        row.start = CivilTime(fields[start])
        row.answer = field(start + 1).flatMap { CivilTime($0) }
        row.end = field(start + 2).flatMap { CivilTime($0) }
        row.duration = field(start + 3).flatMap { Int($0) }
        row.billableSeconds = field(start + 4).flatMap { Int($0) }
        row.disposition = field(start + 5)
        // Before the channel: caller id first (cdr_custom) or last (cdr_csv).
        let isCallerIDFirst = start == 8
        if isCallerIDFirst {
            (row.callerID, row.source, row.destination, row.context) = (field(0), field(1), field(2), field(3))
        } else {
            (row.accountCode, row.source, row.destination) = (field(0), field(1), field(2))
            (row.context, row.callerID) = (field(3), field(4))
        }
        // After it: what is no id, in the order accountcode?, uniqueid, userfield, linkedid, peeraccount, sequence.
        if isCallerIDFirst, unique > start + 7 { row.accountCode = field(start + 7) }
        row.userField = field(unique + 1)
        if let linked = fields.indices.first(where: { $0 > unique && UniqueID(fields[$0]).created != nil }) {
            row.linkedID = LinkedID(fields[linked])
            row.userField = linked > unique + 1 ? field(unique + 1) : nil
            row.sequence = fields.last.flatMap { Int($0) }
        }
        return row
    }
}
