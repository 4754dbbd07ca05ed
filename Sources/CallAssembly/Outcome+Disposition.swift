import Telephony

/// Whether somebody was reached, and how it failed where nobody was.
extension Outcome {
    /// Whether somebody was reached.
    func howItCameOut() -> Decided<CallRecord.Disposition> {
        let parts = facts.call.parts
        let caller = parts[cast.caller]
        if let reached = reached {
            return Decided(
                .answered, parts[reached].up ?? parts[reached].created, "somebody was reached")
        }
        let attempts = attemptedDials
        let queued = !facts.call.queueVisits.isEmpty || queue != nil
        if attempts.isEmpty, !queued {
            if conversation.talk > .zero {
                return Decided(
                    .answered, conversation.talkers.first?.since ?? caller.created, "the caller spoke with somebody")
            }
            let wasToReachOthers =
                cast.isOriginated
                && (!cast.targets.isEmpty || cast.direction == .outbound && !cast.lines[cast.caller].isOutside)
            guard let up = caller.up, !wasToReachOthers else { return howItFailed([], caller) }
            return Decided(.answered, up, "nobody was called; the PBX answered")
        }
        // The PBX took the call itself after the last attempt began: voicemail, an announcement.
        let lastTry = (attempts.map(\.begin.at) + facts.call.queueVisits.map(\.join.at)).max()
        if !cast.isOriginated, let up = caller.up, let lastTry, up.at > lastTry {
            return Decided(
                .answered, up, "nobody was reached, then the PBX answered (voicemail, announcement)")
        }
        let last = facts.call.cdrRows.last { $0.uniqueID == caller.uniqueID }
        for (application, mark) in [
            (caller.application?.name, caller.application?.mark), (last?.lastApplication, last?.mark),
        ] {
            guard !cast.isOriginated, caller.up != nil, let application else { continue }
            guard ["VoiceMail", "Record", "MiniVM", "MinivmRecord"].contains(application) else { continue }
            return Decided(.answered, mark, "nobody was reached, then \(application) took the call")
        }
        return howItFailed(attempts, caller)
    }

    /// A person whom the call reached, if any.
    private var reached: Int? {
        if cast.direction == .outbound {
            if cast.lines[cast.main].isOutside, cast.lines[cast.main].isDialled, facts.call.parts[cast.main].up != nil {
                return cast.main
            }
            if cast.lines[cast.main].isOutside, cast.main != cast.caller { return nil }
        }
        if let target = answeredTarget { return target }
        if let talker = conversation.talkers.first(where: { $0.part != cast.main })?.part { return talker }
        // Originated to one line only: that line was the one to reach.
        if cast.isOriginated, cast.targets.isEmpty, cast.direction != .outbound || cast.lines[cast.caller].isOutside,
            facts.call.parts[cast.caller].up != nil
        {
            return cast.caller
        }
        return nil
    }

    /// Dials of people that count: not the originated first line, unless it was the only one.
    private var attemptedDials: [Call.Dial] {
        let all = facts.call.dials.filter { cast.lines[$0.destination].isPerson }
        let others = all.filter { $0.destination != cast.caller }
        return others.isEmpty ? all : others
    }

    private func howItFailed(_ attempts: [Call.Dial], _ caller: ToldCall.Line) -> Decided<CallRecord.Disposition> {
        let parts = facts.call.parts
        if let request = caller.hangupRequest, !isRefusal(caller),
            !(cast.isOriginated && cast.lines[cast.caller].isDialled && caller.up == nil)
        {
            // It counts only if somebody was still being tried, or nothing had failed.
            // An application outside that gives up on a phone has no DialEnd: the phone's channel is gone then.
            let stillTrying = attempts.contains { dial in
                (dial.end ?? parts[dial.destination].end).map { $0.at + .milliseconds(200) >= request.at } ?? true
            }
            let stillWaiting = facts.call.queueVisits.contains { visit in
                (visit.leave ?? visit.abandon).map { $0.at + .milliseconds(500) >= request.at } ?? true
            }
            if stillTrying || attempts.isEmpty && facts.call.queueVisits.isEmpty || stillWaiting {
                return Decided(
                    .canceled, request, "the caller hung up before anybody answered")
            }
        }
        if hungUp.value == .caller, !isRefusal(caller),
            attempts.allSatisfy({ $0.status == .cancel || $0.status == nil || $0.status == .noAnswer }),
            let named = hungUp.mark, named != caller.hangupRequest,
            named.event == .celHangup || named.event == .handler
        {
            return Decided(
                .canceled, named, "the caller hung up before anybody answered")
        }
        // What the last round of dialling came to: the dials that overlap the last one.
        var outcomes: [CallRecord.Disposition] = []
        if let last = attempts.max(by: { $0.begin.at < $1.begin.at }) {
            for dial in attempts where (dial.end?.at ?? last.begin.at) >= last.begin.at {
                outcomes.append(Outcome.disposition(of: dial, parts[dial.destination]))
            }
        } else if facts.call.queueVisits.isEmpty, queue == nil {
            outcomes.append(Outcome.disposition(cause: caller.cause, otherwise: caller.up == nil ? .noAnswer : .failed))
        }
        let mark = attempts.last?.end ?? caller.end
        if outcomes.isEmpty || outcomes.contains(.noAnswer) {
            return Decided(.noAnswer, mark, "nobody answered")
        }
        if outcomes.contains(.busy) { return Decided(.busy, mark, "the line was busy") }
        return Decided(.failed, mark, "the line could not be reached")
    }

    /// How one attempt failed; the cause knows more than the status (404 and 603 come as NOANSWER).
    private static func disposition(of dial: Call.Dial, _ part: ToldCall.Line) -> CallRecord.Disposition {
        if dial.status == .busy { return .busy }
        if dial.status == .congestion || dial.status == .channelUnavailable {
            return disposition(cause: part.cause, otherwise: .failed)
        }
        return disposition(cause: part.hangupRequestCause ?? part.cause, otherwise: .noAnswer)
    }

    private static func disposition(cause: HangupCause, otherwise: CallRecord.Disposition) -> CallRecord.Disposition {
        switch cause.rawValue {
        case 17: .busy
        case 0, 16, 18, 19, 26, 31, 127, 23: otherwise
        default: .failed
        }
    }
}
