public import Telephony

/// Reads call detail records from a file: `Master.csv` of `cdr_csv`, a `cdr_custom` file, or an export or dump of a `cdr` table
/// (see `LogTable`).
///
/// **Shape**: with column names those of Asterisk's `cdr` table, FreePBX's additions included; without them the order of `Master.csv`
/// (accountcode, src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end, duration, billsec, disposition,
/// amaflags, uniqueid, userfield) or of the sample `cdr_custom.conf` (clid first; uniqueid, userfield or linkedid, peeraccount,
/// sequence last), or any in which the columns' contents tell them apart.
/// **Source**: cdr.h, cdr_csv.c, cdr_custom.c and their sample configurations, Asterisk 11 to 22.
public struct CDRFile: Sendable {
    /// In the file's order, one that stands there twice once.
    public private(set) var rows: [CDRRow] = []
    /// What could not be read, by line; of lines without a channel or an id the first 1,000.
    public private(set) var problems: [LogProblem] = []

    /// For a file that is in memory.
    public init(_ bytes: [UInt8]) { self.init(LogBytes(bytes)) }

    /// Reads it once. All rows are kept, the file's bytes are not.
    /// - Parameter since: of a log as Asterisk appends to it, rows that ended days before need not be read; nil: all are.
    public init(_ bytes: LogBytes, since: Instant? = nil) {
        var bytes = bytes
        var table = LogTable(&bytes) { names in
            names.contains("channel") && (names.contains("calldate") || names.contains("start"))
                && !names.contains("eventtype")
        }
        var columns = CDRColumns(table)
        var known = table.header.count
        if table.header.isEmpty, case .delimited = table.shape {
            columns = CDRColumns(LogSample(table, bytes))
        } else if !table.header.isEmpty, !columns.isEnough {
            problems = [
                LogProblem(
                    line: 1,
                    reason: "CDR needs the columns channel and calldate or start: here are "
                        + table.header.joined(separator: ", "))
            ]
            return
        }
        if let since {
            table.skip(to: since - LogTable.slack, &bytes) { row in
                (row.text(columns[.end]) ?? row.text(columns[.start])).flatMap { LogTime($0)?.at }
            }
        }
        var row = LogRow()
        // The latest row of each hash: a row is large.
        var seen: [Int: Int] = [:]
        while table.next(&bytes, &row) {
            if table.header.count != known { (columns, known) = (CDRColumns(table), table.header.count) }
            guard let record = CDRFile.record(row, columns) else {
                if problems.count < 1000 {
                    problems.append(LogProblem(line: row.line, reason: "no channel or uniqueid"))
                }
                continue
            }
            // A row that stands there twice says nothing more.
            let hash = record.hashValue
            if let known = seen[hash], rows[known] == record { continue }
            seen[hash] = rows.count
            rows.append(record)
        }
        problems = table.problems + problems
    }

    /// The `systemname` that ids begin with; empty where an id has none.
    public var systemNames: Set<String> { Set(rows.prefix(1000).map { $0.uniqueID.systemName ?? "" }) }

    /// The rows as call events, each at its end; the PBX's local time is taken for UTC, as `CDRRow` has no zone.
    public var events: [CallEvent] {
        rows.map { row in CallEvent(at: (row.end ?? row.start)?.asUTC ?? Instant(microseconds: 0), body: .cdr(row)) }
    }

    private static func record(_ fields: LogRow, _ columns: CDRColumns) -> CDRRow? {
        func get(_ field: CDRColumns.Field) -> String? { fields.text(columns[field]) }
        func time(_ field: CDRColumns.Field) -> CivilTime? {
            guard let text = get(field), let time = LogTime(text), time.at.seconds > 0 else { return nil }
            return time.civil
        }
        // Some mappings ask for fractions. No call lasts for decades.
        func seconds(_ field: CDRColumns.Field) -> Int? {
            guard let value = get(field).flatMap({ Double($0) }), value >= 0, value < 2_147_483_648 else { return nil }
            return Int(value)
        }
        guard let channel = get(.channel) else { return nil }
        let start = time(.start)
        let unique: UniqueID
        if let id = get(.uniqueID) {
            unique = UniqueID(id)
        } else if let start {
            // `loguniqueid` is off unless asked for: the channel's name and start are as good within one file.
            unique = UniqueID("\(channel)@\(start.asUTC.seconds)")
        } else {
            return nil
        }
        var row = CDRRow(uniqueID: unique, channel: ChannelName(channel))
        row.linkedID = get(.linkedID).map { LinkedID($0) }
        row.sequence = get(.sequence).flatMap { Int($0) }
        row.source = get(.source)
        row.destination = get(.destination)
        row.context = get(.context)
        row.callerID = get(.callerID)
        row.destinationChannel = get(.destinationChannel).map(ChannelName.init)
        row.lastApplication = get(.application)
        row.lastData = get(.data)
        row.duration = seconds(.duration)
        row.billableSeconds = seconds(.billableSeconds)
        row.disposition = get(.disposition).map { disposition($0) ?? $0 }
        row.start = start
        row.end = time(.end) ?? start.flatMap { start in row.duration.map { CivilTime(start.asUTC + .seconds($0)) } }
        row.answer = time(.answer)
        if row.answer == nil, row.disposition == "ANSWERED", let end = row.end {
            // The usual `cdr` table has no answer and no end, only what lies between.
            row.answer = row.billableSeconds.map { CivilTime(end.asUTC - .seconds($0)) }
        }
        row.accountCode = get(.accountCode)
        row.peerAccount = get(.peerAccount)
        row.userField = get(.userField)
        row.did = get(.did)
        row.callerNumber = get(.callerNumber)
        row.callerName = get(.callerName)
        row.recordingFile = get(.recordingFile)
        return row
    }

    /// Asterisk's word for a disposition, of its spellings or its number (cdr.h); nil where it is none.
    static func disposition(_ text: String) -> String? {
        switch text.uppercased() {
        case "ANSWERED", "8": "ANSWERED"
        case "NO ANSWER", "NOANSWER", "NO_ANSWER", "0", "1": "NO ANSWER"
        case "BUSY", "4": "BUSY"
        case "FAILED", "2": "FAILED"
        case "CONGESTION", "16": "CONGESTION"
        default: nil
        }
    }
}
