import Telephony

/// How the call came out: was somebody reached, who ended it, with what cause, how the queue went.
struct Outcome {
    private(set) var disposition = CallRecord.Disposition.failed
    private(set) var dispositionEvent = "Hangup"
    private(set) var dispositionMark: Mark?
    private(set) var dispositionReason = ""
    /// Place of the person who answered first.
    private(set) var answeredBy: Int?
    private(set) var hungUpBy: CallRecord.HungUpBy?
    private(set) var hungUpEvent = "Hangup"
    private(set) var hungUpMark: Mark?
    private(set) var hungUpReason = ""
    private(set) var cause = HangupCause.notStated
    private(set) var causeText = ""
    private(set) var causeReason = ""
    private(set) var queue: CallRecord.Queue?
    private(set) var visit: Call.QueueVisit?
    private(set) var queueReason = ""
    private(set) var notes: [String] = []

    private let facts: Facts
    private let cast: Cast
    private let ends: Ends
    private let conversation: Conversation
    /// Dialled lines that said yes, in the order they did.
    private let answeredTargets: [Int]

    init(_ facts: Facts, _ cast: Cast, _ ends: Ends, _ conversation: Conversation) {
        (self.facts, self.cast, self.ends, self.conversation) = (facts, cast, ends, conversation)
        let dials = facts.call.dials
        answeredTargets = dials.indices.filter {
            let destination = dials[$0].destination
            return dials[$0].status == .answer && cast.isPerson[destination] && destination != cast.caller
        }
        .sorted { (dials[$0].end?.at ?? dials[$0].begin.at) < (dials[$1].end?.at ?? dials[$1].begin.at) }
        .map { dials[$0].destination }
        decideAnswer()
        decideEnd()
        decideQueue()
        decideDisposition()
        decideCause()
        decideNotes()
    }

    // MARK: Who answered

    private mutating func decideAnswer() {
        let talkers = conversation.talkers
        switch cast.direction {
        case .outbound:
            if cast.isOutside[cast.main], facts.call.parts[cast.main].up != nil { answeredBy = cast.main }
        case .inbound, .internal:
            // Of people met in a conference nobody answered this call; an agent who is logged in did.
            answeredBy =
                talkers.first { talker in
                    let part = facts.call.parts[talker.part]
                    return talker.part != cast.main && (!part.isGuest || part.agent != nil)
                }?.part
            if answeredBy == nil { answeredBy = answeredTargets.first }
            if answeredBy == nil, cast.isOriginated, cast.targets.isEmpty, cast.direction == .internal,
                facts.call.parts[cast.caller].up != nil
            {
                answeredBy = cast.caller
            }
        }
    }

    // MARK: Who hung up

    private mutating func decideEnd() {
        let parts = facts.call.parts
        let lastConnection = conversation.lastTalkStart ?? parts[cast.caller].created.at
        let hasRequest = parts.contains { $0.hangupRequest.map { $0.at >= lastConnection } ?? false }
        if lastEndIsGuessed, !hasRequest {
            hungUpBy = nil
            hungUpReason = "the end was not seen"
            return
        }
        if !hasRequest, !facts.call.sources.contains(.ami), facts.call.sources.contains(.cel),
            parts.allSatisfy({ $0.hangupSource == nil })
        {
            hungUpBy = nil
            hungUpReason = "CEL was written without the details of its HANGUP"
            return
        }
        let main = parts[cast.main]
        if main.isAdopted, !hasRequest, main.softHangup == nil, main.stays.allSatisfy({ $0.from.offset < 0 }) {
            // It was over before it was first heard of: what came after was its hangup handler.
            hungUpReason = "who ended it was not seen"
            if let source = hangupSource([cast.main, cast.caller]) {
                sayHungUp(side(source), main.end ?? ends.mark, "CEL", "hangupsource names that channel")
            }
            return
        }
        let mainLeft = ends.left[cast.main] ?? ends.overall
        // The last talk is the end of the call only if the main party did not go on alone after it; on hold is not alone.
        let talkEnd = conversation.lastConnectionEnd
        let endsInTalk = talkEnd.map { mainLeft - $0 <= .seconds(1) } ?? false
        if endsInTalk, let start = conversation.lastTalkStart {
            let people = [cast.main] + conversation.lastTalkers
            let requests = parts.indices.filter { i in
                guard cast.isPerson[i], people.contains(i) || i == cast.caller, let request = parts[i].hangupRequest
                else { return false }
                return request.at >= start
            }
            if let first = requests.min(by: { parts[$0].hangupRequest!.at < parts[$1].hangupRequest!.at }) {
                sayHungUp(
                    side(first), parts[first].hangupRequest!, "HangupRequest",
                    "the first side to hang up after the last connection")
                return
            }
            if let source = hangupSource(people) {
                sayHungUp(side(source), parts[source].end ?? ends.mark, "CEL", "hangupsource names that channel")
                return
            }
            sayHungUp(.system, main.end ?? ends.mark, "Hangup", "no side hung up: the PBX did")
            return
        }
        if let request = parts[cast.caller].hangupRequest, !isRefusal(parts[cast.caller]) {
            sayHungUp(side(cast.caller), request, "HangupRequest", "the first line's side hung up")
            return
        }
        if cast.main != cast.caller, let request = main.hangupRequest, main.up != nil {
            sayHungUp(side(cast.main), request, "HangupRequest", "the called side hung up")
            return
        }
        if !isRefusal(parts[cast.caller]), let source = hangupSource([cast.caller, cast.main]) {
            sayHungUp(side(source), parts[source].end ?? ends.mark, "CEL", "hangupsource names that channel")
            return
        }
        // Nobody was reached: a line that refused ended the facts, if it was the only one asked.
        let refused = cast.targets.filter { parts[$0].hangupRequest != nil && parts[$0].up == nil }
        if refused.count == 1, cast.targets.count == 1, let request = parts[refused[0]].hangupRequest,
            ends.overall - request.at < .seconds(1)
        {
            sayHungUp(side(refused[0]), request, "HangupRequest", "the only line asked refused")
            return
        }
        sayHungUp(.system, parts[cast.caller].end ?? ends.mark, "Hangup", "no side hung up: the PBX did")
    }

