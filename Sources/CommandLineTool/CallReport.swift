import Storage
import Telephony

/// Everything about one call for a person: who and when, the legs, what decided each field, each delivery attempt.
struct CallReport {
    /// What is shown of the call itself.
    let record: RecordView
    /// What decided its fields, as stored; a field may have none or several.
    let evidence: [FieldEvidence]
    /// Its messages to all endpoints, with their attempts.
    let deliveries: [Delivery]
    /// The endpoints that get nothing just now, whatever waits for them.
    var held: [EndpointStatus] = []

    /// The sections under bold headings, a blank line before each; an empty section is left out. Fitted to the
    /// console's width, with its zone's times.
    func lines(for console: Console) -> [String] {
        var lines = heading(console)
        lines += section("Legs", legTable(console), console)
        lines += section("Over time (\(zoneName(console)))", Ladder(record).lines(for: console), console)
        lines += section("Record", fieldTable(console), console)
        lines += section("What told the legs", legEvidence(console), console)
        let notes = record.json["notes"]?.array?.compactMap(\.string) ?? []
        lines += section("Notes", notes.map { "- \($0)" }, console)
        lines += section("Deliveries", deliveries.isEmpty ? ["none"] : deliveryLines(console), console)
        return lines
    }

    private func section(_ title: String, _ body: [String], _ console: Console) -> [String] {
        body.isEmpty ? [] : ["", console.paint(.bold, title)] + body
    }

    private func zoneName(_ console: Console) -> String {
        record.time("started_at").map { "UTC\(console.zone.zone($0))" } ?? "UTC"
    }

    private func heading(_ console: Console) -> [String] {
        let disposition = record.text("disposition")
        let title =
            "\(record.text("direction")) call, "
            + console.paint(RecordView.colour(ofDisposition: disposition) ?? .bold, disposition)
        let parties = "\(RecordView.party(record.json["caller"])) → \(RecordView.party(record.json["callee"]))"
        var when = record.time("started_at").map { console.zone.dateAndTime($0) } ?? ""
        when += ", length \(RecordView.clock(record.seconds("duration")))"
        if record.seconds("talk_seconds") > 0 { when += ", talk \(RecordView.clock(record.seconds("talk_seconds")))" }
        let agent = RecordView.party(record.json["agent"])
        if !agent.isEmpty { when += ", agent \(agent)" }
        return [console.paint(.bold, record.text("id")), DisplayWidth.cut(parties, console.width), title, when]
    }

    private func legTable(_ console: Console) -> [String] {
        var table = Table([
            .init("#", .right), .init("CHANNEL", least: 21), .init("PARTY", least: 10), .init("ROLE"), .init("DIAL"),
            .init("CAUSE", least: 8), .init("UNIQUEID", least: 14),
        ])
        for (i, leg) in record.legs.enumerated() {
            var cause = ""
            if let code = leg["hangup_cause"]?["code"]?.integer {
                cause = "\(code) \(leg["hangup_cause"]?["text"]?.string ?? "")"
            }
            if let tech = leg["tech_cause"]?.string { cause += " (\(tech))" }
            let isElsewhere = leg["answered_elsewhere"]?.bool ?? false
            table.rows.append([
                .init("\(i + 1)"), .init(leg["channel"]?.string ?? ""), .init(RecordView.party(leg)),
                .init(leg["role"]?.string ?? ""),
                .init(isElsewhere ? "elsewhere" : leg["dial_status"]?.string ?? ""), .init(cause),
                .init(leg["uniqueid"]?.string ?? "", .dim),
            ])
        }
        return table.lines(for: console)
    }

    /// The record's fields in the contract's order, each with the event that decided it: beside it, or below where there is no
    /// room.
    private func fieldTable(_ console: Console) -> [String] {
        let members = (record.json.object ?? []).filter { !["legs", "notes", "id"].contains($0.name) }
        let nameWidth = members.map { DisplayWidth.of($0.name) }.max() ?? 0
        let margin = String(repeating: " ", count: nameWidth + 2)
        let valueWidth = 24
        var lines: [String] = []
        for member in members {
            let values = DisplayWidth.wrap(shown(member.value, console), console.width - nameWidth - 2)
            lines.append(DisplayWidth.fit(member.name, nameWidth) + "  " + (values.first ?? ""))
            lines += values.dropFirst().map { margin + $0 }
            var reasons = evidence.filter { $0.field == member.name }.map { item in
                "\(console.zone.clock(item.at)) \(event(of: item)): \(item.reason)"
            }
            if reasons.isEmpty, let rule = CallReport.rule(member.name, member.value) { reasons = [rule] }
            for text in reasons {
                let isFirst =
                    lines.count > 0 && values.count == 1 && DisplayWidth.of(values[0]) <= valueWidth
                    && lines[lines.count - 1].hasSuffix(values[0])
                let room = console.width - nameWidth - 2 - valueWidth - 4
                for (n, part) in DisplayWidth.wrap(RecordView.harmless(text), room).enumerated() {
                    let mark = n == 0 ? "← " : "  "
                    if n == 0, isFirst {
                        let start = DisplayWidth.fit(lines.removeLast(), nameWidth + 2 + valueWidth)
                        lines.append(start + "  " + console.paint(.cyan, mark + part))
                    } else {
                        let start = margin + String(repeating: " ", count: valueWidth + 2)
                        lines.append(start + console.paint(.cyan, mark + part))
                    }
                }
            }
        }
        return lines
    }

