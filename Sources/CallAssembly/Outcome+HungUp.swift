import Telephony

/// Who ended the call.
extension Outcome {
    /// Whose side ended the call; nil where it was not seen.
    func whoHungUp() -> Decided<CallRecord.HungUpBy?> {
        let parts = facts.call.parts
        let lastConnection = conversation.lastTalkStart ?? parts[cast.caller].created.at
        let hasRequest = parts.contains { $0.hangupRequest.map { $0.at >= lastConnection } ?? false }
        if !hasRequest, !facts.call.sources.contains(.ami), facts.call.sources.contains(.cel),
            parts.allSatisfy({ $0.hangupSource == nil })
        {
            return unseen("CEL was written without the details of its HANGUP")
        }
        if !hasRequest, lastEndIsGuessed || isEndUnheard {
            guard let source = hangupSource([cast.main, cast.caller] + conversation.lastTalkers) else {
                return unseen("the end was not seen")
            }
            return bySource(source)
        }
        if !hasRequest, areRequestsHidden {
            return unseen("requests for an end are not heard on this connection: a filter hides them")
        }
        // The last talk is the end of the call only if the main party did not go on alone after it; on hold is not alone.
        let mainLeft = ends.left(cast.main) ?? ends.overall
        if let talkEnd = conversation.lastConnectionEnd, mainLeft - talkEnd <= .seconds(1),
            let start = conversation.lastTalkStart
        {
            return whoEndedTalk(since: start)
        }
        return whoGaveUp()
    }

    /// The first of those who talked last to hang up.
    private func whoEndedTalk(since start: Instant) -> Decided<CallRecord.HungUpBy?> {
        let parts = facts.call.parts
        let talkers = conversation.lastTalkers
        var first: (part: Int, request: Mark)?
        for i in parts.indices where cast.lines[i].isPerson {
            guard let request = parts[i].hangupRequest, request.at >= start,
                i == cast.main || i == cast.caller || talkers.contains(i)
            else { continue }
            if first.map({ request.at < $0.request.at }) ?? true { first = (i, request) }
        }
        if let first {
            return byRequest(first.part, first.request, "the first side to hang up after the last connection")
        }
        let people = [cast.main] + talkers
        if let source = hangupSource(people) { return bySource(source) }
        if let i = people.first(where: pressedDisconnect), let key = parts[i].lastKey {
            return Decided(side(i), key, "its side pressed a key and was the first to leave: a feature code")
        }
        return bySystem(parts[cast.main])
    }

    /// How long after a key its party may leave: a code that another begins with waits for `featuredigittimeout`, 1 s unless
    /// features.conf says otherwise.
    private static let featureWait = Duration.milliseconds(1250)

    /// Whether a side ended the talk with the code that features.conf has for `disconnect`: that asks nobody for a hangup, nor does
    /// CEL name a source (bridge_builtin_features.c, `feature_hangup`). The bridge lets its channel go before the others.
    private func pressedDisconnect(_ i: Int) -> Bool {
        guard let key = facts.call.parts[i].lastKey, let stay = facts.call.parts[i].stays.last, let left = stay.to?.at,
            // Events of two kinds may be some milliseconds out of order.
            left + .milliseconds(5) >= key.at, left - key.at <= Outcome.featureWait
        else { return false }
        return !facts.call.parts.contains { other in
            other.stays.contains {
                $0.bridge == stay.bridge && $0.to.map { $0.at < left } ?? false && $0.to!.at > key.at
            }
        }
    }

    /// Who ended a call whose main party was alone in the end.
    private func whoGaveUp() -> Decided<CallRecord.HungUpBy?> {
        let parts = facts.call.parts
        let main = parts[cast.main]
        let caller = parts[cast.caller]
        if let request = caller.hangupRequest, !isRefusal(caller) {
            return byRequest(cast.caller, request, "the first line's side hung up")
        }
        if cast.main != cast.caller, let request = main.hangupRequest, main.up != nil {
            return byRequest(cast.main, request, "the called side hung up")
        }
        if !isRefusal(caller), let source = hangupSource([cast.caller, cast.main]) {
            return bySource(source)
        }
        // Nobody was reached: a line that refused ended the call, if it was the only one asked.
        let refused = cast.targets.filter { parts[$0].hangupRequest != nil && parts[$0].up == nil }
        if refused.count == 1, cast.targets.count == 1, let request = parts[refused[0]].hangupRequest,
            ends.overall - request.at < .seconds(1)
        {
            return byRequest(refused[0], request, "the only line asked refused")
        }
        return bySystem(caller)
    }

