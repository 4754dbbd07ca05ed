import Telephony

/// When each party left, which is not when its channel was let go: a slow hangup handler holds a channel long after.
struct Ends {
    /// By place in `facts.call.parts`; nil while it is there.
    let left: [Instant?]
    /// What told of each, likewise.
    let marks: [Mark?]
    /// When the last party left.
    var overall: Instant { mark.at }
    /// What told of it: its beginning where nothing was seen to end, nothing at all for a call that goes on.
    let mark: Mark

    /// Finds each party's end. `now` is the end of a call still in progress; nil for one that is over.
    init(_ facts: Facts, _ cast: Cast, now: Instant?) {
        let requests = facts.call.parts.compactMap { $0.hangupRequest?.at }
        marks = facts.call.parts.map { Ends.leaving($0, requests) }
        left = marks.map { $0?.at }
        var last = marks[cast.caller]
        for i in facts.call.parts.indices
        where cast.isPerson[i] && !facts.call.parts[i].isGuest
            && (facts.call.parts[i].up != nil || !facts.call.parts[i].stays.isEmpty)
        {
            guard let mine = marks[i] else { continue }
            if last == nil || mine.at > last!.at { last = mine }
        }
        if last == nil { last = marks.compactMap { $0 }.max { $0.at < $1.at } }
        mark = now.map { .unseen($0) } ?? last ?? facts.call.parts[cast.caller].created
    }

    /// The moment a channel's party was gone.
    private static func leaving(_ part: ToldCall.Line, _ requests: [Instant]) -> Mark? {
        guard let end = part.end else { return nil }
        if let left = part.toldEnd, part.hangupRequest == nil, part.softHangup == nil, left.at < end.at,
            part.stays.allSatisfy({ ($0.to?.at ?? end.at) <= left.at + .seconds(1) })
        {
            return left
        }
        let lastStay = part.stays.lazy.map { $0.to ?? end }.max { $0.at < $1.at }
        let lastEntry = part.stays.lazy.map(\.from.at).max()
        // Its own side ended it, and it was in no bridge since.
        if let request = part.hangupRequest, lastEntry.map({ $0 <= request.at }) ?? true, request.at <= end.at {
            return request
        }
        if let soft = part.softHangup, lastEntry.map({ $0 <= soft.at }) ?? true, soft.at <= end.at {
            guard let lastStay, lastStay.at < soft.at, !part.hasMovedOn, soft.at - lastStay.at > .milliseconds(500)
            else { return soft }
            return lastStay
        }
        guard let lastStay, lastStay.at < end.at else { return end }
        // It left its last bridge and did not go on in the dialplan: what came after was a hangup handler.
        if !part.hasMovedOn, !part.endIsGuessed { return lastStay }
        // Its hangup was not seen, but the bridge it left was ended by a side that hung up.
        if part.endIsGuessed, requests.contains(where: { $0 <= lastStay.at && lastStay.at - $0 < .seconds(1) }) {
            return lastStay
        }
        return end
    }
}
