public import Telephony

/// Compares what was told of a run with what was stated, with what the phones saw and with Asterisk's own CDR.
public struct RecordCheck: Sendable {
    /// What is wrong, one sentence each; empty means that all is right.
    public private(set) var faults: [String] = []
    /// What was compared and held.
    public private(set) var heldFacts = 0

    /// Checks the records of one run, in any order.
    public init(_ run: Lane.Run, records: [JSONValue]) {
        if let failure = run.failure { faults.append("the lab could not drive it: \(failure)") }
        let stated = run.scenario.calls
        if stated.count != records.count, !(run.scenario.allowsMore && stated.count < records.count) {
            let told = records.map {
                "\($0["caller"]?["number"]?.string ?? "?")→\($0["callee"]?["number"]?.string ?? "?")"
            }
            faults.append("\(stated.count) calls were made, \(records.count) told: \(told.joined(separator: ", "))")
        }
        var left = records.sorted { ($0["started_at"]?.string ?? "") < ($1["started_at"]?.string ?? "") }
        for (number, facts) in stated.enumerated() {
            let position =
                left.firstIndex { $0["caller"]?["number"]?.string == facts.caller } ?? (left.isEmpty ? nil : 0)
            guard let position else { break }
            let record = left.remove(at: position)
            let prefix = stated.count > 1 ? "call \(number + 1): " : ""
            for fault in RecordCheck.faults(of: record, stated: facts, held: &heldFacts) {
                faults.append(prefix + fault)
            }
        }
        if stated.count == 1, records.count == 1, let record = records.first {
            checkPhones(run, record)
            checkCDR(run, record)
        }
    }

    /// Checks one record against what was stated of it.
    public static func faults(of record: JSONValue, stated: StatedFacts, held: inout Int) -> [String] {
        var faults: [String] = []
        func say(_ field: String, _ want: String, _ got: String) { faults.append("\(field) is \(got), stated \(want)") }
        func text(_ value: JSONValue?) -> String? { value?.string }
        func check(_ field: String, _ allowed: [String?]?, _ got: String?) {
            guard let allowed else { return }
            if allowed.contains(where: { $0 == got }) {
                held += 1
            } else {
                say(field, allowed.map { $0 ?? "null" }.joined(separator: " or "), got ?? "null")
            }
        }
        func check(_ field: String, _ range: ClosedRange<Double>?, _ got: Double?) {
            guard let range else { return }
            if let got, range.contains(got) {
                held += 1
            } else {
                say(field, "\(range.lowerBound) to \(range.upperBound)", got.map { "\($0)" } ?? "null")
            }
        }
        func wide(_ range: ClosedRange<Int>?) -> ClosedRange<Double>? {
            range.map { Double($0.lowerBound)...Double($0.upperBound) }
        }
        check("direction", [stated.direction], text(record["direction"]))
        check("caller", stated.caller == "*" ? nil : [stated.caller], text(record["caller"]?["number"]))
        check("callee", stated.callee, text(record["callee"]?["number"]))
        check("disposition", stated.disposition, text(record["disposition"]))
        check("billsec", wide(stated.billsec), record["billsec"]?.double)
        check("duration", wide(stated.duration), record["duration"]?.double)
        check("talk_seconds", stated.talk, record["talk_seconds"]?.double)
        check("hold_seconds", stated.hold, record["hold_seconds"]?.double)
        check("park_seconds", stated.park, record["park_seconds"]?.double)
        if let answeredBy = stated.answeredBy {
            check("answered_by", [answeredBy], text(record["answered_by"]?["number"]))
        }
        if let agents = stated.agents {
            let got = record["agents"]?.array?.map { $0["number"]?.string ?? "null" } ?? []
            check("agents", [agents.joined(separator: " ")], got.joined(separator: " "))
        }
        if let agent = stated.agent { check("agent", [agent], text(record["agent"]?["number"])) }
        check("hungup_by", stated.hungUpBy, text(record["hungup_by"]))
        if let cause = stated.cause {
            check("hangup_cause", cause.map(String.init), record["hangup_cause"]?["code"]?.integer.map(String.init))
        }
        if let queue = stated.queue {
            check("queue.name", [queue.name], text(record["queue"]?["name"]))
            check("queue.result", [queue.result], text(record["queue"]?["result"]))
            check("queue.wait_seconds", queue.wait, record["queue"]?["wait_seconds"]?.double)
        }
        if let transfers = stated.transfers {
            let got = record["transfers"]?.array ?? []
            check(
                "transfers", [transfers.map(\.kind).joined(separator: " ")],
                got.map { $0["kind"]?.string ?? "null" }.joined(separator: " "))
            for (want, told) in zip(transfers, got) {
                if let isOK = want.isOK { check("transfer.ok", ["\(isOK)"], told["ok"]?.bool.map { "\($0)" }) }
            }
        }
        if let recordings = stated.recordings {
            let got = record["recordings"]?.array ?? []
            check("recordings", ["\(recordings.count)"], "\(got.count)")
            for (want, told) in zip(recordings, got) where told["path"]?.string?.contains(want) != true {
                say("recording", want, told["path"]?.string ?? "null")
            }
            if let state = stated.recordingState {
                for told in got { check("recording state", [state, "pending"], text(told["state"])) }
            }
        }
        for (name, value) in stated.variables { check("variable \(name)", [value], text(record["variables"]?[name])) }
        if let name = stated.callerName { check("caller name", [name], text(record["caller"]?["name"])) }
        if let code = stated.accountCode { check("accountcode", [code], text(record["accountcode"])) }
        if let field = stated.userField { check("userfield", [field], text(record["userfield"])) }
        if let whole = stated.completeness { check("completeness", [whole], text(record["completeness"])) }
        // Never, whatever was stated.
        for name in ["duration", "billsec", "talk_seconds", "ring_seconds", "hold_seconds", "park_seconds"] {
            if let number = record[name]?.double, number < 0 { say(name, "never negative", "\(number)") }
        }
        return faults
    }