    private var lastEndIsGuessed: Bool {
        let people = facts.call.parts.indices.filter { cast.isPerson[$0] }
        let guessed = people.filter { facts.call.parts[$0].endIsGuessed }
        // A peer put together from a handler's words has no end of its own, and needs none.
        return guessed.contains(cast.caller) || guessed.contains(cast.main) || guessed.count == people.count
    }

    private func hangupSource(_ among: [Int]) -> Int? {
        for i in among {
            guard let source = facts.call.parts[i].hangupSource, !source.isEmpty else { continue }
            // The name stays on a channel that goes on after the other side left: it says nothing of its own end.
            if let j = facts.call.parts.firstIndex(where: { $0.name.description == source }), cast.isPerson[j],
                let his = ends.left[j], let mine = ends.left[i], mine - his < .seconds(1)
            {
                return j
            }
        }
        return nil
    }

    private mutating func sayHungUp(_ who: CallRecord.HungUpBy, _ mark: Mark, _ event: String, _ why: String) {
        (hungUpBy, hungUpMark, hungUpEvent, hungUpReason) = (who, mark, event, why)
    }

    /// Busy() and Congestion() ask for a hangup on the caller's own channel, though the PBX refused.
    private func isRefusal(_ part: ToldCall.Line) -> Bool {
        // 16 states no cause in the request; the channel's own tells, unless a line was still being dialled: who gives up
        // then has the cause of a line that was tried before.
        let isDialling = facts.call.dials.contains { dial in
            guard let request = part.hangupRequest else { return false }
            return dial.begin.at <= request.at && dial.end.map { $0.at >= request.at } ?? true
        }
        guard part.up == nil, let cause = part.hangupRequestCause ?? (isDialling ? nil : part.cause) else {
            return false
        }
        return cause == .userBusy || cause == .congestion || cause == .switchingCongestion
    }

    /// Whose side a line is on.
    private func side(_ i: Int) -> CallRecord.HungUpBy {
        if i == cast.callerLine { return .caller }
        if i == answeredBy || i == cast.main { return .callee }
        // Where the outside line was called first, who speaks with it is neither caller nor callee.
        if cast.callerLine != cast.caller { return .agent }
        // Who came by a transfer is a colleague; who retrieved a parked call or picked one up stands where the callee stood.
        let arrived = facts.call.parts[i].stays.first?.from.at ?? facts.call.parts[i].created.at
        let isColleague = facts.call.moves.contains { move in
            (move.kind == .blind || move.kind == .attended) && move.at.at <= arrived + .seconds(30) && move.by != i
        }
        return isColleague ? .agent : .callee
    }

    // MARK: Queue

