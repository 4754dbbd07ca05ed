import Telephony

/// When each party left, which is not when its channel was let go: a slow hangup handler holds a channel long after.
struct Ends: Sendable {
    /// What told of each party's leaving, by place in `facts.call.parts`; nil while it is there.
    let marks: [Mark?]
    /// When that was; likewise.
    func left(_ i: Int) -> Instant? { marks[i]?.at }
    /// When the last party left.
    var overall: Instant { mark.at }
    /// What told of it: its beginning where nothing was seen to end, nothing at all for a call that goes on.
    let mark: Mark

    /// Finds each party's end. `now` is the end of a call still in progress; nil for one that is over.
    init(_ facts: Facts, _ cast: Cast, now: Instant?) {
        let parts = facts.call.parts
        marks = parts.map { Ends.leaving($0, among: parts) }
        var last = marks[cast.caller]
        for i in parts.indices
        where cast.lines[i].isPerson && !parts[i].isGuest && (parts[i].up != nil || !parts[i].stays.isEmpty) {
            guard let mine = marks[i] else { continue }
            if last == nil || mine.at > last!.at { last = mine }
        }
        if last == nil { last = marks.compactMap { $0 }.max { $0.at < $1.at } }
        mark = now.map { .unseen($0) } ?? last ?? parts[cast.caller].created
    }

    /// The moment a channel's party was gone.
    private static func leaving(_ part: ToldCall.Line, among parts: [ToldCall.Line]) -> Mark? {
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
        if part.endIsGuessed,
            parts.contains(where: { other in
                other.hangupRequest.map { $0.at <= lastStay.at && lastStay.at - $0.at < .seconds(1) } ?? false
            })
        {
            return lastStay
        }
        return end
    }
}
