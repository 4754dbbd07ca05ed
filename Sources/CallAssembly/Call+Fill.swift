import Telephony

/// What happened to a call while its events were not heard, as its CEL rows tell it.
///
/// What was heard stands: only what lies in the gap, or has not been told at all, is taken over. Both name channels and bridges by
/// Asterisk's own ids.
extension Call {
    /// - Parameters:
    ///   - told: the same call's facts from CEL.
    ///   - gap: when its events were not heard, from the first loss to the last list; from 1970 for a call found in progress.
    ///   - isOthers: channels of `told` that are another call's, or were told with one, by place.
    mutating func fill(from told: Call, _ gap: Window, leavingOut isOthers: [Bool]) {
        // A manager user without rights hears nothing while the connection stands: where a channel ended before that was lost,
        // nothing has been heard since the last that was.
        var gap = gap
        if told.parts.contains(where: { isEndEarlier($0, than: gap.since) }) { gap.since = min(gap.since, lastHeard) }
        var filling = Filling(told: told, gap: gap, isOthers: isOthers)
        filling.mapParts(&self)
        filling.mapBridges(&self)
        for (i, mine) in filling.partMap.enumerated() {
            guard let mine else { continue }
            if !filling.isNew[i] { filling.complete(&parts[mine], told.parts[i]) }
            for stay in told.parts[i].stays { filling.fill(&parts[mine].stays, stay, filling.isNew[i]) }
        }
        filling.fillPairs(&self)
        filling.fillDials(&self)
        filling.fillVisits(&self)
        filling.fillMoves(&self)
        filling.fillRecordings(&self)
        variables.fill(from: told.variables)
        sources.insert(.cel)
        note("what the manager connection missed was read from the CEL file")
        if !parts.contains(where: { $0.endIsGuessed && !$0.isGuest }) {
            notes.removeAll { $0 == "the end was not seen" }
        }
    }
}

extension Call {
    /// Whether a channel whose end was not seen had ended before `time`.
    private func isEndEarlier(_ told: Part, than time: Instant) -> Bool {
        guard let end = told.end, !told.endIsGuessed, end.at < time else { return false }
        return parts.contains { $0.uniqueID == told.uniqueID && $0.endIsGuessed }
    }

    /// The last that was heard of the call.
    var lastHeard: Instant {
        var last = Instant(microseconds: 0)
        func take(_ mark: Mark?) { if let mark { last = max(last, mark.at) } }
        for part in parts {
            for mark in [part.created, part.ringing, part.up, part.hangupRequest] { take(mark) }
            if !part.endIsGuessed { take(part.end) }
            for stay in part.stays {
                take(stay.from)
                if stay.unseen == nil { take(stay.to) }
            }
            // The end of one that goes on is a guess, too.
            for hold in part.holds { take(hold.from) }
        }
        for dial in dials { for mark in [dial.begin, dial.end] { take(mark) } }
        for move in moves { take(move.at) }
        return last
    }
}

extension Call.Move {
    /// The same move, as two sources tell it: their times may be whole seconds.
    func isSame(as other: Call.Move) -> Bool {
        kind == other.kind && abs((at.at - other.at.at).wholeMilliseconds) <= 2000
    }
}

/// One call's facts on their way into another's.
private struct Filling {
    let told: Call
    let gap: Call.Window
    let isOthers: [Bool]
    /// By place in `told.parts`: the same channel's place in the call; nil for one that it has no part in.
    var partMap: [Int?] = []
    /// Channels that came and went in the gap, by place in `told.parts`.
    var isNew: [Bool] = []
    /// By place in `told.bridges`.
    var bridgeMap: [Int] = []

    init(told: Call, gap: Call.Window, isOthers: [Bool]) {
        (self.told, self.gap, self.isOthers) = (told, gap, isOthers)
    }

    func isUnheard(_ mark: Mark?) -> Bool { mark.map { $0.at >= gap.since && $0.at <= gap.until } ?? false }
    /// Milliseconds between two moments.
    func distance(_ a: Mark, _ b: Mark) -> Int64 { abs((a.at - b.at).wholeMilliseconds) }
    func place(_ part: Int?) -> Int? { part.flatMap { partMap[$0] } }

    mutating func mapParts(_ call: inout Call) {
        for (i, part) in told.parts.enumerated() {
            let known = call.parts.firstIndex { $0.uniqueID == part.uniqueID && $0.isGuest == part.isGuest }
            // Who is still there has been listed, or is told by events.
            let isNew = known == nil && !isOthers[i] && part.end != nil && !part.endIsGuessed && isUnheard(part.end)
            if isNew {
                var part = part
                part.stays = []
                part.endIsGuessed = part.hangupSource == nil
                call.parts.append(part)
            }
            partMap.append(isNew ? call.parts.count - 1 : known)
            self.isNew.append(isNew)
        }
    }

    mutating func mapBridges(_ call: inout Call) {
        // Tables without the bridges' ids: who entered at the same time entered the same one.
        let named = told.bridges.contains { bridge in call.bridges.contains { $0.id == bridge.id } }
        for (b, bridge) in told.bridges.enumerated() {
            var same: Int?
            if !named {
                for (i, part) in told.parts.enumerated() {
                    guard let mine = place(i), let stay = part.stays.first(where: { $0.bridge == b }) else { continue }
                    same =
                        same
                        ?? call.parts[mine].stays.first { distance($0.from, stay.from) <= 1000 }?
                        .bridge
                }
            }
            bridgeMap.append(same ?? call.bridge(bridge.id, bridge.kind))
        }
    }

