import Telephony

/// The second grammar: channel event logging tells the same story in other words.
///
/// Where the channel events are heard too, CEL only adds who hung up. Alone it is translated, row by row, into the facts
/// the channel events give. What CEL cannot tell stays untold: hold, ringing, queue members, and who was dialled by whom (a
/// channel that joins a call without dialling itself is taken as dialled by it).
extension CallAssembler {
    /// How long a linked id that was retired waits for its channels to show another: the row comes with their next event.
    private static let retirement = Duration.seconds(10)
    /// How long a call waits for a HANGUP behind the CHAN_END of its last channel, where a database gives rows in any order.
    private static let lateHangup = Duration.seconds(2)

    /// Takes one row, at its own time; `mark` has the place in the stream. Beside channel events it says no more than
    /// who hung up and when a key was pressed.
    mutating func take(_ row: CELRow, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        var row = row
        let mark = Mark(at: row.at, offset: mark.offset, Mark.Event(row: row.event))
        if hearsChannelEvents {
            guard let place = index[row.uniqueID] else { return }
            calls[place.call]!.sources.insert(.cel)
            if calls[place.call]!.firstCEL == nil { calls[place.call]!.firstCEL = mark }
            if row.event == "HANGUP", let source = row.extra["hangupsource"] {
                self[place].takeHangupSource(source, mark)
            }
            if row.event == "DTMF" { self[place].lastKey = mark }
            return
        }
        tellTwinsApart(&row)
        if !row.isLinkStated { link(&row) }
        let channel = CallEvent.Channel(uniqueID: row.uniqueID, linkedID: row.linkedID)
        defer { lastRowAt = max(lastRowAt ?? row.at, row.at) }
        if row.event == "CHAN_START" {
            noteRestart(row)
            start(row, channel, mark, effect)
            return
        }
        if index[row.uniqueID] == nil { adopt(row, channel, mark, effect) }
        guard locate(channel, mark) != nil else { return }
        followMasquerade(row)
        guard let place = index[row.uniqueID] else { return }
        if row.event == "LINKEDID_END" {
            retire(place, row.linkedID, mark)
            return
        }
        reinstate(place)
        if row.event == "BRIDGE_EXIT" { relocate(place, row, mark) }
        refresh(place, row, mark)
        noteQueue(place, row, mark)
        switch row.event {
        case "ANSWER": answered(place, row, mark)
        case "BRIDGE_ENTER": enterBridge(place, row, mark)
        case "BRIDGE_EXIT": closeStay(place, row.extra["bridge_id"], mark)
        case "BRIDGE_START", "CONF_ENTER", "BRIDGE_UPDATE": oldBridge(place, row, mark)
        case "BRIDGE_END", "CONF_EXIT": closeOldBridge(place, row, mark)
        case "APP_START": application(place, row, mark)
        case "APP_END":
            if row.application == "Queue",
                let i = calls[place.call]!.queueVisits.lastIndex(where: { $0.part == place.part && $0.leave == nil })
            {
                calls[place.call]!.queueVisits[i].leave = mark
            }
        case "DTMF": self[place].lastKey = mark
        case "MIXMONITOR_START", "MIXMONITOR_STOP": record(place, row, mark)
        case "HANGUP", "CHAN_END": hungUp(place, row, mark, effect)
        case "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "PARK_START", "PARK_END", "FORWARD":
            moved(place, row, mark, effect)
        default: userEvent(place, row, mark)
        }
    }

    // MARK: Channels

    /// Asterisk counts its channels from its start: where it begins anew, its other calls were lost. Where it died is not written;
    /// it was alive at the row before.
    ///
    /// Two that share a table without names count side by side: a call of which more is written was the other one's.
    private mutating func noteRestart(_ row: CELRow) {
        let id = row.uniqueID
        guard let count = id.count, let created = id.created else { return }
        let system = id.systemName ?? ""
        defer { youngest[system] = max(youngest[system] ?? id, id) }
        // A row that comes late has a count like its neighbours'.
        guard let before = youngest[system], before < id, let last = before.count, count < 4, last >= 4,
            let lastRowAt
        else { return }
        for slot in calls.indices {
            guard let call = calls[slot], call.emptySince == nil, call.lostAt == nil else { continue }
            let isOlder = call.parts.contains {
                $0.end == nil && $0.uniqueID < id && $0.uniqueID.systemName == id.systemName
            }
            if isOlder { calls[slot]!.lostAt = min(lastRowAt, created) }
        }
    }

