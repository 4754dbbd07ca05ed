public import Telephony

/// Reads a channel event log: a `cel_custom` file, an export or a dump of a `cel` table, or JSON (see `LogTable`).
///
/// **Shape**: with column names those of Asterisk's `cel` table (`eventtype`, `eventtime`, `cid_num`, `channame`, `uniqueid`,
/// `linkedid`, `eventextra`, …); without them the columns are found from what stands in the rows (`CELColumns`).
/// Rows are given in order of time, and one that stands there twice once. Times without a zone are local to the PBX: the second in a
/// new channel's own id tells the offset, also where it changes in the file (summer time).
///
/// The file is read twice: first for each row's time and place, then the rows in order. 16 bytes a row are kept.
/// **Source**: cel.c, cel_custom.c and cel_odbc.c of Asterisk 11 to 22.
public struct CELFile {
    /// What could not be read, by line.
    public private(set) var problems: [LogProblem] = []
    /// The `systemname` that ids of new channels begin with; empty where an id has none.
    public private(set) var systemNames: Set<String> = []
    private let bytes: LogBytes
    private var table: LogTable
    private var columns: CELColumns
    private var entries: [Entry] = []
    /// Types are numbers of Asterisk 1.8 to 11.
    private var isOldNumbering = false

    /// Where a row stands, and when it happened.
    private struct Entry {
        var at: Instant
        /// Offset in the file above 8 bits of rank among rows of one moment, the highest of which says that `at` is local.
        var place: UInt64

        init(at: Instant, offset: Int, rank: Int, isLocal: Bool) {
            self.at = at
            place = UInt64(offset) << 8 | UInt64(rank) | (isLocal ? 0x80 : 0)
        }
        var offset: Int { Int(place >> 8) }
        var rank: Int { Int(place & 0x7F) }
        var isLocal: Bool { place & 0x80 != 0 }
    }

    /// For a file that is in memory.
    public init(_ bytes: [UInt8]) { self.init(LogBytes(bytes)) }

    /// Reads the file once, for what it is and the order of its rows.
    /// - Parameter since: of a log as Asterisk appends to it, rows of days before need not be read; nil: all are.
    public init(_ bytes: LogBytes, since: Instant? = nil) {
        var bytes = bytes
        table = LogTable(&bytes) { names in names.contains("eventtype") || names.contains("eventname") }
        self.bytes = bytes
        columns = CELColumns(table)
        if table.header.isEmpty, table.shape != .json, table.shape != .sql, table.shape != .upright {
            columns = CELColumns(LogSample(table, bytes))
        } else if !table.header.isEmpty, !columns.isEnough {
            problems.append(
                LogProblem(
                    line: 1,
                    reason: "CEL needs the columns eventtype, eventtime and uniqueid: here are "
                        + table.header.joined(separator: ", ")))
            return
        }
        if let since {
            table.skip(to: since - LogTable.slack, &bytes) { [columns] row in
                row.text(columns[.time]).flatMap { LogTime($0)?.at }
            }
        }
        scan()
        problems = table.problems + problems
        table.problems = []
        order()
    }

    /// Rows found, those that stand there twice counted each time.
    public var rowCount: Int { entries.count }
    /// Whether rows were found that tell of channels.
    public var isEmpty: Bool { entries.isEmpty }

    /// Calls `body` with each row in order of time, and how many of the rows are done. A whole row that stands there twice is given once.
    public func forEachRow(_ body: (CELRow, _ done: Int) -> Void) {
        var (bytes, table, row) = (self.bytes, self.table, LogRow())
        var moment: [CELRow] = []
        for (i, entry) in entries.enumerated() {
            table.row(at: entry.offset, &bytes, &row)
            guard var event = read(row) else { continue }
            event.at = entry.at
            if moment.first?.at != entry.at { moment.removeAll(keepingCapacity: true) }
            if moment.contains(event) { continue }
            moment.append(event)
            body(event, i + 1)
        }
    }

    /// All rows in order of time.
    public var rows: [CELRow] {
        var rows: [CELRow] = []
        forEachRow { row, _ in rows.append(row) }
        return rows
    }
    /// The rows as call events.
    public var events: [CallEvent] { rows.map { CallEvent(at: $0.at, body: .cel($0)) } }

    // MARK: First reading

    private mutating func scan() {
        var (bytes, row) = (self.bytes, LogRow())
        // JSON and dumps tell their columns as they go.
        var known = table.header.count
        var zones: [(entry: Int, local: Instant, offset: Duration)] = []
        while table.next(&bytes, &row) {
            if table.header.count != known { (columns, known) = (CELColumns(table), table.header.count) }
            guard let event = row.text(columns[.event]), let text = row.text(columns[.time]) else {
                refuse(row, row.text(columns[.event]) == nil ? "no event type" : "no time")
                continue
            }
            guard let time = LogTime(text) else {
                refuse(
                    row, "the time '\(text.prefix(40))' is none of 2026-11-21 02:17:40[.5][+01:00] and epoch seconds")
                continue
            }
            guard let id = row.text(columns[.uniqueID]) ?? row.text(columns[.linkedID]) else {
                refuse(row, "no uniqueid")
                continue
            }
            if CELType.isOld(event) { isOldNumbering = true }
            let name = CELType.name(event, isOld: isOldNumbering)
            let rank = CELFile.rank[name, default: 3]
            let entry = Entry(at: time.at, offset: row.offset, rank: rank, isLocal: time.isLocal)
            if time.isLocal, rank == 0, let zone = CELFile.zone(time.at, UniqueID(id)) {
                zones.append((entries.count, time.at, zone))
            }
            if rank == 0, systemNames.count < 8 { systemNames.insert(UniqueID(id).systemName ?? "") }
            entries.append(entry)
        }
        convert(zones)
    }

