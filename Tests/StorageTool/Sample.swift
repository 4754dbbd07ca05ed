import Storage
import Telephony

/// An answered inbound call of usual size: two legs, a recording, evidence for some twenty fields.
enum Sample {
    static func call(_ n: Int) -> FinishedCall {
        let start = Instant(milliseconds: 1_795_000_000_000 + Int64(n) * 10)
        let a = UniqueID("\(1_795_000_000 + n / 100).\(2 * n)")
        let b = UniqueID("\(1_795_000_000 + n / 100).\(2 * n + 1)")
        var record = CallRecord(
            id: CallRecord.id(system: "pbx1", linkedID: LinkedID(a)), system: "pbx1", uniqueID: a,
            linkedID: LinkedID(a),
            direction: .inbound, disposition: .answered,
            caller: .init(number: "15551\(100_000 + n % 900_000)", name: "Caller \(n)"),
            callee: .init(number: "8005550100"),
            startedAt: start, endedAt: start + .seconds(63), hangupCause: .init(rawValue: 16))
        let agent = CallRecord.Party(
            number: "1001", name: "Agent One", channel: ChannelName("PJSIP/1001-000000\(n % 90 + 10)"))
        record.answeredAt = start + .seconds(5)
        record.answeredBy = agent
        record.agents = [agent]
        record.agent = agent
        record.talk = .seconds(58)
        record.ring = .seconds(5)
        record.hungUpBy = .caller
        record.sources = [.ami]
        var inbound = CallRecord.Leg(
            uniqueID: a, channel: ChannelName("PJSIP/trunk-a-000000\(n % 90 + 10)"), role: .caller, startedAt: start)
        inbound.number = record.caller.number
        inbound.answeredAt = record.answeredAt
        inbound.endedAt = record.endedAt
        inbound.bridged = [.init(from: start + .seconds(5), to: record.endedAt, with: [agent.channel])]
        var outbound = CallRecord.Leg(uniqueID: b, channel: agent.channel, role: .callee, startedAt: start)
        outbound.number = "1001"
        outbound.answeredAt = record.answeredAt
        outbound.endedAt = record.endedAt
        outbound.bridged = [.init(from: start + .seconds(5), to: record.endedAt, with: [inbound.channel])]
        record.legs = [inbound, outbound]
        let fields = [
            "direction", "disposition", "caller", "callee", "answered_by", "agents", "started_at", "answered_at",
            "ended_at", "talk_seconds", "ring_seconds", "hungup_by", "hangup_cause",
        ]
        let evidence = fields.map {
            FieldEvidence(
                field: $0, event: "Hangup", at: record.endedAt, offset: Int64(n) * 9000,
                reason: "the first channel's last event said so")
        }
        return FinishedCall(record: record, evidence: evidence)
    }
    static func commit(_ n: Int, now: Instant) -> CallCommit {
        let call = call(n)
        let json = call.record.json
        var body = Array(#"{"type":"call.complete","id":"\#(call.record.id).complete","data":"#.utf8)
        body += json
        body.append(UInt8(ascii: "}"))
        let draft = OutboxDraft(
            messageID: "\(call.record.id).complete", endpoint: "crm", callID: call.record.id, event: "call.complete",
            sequence: 100, contentType: "application/json", body: body, dueAt: now)
        return CallCommit(call, recordJSON: json, outbox: [draft])
    }
}