    /// Ends the calls that nothing more was written of after Asterisk had begun anew.
    mutating func endLostCalls(_ effect: (AssemblyEffect) -> Void) {
        for slot in calls.indices {
            guard let call = calls[slot], let lost = call.lostAt else { continue }
            let ids = Set(call.parts.map(\.uniqueID))
            closeUnseen(at: lost, "Asterisk was restarted", effect) { ids.contains($0.uniqueID) }
        }
    }

    private mutating func start(
        _ row: CELRow, _ channel: CallEvent.Channel, _ mark: Mark, _ effect: (AssemblyEffect) -> Void
    ) {
        // A dialled channel has no extension of its own yet, and belongs to a call from its first moment.
        let isDialled =
            row.uniqueID != row.linkedID.oldest && !row.channel.description.hasSuffix(";2")
            && !row.channel.description.hasPrefix("AsyncGoto/")
        let location = CallEvent.Location(context: row.context, exten: row.exten, priority: 1)
        let snapshot = CallEvent.Snapshot(
            channel: channel, name: row.channel, state: isDialled ? .down : .ring, number: row.number ?? row.ani,
            callerName: row.name, accountCode: row.accountCode, location: location)
        let isNew = index[row.uniqueID] == nil
        addChannel(snapshot, mark, effect)
        guard isNew, let place = index[row.uniqueID] else { return }
        calls[place.call]!.lostAt = nil
        calls[place.call]!.sources.remove(.ami)
        calls[place.call]!.sources.insert(.cel)
        if let other = row.channel.otherHalf, let i = calls[place.call]!.parts.firstIndex(where: { $0.name == other }) {
            let isOne = row.channel.description.hasSuffix(";1")
            calls[place.call]!.localPairs.append(isOne ? (place.part, i) : (i, place.part))
        }
        guard isDialled else { return }
        // By whom: the youngest channel of the call that runs dialplan and is not dialled itself, or the first one.
        let source = calls[place.call]!.parts.indices.last { i in
            i != place.part && calls[place.call]!.parts[i].end == nil
                && (calls[place.call]!.parts[i].name.description.hasSuffix(";2") || i == 0)
        }
        let sourceLocation = source.map { calls[place.call]!.parts[$0].location }
        calls[place.call]!.dials.append(
            Call.Dial(
                source: source, destination: place.part, begin: mark, sourceLocation: sourceLocation, dialString: nil))
    }

    /// A channel of a log that began before the log did: the file was rotated, or holds a part of a table.
    private mutating func adopt(
        _ row: CELRow, _ channel: CallEvent.Channel, _ mark: Mark, _ effect: (AssemblyEffect) -> Void
    ) {
        // On a stream the list of live channels tells of such.
        guard mark.offset < 0, !isRecent(row.uniqueID), row.event != "LINKEDID_END", !row.channel.description.isEmpty
        else { return }
        let created = min(row.uniqueID.created ?? mark.at, mark.at)
        // The end of a call that was told before its last rows came is no call.
        let isEnd = row.event == "HANGUP" || row.event == "CHAN_END"
        if isEnd, linked[row.linkedID] == nil, isRecent(row.linkedID.oldest) { return }
        start(row, channel, mark.telling(created), effect)
        guard let place = index[row.uniqueID] else { return }
        // Where it is now is not where it came in.
        if let dialled = row.dnid, !dialled.isEmpty,
            calls[place.call]!.dials.allSatisfy({ $0.destination != place.part })
        {
            self[place].firstLocation.exten = dialled
        }
        calls[place.call]!.isPartial = true
        if !["HANGUP", "CHAN_END", "APP_START", "ANSWER"].contains(row.event) {
            self[place].up = mark.telling(created)
        }
        let note = "the log holds no beginning of \(row.channel)"
        if calls[place.call]!.notes.count < 16 { calls[place.call]!.note(note) }
    }

    /// A linked id ends with its last channel, or when that goes over to another call, which its next row shows.
    private mutating func retire(_ place: Place, _ linkedID: LinkedID, _ mark: Mark) {
        guard calls[place.call]!.linkedID == linkedID, calls[place.call]!.alive > 0 else { return }
        calls[place.call]!.retired = mark
        calls[place.call]!.emptySince = mark.at
        wait(place.call, CallAssembler.retirement)
    }

    /// A channel that goes on has not ended with its linked id, nor with an Asterisk that another one's restart was taken for.
    private mutating func reinstate(_ place: Place) {
        guard self[place].end == nil else { return }
        calls[place.call]!.lostAt = nil
        guard calls[place.call]!.retired != nil else { return }
        calls[place.call]!.retired = nil
        calls[place.call]!.emptySince = nil
    }