    private func unseen(_ why: String) -> Decided<CallRecord.HungUpBy?> {
        Decided(nil, .unseen(ends.overall), why)
    }
    private func byRequest(_ i: Int, _ request: Mark, _ why: String) -> Decided<CallRecord.HungUpBy?> {
        Decided(side(i), request, why)
    }
    private func bySource(_ source: (part: Int, mark: Mark)) -> Decided<CallRecord.HungUpBy?> {
        Decided(side(source.part), source.mark, "hangupsource names that channel")
    }
    private func bySystem(_ ended: ToldCall.Line) -> Decided<CallRecord.HungUpBy?> {
        Decided(.system, ended.end ?? ends.mark, "no side hung up: the PBX did")
    }

    private var lastEndIsGuessed: Bool {
        let parts = facts.call.parts
        // A peer put together from a handler's words has no end of its own, and needs none.
        return parts[cast.caller].endIsGuessed || parts[cast.main].endIsGuessed
            || parts.indices.allSatisfy { !cast.lines[$0].isPerson || parts[$0].endIsGuessed }
    }

    /// The main party left within the gap, or so shortly after it that the request for it may have been missed.
    private var isEndUnheard: Bool {
        let main = facts.call.parts[cast.main]
        guard let heardAgain = main.heardAgain else { return false }
        if (ends.left(cast.main) ?? ends.overall) <= heardAgain + .seconds(1) { return true }
        // Its party left the bridge in there and its dialplan did not go on: the channel only waited for its Hangup.
        if let left = main.stays.last?.to?.at, left <= heardAgain, !main.hasMovedOn { return true }
        // Every end in the dialplan comes with a request: nothing but the Hangup after its handlers was heard.
        return main.softHangup == nil
            && !main.stays.contains { $0.unseen == nil && ($0.to?.at ?? heardAgain) > heardAgain }
    }

    /// Asterisk asks for the end of a channel that runs dialplan, whoever wished it (`pbx.c`). Where such a one was heard to go and
    /// nobody was asked, a filter hides the requests; where it hides those of the parties only, many calls tell so.
    private var areRequestsHidden: Bool {
        let parts = facts.call.parts
        // CEL or a handler that names nobody has spoken.
        guard facts.call.sources.contains(.ami), parts.allSatisfy({ $0.hangupSource == nil }) else { return false }
        if facts.call.hidesRequests, conversation.talk > .zero { return true }
        guard parts.allSatisfy({ $0.hangupRequest == nil && $0.softHangup == nil }) else { return false }
        return parts.indices.contains { i in
            !parts[i].isInternal && !parts[i].isGuest && parts[i].end != nil && !parts[i].endIsGuessed
                && !facts.call.dials.contains { $0.destination == i }
        }
    }

    private func hangupSource(_ among: [Int]) -> (part: Int, mark: Mark)? {
        for i in among {
            guard let source = facts.call.parts[i].hangupSource, !source.name.isEmpty else { continue }
            // The name stays on a channel that goes on after the other side left: it says nothing of its own end.
            if let j = facts.call.parts.firstIndex(where: { $0.name.description == source.name }),
                cast.lines[j].isPerson,
                let his = ends.left(j), let mine = ends.left(i), mine - his < .seconds(1)
            {
                return (j, source.mark)
            }
        }
        return nil
    }

    /// Busy() and Congestion() ask for a hangup on the caller's own channel, though the PBX refused.
    func isRefusal(_ part: ToldCall.Line) -> Bool {
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
                && !facts.call.isWayToParking(move)
        }
        return isColleague ? .agent : .callee
    }
}
