import Telephony

/// What a gap in the stream hid of a call, put together from what its handlers, its CDR and the channels heard to the end say.
extension Call {
    /// A handler or a CDR tells how it ended.
    var isEndTold: Bool {
        !cdrRows.isEmpty || witnesses.contains { $0.occasion == .hangup && $0.role != .callee }
    }

    /// Makes sure that two channels which are known to have talked are told as connected, if no event told so.
    mutating func connect(_ a: Int, _ b: Int, from: Mark, to: Mark, under id: BridgeID) {
        let met = parts[a].stays.contains { mine in parts[b].stays.contains { $0.bridge == mine.bridge } }
        guard a != b, !met, from.at < to.at else { return }
        func stay(_ i: Int) -> Stay? {
            parts[i].stays.last { $0.from.at < to.at && $0.to.map { $0.at > from.at } ?? true }
        }
        // The list found one of them in the bridge that the other had just left.
        if let known = stay(a) {
            add(Stay(bridge: known.bridge, from: later(from, known.from), to: known.to ?? to, unseen: known.unseen), b)
        } else if let known = stay(b) {
            add(Stay(bridge: known.bridge, from: later(from, known.from), to: known.to ?? to, unseen: known.unseen), a)
        } else {
            let bridge = bridge(id, .talk)
            for i in [a, b] { add(Stay(bridge: bridge, from: from, to: to), i) }
        }
    }

    private func later(_ a: Mark, _ b: Mark) -> Mark { a.at < b.at ? b : a }

    private mutating func add(_ stay: Stay, _ i: Int) {
        parts[i].stays.append(stay)
        parts[i].stays.sort { $0.from.at < $1.from.at }
    }

    /// Gives what nobody saw the times that somebody told: the channel itself, or who was in the bridge with it.
    mutating func settleUnseen() {
        takeBackLateEnds()
        if parts.contains(where: { part in part.holds.contains { $0.unsureSince != nil } }) {
            note("when a hold ended was not heard: it is counted until the connection was lost")
        }
        for dial in dials where dial.status == .answer {
            // Dial answers its own channel as soon as somebody takes the call.
            guard let source = dial.source, let end = dial.end, parts[source].up == nil else { continue }
            parts[source].up = end
        }
        for i in parts.indices {
            for s in parts[i].stays.indices {
                guard let unseen = parts[i].stays[s].unseen else { continue }
                let known = [parts[i].toldEnd, parts[i].hangupRequest].compactMap { $0 }.first { told in
                    told.at >= parts[i].stays[s].from.at && told.at >= unseen.since - .seconds(1)
                        && told.at <= unseen.until + .seconds(1)
                }
                guard let known else { continue }
                parts[i].stays[s].to = known.at > unseen.until ? known.telling(unseen.until) : known
                parts[i].stays[s].unseen = nil
            }
            if parts[i].endIsGuessed, let told = parts[i].toldEnd, let end = parts[i].end, end.at < told.at {
                parts[i].end = told
            }
        }
        for i in parts.indices {
            for s in parts[i].stays.indices {
                guard let unseen = parts[i].stays[s].unseen, let over = whenAlone(i, parts[i].stays[s]) else {
                    continue
                }
                if over.at >= unseen.since - .seconds(1), over.at <= unseen.until { parts[i].stays[s].to = over }
            }
            guard parts[i].endIsGuessed, let end = parts[i].end else { continue }
            if let left = parts[i].stays.compactMap(\.to).max(by: { $0.at < $1.at }), left.at > end.at {
                parts[i].end = left
            }
        }
    }

    /// A manager user without rights hears nothing while the connection stands: a channel whose end was not seen ended when Asterisk's
    /// own CDR or its handler says, though the connection was lost later; and so did those that were with it.
    private mutating func takeBackLateEnds() {
        for i in parts.indices where !parts[i].endIsGuessed {
            guard let end = parts[i].end else { continue }
            // It was found out of its bridge, and its handler spoke before the next event could: it left when it ended.
            for s in parts[i].stays.indices {
                guard let unseen = parts[i].stays[s].unseen, unseen.until + .seconds(1) >= end.at, end.event == .handler
                else {
                    continue
                }
                let left = min(end.at, unseen.until)
                parts[i].stays[s].to = later(end.telling(left), parts[i].stays[s].from)
                parts[i].stays[s].unseen = nil
            }
        }
        for i in parts.indices {
            guard let told = parts[i].toldEnd, isMuchLater(parts[i], told) else { continue }
            endEarlier(i, told)
        }
        for i in parts.indices where parts[i].toldEnd == nil {
            guard let over = endOfOthers(i), isMuchLater(parts[i], over) else { continue }
            endEarlier(i, over)
        }
    }

    /// When those that a channel was last seen bridged with were gone, or where it was with nobody, who had dialled it; nil where that
    /// was not told.
    private func endOfOthers(_ i: Int) -> Mark? {
        if let stay = parts[i].stays.last, stay.unseen != nil { return whenAlone(i, stay) }
        guard let source = dials.last(where: { $0.destination == i })?.source, parts[source].toldEnd != nil else {
            return nil
        }
        return parts[source].end
    }

    /// Whether a channel was taken to live on for more than what the whole seconds of a CDR explain.
    private func isMuchLater(_ part: Part, _ told: Mark) -> Bool {
        part.endIsGuessed && part.end.map { $0.at - told.at > .seconds(1) } ?? false
    }

    private mutating func endEarlier(_ i: Int, _ told: Mark) {
        parts[i].end = told
        for s in parts[i].stays.indices where parts[i].stays[s].unseen != nil {
            parts[i].stays[s].to = told.at < parts[i].stays[s].from.at ? parts[i].stays[s].from : told
            parts[i].stays[s].unseen = nil
        }
        for h in parts[i].holds.indices where parts[i].holds[h].to.map({ $0.at > told.at }) ?? false {
            parts[i].holds[h].to = later(told, parts[i].holds[h].from)
        }
    }

    /// When the last of the others was gone from a channel's bridge, which is the end of it; nil where one was not seen to go.
    private func whenAlone(_ i: Int, _ stay: Stay) -> Mark? {
        var last: Mark?
        for other in parts.indices where other != i {
            for his in parts[other].stays where his.bridge == stay.bridge {
                guard his.unseen == nil, let to = his.to else { return nil }
                if last.map({ $0.at < to.at }) ?? true { last = to }
            }
        }
        return last
    }
}