    /// Sent elsewhere while it was bridged: its extension is another at the exit than it was before.
    private mutating func relocate(_ place: Place, _ row: CELRow, _ mark: Mark) {
        let before = self[place].location
        // The `h` extension runs for a channel that is gone.
        guard !row.exten.isEmpty, row.exten != "h", row.exten != before.exten || row.context != before.context else {
            return
        }
        let to = CallEvent.Location(context: row.context, exten: row.exten, priority: 1)
        calls[place.call]!.add(Call.Relocation(part: place.part, at: mark, to: to))
    }

    /// The application a row was written in tells of a queue, even where CEL does not track applications.
    private mutating func noteQueue(_ place: Place, _ row: CELRow, _ mark: Mark) {
        guard row.application == "Queue", let data = row.applicationData else { return }
        let name = String(data.prefix { $0 != "," && $0 != "|" })
        if !calls[place.call]!.queueVisits.contains(where: { $0.part == place.part && $0.name == name }) {
            let join = row.event == "BRIDGE_ENTER" ? self[place].up ?? mark : mark
            calls[place.call]!.queueVisits.append(
                Call.QueueVisit(part: place.part, name: name, join: join, position: nil))
        }
        guard row.event == "BRIDGE_ENTER",
            let i = calls[place.call]!.queueVisits.lastIndex(where: { $0.part == place.part && $0.name == name }),
            calls[place.call]!.queueVisits[i].connect == nil
        else { return }
        calls[place.call]!.queueVisits[i].connect = mark
        calls[place.call]!.queueVisits[i].leave = mark
    }

    private mutating func refresh(_ place: Place, _ row: CELRow, _ mark: Mark) {
        self[place].show(row.number, row.name, mark)
        self[place].bill(row.accountCode, mark)
        if !row.exten.isEmpty {
            let location = CallEvent.Location(context: row.context, exten: row.exten, priority: 1)
            self[place].location = location
            // A line without numbers of its own comes in on `s`: which number it is for, the dialplan says.
            let part = self[place]
            if part.firstLocation.exten == "s", row.event != "ANSWER", part.up == nil, Names.isNumber(row.exten),
                calls[place.call]!.dials.allSatisfy({ $0.source != place.part && $0.destination != place.part })
            {
                self[place].firstLocation = location
            }
            // An originated line has no extension until it runs dialplan, which is told only now. Where it goes when what
            // it dialled is gone is another matter.
            for i in calls[place.call]!.dials.indices
            where calls[place.call]!.dials[i].source == place.part
                && calls[place.call]!.dials[i].sourceLocation?.exten == "s"
                && calls[place.call]!.parts[calls[place.call]!.dials[i].destination].end == nil
            {
                calls[place.call]!.dials[i].sourceLocation = location
            }
        }
        if let field = row.userField, !field.isEmpty { calls[place.call]!.variables.set("CDR(userfield)", field, mark) }
    }

    private mutating func answered(_ place: Place, _ row: CELRow, _ mark: Mark) {
        if self[place].up == nil { self[place].up = mark }
        let part = self[place]
        // A line that Asterisk itself dialled runs AppDial2, and has no place in the dialplan yet when it answers.
        let isOriginated =
            row.application == "AppDial2"
            || part.firstLocation.exten == "s" && row.exten.isEmpty && (row.application ?? "").isEmpty
                && calls[place.call]!.dials.allSatisfy { $0.source != place.part }
        if isOriginated, !calls[place.call]!.dials.contains(where: { $0.destination == place.part }) {
            calls[place.call]!.dials.append(Call.Dial(source: nil, destination: place.part, begin: part.created))
        }
        if let i = calls[place.call]!.dials.lastIndex(where: { $0.destination == place.part && $0.end == nil }) {
            calls[place.call]!.dials[i].end = mark
            calls[place.call]!.dials[i].status = .answer
        }
    }

