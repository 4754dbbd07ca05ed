import Storage
import Telephony

/// `hookswitch show ID`: one call, and the proof of it.
struct ShowVerb {
    private let invocation: Invocation
    private let console: Console

    /// The operand is any id of the call: a uniqueid, a linkedid or the record's.
    init(_ invocation: Invocation, _ console: Console) { (self.invocation, self.console) = (invocation, console) }

    /// Shows the newest call with that id, and says so where there are others.
    /// - Returns: `found` where no call has it.
    func run(_ store: some CallQuery) async throws -> ExitCode {
        let wanted = invocation.operands[0]
        let calls = try await store.calls(withAnyID: wanted)
        guard let call = calls.first, let record = RecordView(call.recordJSON) else {
            console.complain("no call has the id \(wanted): neither a uniqueid, a linkedid nor a record's id")
            return .found
        }
        if calls.count > 1 {
            let others = calls.dropFirst().compactMap { RecordView($0.recordJSON)?.text("id") }.joined(separator: ", ")
            console.complain("this is the newest call with the id \(wanted); there is also \(others)")
        }
        let deliveries = try await store.deliveries(ofCall: record.text("id"))
        if invocation.has("--json") {
            return console.write(ShowVerb.json(call, deliveries) + [0x0A]) ? .fine : .found
        }
        let held = try await store.endpoints().filter { $0.condition != .active }
        let report = CallReport(record: record, evidence: call.evidence, deliveries: deliveries, held: held)
        for line in report.lines(for: console) { guard console.line(line) else { return .found } }
        return .fine
    }

    /// `{"record": …, "evidence": […], "deliveries": […]}`
    static func json(_ call: StoredCall, _ deliveries: [Delivery]) -> [UInt8] {
        var w = JSONWriter(reserving: 4096)
        w.beginObject()
        w.key("record")
        w.value(raw: call.recordJSON)
        w.array("evidence", call.evidence) { evidence, w in
            w.beginObject()
            w.member("field", evidence.field)
            w.member("event", evidence.event)
            w.member("at", evidence.at)
            w.member("offset", evidence.offset)
            w.member("reason", evidence.reason)
            w.endObject()
        }
        w.array("deliveries", deliveries) { $1.value(raw: DeliveriesTable.json($0, withAttempts: true)) }
        w.endObject()
        return w.bytes
    }
}
