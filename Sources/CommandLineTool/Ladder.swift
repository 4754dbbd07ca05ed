import Telephony

/// The legs of one call over time: one lane a leg, time running down, drawn from nothing but the record.
///
/// ```
///               1                2
/// 10:05:20.123  ┬ up             ·
/// 10:05:20.201  │                ┬ new
/// 10:05:20.340  │                ┆ rings
/// 10:05:23.100  │                ┃ answers
/// 10:05:23.110  ┣━━━━━━━━━━━━━━━━┫ talk
/// 10:05:31.000  ┠┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┨ apart
/// 10:05:31.005  ┴ 16             ┴ 16
/// ```
/// A lane is `┆` until the leg is up, then `┃`. A line across joins the first and the last of those who meet; those between
/// them who take no part are crossed by it, `╂`.
struct Ladder {
    /// What happens to one leg at one time.
    private enum Mark {
        case begins(isUp: Bool)
        case rings, answers
        case ends(String)
    }
    private struct Step {
        var at: Instant
        /// Marks by leg.
        var marks: [(leg: Int, mark: Mark)] = []
        /// A meeting or parting of legs.
        var meeting: (legs: [Int], isStart: Bool)?
    }
    private struct Leg {
        var channel: String
        var startedAt: Instant
        var endedAt: Instant?
        var upAt: Instant?
        /// Its place in the record, from 1.
        var number: Int
    }

    /// One `bridged` interval of a leg.
    private struct Stay {
        var from: Instant
        var to: Instant?
        var with: Set<Int>

        func covers(_ time: Instant, within slack: Duration) -> Bool {
            time >= from - slack && (to.map { time <= $0 + slack } ?? true)
        }
    }

    private let legs: [Leg]
    private var steps: [Step] = []

    /// Reads the legs, their times and who was bridged with whom; a leg without `started_at` has no lane.
    init(_ record: RecordView) {
        var legs: [Leg] = []
        for leg in record.legs {
            guard let started = RecordView.time(leg["started_at"]) else { continue }
            legs.append(
                Leg(
                    channel: leg["channel"]?.string ?? "?", startedAt: started,
                    endedAt: RecordView.time(leg["ended_at"]), upAt: RecordView.time(leg["answered_at"]),
                    number: legs.count + 1))
        }
        self.legs = legs
        let withTimes = record.legs.filter { RecordView.time($0["started_at"]) != nil }
        for (i, json) in withTimes.enumerated() {
            let leg = legs[i]
            steps.append(Step(at: leg.startedAt, marks: [(i, .begins(isUp: leg.upAt == leg.startedAt))]))
            if let ringing = RecordView.time(json["ringing_at"]) {
                steps.append(Step(at: ringing, marks: [(i, .rings)]))
            }
            if let up = leg.upAt, up != leg.startedAt { steps.append(Step(at: up, marks: [(i, .answers)])) }
            if let end = leg.endedAt {
                let cause = json["hangup_cause"]?["code"]?.integer.map(String.init) ?? ""
                steps.append(Step(at: end, marks: [(i, .ends(cause))]))
            }
        }
        steps += Ladder.meetings(withTimes, legs)
        // Meetings after marks of the same instant, partings before; otherwise in the order of time and of the legs.
        steps = steps.enumerated().sorted { a, b in
            (a.element.at, Ladder.rank(a.element), a.offset) < (b.element.at, Ladder.rank(b.element), b.offset)
        }.map(\.element)
        joinSteps()
    }

    private static func rank(_ step: Step) -> Int {
        guard let meeting = step.meeting else { return 1 }
        return meeting.isStart ? 2 : 0
    }

    /// Each interval is written at every leg that shared it: one meeting and one parting of them all.
    private static func meetings(_ json: [JSONValue], _ legs: [Leg]) -> [Step] {
        var indices: [String: Int] = [:]
        for (i, leg) in legs.enumerated() where indices[leg.channel] == nil { indices[leg.channel] = i }
        var found: [(at: Instant, legs: Set<Int>, isStart: Bool)] = []
        func note(_ at: Instant, _ who: Set<Int>, _ isStart: Bool) {
            // The two sides of a bridge are told milliseconds apart: the same meeting.
            let near = found.firstIndex {
                $0.isStart == isStart && !$0.legs.isDisjoint(with: who)
                    && abs($0.at.microseconds - at.microseconds) <= 50_000
            }
            if let near {
                found[near].legs.formUnion(who)
                found[near].at = isStart ? max(found[near].at, at) : min(found[near].at, at)
            } else {
                found.append((at, who, isStart))
            }
        }
        let stays = json.map { leg in
            (leg["bridged"]?.array ?? []).compactMap { interval -> Stay? in
                guard let from = RecordView.time(interval["from"]) else { return nil }
                let others = (interval["with"]?.array ?? []).compactMap { $0.string.flatMap { indices[$0] } }
                return Stay(from: from, to: RecordView.time(interval["to"]), with: Set(others))
            }
        }
        for (i, own) in stays.enumerated() {
            for stay in own {
                // A stay lists all who came and went in it: at this moment those who say the same of us.
                func present(at time: Instant) -> Set<Int> {
                    stay.with.filter { j in
                        stays[j].contains { $0.with.contains(i) && $0.covers(time, within: .milliseconds(50)) }
                    }.union([i])
                }
                let there = present(at: stay.from)
                if there.count > 1 { note(stay.from, there, true) }
                guard let to = stay.to else { continue }
                let left = present(at: to)
                if left.count > 1 { note(to, left, false) }
            }
        }
        return found.map { Step(at: $0.at, meeting: ($0.legs.sorted(), $0.isStart)) }
    }

