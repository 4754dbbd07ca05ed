import Telephony

/// How the wait in a queue went.
extension Outcome {
    /// The queue the call was in, and what tells of it; nil for none.
    func queueWait() -> Wait? {
        let status = facts.call.variables["QUEUESTATUS"] ?? ""
        let chosen = facts.call.queueVisits.last { $0.connect != nil } ?? facts.call.queueVisits.last
        guard let chosen else { return unjoinedQueue(status) }
        let part = facts.call.parts[chosen.part]
        let over = chosen.leave ?? chosen.connect ?? chosen.abandon
        let until = over?.at ?? ends.left(chosen.part) ?? ends.overall
        let result = result(of: chosen, part, until: until, status)
        let queue = CallRecord.Queue(
            name: printable(chosen.name), wait: max(until - chosen.join.at, .zero), position: chosen.position,
            result: result.value)
        return Wait(
            queue: queue, name: Decided(chosen.name, chosen.join, "the wait began"), result: result,
            over: over ?? part.end ?? ends.mark)
    }

    private func unjoinedQueue(_ status: String) -> Wait? {
        // A full or empty queue is never joined, and where only the handler or a CDR spoke no event was heard: the
        // application, its CDR, the handler or the dialplan's own word names the queue.
        guard let named = unjoinedQueueName(status) else { return nil }
        // A member and the time held are told only where a member took the call.
        let taken = facts.call.witnesses.last {
            $0.memberName != nil || $0.memberInterface != nil || $0.queueHoldSeconds != nil
        }
        let told = result(byStatus: status)
        var result = byStatus(told)
        if told == nil, let taken {
            result = Decided(.answered, taken.mark, "a member took the call")
        } else if told == nil,
            let row = facts.call.cdrRows.last(where: { $0.lastApplication == "Queue" && $0.destinationChannel != nil }),
            row.disposition == "ANSWERED"
        {
            result = Decided(.answered, row.mark, "dstchannel of the CDR: a member took the call")
        }
        // Only who was refused at the door is known not to have waited.
        let wasRefused = told == .full || status.hasPrefix("JOIN")
        let queue = CallRecord.Queue(
            name: printable(String(named.value.prefix { $0 != "," })),
            wait: wasRefused ? .zero : taken?.queueHoldSeconds.map { .seconds($0) },
            position: wasRefused ? nil : taken?.queuePosition, result: result.value)
        return Wait(queue: queue, name: named, result: result, over: nil)
    }

    /// What `QUEUESTATUS` says of the wait; nil where it is not set: a member took the call, or the caller left.
    private func result(byStatus status: String) -> CallRecord.Queue.Result? {
        switch status {
        case "FULL": .full
        case "JOINEMPTY", "JOINUNAVAIL", "LEAVEEMPTY", "LEAVEUNAVAIL": .empty
        case "TIMEOUT": .timeout
        case "WITHDRAW": .exit
        // Queue's option c: the member who had the call hung up, and the caller goes on.
        case "CONTINUE": .answered
        default: nil
        }
    }

    private func unjoinedQueueName(_ status: String) -> Decided<String>? {
        let variables = facts.call.variables
        if let application = facts.call.parts[cast.caller].application, application.name == "Queue" {
            return Decided(application.data, application.mark, "the queue that was never joined")
        }
        if let row = facts.call.cdrRows.last(where: { $0.lastApplication == "Queue" }), let data = row.lastData {
            return Decided(data, row.mark, "lastdata of the CDR: the queue was never joined")
        }
        if let witness = facts.call.witnesses.last(where: { $0.queueName != nil }), let name = witness.queueName {
            return Decided(name, witness.mark, "QUEUENAME")
        }
        guard !status.isEmpty, let name = variables["HOOKSWITCH_QUEUE"] else { return nil }
        return Decided(name, variables.mark(of: "HOOKSWITCH_QUEUE"), "HOOKSWITCH_QUEUE")
    }

    private func byStatus(_ result: CallRecord.Queue.Result?) -> Decided<CallRecord.Queue.Result?> {
        Decided(result, facts.call.variables.mark(of: "QUEUESTATUS"), "QUEUESTATUS")
    }

    private func result(
        of visit: Call.QueueVisit, _ part: ToldCall.Line, until: Instant, _ status: String
    ) -> Decided<CallRecord.Queue.Result?> {
        if let connect = visit.connect { return Decided(.answered, connect, "a member took the call") }
        let isOver = until + .milliseconds(500)
        if let request = part.hangupRequest, request.at <= isOver {
            return Decided(.abandoned, request, "the caller hung up while waiting")
        }
        if let end = part.end, end.at <= isOver, hungUp.value == .caller {
            return Decided(.abandoned, end, "the caller hung up while waiting")
        }
        if let told = self.result(byStatus: status), told != .timeout { return byStatus(told) }
        if visit.wasSentElsewhere {
            return Decided(.exit, visit.leave, "the caller was elsewhere in the dialplan as the wait ended")
        }
        if visit.abandon != nil || status == "TIMEOUT" {
            let mark = visit.abandon ?? facts.call.variables.mark(of: "QUEUESTATUS")
            return Decided(.timeout, mark, "no member took the call, and the caller's channel went on")
        }
        if let answer = answer(between: visit.join.at, and: until) {
            return Decided(.answered, answer, "a member answered")
        }
        return Decided(.exit, visit.leave, "the wait ended, and the caller's channel went on")
    }

    /// When somebody took the call in that time; nil where nobody did.
    private func answer(between from: Instant, and to: Instant) -> Mark? {
        let dials = facts.call.dials
        let dial = dials.indices.first { dial in
            let destination = dials[dial].destination
            return dials[dial].status == .answer && cast.lines[destination].isPerson && destination != cast.caller
                && dials[dial].end.map { $0.at >= from && $0.at <= to + .milliseconds(100) } ?? false
        }
        return dial.flatMap { dials[$0].end }
    }
}