    private mutating func decideQueue() {
        let chosen = facts.call.queueVisits.last { $0.connect != nil } ?? facts.call.queueVisits.last
        let status = facts.call.variables["QUEUESTATUS"] ?? ""
        guard let chosen else {
            // A full or empty queue is never joined, so no queue event names it: the application, its CDR, the handler or the
            // dialplan's own word does.
            let caller = facts.call.parts[cast.caller]
            let data =
                caller.application.flatMap { $0.name == "Queue" ? $0.data : nil }
                ?? facts.call.cdrRows.last { $0.lastApplication == "Queue" }?.lastData
                ?? facts.call.witnesses.last { $0.queueName != nil }?.queueName
                ?? (status.isEmpty ? nil : facts.call.variables["HOOKSWITCH_QUEUE"])
            guard let data, status != "CONTINUE", status != "TIMEOUT" else { return }
            let result: CallRecord.Queue.Result? = status == "FULL" ? .full : status.hasPrefix("JOIN") ? .empty : nil
            queue = CallRecord.Queue(
                name: printable(String(data.prefix { $0 != "," })), wait: .zero, position: nil, result: result)
            return
        }
        visit = chosen
        let part = facts.call.parts[chosen.part]
        let over = chosen.connect ?? chosen.leave ?? chosen.abandon
        let until = chosen.leave?.at ?? over?.at ?? ends.left[chosen.part] ?? ends.overall
        let result: CallRecord.Queue.Result
        if chosen.connect != nil {
            (result, queueReason) = (.answered, "AgentConnect")
        } else if let request = part.hangupRequest, request.at <= until + .milliseconds(500) {
            (result, queueReason) = (.abandoned, "HangupRequest of the caller while waiting")
        } else if part.end.map({ $0.at <= until + .milliseconds(500) }) ?? false, hungUpBy == .caller {
            (result, queueReason) = (.abandoned, "the caller's hangup while waiting")
        } else if status == "FULL" {
            (result, queueReason) = (.full, "QUEUESTATUS")
        } else if status.hasSuffix("EMPTY") || status.hasSuffix("UNAVAIL") {
            (result, queueReason) = (.empty, "QUEUESTATUS")
        } else if status == "CONTINUE" || status == "WITHDRAW" {
            (result, queueReason) = (.exit, "QUEUESTATUS")
        } else if chosen.wasSentElsewhere {
            (result, queueReason) = (.exit, "QueueCallerLeave with the caller elsewhere in the dialplan")
        } else if chosen.abandon != nil || status == "TIMEOUT" {
            (result, queueReason) = (.timeout, "QueueCallerAbandon while the caller's channel went on")
        } else if hasAnswer(between: chosen.join.at, and: until) {
            (result, queueReason) = (.answered, "a member answered")
        } else {
            (result, queueReason) = (.exit, "QueueCallerLeave while the caller's channel went on")
        }
        queue = CallRecord.Queue(
            name: printable(chosen.name), wait: max(until - chosen.join.at, .zero), position: chosen.position,
            result: result)
    }

    private func hasAnswer(between from: Instant, and to: Instant) -> Bool {
        facts.call.dials.contains { dial in
            dial.status == .answer && cast.isPerson[dial.destination] && dial.destination != cast.caller
                && dial.end.map { $0.at >= from && $0.at <= to + .milliseconds(100) } ?? false
        }
    }

    // MARK: Disposition

    private mutating func decideDisposition() {
        let parts = facts.call.parts
        let caller = parts[cast.caller]
        if let reached = reached {
            say(.answered, parts[reached].up ?? parts[reached].created, "DialEnd", "somebody was reached")
            return
        }
        let attempts = attemptedDials
        let queued = !facts.call.queueVisits.isEmpty || queue != nil
        if attempts.isEmpty, !queued {
            if !conversation.segments.isEmpty, !conversation.talk.isZero {
                say(.answered, caller.up ?? caller.created, "BridgeEnter", "the caller spoke with somebody")
            } else if let up = caller.up, !(cast.isOriginated && !cast.targets.isEmpty) {
                if cast.direction == .outbound, cast.isOriginated, !cast.isOutside[cast.caller] {
                    decideFailure(of: [], caller)
                } else {
                    say(.answered, up, "Newstate", "nobody was called; the PBX answered")
                }
            } else {
                decideFailure(of: [], caller)
            }
            return
        }
        // The PBX took the call itself after the last attempt began: voicemail, an announcement.
        let lastTry = (attempts.map(\.begin.at) + facts.call.queueVisits.map(\.join.at)).max()
        if !cast.isOriginated, let up = caller.up, let lastTry, up.at > lastTry {
            say(.answered, up, "Newstate", "nobody was reached, then the PBX answered (voicemail, announcement)")
            return
        }
        let last = facts.call.cdrRows.last { $0.uniqueID == caller.uniqueID }?.lastApplication
        for (application, event) in [(caller.application?.name, "Newexten"), (last, "Cdr")] {
            guard !cast.isOriginated, caller.up != nil, let application else { continue }
            guard ["VoiceMail", "Record", "MiniVM", "MinivmRecord"].contains(application) else { continue }
            say(.answered, caller.up!, event, "nobody was reached, then \(application) took the call")
            return
        }
        decideFailure(of: attempts, caller)
    }

