import AsteriskWire
import CallAssembly
import Daemon
import Telephony

/// A `cel` table written by hand, row by row, and the shapes in which an operator exports it.
struct CELTable {
    struct Channel {
        var name: String
        /// Counter of its id.
        var number: Int
        var callerID = ""
        var callerName = ""
        /// When it began, in seconds from the table's zero.
        var second = 0
    }
    struct Row {
        var event: String
        var at: Double
        var channel: Channel
        var exten: String
        var context: String
        var linked: String
        var application: String
        var data: String
        var peer: String
        var extra: String
        var callerID: String
    }
    enum Shape: CaseIterable {
        case psql, psqlWithoutRuler, mysql, mysqlVertical, csv, csvWithHeader, tsv, jsonLines, jsonArray, insert, copy,
            numbers
    }
    /// 2026-03-02 09:00:00 UTC.
    static let zero: Int64 = 1_772_442_000
    static let columns = [
        "eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "exten", "context", "channame", "appname",
        "appdata",
        "uniqueid", "linkedid", "peer", "extra",
    ]

    var rows: [Row] = []
    /// The linked id rows have unless they say another.
    var linked: Channel

    init(_ linked: Channel) { self.linked = linked }

    static func id(_ channel: Channel) -> String { "\(zero + Int64(channel.second)).\(channel.number)" }
    static func bridge(_ id: String, _ technology: String = "simple_bridge") -> String {
        #"{"bridge_id":"\#(id)","bridge_technology":"\#(technology)"}"#
    }
    static func hangup(_ cause: Int, by: String = "", _ status: String = "") -> String {
        #"{"hangupcause":\#(cause),"hangupsource":"\#(by)","dialstatus":"\#(status)"}"#
    }

    mutating func add(
        _ event: String, _ at: Double, _ channel: Channel, _ exten: String = "", context: String = "staff",
        linked: Channel? = nil, app: String = "", data: String = "", peer: String = "", extra: String = "",
        callerID: String? = nil
    ) {
        rows.append(
            Row(
                event: event, at: at, channel: channel, exten: exten, context: context,
                linked: CELTable.id(linked ?? self.linked), application: app, data: data, peer: peer, extra: extra,
                callerID: callerID ?? channel.callerID))
    }

    /// HANGUP and CHAN_END of one moment.
    mutating func end(_ at: Double, _ channel: Channel, _ cause: Int = 16, by: String = "", status: String = "") {
        add("HANGUP", at, channel, extra: CELTable.hangup(cause, by: by, status))
        add("CHAN_END", at, channel)
    }

    // MARK: Shapes

    func cells(_ row: Row, _ time: (Double) -> String) -> [String] {
        [
            row.event, time(row.at), row.channel.callerName, row.callerID, "", row.exten, row.context, row.channel.name,
            row.application, row.data, CELTable.id(row.channel), row.linked, row.peer, row.extra,
        ]
    }

