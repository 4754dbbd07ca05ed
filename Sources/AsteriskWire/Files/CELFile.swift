public import Telephony

/// Reads a channel event log: a `cel_custom` file, an export of a `cel` table, or JSON.
///
/// **Shape**: with a header the columns of Asterisk's `cel` table (`eventtype`, `eventtime`, `cid_num`, `channame`, `uniqueid`,
/// `linkedid`, `eventextra`, …); without one, the order of the sample `cel_custom.conf` or any that keeps the neighbours
/// `exten, context, channel, application, data` and `accountcode, uniqueid, linkedid, peer` together.
/// Rows are put in order of time. Times without a zone are local to the PBX: the second in a new channel's own id tells the
/// offset.
/// **Source**: cel.c, cel_custom.c and cel_odbc.c of Asterisk 11 to 22.
public struct CELFile: Sendable {
    /// In order of time.
    public private(set) var rows: [CELRow] = []
    public private(set) var problems: [LogProblem] = []

    public init(_ bytes: [UInt8]) {
        let table = LogTable(bytes)
        problems = table.problems
        let columns = table.header.isEmpty ? CELFile.infer(table.rows) : nil
        var read: [(row: CELRow, isLocal: Bool)] = []
        for (i, fields) in table.rows.enumerated() {
            let get = CELFile.reader(table, fields, columns)
            guard let type = get(.event).map(CELFile.eventName), let time = get(.time).flatMap(CELFile.time),
                let unique = get(.uniqueID), let linked = get(.linkedID) ?? get(.uniqueID)
            else {
                problems.append(LogProblem(line: i + 1, reason: "no event type, time or uniqueid"))
                continue
            }
            var row = CELRow(
                event: type, at: time.at, uniqueID: UniqueID(unique), linkedID: LinkedID(linked),
                channel: ChannelName(get(.channel) ?? ""))
            row.number = get(.number)
            row.name = get(.name)
            row.ani = get(.ani)
            row.dnid = get(.dnid)
            row.exten = get(.exten) ?? ""
            row.context = get(.context) ?? ""
            row.application = get(.application)
            row.applicationData = get(.data)
            row.accountCode = get(.accountCode)
            row.userField = get(.userField)
            row.peer = get(.peer)
            row.extra = CELFile.extra(get(.extra) ?? "")
            read.append((row, time.isLocal))
        }
        let offset = CELFile.zoneOffset(read)
        rows = read.map { entry in
            var row = entry.row
            if entry.isLocal { row.at = row.at - offset }
            return row
        }
        sort()
    }

    /// The rows as call events.
    public var events: [CallEvent] { rows.map { CallEvent(at: $0.at, body: .cel($0)) } }

    // MARK: Columns

    private enum Column: Int, CaseIterable {
        case event, time, name, number, ani, dnid, exten, context, channel, application, data, accountCode, uniqueID
        case linkedID, peer, userField, extra

        /// The column's names in tables and JSON.
        var names: [String] {
            switch self {
            case .event: ["eventtype", "event", "eventname"]
            case .time: ["eventtime", "time", "timestamp"]
            case .name: ["cid_name", "callerid_name", "cidname", "calleridname"]
            case .number: ["cid_num", "callerid_num", "cidnum", "calleridnum"]
            case .ani: ["cid_ani", "callerid_ani"]
            case .dnid: ["cid_dnid", "callerid_dnid"]
            case .exten: ["exten"]
            case .context: ["context"]
            case .channel: ["channame", "channel"]
            case .application: ["appname", "app", "application"]
            case .data: ["appdata"]
            case .accountCode: ["accountcode"]
            case .uniqueID: ["uniqueid"]
            case .linkedID: ["linkedid"]
            case .peer: ["peer", "bridgepeer"]
            case .userField: ["userfield"]
            case .extra: ["eventextra", "extra"]
            }
        }
    }

    private static func reader(
        _ table: LogTable, _ fields: [String], _ columns: [Int]?
    ) -> (Column) -> String? {
        { column in
            if let columns {
                let i = columns[column.rawValue]
                return i >= 0 && i < fields.count && !fields[i].isEmpty ? fields[i] : nil
            }
            for name in column.names { if let value = table.value(fields, name) { return value } }
            return nil
        }
    }