    /// A person whom the call reached, if any.
    private var reached: Int? {
        if cast.direction == .outbound {
            if cast.isOutside[cast.main], cast.isDialled[cast.main], facts.call.parts[cast.main].up != nil {
                return cast.main
            }
            if cast.isOutside[cast.main], cast.main != cast.caller { return nil }
        }
        if let target = answeredTargets.first { return target }
        if let talker = conversation.talkers.first(where: { $0.part != cast.main })?.part { return talker }
        // Originated to one line only: that line was the one to reach.
        if cast.isOriginated, cast.targets.isEmpty, cast.direction != .outbound || cast.isOutside[cast.caller],
            facts.call.parts[cast.caller].up != nil
        {
            return cast.caller
        }
        return nil
    }

    /// Dials of people that count: not the originated first line, unless it was the only one.
    private var attemptedDials: [Call.Dial] {
        let all = facts.call.dials.filter { cast.isPerson[$0.destination] }
        let others = all.filter { $0.destination != cast.caller }
        return others.isEmpty ? all : others
    }

    private mutating func decideFailure(of attempts: [Call.Dial], _ caller: ToldCall.Line) {
        let parts = facts.call.parts
        if let request = caller.hangupRequest, !isRefusal(caller),
            !(cast.isOriginated && cast.isDialled[cast.caller] && caller.up == nil)
        {
            // It counts only if somebody was still being tried, or nothing had failed.
            let stillTrying = attempts.contains { dial in
                dial.end.map { $0.at + .milliseconds(200) >= request.at } ?? true
            }
            let stillWaiting = facts.call.queueVisits.contains { visit in
                (visit.leave ?? visit.abandon).map { $0.at + .milliseconds(500) >= request.at } ?? true
            }
            if stillTrying || attempts.isEmpty && facts.call.queueVisits.isEmpty || stillWaiting {
                say(.canceled, request, "HangupRequest", "the caller hung up before anybody answered")
                return
            }
        }
        if hungUpBy == .caller, !isRefusal(caller),
            attempts.allSatisfy({ $0.status == .cancel || $0.status == nil || $0.status == .noAnswer }),
            hungUpEvent == "CEL"
        {
            say(.canceled, hungUpMark ?? ends.mark, "CEL", "the caller hung up before anybody answered")
            return
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
            say(.noAnswer, mark, attempts.isEmpty ? "Hangup" : "DialEnd", "nobody answered")
        } else if outcomes.contains(.busy) {
            say(.busy, mark, "DialEnd", "the line was busy")
        } else {
            say(.failed, mark, "DialEnd", "the line could not be reached")
        }
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

    private mutating func say(_ d: CallRecord.Disposition, _ mark: Mark?, _ event: String, _ why: String) {
        (disposition, dispositionMark, dispositionEvent, dispositionReason) = (d, mark, event, why)
    }

    // MARK: Cause

    private mutating func decideCause() {
        let main = facts.call.parts[cast.main]
        cause = main.cause
        causeText = main.causeText.map(printable) ?? cause.text
        causeReason = "cause of the main party's channel"
        if cause == .notStated {
            // Asterisk gives 0 where nothing went wrong, or nothing was said at all.
            let guess: HangupCause? =
                main.endIsGuessed
                ? nil
                : main.up != nil || main.hangupRequest != nil
                    ? .normalClearing : disposition == .noAnswer ? .noAnswer : nil
            if let guess {
                (cause, causeText) = (guess, guess.text)
                causeReason = "Asterisk stated none (0): \(guess == .noAnswer ? "it rang out" : "an ordinary end")"
            }
        }
    }

    private mutating func decideNotes() {
        for dial in facts.call.dials {
            guard let forward = dial.forward else { continue }
            let from = cast.number(dial.destination) ?? facts.call.parts[dial.destination].name.description
            notes.append("\(printable(from)) forwarded the call to \(printable(forward))")
        }
        for move in facts.call.moves where move.kind == .pickup {
            guard let by = move.by, let moved = move.moved else { continue }
            let who = cast.number(by) ?? facts.call.parts[by].name.description
            let whom = cast.number(moved) ?? facts.call.parts[moved].name.description
            notes.append("picked up by \(printable(who)) while \(printable(whom)) rang")
        }
        if facts.call.parts.contains(where: { $0.isAdopted }), !facts.call.isPartial { notes.append("adopted") }
    }
}

extension Duration {
    var isZero: Bool { self == .zero }
}