    /// What the channel's own life lacks.
    func complete(_ mine: inout Call.Part, _ his: Call.Part) {
        if mine.isAdopted, !told.isPartial {
            mine.created = his.created
            if !his.firstLocation.exten.isEmpty { mine.firstLocation = his.firstLocation }
            mine.firstNumber = his.firstNumber ?? mine.firstNumber
        }
        mine.callerName = mine.callerName ?? his.callerName
        mine.number = mine.number ?? his.number
        mine.accountCode = mine.accountCode ?? his.accountCode
        if mine.up == nil || mine.upIsGuessed, isUnheard(his.up), !told.isPartial {
            mine.up = his.up
            mine.upIsGuessed = false
        }
        guard mine.endIsGuessed, !his.endIsGuessed, let end = his.end, isUnheard(end) else {
            if mine.hangupSource == nil { mine.hangupSource = his.hangupSource }
            return
        }
        mine.end = end
        (mine.cause, mine.causeText, mine.hasMovedOn) = (his.cause, nil, his.hasMovedOn)
        mine.hangupSource = his.hangupSource
        mine.hangupRequest = mine.hangupRequest ?? his.hangupRequest
        // Who ended it is not told by CEL without details.
        mine.endIsGuessed = his.hangupSource == nil
        // An earlier gap hid none of this end.
        if !mine.endIsGuessed { mine.heardAgain = nil }
    }

    /// A stay in a bridge: its unseen ends, or all of it.
    func fill(_ stays: inout [Call.Stay], _ his: Call.Stay, _ isNew: Bool) {
        var his = his
        his.bridge = bridgeMap[his.bridge]
        let same = stays.indices.filter { i in
            stays[i].bridge == his.bridge && (stays[i].to.map { $0.at >= his.from.at - .seconds(1) } ?? true)
                && (his.to.map { $0.at >= stays[i].from.at - .seconds(1) } ?? true)
        }
        .min { distance(stays[$0].from, his.from) < distance(stays[$1].from, his.from) }
        guard let same else {
            guard isNew || isUnheard(his.from) else { return }
            stays.append(his)
            stays.sort { $0.from.at < $1.from.at }
            return
        }
        if isUnheard(his.from), distance(stays[same].from, his.from) >= 1000 {
            stays[same].from = his.from
        }
        guard let to = his.to, isUnheard(to), stays[same].unseen != nil || stays[same].to == nil else { return }
        stays[same].to = to.at < stays[same].from.at ? stays[same].from : to
        stays[same].unseen = nil
    }

    func fillPairs(_ call: inout Call) {
        for (one, two) in told.localPairs {
            guard let one = place(one), let two = place(two) else { continue }
            if !call.localPairs.contains(where: { $0.one == one && $0.two == two }) {
                call.localPairs.append((one, two))
            }
        }
    }

    func fillDials(_ call: inout Call) {
        for var dial in told.dials {
            guard let destination = place(dial.destination) else { continue }
            if let i = call.dials.lastIndex(where: { $0.destination == destination }) {
                if call.dials[i].status == nil, dial.status != nil, isUnheard(dial.end) {
                    (call.dials[i].status, call.dials[i].end) = (dial.status, dial.end)
                }
                call.dials[i].forward = call.dials[i].forward ?? dial.forward
            } else if isUnheard(dial.begin) {
                (dial.source, dial.destination) = (place(dial.source), destination)
                call.dials.append(dial)
            }
        }
    }

    func fillVisits(_ call: inout Call) {
        for var visit in told.queueVisits {
            guard let part = place(visit.part) else { continue }
            if let i = call.queueVisits.lastIndex(where: { $0.part == part && $0.name == visit.name }) {
                if call.queueVisits[i].connect == nil, isUnheard(visit.connect) {
                    call.queueVisits[i].connect = visit.connect
                }
                if call.queueVisits[i].leave == nil, isUnheard(visit.leave) { call.queueVisits[i].leave = visit.leave }
            } else if isUnheard(visit.join) {
                (visit.part, visit.destination) = (part, place(visit.destination))
                call.queueVisits.append(visit)
            }
        }
    }

    func fillMoves(_ call: inout Call) {
        for var move in told.moves {
            (move.by, move.moved) = (place(move.by), place(move.moved))
            (move.taker, move.asker) = (place(move.taker), place(move.asker))
            if let i = call.moves.firstIndex(where: { $0.isSame(as: move) }) {
                if call.moves[i].over == nil, isUnheard(move.over) {
                    (call.moves[i].over, call.moves[i].taker) = (move.over, move.taker)
                    call.moves[i].succeeded = move.succeeded
                }
            } else if isUnheard(move.at) {
                move.isRead = true
                call.moves.append(move)
            }
        }
        call.moves.sort { $0.at.at < $1.at.at }
        for var relocation in told.relocations where isUnheard(relocation.at) {
            guard let part = place(relocation.part) else { continue }
            relocation.part = part
            if !call.relocations.contains(where: { $0.part == part && distance($0.at, relocation.at) <= 2000 }) {
                call.relocations.append(relocation)
            }
        }
    }

    func fillRecordings(_ call: inout Call) {
        for var recording in told.recordings {
            guard let part = place(recording.part), let path = recording.path else { continue }
            let known = call.recordings.firstIndex { mine in
                mine.part == part
                    && (mine.path.map { $0.hasSuffix(path) || path.hasSuffix($0) }
                        ?? (distance(mine.from, recording.from) <= 2000))
            }
            if let known {
                if call.recordings[known].to == nil, isUnheard(recording.to) {
                    call.recordings[known].to = recording.to
                }
                call.recordings[known].path = call.recordings[known].path ?? path
            } else if isUnheard(recording.from) {
                recording.part = part
                call.recordings.append(recording)
            }
        }
    }
}
