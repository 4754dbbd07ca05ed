public import Telephony

/// The calls that call detail records alone can tell, where neither events nor CEL were heard.
///
/// Rows are grouped into calls by linked id, or where they have none by the channels they share while they overlap. Each row
/// says that its channel tried to reach, and perhaps spoke with, its destination channel; that is made into the same facts
/// events give. Who hung up, holds, transfers and ringing are in no row and stay untold; the record is `partial` and says why.
public struct CDRStory {
    private let configuration: Shared<AssemblyConfiguration>
    private let offset: Duration
    /// The other half of the year's, where the rows tell of both.
    private let otherOffset: Duration?

    /// - Parameter zoneOffset: local time minus UTC of the PBX; nil: learned from the rows.
    public init(_ configuration: AssemblyConfiguration, zoneOffset: Duration? = nil, rows: [CDRRow]) {
        self.init(Shared(configuration), zoneOffset: zoneOffset, rows: rows)
    }
    /// The same, for the fold.
    init(_ configuration: Shared<AssemblyConfiguration>, zoneOffset: Duration?, rows: [CDRRow]) {
        self.configuration = configuration
        // A later row of a long call begins later than its channel: what most rows say is the zone.
        var tally: [Duration: Int] = [:]
        for row in rows { if let zone = CDRStory.zone(row) { tally[zone, default: 0] += 1 } }
        let most = tally.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        offset = zoneOffset ?? most ?? .zero
        let hour = Duration.seconds(3600)
        let half = [offset + hour, offset - hour].max { tally[$0, default: 0] < tally[$1, default: 0] }
        otherOffset = zoneOffset == nil ? half.flatMap { tally[$0] == nil ? nil : $0 } : nil
    }

    /// Local time minus UTC, to the quarter of an hour, as a row that began with its channel says; nil for a later row of a long
    /// call, unless that began whole quarters after it.
    static func zone(_ row: CDRRow) -> Duration? {
        guard let start = row.start?.asUTC, let created = row.uniqueID.created else { return nil }
        let difference = start.seconds - created.seconds
        let rounded = ((difference + (difference < 0 ? -450 : 450)) / 900) * 900
        return abs(difference - rounded) <= 3 && abs(rounded) <= 14 * 3600 ? .seconds(rounded) : nil
    }

    /// One finished call for each group of rows, oldest first.
    public func calls(_ rows: [CDRRow]) -> [FinishedCall] {
        var calls: [FinishedCall] = []
        forEachCall(rows) { call, _ in calls.append(call) }
        return calls.sorted { $0.record.startedAt < $1.record.startedAt }
    }
    /// The same one after another, by their first rows, with how many rows are done: a log of years holds more calls than memory.
    public func forEachCall(_ rows: [CDRRow], _ body: (FinishedCall, _ done: Int) -> Void) {
        var done = 0
        for group in CDRStory.groups(rows) {
            let facts = facts(group.map { rows[$0] })
            done += group.count
            if let call = CallTeller(Facts(facts), configuration, EndpointKnowledge()).finished() { body(call, done) }
        }
    }

    /// Places of the rows of each call, in Asterisk's own order; the calls by their first rows.
    static func groups(_ rows: [CDRRow]) -> [[Int]] {
        let starts = rows.map { $0.start?.asUTC ?? Instant(microseconds: 0) }
        let ordered = rows.indices.sorted { i, j in
            let (a, b) = (rows[i], rows[j])
            if let x = a.sequence, let y = b.sequence, a.linkedID == b.linkedID { return x < y }
            return (starts[i], a.uniqueID) < (starts[j], b.uniqueID)
        }
        var groups: [[Int]] = []
        var byLinkedID: [LinkedID: Int] = [:]
        // The latest group each channel name was seen in: names are used again only after a restart.
        var byChannel: [ChannelName: Int] = [:]
        for place in ordered {
            let row = rows[place]
            // People of one conference have calls of their own, though their rows name each other.
            let isConference = row.lastApplication == "ConfBridge" || row.lastApplication == "MeetMe"
            let names = isConference ? [row.channel] : [row.channel, row.destinationChannel].compactMap { $0 }
            let joints = names + names.compactMap(\.otherHalf)
            // A channel's rows are one call's, whatever linked id each of them was written with.
            let ids = [row.linkedID, LinkedID(row.uniqueID)].compactMap { $0 }
            let known =
                ids.lazy.compactMap { byLinkedID[$0] }.first
                ?? joints.lazy.compactMap { byChannel[$0] }.first { CDRStory.overlaps(rows, groups[$0], row) }
            let group = known ?? groups.count
            if known == nil { groups.append([]) }
            groups[group].append(place)
            // A consultation has a linked id of its own until the transfer; afterwards a row names channels of both.
            let joined = joints.compactMap { byChannel[$0] }.filter { CDRStory.overlaps(rows, groups[$0], row) }
            for other in Set(joined + ids.compactMap { byLinkedID[$0] }) where other != group {
                for place in groups[other] {
                    let row = rows[place]
                    for id in [row.linkedID, LinkedID(row.uniqueID)] {
                        if let id, byLinkedID[id] == other { byLinkedID[id] = group }
                    }
                    for name in [row.channel, row.destinationChannel] {
                        if let name, byChannel[name] == other { byChannel[name] = group }
                    }
                }
                groups[group] += groups[other]
                groups[other] = []
            }
            for id in ids { byLinkedID[id] = group }
            for name in names { byChannel[name] = group }
        }
        return groups.filter { !$0.isEmpty }
    }