    /// Each time of each leg with the event that told it, a line each.
    private func legEvidence(_ console: Console) -> [String] {
        var table = Table([.init("#", .right), .init("FIELD"), .init("TIME"), .init("EVENT", least: 12)])
        for item in evidence where item.field.hasPrefix("legs[") {
            let name = item.field.dropFirst(5).split(separator: "]", maxSplits: 1)
            guard name.count == 2, let leg = Int(name[0]) else { continue }
            table.rows.append([
                .init("\(leg + 1)"), .init(String(name[1].dropFirst())), .init(console.zone.clock(item.at)),
                .init(RecordView.harmless(event(of: item))),
            ])
        }
        return table.rows.isEmpty ? [] : table.lines(for: console)
    }

    /// What the record says of a field that no event decided; nil where it says nothing.
    private static func rule(_ name: String, _ value: JSONValue) -> String? {
        if value.isNull { return nil }
        // Of a call that a file told it is the file that makes it so.
        return name == "completeness" && value.string != "full"
            ? "part of it was not seen: see the notes" : derived[name]
    }

    /// How a field follows from others, where no single event decides it.
    private static let derived = [
        "agents": "in the order they spoke with the outside party",
        "agent": "the last of agents; of an outbound call that nobody answered, who placed it",
        "duration": "ended_at less started_at, whole seconds",
        "billsec": "ended_at less answered_at, whole seconds; 0 if never answered",
        "system": "the name that the configuration gives this PBX",
        "talk_seconds": "all the time the main party was bridged with a person, less hold and parking",
        "ring_seconds": "all the time at least one phone rang for the caller",
        "hold_seconds": "all the time one side held the other",
        "park_seconds": "all the time in a parking lot",
        "completeness": "no event of it was missed",
        "recording_path": "the first recording that is ready",
    ]

    /// `HangupRequest @9001`; as stored.
    private func event(of evidence: FieldEvidence) -> String {
        evidence.event + (evidence.offset.map { " @\($0)" } ?? "")
    }

    /// A value in a few words: a time as local clock, a party by number and name, a list by its items.
    private func shown(_ value: JSONValue, _ console: Console) -> String {
        switch value {
        case .null: return "–"
        case .bool(let flag): return flag ? "yes" : "no"
        case .number(let text): return text
        case .string(let text):
            if text.hasSuffix("Z"), text.utf8.count >= 20, let time = RecordView.time(value) {
                return "\(console.zone.dateAndTime(time)).\(console.zone.clock(time).suffix(3))"
            }
            return text
        case .array(let items):
            return items.isEmpty ? "–" : items.map { shown($0, console) }.joined(separator: ", ")
        case .object(let members):
            if members.isEmpty { return "–" }
            if value["number"] != nil || value["name"] != nil, value["wait_seconds"] == nil {
                return RecordView.party(value)
            }
            if let path = value["path"]?.string {
                let length = value["seconds"]?.double.map { " \(RecordView.clock($0))" } ?? ""
                return "\(path) \(value["state"]?.string ?? "")\(length)"
            }
            if let code = value["code"]?.integer { return "\(code) \(value["text"]?.string ?? "")" }
            return members.filter { !$0.value.isNull }.map { "\($0.name)=\(shown($0.value, console))" }
                .joined(separator: " ")
        }
    }

    private func next(of delivery: Delivery, at due: Instant, _ console: Console) -> String {
        if let endpoint = held.first(where: { $0.name == delivery.endpoint }) {
            return "held: the endpoint is \(endpoint.condition.rawValue)"
        }
        return "next attempt \(console.zone.shortDateAndTime(due))"
    }

    private func deliveryLines(_ console: Console) -> [String] {
        deliveries.flatMap { delivery in
            let what = "\(delivery.event) → \(delivery.endpoint)  "
            let when =
                (delivery.settledAt.map { " \(console.zone.clock($0))" } ?? "")
                + (delivery.dueAt.map { ", " + next(of: delivery, at: $0, console) } ?? "")
            let state = delivery.state.rawValue
            let message = "\(delivery.messageID), \(delivery.size) bytes"
            let isOneLine = DisplayWidth.of(what + state + when + "  " + message) <= console.width
            var lines = [
                what + console.paint(DeliveriesTable.colour(of: delivery.state), state) + when
                    + (isOneLine ? "  " + console.paint(.dim, message) : "")
            ]
            if !isOneLine { lines.append("  " + console.paint(.dim, message)) }
            for (i, attempt) in delivery.attempts.enumerated() {
                let answer = attempt.status.map(String.init) ?? attempt.error ?? "no answer"
                let label = attempt.status != nil ? attempt.error.map { " \($0)" } ?? "" : ""
                var line =
                    "  \(i + 1)  \(console.zone.clock(attempt.at))  \(answer)\(label)  "
                    + "\(attempt.duration.wholeMilliseconds) ms"
                let body = printable(String(decoding: attempt.response.prefix(200), as: UTF8.self))
                if !body.isEmpty { line += "  \(body)" }
                lines.append(DisplayWidth.cut(line, console.width))
            }
            return lines
        }
    }
}