    private mutating func refuse(_ row: LogRow, _ reason: String) {
        // More than these nobody reads; a file of another kind has as many as rows.
        if problems.count < 1000 { problems.append(LogProblem(line: row.line, reason: reason)) }
    }

    /// Local time minus UTC, to the quarter of an hour, as the id of a channel that began at that time says.
    private static func zone(_ local: Instant, _ id: UniqueID) -> Duration? {
        guard let created = id.created else { return nil }
        let difference = local.seconds - created.seconds
        let quarters = ((difference + (difference < 0 ? -450 : 450)) / 900) * 900
        return abs(difference - quarters) <= 5 && abs(quarters) <= 14 * 3600 ? .seconds(quarters) : nil
    }

    /// Makes local times UTC, by the offset of the latest new channel before them.
    private mutating func convert(_ zones: [(entry: Int, local: Instant, offset: Duration)]) {
        guard let first = zones.first else { return }
        if zones.allSatisfy({ $0.offset == first.offset }) {
            for i in entries.indices where entries[i].isLocal { entries[i].at = entries[i].at - first.offset }
            return
        }
        // Summer time began or ended: the order in the file tells which hour it is, in a file without order the time itself.
        switch direction {
        case .up:
            var next = 0
            var offset = first.offset
            for i in entries.indices {
                while next < zones.count, zones[next].entry <= i {
                    offset = zones[next].offset
                    next += 1
                }
                if entries[i].isLocal { entries[i].at = entries[i].at - offset }
            }
        case .down:
            var next = zones.count - 1
            var offset = zones[next].offset
            for i in entries.indices.reversed() {
                while next >= 0, zones[next].entry >= i {
                    offset = zones[next].offset
                    next -= 1
                }
                if entries[i].isLocal { entries[i].at = entries[i].at - offset }
            }
        case .none:
            let byTime = zones.sorted { $0.local < $1.local }
            for i in entries.indices where entries[i].isLocal {
                let offset = byTime.last { $0.local <= entries[i].at }?.offset ?? byTime[0].offset
                entries[i].at = entries[i].at - offset
            }
        }
    }

    private enum Direction { case up, down, none }
    /// Which way time runs through the file; rows of a moment may be swapped, and an hour is repeated once a year.
    private var direction: Direction {
        let pairs = zip(entries, entries.dropFirst())
        let (up, down) = pairs.reduce((0, 0)) { count, pair in
            (count.0 + (pair.1.at > pair.0.at ? 1 : 0), count.1 + (pair.1.at < pair.0.at ? 1 : 0))
        }
        if down * 3 <= up { return .up }
        return up * 3 <= down ? .down : .none
    }

    private static let rank = [
        "CHAN_START": 0, "APP_START": 1, "ANSWER": 2, "BLINDTRANSFER": 3, "ATTENDEDTRANSFER": 3, "PICKUP": 3,
        "PARK_START": 3, "BRIDGE_EXIT": 4, "BRIDGE_END": 4, "PARK_END": 4, "BRIDGE_ENTER": 5, "BRIDGE_START": 5,
        "APP_END": 6, "HANGUP": 7, "CHAN_END": 8, "LINKEDID_END": 9,
    ]

    /// In order of time; rows of one moment by what they are. Where times are whole seconds and the file runs one way, rows of one
    /// second stay as they stood: a second holds too much to be guessed at.
    private mutating func order() {
        let isFine = entries.contains { $0.at.microseconds % 1_000_000 != 0 }
        let direction = self.direction
        if direction == .down { entries.reverse() }
        let keepsSeconds = !isFine && direction != .none
        var isSorted = true
        for i in entries.indices.dropFirst() where isSorted {
            let (a, b) = (entries[i - 1], entries[i])
            isSorted = a.at < b.at || a.at == b.at && (keepsSeconds || a.rank <= b.rank)
        }
        if isSorted { return }
        // Those that stand at one moment and rank stay in the file's order, which runs as time does now.
        let isReversed = direction == .down
        entries.sort { a, b in
            if a.at != b.at { return a.at < b.at }
            if !keepsSeconds, a.rank != b.rank { return a.rank < b.rank }
            return isReversed ? a.offset > b.offset : a.offset < b.offset
        }
    }

    // MARK: Second reading

    private func read(_ row: LogRow) -> CELRow? {
        func get(_ field: CELColumns.Field) -> String? { row.text(columns[field]) }
        guard let type = get(.event), let unique = get(.uniqueID) ?? get(.linkedID) else { return nil }
        let linked = get(.linkedID).flatMap { $0 == "0" ? nil : $0 }
        var name = CELType.name(type, isOld: isOldNumbering)
        if name == "USER_DEFINED", let own = get(.userType) { name = own }
        var event = CELRow(
            event: name, at: Instant(microseconds: 0), uniqueID: UniqueID(unique), linkedID: LinkedID(linked ?? unique),
            channel: ChannelName(get(.channel) ?? ""))
        event.isLinkStated = linked != nil
        event.number = get(.number)
        event.name = get(.name)
        event.ani = get(.ani)
        event.dnid = get(.dnid)
        event.exten = get(.exten) ?? ""
        event.context = get(.context) ?? ""
        event.application = get(.application)
        event.applicationData = get(.data)
        event.accountCode = get(.accountCode)
        event.userField = get(.userField)
        event.peer = get(.peer)
        event.extra = CELExtra.read(get(.extra) ?? "", of: name)
        return event
    }
}