    private mutating func hungUp(_ place: Place, _ row: CELRow, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        // A zombie's end is nobody's.
        if row.channel.description.hasSuffix("<ZOMBIE>"), !self[place].isInternal { return }
        let isFirst = self[place].end == nil
        guard isFirst || row.event == "HANGUP" && self[place].hangupSource == nil else {
            return
        }
        let cause = HangupCause(rawValue: row.extra["hangupcause"].flatMap { Int($0) } ?? 0)
        let source = row.extra["hangupsource"]
        self[place].takeHangupSource(source, mark)
        if let source, source == row.channel.description, !row.channel.isLocal {
            self[place].hangupRequest = self[place].hangupRequest ?? (isFirst ? mark : self[place].end)
        }
        if let source, source != row.channel.description { left(source, place.call, mark) }
        if isFirst {
            self[place].finish(
                mark, cause, nil, nil, self[place].location)
        } else {
            self[place].cause = cause
        }
        // CEL does not say where the dialplan was; but where the dialplan hung up, it had gone on.
        if source?.hasPrefix("dialplan/") ?? false { self[place].hasMovedOn = true }
        if let i = calls[place.call]!.dials.lastIndex(where: {
            $0.destination == place.part && ($0.end == nil || !isFirst && $0.status != .answer)
        }) {
            calls[place.call]!.dials[i].end = self[place].end
            calls[place.call]!.dials[i].status = CallAssembler.status(cause)
        }
        guard isFirst else { return }
        calls[place.call]!.alive -= 1
        guard calls[place.call]!.alive == 0 else { return }
        if row.event == "CHAN_END" {
            calls[place.call]!.emptySince = mark.at
            wait(place.call, CallAssembler.lateHangup)
        } else {
            becomeEmpty(place.call, effect)
        }
    }

    /// A channel is named as the source of another's end: its party has left by then, with the bridge if it was in one. Its own row
    /// comes when its hangup handlers are through, which may be seconds later.
    private mutating func left(_ source: String, _ slot: Int, _ mark: Mark) {
        guard
            let i = calls[slot]!.parts.firstIndex(where: {
                !$0.isGuest && !$0.isLocal && $0.name.description == source
            })
        else { return }
        let part = calls[slot]!.parts[i]
        calls[slot]!.parts[i].hangupRequest = part.stays.last.flatMap(\.to) ?? part.hangupRequest ?? mark
    }

    /// How a dialled leg that was never answered ended, by its cause.
    private static func status(_ cause: HangupCause) -> DialStatus {
        switch cause {
        case .userBusy: .busy
        case .notStated, .noAnswer, .noUserResponding, .answeredElsewhere, .normalClearing: .noAnswer
        case .interworking: .cancel
        default: .congestion
        }
    }

    // MARK: Applications and what the dialplan says

    private mutating func application(_ place: Place, _ row: CELRow, _ mark: Mark) {
        let data = row.applicationData ?? ""
        switch row.application {
        case "Queue":
            let name = String(data.prefix { $0 != "," && $0 != "|" })
            calls[place.call]!.queueVisits.append(
                Call.QueueVisit(part: place.part, name: name, join: mark, position: nil))
        case "MixMonitor":
            startRecording(place, String(data.prefix { $0 != "," && $0 != "|" }), mark)
        default: self[place].application = (row.application ?? "", data, mark)
        }
    }

    /// Recordings tell of themselves from 18 on, by file and with an id each.
    private mutating func record(_ place: Place, _ row: CELRow, _ mark: Mark) {
        let id = row.extra["mixmonitor_id"]
        if row.event == "MIXMONITOR_START" {
            guard let path = row.extra["filename"], !path.isEmpty else { return }
            // The application's own row, where it is tracked too, came just before.
            let known = calls[place.call]!.recordings.lastIndex { start in
                start.part == place.part && start.id == nil && mark.at - start.from.at < .seconds(5)
                    && start.path.map { path.hasSuffix($0) } ?? true
            }
            if known == nil { startRecording(place, path, mark) }
            let i = known ?? calls[place.call]!.recordings.count - 1
            calls[place.call]!.recordings[i].path = path
            calls[place.call]!.recordings[i].id = id
        } else if let i = calls[place.call]!.recordings.lastIndex(where: { start in
            start.to == nil && (id.map { $0 == start.id } ?? (start.part == place.part))
        }) {
            calls[place.call]!.recordings[i].to = mark
        }
    }

    /// `CELGenUserEvent(HOOKSWITCH_REF,4711)` says what the variable of that name says; Wazo and XiVO say where a call comes from.
    private mutating func userEvent(_ place: Place, _ row: CELRow, _ mark: Mark) {
        switch row.event {
        case "XIVO_INCALL": calls[place.call]!.variables.set("HOOKSWITCH_DIRECTION", "inbound", mark)
        case "XIVO_OUTCALL": calls[place.call]!.variables.set("HOOKSWITCH_DIRECTION", "outbound", mark)
        case let name where name.hasPrefix("HOOKSWITCH_"):
            if let value = row.extra["extra"] { calls[place.call]!.variables.set(name, value, mark) }
        default: break
        }
    }
}
