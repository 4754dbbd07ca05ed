import Telephony

/// How the wait in a queue went.
extension Outcome {
    /// The queue the call was in, and the visit that tells of it; nil for one that was never joined.
    func queueWait() -> (queue: CallRecord.Queue, visit: Call.QueueVisit?, reason: String)? {
        let status = facts.call.variables["QUEUESTATUS"] ?? ""
        let chosen = facts.call.queueVisits.last { $0.connect != nil } ?? facts.call.queueVisits.last
        guard let chosen else { return unjoinedQueue(status).map { ($0, nil, "") } }
        let part = facts.call.parts[chosen.part]
        let over = chosen.connect ?? chosen.leave ?? chosen.abandon
        let until = chosen.leave?.at ?? over?.at ?? ends.left[chosen.part] ?? ends.overall
        let (result, reason) = result(of: chosen, part, until: until, status)
        let queue = CallRecord.Queue(
            name: printable(chosen.name), wait: max(until - chosen.join.at, .zero), position: chosen.position,
            result: result)
        return (queue, chosen, reason)
    }

    private func unjoinedQueue(_ status: String) -> CallRecord.Queue? {
        // A full or empty queue is never joined, so no queue event names it: the application, its CDR, the handler or the
        // dialplan's own word does.
        let caller = facts.call.parts[cast.caller]
        let data =
            caller.application.flatMap { $0.name == "Queue" ? $0.data : nil }
            ?? facts.call.cdrRows.last { $0.lastApplication == "Queue" }?.lastData
            ?? facts.call.witnesses.last { $0.queueName != nil }?.queueName
            ?? (status.isEmpty ? nil : facts.call.variables["HOOKSWITCH_QUEUE"])
        guard let data, status != "CONTINUE", status != "TIMEOUT" else { return nil }
        return CallRecord.Queue(
            name: printable(String(data.prefix { $0 != "," })), wait: .zero, position: nil,
            result: status == "FULL" ? .full : status.hasPrefix("JOIN") ? .empty : nil)
    }

    private func result(
        of visit: Call.QueueVisit, _ part: ToldCall.Line, until: Instant, _ status: String
    ) -> (CallRecord.Queue.Result, String) {
        if visit.connect != nil { return (.answered, "AgentConnect") }
        let isOver = until + .milliseconds(500)
        if let request = part.hangupRequest, request.at <= isOver {
            return (.abandoned, "HangupRequest of the caller while waiting")
        }
        if let end = part.end, end.at <= isOver, hungUp.value == .caller {
            return (.abandoned, "the caller's hangup while waiting")
        }
        if status == "FULL" { return (.full, "QUEUESTATUS") }
        if status.hasSuffix("EMPTY") || status.hasSuffix("UNAVAIL") { return (.empty, "QUEUESTATUS") }
        if status == "CONTINUE" || status == "WITHDRAW" { return (.exit, "QUEUESTATUS") }
        if visit.wasSentElsewhere { return (.exit, "QueueCallerLeave with the caller elsewhere in the dialplan") }
        if visit.abandon != nil || status == "TIMEOUT" {
            return (.timeout, "QueueCallerAbandon while the caller's channel went on")
        }
        if hasAnswer(between: visit.join.at, and: until) { return (.answered, "a member answered") }
        return (.exit, "QueueCallerLeave while the caller's channel went on")
    }

    private func hasAnswer(between from: Instant, and to: Instant) -> Bool {
        facts.call.dials.contains { dial in
            dial.status == .answer && cast.isPerson[dial.destination] && dial.destination != cast.caller
                && dial.end.map { $0.at >= from && $0.at <= to + .milliseconds(100) } ?? false
        }
    }
}
