import Telephony

/// Who heard the call's main party, when: bridges and Local pairs turned into a time line.
///
/// The main party is the outside one, or the first caller. At each moment it is connected with every channel it can reach
/// through the bridge it is in and through Local halves, as sound is.
struct Conversation: Sendable {
    /// What the main party heard.
    enum Kind: Equatable, Sendable {
        /// Connected with people, who hear it.
        case talk([Int])
        /// Put on hold, or left waiting while somebody consults.
        case held
        /// In a parking lot, waiting to be taken back.
        case parked
        /// Nobody there: dialplan, music, a queue.
        case alone
    }
    /// A time in which it heard the same, always longer than nothing.
    struct Segment: Sendable {
        /// When somebody came, left, held or went on.
        var from: Mark
        /// When the next one did; at most the call's end.
        var to: Mark
        /// The people of two neighbours differ, where the kind does not.
        var kind: Kind
    }
    /// The time line, without gaps; empty where the main party was in no bridge.
    private(set) var segments: [Segment] = []
    /// The people who spoke with the main party, in the order they first did, each with when.
    private(set) var talkers: [(part: Int, since: Mark)] = []

    /// Draws the time line.
    /// - Parameters:
    ///   - main: the main party's place in `facts.call.parts`.
    ///   - lines: by the same places, whose line is somebody's; others only carry sound.
    ///   - end: when the last party left; what lies after it is cut off.
    init(_ facts: Facts, main: Int, _ lines: [Cast.Line], end: Mark) {
        let parts = facts.call.parts
        guard !parts[main].stays.isEmpty else { return }
        var times: [Mark] = []
        times.reserveCapacity(2 * parts.indices.reduce(0) { $0 + parts[$1].stays.count + parts[$1].holds.count })
        for i in parts.indices {
            for stay in parts[i].stays {
                times.append(stay.from)
                times.append(stay.to ?? end)
            }
            for hold in parts[i].holds {
                times.append(hold.from)
                times.append(hold.to ?? end)
            }
        }
        times.sort { $0.at < $1.at }
        segments.reserveCapacity(times.count)
        var wasHeld = false
        var group = [Bool](repeating: false, count: parts.count)
        for i in times.indices.dropFirst() {
            let from = times[i - 1]
            let to = times[i].at < end.at ? times[i] : end
            if from.at >= to.at { continue }
            let kind = Conversation.kind(facts, main, lines, from.at, wasHeld, &group)
            wasHeld = kind == .held
            if let last = segments.indices.last, segments[last].kind == kind, segments[last].to.at == from.at {
                segments[last].to = to
            } else {
                segments.append(Segment(from: from, to: to, kind: kind))
            }
        }
        for i in segments.indices {
            guard case .talk(let people) = segments[i].kind else { continue }
            for person in people where !hasTalked(person) { talkers.append((person, segments[i].from)) }
        }
    }

    /// Whether that line's party spoke with the main party.
    func hasTalked(_ part: Int) -> Bool { talkers.contains { $0.part == part } }

    /// What the main party heard at one moment.
    private static func kind(
        _ facts: Facts, _ main: Int, _ lines: [Cast.Line], _ at: Instant, _ wasHeld: Bool, _ group: inout [Bool]
    ) -> Kind {
        let parts = facts.call.parts
        func stay(_ part: Int) -> Call.Stay? {
            // Of two that overlap by a swap, the later one.
            parts[part].stays.last { $0.from.at <= at && ($0.to.map { $0.at > at } ?? true) }
        }
        guard let mine = stay(main) else { return .alone }
        switch facts.call.bridges[mine.bridge].kind {
        case .parking: return .parked
        case .holding: return .alone
        case .talk, .conference: break
        }
        for i in parts.indices { group[i] = i == main }
        var grew = true
        while grew {
            grew = false
            for i in parts.indices where !group[i] {
                guard let his = stay(i) else { continue }
                let joined = parts.indices.contains { j in
                    group[j] && j != i && stay(j)?.bridge == his.bridge
                }
                if joined {
                    group[i] = true
                    grew = true
                }
            }
            for (one, two) in facts.call.localPairs where group[one] != group[two] {
                // A Local channel carries sound while both halves live.
                let lives = [one, two].allSatisfy {
                    parts[$0].created.at <= at && (parts[$0].end.map { $0.at > at } ?? true)
                }
                if lives {
                    group[one] = true
                    group[two] = true
                    grew = true
                }
            }
        }
        let others = parts.indices.filter { $0 != main && group[$0] && lines[$0].isPerson }
        func isHolding(_ i: Int) -> Bool {
            parts[i].holds.contains { $0.from.at <= at && ($0.to.map { $0.at > at } ?? true) }
        }
        if others.isEmpty { return wasHeld ? .held : .alone }
        if isHolding(main) { return .held }
        let talking = others.contains(where: isHolding) ? others.filter { !isHolding($0) } : others
        if talking.isEmpty { return .held }
        return .talk(talking)
    }

    /// The time of all segments of the wanted kinds.
    func total(_ wanted: (Kind) -> Bool) -> Duration {
        var total = Duration.zero
        for i in segments.indices where wanted(segments[i].kind) { total += segments[i].to.at - segments[i].from.at }
        return total
    }
    /// The record's `talk`: connected with at least one person who did not hold.
    var talk: Duration { total { if case .talk = $0 { true } else { false } } }
    /// The record's `hold`: on hold by either side, or left waiting while somebody consults.
    var hold: Duration { total { $0 == .held } }
    /// The record's `park`: in a parking lot.
    var park: Duration { total { $0 == .parked } }

    /// When the main party was last connected, talking or held; nil where it never was.
    var lastConnectionEnd: Instant? {
        segments.last {
            switch $0.kind {
            case .talk, .held: true
            case .parked, .alone: false
            }
        }?.to.at
    }
    /// When the last talk began, counting a change of people as a new one.
    var lastTalkStart: Instant? {
        segments.last { if case .talk = $0.kind { true } else { false } }?.from.at
    }
    /// Who was in the last talk.
    var lastTalkers: [Int] {
        for segment in segments.reversed() { if case .talk(let people) = segment.kind { return people } }
        return []
    }
}