    private static func overlaps(_ rows: [CDRRow], _ group: [Int], _ row: CDRRow) -> Bool {
        guard let start = row.start else { return false }
        return group.contains { other in rows[other].end.map { $0.asUTC + .seconds(1) >= start.asUTC } ?? true }
    }

    /// A row's local time as an instant: summer and winter differ by an hour.
    private func instant(_ civil: CivilTime?, of row: CDRRow) -> Instant? {
        civil.map { $0.asUTC - (otherOffset.flatMap { CDRStory.zone(row) == $0 ? $0 : nil } ?? offset) }
    }

    /// The facts that rows of one call amount to.
    private func facts(_ rows: [CDRRow]) -> Call {
        let first = rows[0]
        var call = Call(
            linkedID: rows.compactMap(\.linkedID).min() ?? LinkedID(rows.map(\.uniqueID).min() ?? first.uniqueID))
        call.sources = [.cdr]
        call.cdrRows = rows.map { Call.Row($0, mark(instant($0.end, of: $0) ?? Instant(microseconds: 0))) }
        call.isPartial = true
        call.notes = ["told by Asterisk's CDR alone: who hung up, transfers and holds are not in it"]
        for (n, row) in rows.enumerated() {
            let start = instant(row.start, of: row) ?? row.uniqueID.created ?? Instant(microseconds: 0)
            let end = instant(row.end, of: row) ?? start + .seconds(row.duration ?? 0)
            let answer = instant(row.answer, of: row)
            let source = part(&call, row.channel, row.uniqueID, row, start, end, isSource: true)
            let isAnswered = row.disposition == "ANSWERED" && answer != nil
            if let answer { answered(&call, source, answer) }
            record(&call, row, source, answer ?? start, end)
            guard let destinationChannel = row.destinationChannel else { continue }
            let destination = part(
                &call, destinationChannel, UniqueID("\(row.uniqueID)/\(n + 1)"), row, start, end, isSource: false)
            call.dials.append(
                Call.Dial(
                    source: source, destination: destination, begin: mark(start),
                    sourceLocation: call.parts[source].location,
                    dialString: nil, end: mark(isAnswered ? answer! : end), status: CDRStory.status(row)))
            guard isAnswered, let answer, end > answer else { continue }
            answered(&call, destination, answer)
            let bridge = call.bridge(BridgeID("row \(n)"), .talk)
            for i in [source, destination] {
                call.parts[i].stays.append(Call.Stay(bridge: bridge, from: mark(answer), to: mark(end)))
            }
        }
        for i in call.parts.indices {
            let half = call.parts[i].name
            guard half.description.hasSuffix(";1"), let other = half.otherHalf else { continue }
            if let two = call.parts.firstIndex(where: { $0.name == other }) { call.localPairs.append((i, two)) }
        }
        for i in call.parts.indices { call.parts[i].endIsGuessed = true }
        return call
    }

    /// Adds the channels that a gap in the stream kept from a call, and what its own rows say of them.
    func complete(_ call: inout Call) {
        for row in call.cdrRows.map(\.row) {
            let start = instant(row.start, of: row) ?? row.uniqueID.created ?? Instant(microseconds: 0)
            let end = instant(row.end, of: row) ?? start + .seconds(row.duration ?? 0)
            let known = call.parts.firstIndex { $0.uniqueID == row.uniqueID || $0.name == row.channel }
            let source = known ?? part(&call, row.channel, row.uniqueID, row, start, end, isSource: true)
            if call.parts[source].heardAgain != nil || call.parts[source].endIsGuessed, row.end != nil {
                // A row's time is cut to the second: half of one errs least.
                let told = max(end + .milliseconds(500), call.parts[source].created.at)
                if call.parts[source].toldEnd.map({ $0.at < told }) ?? true { call.parts[source].toldEnd = mark(told) }
            }
            guard let name = row.destinationChannel, !name.isLocal else { continue }
            let there = call.parts.firstIndex { $0.name == name }
            let begin = max(start, call.parts[source].created.at)
            let id = UniqueID("\(row.uniqueID)/\(call.parts.count)")
            let destination = there ?? part(&call, name, id, row, begin, end, isSource: false)
            guard source != destination else { continue }
            let answer = row.disposition == "ANSWERED" ? instant(row.answer, of: row) : nil
            if let i = call.dials.lastIndex(where: { $0.destination == destination && $0.source != nil }) {
                if call.dials[i].status == nil {
                    call.dials[i].status = CDRStory.status(row)
                    call.dials[i].end = mark(max(answer ?? end, call.dials[i].begin.at))
                }
                guard call.dials[i].status == .answer else { continue }
            } else {
                call.dials.removeAll { $0.destination == destination }
                call.dials.append(
                    Call.Dial(
                        source: source, destination: destination, begin: mark(begin),
                        sourceLocation: call.parts[source].firstLocation, end: mark(answer ?? end),
                        status: CDRStory.status(row)))
            }
            guard let answer, end > answer else { continue }
            for i in [source, destination] where call.parts[i].up == nil {
                call.parts[i].up = mark(max(answer, call.parts[i].created.at))
            }
            // The row counts from the PBX's own answer.
            let met = max(answer, call.parts[destination].up?.at ?? answer)
            call.connect(source, destination, from: mark(met), to: mark(end), under: BridgeID("row of \(row.uniqueID)"))
        }
    }

