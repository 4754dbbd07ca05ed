import Telephony

/// The list of calls as a table: a call a row, newest first as given.
enum CallsTable {
    /// Several Asterisks may give the same `linkedid`: then calls are named by the record's id.
    private static func columns(_ naming: String) -> [Table.Column] {
        [
            .init("STARTED"), .init("DIR", spare: 3), .init("CALLER", least: 12), .init("CALLEE", least: 8, spare: 5),
            .init("RESULT"),
            .init("AGENT", least: 6), .init("TALK", .right, spare: 4), .init("LENGTH", .right, spare: 2),
            .init("REC", spare: 1), .init(naming),
        ]
    }

    /// The headings, then a row for each record in the order given. `*` at the result: the record is partial. `●`: a
    /// recording is ready.
    static func lines(_ records: [RecordView], for console: Console) -> [String] {
        let isOneSystem = Set(records.map { $0.text("system") }).count < 2
        var table = Table(columns(isOneSystem ? "LINKEDID" : "ID"))
        for record in records { table.rows.append(row(record, isOneSystem ? "linkedid" : "id", console)) }
        return table.lines(for: console)
    }

    /// One line without headings, for `tail`.
    static func summary(_ record: RecordView, for console: Console) -> String {
        let started = record.time("started_at").map { console.zone.shortDateAndTime($0) } ?? ""
        let agent = RecordView.party(record.json["agent"])
        let disposition = record.text("disposition")
        return [
            started, record.text("direction"), RecordView.party(record.json["caller"]), "→",
            RecordView.party(record.json["callee"]),
            console.paint(RecordView.colour(ofDisposition: disposition) ?? .bold, disposition),
            RecordView.clock(record.seconds("duration")), agent.isEmpty ? "" : "agent \(agent)", record.text("id"),
        ].filter { !$0.isEmpty }.joined(separator: "  ")
    }

    private static func row(_ record: RecordView, _ name: String, _ console: Console) -> [Table.Cell] {
        let disposition = record.text("disposition")
        let isPartial = record.text("completeness") == "partial"
        return [
            .init(record.time("started_at").map { console.zone.shortDateAndTime($0) } ?? ""),
            .init(CallsTable.short(direction: record.text("direction"))),
            .init(CallsTable.short(party: record.json["caller"])),
            .init(CallsTable.short(party: record.json["callee"])),
            .init(disposition + (isPartial ? "*" : ""), RecordView.colour(ofDisposition: disposition)),
            .init(record.json["agent"]?["agent"]?.string ?? CallsTable.short(party: record.json["agent"])),
            .init(RecordView.clock(record.seconds("talk_seconds"))),
            .init(RecordView.clock(record.seconds("duration"))),
            .init(record.json["recording_path"]?.string == nil ? "" : "●"),
            .init(record.text(name), .dim),
        ]
    }

    private static func short(direction: String) -> String {
        switch direction {
        case "inbound": "in"
        case "outbound": "out"
        case "internal": "int"
        default: direction
        }
    }
    /// The number, or the name where there is none.
    private static func short(party: JSONValue?) -> String {
        let number = party?["number"]?.string ?? ""
        return number.isEmpty ? party?["name"]?.string ?? "" : number
    }
}