    static func instant(_ at: Double) -> Instant {
        Instant(microseconds: zero * 1_000_000 + Int64((at * 1_000_000).rounded()))
    }
    private static func civil(_ at: Double, hours: Int = 0) -> String {
        let text = (instant(at) + .seconds(hours * 3600)).rfc3339
        let micro = String(Int((at * 1_000_000).rounded()) % 1_000_000 + 1_000_000).dropFirst()
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8)).\(micro)"
    }
    static func local(_ hours: Int) -> (Double) -> String { { civil($0, hours: hours) } }
    static func zoned(_ at: Double) -> String { civil(at, hours: -5) + "-05" }
    static func whole(_ at: Double) -> String { String(civil(at).prefix(19)) }
    static func epoch(_ at: Double) -> String {
        let micro = instant(at).microseconds
        return "\(micro / 1_000_000).\(String(micro % 1_000_000 + 1_000_000).dropFirst())"
    }

    func text(_ shape: Shape, without missing: Set<String> = []) -> String {
        let names = CELTable.columns.filter { !missing.contains($0) }
        func table(_ time: (Double) -> String) -> [[String]] {
            rows.map { row in
                zip(CELTable.columns, cells(row, time)).filter { !missing.contains($0.0) }.map(\.1)
            }
        }
        switch shape {
        case .psql: return CELTable.drawn(names, table(CELTable.zoned), isRuled: true)
        case .psqlWithoutRuler: return CELTable.drawn(names, table(CELTable.local(2)), isRuled: false)
        case .mysql: return CELTable.boxed(names, table(CELTable.local(0)))
        case .mysqlVertical:
            return table(CELTable.local(1)).enumerated().map { i, row in
                "*************************** \(i + 1). row ***************************\n"
                    + zip(names, row).map { "\($0): \($1)\n" }.joined()
            }
            .joined()
        case .csv: return CELTable.separated(nil, table(CELTable.epoch), ",", isQuoted: true)
        case .csvWithHeader: return CELTable.separated(names, table(CELTable.local(-8)), ",", isQuoted: true)
        case .tsv:
            let rows = table(CELTable.local(0)).map { row in
                row.map {
                    $0.isEmpty
                        ? "NULL" : $0.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
                }
            }
            return CELTable.separated(names, rows, "\t", isQuoted: false)
        case .jsonLines: return table(CELTable.zoned).map { CELTable.object(names, $0) + "\n" }.joined()
        case .jsonArray:
            return "[\n" + table(CELTable.zoned).map { CELTable.object(names, $0) }.joined(separator: ",\n") + "\n]\n"
        case .insert:
            let values = table(CELTable.local(0)).map { row in
                "(" + row.map { "'" + CELTable.escaped($0) + "'" }.joined(separator: ",") + ")"
            }
            let created = names.map { "  `\($0)` varchar(80) NOT NULL DEFAULT ''" }.joined(separator: ",\n")
            return "-- MySQL dump 10.19\nCREATE TABLE `cel` (\n\(created),\n  KEY `u` (`uniqueid`)\n);\n"
                + "INSERT INTO `cel` VALUES \(values.joined(separator: ","));\n"
        case .copy:
            let lines = table(CELTable.zoned).map { row in
                row.map { $0.isEmpty ? "\\N" : $0 }.joined(separator: "\t") + "\n"
            }
            return "-- PostgreSQL database dump\n\nCOPY public.cel (\(names.joined(separator: ", "))) FROM stdin;\n"
                + lines.joined() + "\\.\n"
        case .numbers:
            let numbers = [
                "CHAN_START": 1, "CHAN_END": 2, "HANGUP": 3, "ANSWER": 4, "APP_START": 5, "BRIDGE_ENTER": 9,
                "BRIDGE_EXIT": 10, "LINKEDID_END": 16,
            ]
            let rows = table(CELTable.zoned).map { row in
                [numbers[row[0]].map { String($0) } ?? row[0]] + row.dropFirst()
            }
            return CELTable.separated(names, rows, ";", isQuoted: true)
        }
    }

    private static func drawn(_ names: [String], _ rows: [[String]], isRuled: Bool) -> String {
        let widths = names.indices.map { i in ([names] + rows).map { $0[i].count }.max() ?? 0 }
        func line(_ row: [String]) -> String {
            " " + zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ")
                + "\n"
        }
        let ruler =
            isRuled ? "-" + widths.map { String(repeating: "-", count: $0) }.joined(separator: "-+-") + "\n" : "\n"
        return line(names) + ruler + rows.map(line).joined() + "(\(rows.count) rows)\n"
    }
    private static func boxed(_ names: [String], _ rows: [[String]]) -> String {
        let widths = names.indices.map { i in ([names] + rows).map { $0[i].count }.max() ?? 0 }
        let ruler = "+" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "+") + "+\n"
        func line(_ row: [String]) -> String {
            "| " + zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: " | ")
                + " |\n"
        }
        return ruler + line(names) + ruler + rows.map(line).joined() + ruler + "\(rows.count) rows in set (0.00 sec)\n"
    }
    private static func separated(_ names: [String]?, _ rows: [[String]], _ separator: String, isQuoted: Bool) -> String
    {
        func line(_ row: [String]) -> String {
            row.map { cell in
                isQuoted
                    ? "\"" + cell.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                        + "\"" : cell
            }
            .joined(separator: separator) + "\n"
        }
        return (names.map { $0.joined(separator: separator) + "\n" } ?? "") + rows.map(line).joined()
    }
    private static func object(_ names: [String], _ row: [String]) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        for (name, value) in zip(names, row) {
            writer.key(text: name)
            writer.value(value)
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            if character == "'" || character == "\"" || character == "\\" { out += "\\" }
            out.append(character)
        }
        return out
    }

    // MARK: Calls

    /// The records of an exported text.
    static func records(_ text: String, _ assembly: AssemblyConfiguration = AssemblyConfiguration(system: "pbx1"))
        -> [CallRecord]
    {
        var replay = CaptureReplay(assembly)
        return replay.run(log: Array(text.utf8)).calls.map(\.record).sorted { $0.startedAt < $1.startedAt }
    }
    func records(_ shape: Shape = .psql, without missing: Set<String> = []) -> [CallRecord] {
        CELTable.records(text(shape, without: missing))
    }
}