    /// Puts marks of different legs at the same millisecond into one line.
    private mutating func joinSteps() {
        var joined: [Step] = []
        for step in steps {
            if let last = joined.last, last.meeting == nil, step.meeting == nil,
                last.at.milliseconds == step.at.milliseconds,
                !last.marks.contains(where: { mark in step.marks.contains { $0.leg == mark.leg } })
            {
                joined[joined.count - 1].marks += step.marks
            } else {
                joined.append(step)
            }
        }
        steps = joined
    }

    /// The same of some legs only.
    private init(_ whole: Ladder, only chosen: [Int]) {
        legs = chosen.map { whole.legs[$0] }
        var place: [Int: Int] = [:]
        for (i, leg) in chosen.enumerated() { place[leg] = i }
        steps = whole.steps.map { step in
            var step = step
            step.marks = step.marks.compactMap { mark in place[mark.leg].map { ($0, mark.mark) } }
            if let meeting = step.meeting { step.meeting = (meeting.legs.compactMap { place[$0] }, meeting.isStart) }
            return step
        }
    }

    /// The drawing, at most as wide as the console. Of legs that find no room those go first that nobody answered; a last line says
    /// how many.
    func lines(for console: Console) -> [String] {
        guard !legs.isEmpty else { return [] }
        let margin = 14
        let room = (console.width - margin) / 4
        guard legs.count <= room else {
            let wanted = legs.indices.filter { legs[$0].upAt != nil } + legs.indices.filter { legs[$0].upAt == nil }
            let note = "\(legs.count - room) legs are not drawn: too narrow"
            return Ladder(self, only: wanted.prefix(room).sorted()).lines(for: console)
                + [DisplayWidth.cut(note, console.width)]
        }
        let lane = min(18, (console.width - margin) / legs.count)
        var lines = [String(repeating: " ", count: margin) + legs.map { pad("\($0.number)", lane) }.joined()]
        for step in steps {
            guard let body = draw(step, lane) else { continue }
            lines.append(console.paint(.dim, console.zone.clock(step.at)) + "  " + body)
        }
        return lines.map { line in
            var line = line
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }

    /// One line of lanes; nil where all of it is on legs that are not drawn.
    private func draw(_ step: Step, _ lane: Int) -> String? {
        if let meeting = step.meeting {
            let drawn = meeting.legs
            guard let first = drawn.first, let last = drawn.last, first != last else { return nil }
            let (rule, left, right, middle, crossed) =
                meeting.isStart ? ("━", "┣", "┫", "╋", "┿") : ("┈", "┠", "┨", "╂", "┼")
            var line = ""
            for i in legs.indices {
                let symbol: String
                if i == first {
                    symbol = left
                } else if i == last {
                    symbol = right
                } else if i > first && i < last {
                    symbol = drawn.contains(i) ? middle : isAlive(i, step.at) ? crossed : rule
                } else {
                    symbol = idle(i, step.at)
                }
                if i >= first && i < last {
                    line += symbol + String(repeating: rule, count: lane - 1)
                } else if i == last {
                    line += pad("\(symbol) \(meeting.isStart ? "talk" : "apart")", lane)
                } else {
                    line += pad(symbol, lane)
                }
            }
            return line
        }
        guard !step.marks.isEmpty else { return nil }
        return legs.indices.map { i in
            guard let mark = step.marks.first(where: { $0.leg == i })?.mark else { return pad(idle(i, step.at), lane) }
            switch mark {
            case .begins(let isUp): return pad(isUp ? "┬ up" : "┬ new", lane)
            case .rings: return pad("┆ rings", lane)
            case .answers: return pad("┃ answers", lane)
            case .ends(let cause):
                // Half a cause would be another one.
                let words = cause.isEmpty ? [] : ["┴ \(cause)", "┴\(cause)"]
                return pad(words.first { DisplayWidth.of($0) < lane } ?? "┴", lane)
            }
        }.joined()
    }

    private func isAlive(_ leg: Int, _ at: Instant) -> Bool {
        legs[leg].startedAt <= at && (legs[leg].endedAt.map { $0 > at } ?? true)
    }
    private func idle(_ leg: Int, _ at: Instant) -> String {
        guard isAlive(leg, at) else { return " " }
        return legs[leg].upAt.map { $0 <= at } ?? false ? "┃" : "┆"
    }
    private func pad(_ text: String, _ width: Int) -> String {
        let cut = DisplayWidth.of(text) >= width ? String(text.prefix(max(1, width - 1))) : text
        return cut + String(repeating: " ", count: width - DisplayWidth.of(cut))
    }
}