    /// FreePBX notes a recording's name, and keeps the file below a folder for the day.
    private func record(_ call: inout Call, _ row: CDRRow, _ part: Int, _ from: Instant, _ to: Instant) {
        guard let file = row.recordingFile else { return }
        var path = file
        if !file.contains("/"), let day = row.start {
            path = "\(day.year)/\(twoDigits(day.month))/\(twoDigits(day.day))/\(file)"
        }
        if let known = call.recordings.firstIndex(where: { $0.path == path }) {
            call.recordings[known].to = mark(to)
        } else {
            call.recordings.append(Call.RecordingStart(part: part, from: mark(from), to: mark(to), path: path))
        }
    }

    private func mark(_ at: Instant) -> Mark { Mark(at: at, .cdr) }

    private func answered(_ call: inout Call, _ i: Int, _ at: Instant) {
        if call.parts[i].up.map({ $0.at > at }) ?? true { call.parts[i].up = mark(at) }
    }

    /// The place of a channel, added where it is new, its life stretched to the row's.
    private func part(
        _ call: inout Call, _ name: ChannelName, _ id: UniqueID, _ row: CDRRow, _ start: Instant, _ end: Instant,
        isSource: Bool
    ) -> Int {
        if let i = call.parts.firstIndex(where: { $0.name == name }) {
            if end > call.parts[i].end?.at ?? end - .microseconds(1) { call.parts[i].end = mark(end) }
            if isSource { call.parts[i].uniqueID = id }
            if row.disposition == "ANSWERED" { call.parts[i].cause = .normalClearing }
            return i
        }
        // The number dialled from outside outlives menus and queues only where FreePBX keeps it.
        let exten = isSource ? row.did ?? row.destination ?? "" : "s"
        let location = CallEvent.Location(context: row.context ?? "", exten: exten, priority: 1)
        var number = isSource ? row.callerNumber ?? row.source : nil
        let address = String(name.address)
        let isPhone = configuration.value.isNamedLikeExtension(technology: name.technology, address: name.address)
        // A phone's caller id may have been set to the company's for the call; its name stays.
        if isSource, isPhone { number = address }
        if !isSource, !address.isEmpty, address.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) { number = address }
        // An outside line that was dialled: what was asked for is its number.
        if !isSource, number == nil { number = row.destination }
        var part = Call.Part(
            uniqueID: id, linkedID: call.linkedID, name: name, firstNumber: number, number: number,
            callerName: isSource ? row.callerName ?? CDRStory.name(row.callerID) : nil,
            accountCode: isSource ? row.accountCode : row.peerAccount,
            firstLocation: location, location: location, created: mark(isSource ? start : start + .microseconds(1)),
            isInternal: name.isInternalToAsterisk)
        part.end = mark(end)
        part.cause = CDRStory.cause(row)
        call.parts.append(part)
        return call.parts.count - 1
    }

    /// The name in `"name" <number>`.
    private static func name(_ callerID: String?) -> String? {
        guard let text = callerID, let bracket = text.lastIndex(of: "<") else { return nil }
        let name = text[..<bracket].drop { $0 == "\"" || $0 == " " }
        let trimmed = String(name.reversed().drop { $0 == "\"" || $0 == " " }.reversed())
        // Asterisk escapes the name's quotes and backslashes as in C.
        return trimmed.isEmpty ? nil : Names.unquoted(trimmed)
    }

    private static func status(_ row: CDRRow) -> DialStatus {
        switch row.disposition {
        case "ANSWERED": .answer
        case "BUSY": .busy
        case "FAILED", "CONGESTION": .congestion
        default: .noAnswer
        }
    }
    private static func cause(_ row: CDRRow) -> HangupCause {
        switch row.disposition {
        case "ANSWERED": .normalClearing
        case "BUSY": .userBusy
        case "FAILED", "CONGESTION": .congestion
        default: .noAnswer
        }
    }
}