    /// Finds the columns of a file without a header from what stands in them.
    private static func infer(_ rows: [[String]]) -> [Int] {
        var columns = [Int](repeating: -1, count: Column.allCases.count)
        guard let row = rows.first(where: { $0[0] == "CHAN_START" || $0[0] == "1" }) ?? rows.first else {
            return columns
        }
        func isID(_ text: String) -> Bool { UniqueID(text).created != nil }
        let unique = row.indices.first { isID(row[$0]) && $0 + 1 < row.count && isID(row[$0 + 1]) } ?? -1
        let channel = row.indices.first { $0 > 1 && row[$0].contains("/") && ($0 < unique || unique < 0) } ?? -1
        columns[Column.event.rawValue] = 0
        columns[Column.time.rawValue] = 1
        columns[Column.name.rawValue] = 2
        columns[Column.number.rawValue] = 3
        columns[Column.ani.rawValue] = 4
        if channel > 3 {
            columns[Column.dnid.rawValue] = channel - 3
            columns[Column.exten.rawValue] = channel - 2
            columns[Column.context.rawValue] = channel - 1
            columns[Column.channel.rawValue] = channel
            columns[Column.application.rawValue] = channel + 1
            columns[Column.data.rawValue] = channel + 2
        }
        if unique > 0 {
            columns[Column.accountCode.rawValue] = unique - 1
            columns[Column.uniqueID.rawValue] = unique
            columns[Column.linkedID.rawValue] = unique + 1
            columns[Column.peer.rawValue] = unique + 2
            columns[Column.userField.rawValue] = unique + 3
            columns[Column.extra.rawValue] = row.count - 1
        }
        return columns
    }

    // MARK: Values

    /// The event's name; some back ends write Asterisk's number of it (cel.h).
    private static func eventName(_ text: String) -> String {
        let names = [
            "ALL", "CHAN_START", "CHAN_END", "HANGUP", "ANSWER", "APP_START", "APP_END", "PARK_START", "PARK_END",
            "BRIDGE_ENTER", "BRIDGE_EXIT", "USER_DEFINED", "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "FORWARD",
            "LINKEDID_END", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN",
        ]
        if let number = Int(text), names.indices.contains(number) { return names[number] }
        return text.uppercased()
    }

    /// `2026-11-21 02:17:40.996054` (local), `…T…Z` (UTC) or epoch seconds with a fraction.
    private static func time(_ text: String) -> (at: Instant, isLocal: Bool)? {
        if let civil = CivilTime(text) { return (civil.asUTC, !text.hasSuffix("Z")) }
        let parts = text.split(separator: ".", maxSplits: 1)
        guard let first = parts.first, let seconds = Int64(first), seconds > 0, seconds < 1 << 40 else { return nil }
        var fraction = parts.count > 1 ? String(parts[1].prefix(6)) : ""
        while fraction.count < 6 { fraction += "0" }
        return (Instant(microseconds: seconds * 1_000_000 + (Int64(fraction) ?? 0)), false)
    }

    /// JSON from Asterisk 12 on; before, `HANGUP` has `cause,source,dialstatus` there.
    private static func extra(_ text: String) -> [String: String] {
        let members = CELExtra.read(text)
        if !members.isEmpty || text.isEmpty || text.hasPrefix("{") {
            return members.isEmpty ? CELExtra.salvage(text) : members
        }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, Int(parts[0]) != nil else { return [:] }
        return ["hangupcause": parts[0], "hangupsource": parts[1], "dialstatus": parts.count > 2 ? parts[2] : ""]
    }

    /// Local time minus UTC, to the quarter of an hour, from rows that begin a channel.
    private static func zoneOffset(_ rows: [(row: CELRow, isLocal: Bool)]) -> Duration {
        for (row, isLocal) in rows where isLocal && row.event == "CHAN_START" {
            guard let created = row.uniqueID.created else { continue }
            let difference = row.at.seconds - created.seconds
            let quarters = ((difference + (difference < 0 ? -450 : 450)) / 900) * 900
            if abs(difference - quarters) <= 5 { return .seconds(quarters) }
        }
        return .zero
    }

    /// In order of time; rows of one moment by what they are. Where times are whole seconds and the file is in order, it stays as
    /// it stood: a second holds too much to be guessed at.
    private mutating func sort() {
        let isInOrder = zip(rows, rows.dropFirst()).allSatisfy { $0.at <= $1.at }
        let isFine = rows.contains { $0.at.microseconds % 1_000_000 != 0 }
        if isInOrder, !isFine { return }
        let order = [
            "CHAN_START": 0, "APP_START": 1, "ANSWER": 2, "BLINDTRANSFER": 3, "ATTENDEDTRANSFER": 3, "PICKUP": 3,
            "PARK_START": 3, "BRIDGE_EXIT": 4, "BRIDGE_END": 4, "PARK_END": 4, "BRIDGE_ENTER": 5, "BRIDGE_START": 5,
            "APP_END": 6, "HANGUP": 7, "CHAN_END": 8, "LINKEDID_END": 9,
        ]
        let ranked = rows.enumerated().sorted { a, b in
            if a.element.at != b.element.at { return a.element.at < b.element.at }
            let left = order[a.element.event, default: 3]
            let right = order[b.element.event, default: 3]
            return left != right ? left < right : a.offset < b.offset
        }
        rows = ranked.map(\.element)
    }
}