    /// The second witness: the caller's phone saw when the call began and ended.
    private mutating func checkPhones(_ run: Lane.Run, _ record: JSONValue) {
        guard let first = run.sightings.first(where: { if case .inviteSent = $0.kind { true } else { false } }),
            run.scenario.setting != .noTimestamps
        else { return }
        let own = run.sightings.filter { $0.phone == first.phone && $0.line == first.line }
        let end = own.last {
            switch $0.kind {
            case .byeSent, .byeReceived, .cancelSent, .refused: true
            default: false
            }
        }
        guard let end, !run.scenario.steps.contains(where: { if case .killAsterisk = $0 { true } else { false } }),
            record["transfers"]?.array?.isEmpty != false
        else { return }
        let lasted = end.time - first.time
        // A call that goes on without its caller is longer than his part in it, and says so.
        let goesOn = run.scenario.calls.contains { Double($0.duration?.lowerBound ?? 0) > lasted + 1.3 }
        if !goesOn, let told = record["duration"]?.double {
            if abs(told - lasted) <= 1.3 {
                heldFacts += 1
            } else {
                faults.append("duration is \(told); the caller's phone was busy with it for \(lasted) s")
            }
        }
        // *0 is what the lab's features.conf has for `disconnect`.
        let callerEnded = own.contains { [.byeSent, .cancelSent, .digits("*0")].contains($0.kind) }
        if let told = record["hungup_by"]?.string, callerEnded != (told == "caller"), told != "null" {
            faults.append("hungup_by is \(told); the caller's phone \(callerEnded ? "ended" : "did not end") the call")
        }
    }

    /// The third witness: Asterisk's own CDR, where one row tells the call.
    private mutating func checkCDR(_ run: Lane.Run, _ record: JSONValue) {
        guard run.scenario.cdrDiffers == nil, run.scenario.setting != .cdrUnansweredOff else { return }
        let linked = record["linkedid"]?.string
        let rows = run.cdrRows.filter { $0["linkedid"] == linked }
        guard let longest = rows.max(by: { Int($0["billsec"] ?? "") ?? 0 < Int($1["billsec"] ?? "") ?? 0 }) else {
            faults.append("Asterisk wrote no CDR with linkedid \(linked ?? "null")")
            return
        }
        if let told = record["billsec"]?.integer, let written = Int(longest["billsec"] ?? "") {
            if abs(told - written) <= 1 {
                heldFacts += 1
            } else {
                faults.append("billsec is \(told), Asterisk's CDR says \(written)")
            }
        }
        let words = ["ANSWERED": "ANSWERED", "NO_ANSWER": "NO ANSWER", "BUSY": "BUSY", "FAILED": "FAILED"]
        if let told = record["disposition"]?.string, let word = words[told], rows.count == 1,
            let written = longest["disposition"]
        {
            // Congestion is its own word there; a refused number is NO ANSWER.
            let same = word == written || (told == "FAILED" && ["CONGESTION", "NO ANSWER"].contains(written))
            if same { heldFacts += 1 } else { faults.append("disposition is \(told), Asterisk's CDR says \(written)") }
        }
    }
}
