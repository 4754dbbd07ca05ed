import Telephony

/// Which event decided each field of the record.
extension CallTeller {
    /// One entry or more for each field that some event decided, in a fixed order; fields that are sums (`talk`,
    /// `hold`) have none.
    func evidence(
        _ first: ToldCall.Line, _ cast: Cast, _ ends: Ends, _ conversation: Conversation, _ outcome: Outcome
    ) -> [FieldEvidence] {
        var evidence = Evidence(facts.call.sources)
        evidence.add("started_at", "Newchannel", first.created, "the call's first channel")
        evidence.add("direction", "Newchannel", facts.call.parts[cast.caller].created, cast.directionReason)
        evidence.add(
            "caller", "Newchannel", facts.call.parts[cast.caller].created, "caller id of the first line of the call")
        evidence.add("callee", cast.calleeParty, otherwise: first.created)
        if let mark = answeredAt(cast, outcome) {
            let reason = "first time up: the channel whose answer counts for \(cast.direction.rawValue)"
            evidence.add("answered_at", "Newstate", mark, reason)
        }
        evidence.add("disposition", outcome.disposition, otherwise: first.created)
        evidence.add("ended_at", ends.event, ends.mark, "the last party left")
        evidence.add("hungup_by", outcome.hungUp, otherwise: ends.mark)
        evidence.add("hangup_cause", outcome.cause, otherwise: ends.mark)
        if let answerer = outcome.answeredBy,
            let since = conversation.talkers.first(where: { $0.part == answerer })?.since
        {
            evidence.add("answered_by", "BridgeEnter", mark(of: since, answerer), "first person the main party heard")
        }
        if let visit = outcome.visit {
            evidence.add("queue", "QueueCallerJoin", visit.join, "the wait began; it ended by \(outcome.queueReason)")
        }
        for move in facts.call.moves {
            evidence.add("transfers", Transfers.eventName(move.kind), move.at, "a channel was moved")
        }
        for recording in facts.call.recordings {
            evidence.add("recordings", "MixMonitorStart", recording.from, "recording began")
        }
        return evidence.list
    }

    private func mark(of time: Instant, _ part: Int) -> Mark {
        facts.call.parts[part].stays.first { $0.from.at == time }?.from ?? Mark(at: time, offset: -1)
    }

    /// Collects what decided each field.
    private struct Evidence {
        var list: [FieldEvidence] = []
        private let sources: SourceSet
        init(_ sources: SourceSet) {
            self.sources = sources
            list.reserveCapacity(16)
        }
        mutating func add<Value>(_ field: String, _ decided: Decided<Value>, otherwise mark: Mark) {
            add(field, decided.event, decided.mark ?? mark, decided.reason)
        }
        mutating func add(_ field: String, _ event: String, _ mark: Mark, _ reason: String) {
            list.append(
                FieldEvidence(
                    field: field, event: witnessed(event), at: mark.at, offset: mark.offset < 0 ? nil : mark.offset,
                    reason: reason))
        }
        /// What told it. Every grammar becomes the manager's words on its way into the call; of one that no manager event told, a
        /// reader looks for the row of the CEL or CDR, or for the dialplan's report.
        private func witnessed(_ event: String) -> String {
            if sources.contains(.ami) { return event }
            if sources.contains(.cel) { return Evidence.rows[event] ?? event }
            if sources.contains(.agi) { return sources.contains(.cdr) ? "hangup handler, Cdr" : "hangup handler" }
            return "Cdr"
        }
        /// The CEL row that tells what a manager event does.
        ///
        /// Of a queue any row may tell that was written within `Queue()`: CEL tracks applications only if it is told to.
        private static let rows = [
            "Newchannel": "CHAN_START", "Newstate": "ANSWER", "Newexten": "APP_START", "DialEnd": "HANGUP",
            "Hangup": "HANGUP", "HangupRequest": "HANGUP", "SoftHangupRequest": "HANGUP", "CEL": "HANGUP",
            "BridgeEnter": "BRIDGE_ENTER", "BridgeLeave": "BRIDGE_EXIT", "QueueCallerJoin": "CEL",
            "DialBegin": "CHAN_START",
            "MixMonitorStart": "APP_START", "BlindTransfer": "BLINDTRANSFER", "AttendedTransfer": "ATTENDEDTRANSFER",
            "Pickup": "PICKUP", "ParkedCall": "PARK_START", "UnParkedCall": "PARK_END",
        ]
    }
}
