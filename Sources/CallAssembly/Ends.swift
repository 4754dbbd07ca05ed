import Telephony

/// When each party left, which is not when its channel was let go: a slow hangup handler holds a channel long after.
struct Ends {
    /// By place in `facts.call.parts`; nil while it is there.
    let left: [Instant?]
    /// When the last party left.
    let overall: Instant
    /// Where that was seen; offset -1 where no one event of the stream shows it, or the call goes on.
    let mark: Mark
    /// What told of it, as Asterisk names it; `Cdr` where a file or a handler did, `notSeen` where it is only known to be gone,
    /// `Newchannel` where nothing was seen to end.
    let event: String

    /// Finds each party's end. `now` is the end of a call still in progress; nil for one that is over.
    init(_ facts: Facts, _ cast: Cast, now: Instant?) {
        let requests = facts.call.parts.compactMap { $0.hangupRequest?.at }
        let marks = facts.call.parts.map { Ends.leaving($0, requests) }
        left = marks.map { $0?.mark.at }
        var last = marks[cast.caller]
        for i in facts.call.parts.indices
        where cast.isPerson[i] && !facts.call.parts[i].isGuest
            && (facts.call.parts[i].up != nil || !facts.call.parts[i].stays.isEmpty)
        {
            guard let mine = marks[i] else { continue }
            if last == nil || mine.mark.at > last!.mark.at { last = mine }
        }
        if last == nil { last = marks.compactMap { $0 }.max { $0.mark.at < $1.mark.at } }
        let open = now.map { Mark(at: $0, offset: -1) }
        mark = open ?? last?.mark ?? facts.call.parts[cast.caller].created
        event = last?.event ?? "Newchannel"
        overall = mark.at
    }

    /// The moment a channel's party was gone.
    private static func leaving(_ part: ToldCall.Line, _ requests: [Instant]) -> (mark: Mark, event: String)? {
        guard let end = part.end else { return nil }
        if let left = part.toldEnd, part.hangupRequest == nil, part.softHangup == nil, left.at < end.at,
            part.stays.allSatisfy({ ($0.to?.at ?? end.at) <= left.at + .seconds(1) })
        {
            return (left, "Cdr")
        }
        let lastStay = part.stays.map { $0.to?.at ?? end.at }.max()
        let lastEntry = part.stays.map(\.from.at).max()
        // Its own side ended it, and it was in no bridge since.
        if let request = part.hangupRequest, lastEntry.map({ $0 <= request.at }) ?? true, request.at <= end.at {
            return (request, "HangupRequest")
        }
        if let soft = part.softHangup, lastEntry.map({ $0 <= soft.at }) ?? true, soft.at <= end.at {
            return
                (lastStay.map { $0 < soft.at && !part.hasMovedOn && soft.at - $0 > .milliseconds(500) } ?? false
                ? (Mark(at: lastStay!, offset: -1), "BridgeLeave") : (soft, "SoftHangupRequest"))
        }
        // It left its last bridge and did not go on in the dialplan: what came after was a hangup handler.
        if let lastStay, !part.hasMovedOn, !part.endIsGuessed, lastStay < end.at {
            return (Mark(at: lastStay, offset: end.offset), "BridgeLeave")
        }
        // Its hangup was not seen, but the bridge it left was ended by a side that hung up.
        if let lastStay, part.endIsGuessed, lastStay < end.at,
            requests.contains(where: { $0 <= lastStay && lastStay - $0 < .seconds(1) })
        {
            return (Mark(at: lastStay, offset: end.offset), "BridgeLeave")
        }
        return (end, part.hangupEvent)
    }
}

extension ToldCall.Line {
    /// What told that the channel ended.
    var hangupEvent: String { self.endIsGuessed ? FieldEvidence.notSeen : "Hangup" }
}
