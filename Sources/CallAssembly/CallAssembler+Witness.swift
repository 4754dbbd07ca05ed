import Telephony

/// The witness from inside: what a hangup handler or a tag says of a channel.
///
/// With the events heard it adds what only the dialplan knows. Without them it is all there is: the channel, and the one it
/// talked to, are put together from it, so that the call is told all the same.
extension CallAssembler {
    /// How long a call known only from inside waits for its other channels' words: their handlers run side by side.
    private static let patience = Duration.seconds(2)

    /// Takes what the dialplan said of one channel. Of an unknown one a hangup makes a call, unless that was told
    /// already; a tag does not.
    mutating func take(_ witness: InsideWitness, _ effect: (AssemblyEffect) -> Void) {
        if index[witness.uniqueID] == nil {
            guard !isRecent(witness.uniqueID), witness.occasion == .hangup else { return }
            reconstruct(witness, effect)
        }
        guard let place = index[witness.uniqueID] else { return }
        calls[place.call]!.sources.insert(.agi)
        calls[place.call]!.witnesses.append(witness)
        complement(place, witness)
        if witness.isSystemGuessed {
            calls[place.call]!.note(
                "which PBX it was on is a guess: several are configured, and the dialplan's report names none")
        }
        guard witness.occasion == .hangup else { return }
        let isBlind = disconnectedAt != nil || !calls[place.call]!.sources.contains(.ami)
        if let source = witness.hangupSource { self[place].takeHangupSource(source, witness.mark) }
        if isBlind, self[place].end == nil { end(place, witness, effect) }
    }

    private mutating func complement(_ place: Place, _ witness: InsideWitness) {
        let mark = witness.mark
        func set(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { calls[place.call]!.variables.set(name, value, mark) }
        }
        set("HOOKSWITCH_REF", witness.refID)
        set("HOOKSWITCH_DIRECTION", witness.direction)
        set("QUEUESTATUS", witness.queueStatus)
        set("CDR(userfield)", witness.cdr.userField)
        if let code = witness.accountCode, !code.isEmpty { self[place].bill(code, mark) }
        for (name, value) in witness.variables where isWanted(name) { set(name, value) }
        if self[place].heardAgain != nil, witness.occasion == .hangup, witness.role != .callee {
            correct(place, witness)
        }
        if let path = witness.recordingPath, !path.isEmpty {
            let known = calls[place.call]!.recordings
            if known.isEmpty {
                let part = self[place]
                calls[place.call]!.recordings.append(
                    Call.RecordingStart(part: place.part, from: part.up ?? part.created, path: path))
            } else if let i = known.lastIndex(where: { $0.part == place.part && $0.path == nil }) {
                calls[place.call]!.recordings[i].path = path
            }
        }
    }

    /// Of a channel whose events were not all heard its own handler knows more.
    private mutating func correct(_ place: Place, _ witness: InsideWitness) {
        let part = self[place]
        if part.isAdopted, let dialled = witness.dialledNumber, !dialled.isEmpty {
            self[place].firstLocation.exten = dialled
        }
        let mark = Mark(at: max(end(toldBy: witness), part.created.at), .handler)
        if time(witness.cdr.end) != nil { self[place].toldEnd = mark }
        if part.up == nil || part.upIsGuessed, let answer = time(witness.cdr.answer), answer <= mark.at {
            self[place].up = Mark(at: max(answer, part.created.at), .handler)
        }
        reconstructDial(place, witness, mark)
    }

    /// Makes the channel, and whom it talked to, out of the handler's words.
    private mutating func reconstruct(_ witness: InsideWitness, _ effect: (AssemblyEffect) -> Void) {
        let linkedID = witness.linkedID ?? LinkedID(witness.uniqueID)
        if let slot = linked[linkedID], takeOverPeer(witness.channel, witness.uniqueID, in: slot) != nil { return }
        let start = start(toldBy: witness)
        let isCallee = witness.role == .callee
        let location = CallEvent.Location(
            context: witness.context ?? "",
            exten: isCallee ? "s" : witness.cdr.destination ?? witness.dialledNumber ?? "", priority: 1)
        var first = location
        // The number dialled at first outlives menus and transfers in agi_dnid only.
        if !isCallee, let dialled = witness.dialledNumber, !dialled.isEmpty { first.exten = dialled }
        addChannel(
            CallEvent.Snapshot(
                channel: CallEvent.Channel(uniqueID: witness.uniqueID, linkedID: linkedID), name: witness.channel,
                state: isCallee ? .down : .ring, number: witness.callerNumber, callerName: witness.callerName,
                accountCode: witness.accountCode, location: first), Mark(at: start, .handler), effect)
        guard let place = index[witness.uniqueID] else { return }
        if !isCallee {
            // An id tells its channel's start only to the second: a dialled line is never older than who dialled it.
            for i in calls[place.call]!.parts.indices where calls[place.call]!.parts[i].created.at < start {
                calls[place.call]!.parts[i].created.at = start + .microseconds(1)
            }
        }
        calls[place.call]!.sources.remove(.ami)
        calls[place.call]!.isPartial = true
        calls[place.call]!.note("told by the dialplan alone: the manager stream did not carry this call")
    }

    /// A handler spoke first and named this channel as its peer: now the channel's own id is known.
    private mutating func takeOverPeer(_ name: ChannelName, _ id: UniqueID, in slot: Int) -> Place? {
        for i in calls[slot]!.parts.indices where calls[slot]!.parts[i].isPeer && calls[slot]!.parts[i].endIsGuessed {
            guard calls[slot]!.parts[i].name == name else { continue }
            calls[slot]!.parts[i].uniqueID = id
            calls[slot]!.parts[i].isPeer = false
            index[id] = Place(call: slot, part: i)
            beginTalkLater(i, in: slot)
            return index[id]
        }
        return nil
    }

    /// The same where the channel is seen alive: it has not ended yet.
    mutating func takeOverPeer(_ snapshot: CallEvent.Snapshot, in slot: Int) -> Bool {
        guard let place = takeOverPeer(snapshot.name, snapshot.channel.uniqueID, in: slot) else { return false }
        self[place].end = nil
        self[place].endIsGuessed = false
        self[place].callerName = snapshot.callerName
        calls[place.call]!.alive += 1
        calls[place.call]!.emptySince = nil
        return true
    }

    private mutating func end(_ place: Place, _ witness: InsideWitness, _ effect: (AssemblyEffect) -> Void) {
        let mark = Mark(at: max(end(toldBy: witness), self[place].created.at), .handler)
        if witness.role != .callee {
            if self[place].up == nil, let answer = answer(toldBy: witness, mark.at) {
                self[place].up = Mark(at: max(answer, self[place].created.at), .handler)
            }
            reconstructDial(place, witness, mark)
        }
        if witness.hangupSource == witness.channel.description {
            self[place].hangupRequest = mark
        }
        self[place].finish(
            mark, witness.hangupCause ?? .notStated, nil, nil, self[place].location)
        calls[place.call]!.alive -= 1
        if calls[place.call]!.alive <= 0 {
            calls[place.call]!.alive = 0
            calls[place.call]!.emptySince = mark.at
            wait(place.call, CallAssembler.patience)
        }
    }

    /// Whom the caller's Dial() reached and for how long, from `DIALSTATUS`, `DIALEDPEERNAME` and `ANSWEREDTIME`.
    private mutating func reconstructDial(_ place: Place, _ witness: InsideWitness, _ end: Mark) {
        guard let peer = witness.peerChannel ?? witness.cdr.destinationChannel else { return }
        // Who is connected without Dial(), by Queue() or a pickup, has no DIALSTATUS.
        let isConnected = witness.cdr.disposition == "ANSWERED" && witness.cdr.destinationChannel != nil
        guard let status = witness.dialStatus ?? (isConnected ? "ANSWER" : nil), !status.isEmpty else { return }
        let talked = Duration.seconds(witness.answeredSeconds ?? 0)
        let dialled = Duration.seconds(witness.dialedSeconds ?? witness.answeredSeconds ?? 0)
        let begin = Mark(at: end.at - dialled, .handler)
        var answer = Mark(at: end.at - talked, .handler)
        // Rounded down to the second; the CDR knows better, unless the PBX had answered long before somebody did.
        if let exact = time(witness.cdr.answer), exact <= answer.at, answer.at - exact < .seconds(1) {
            answer.at = exact
        } else if witness.answeredSeconds == nil, let exact = time(witness.cdr.answer) {
            answer.at = exact
        }
        var known = calls[place.call]!.parts.firstIndex { $0.name == peer }
        if known == nil {
            var part = Call.Part(
                uniqueID: UniqueID("\(witness.uniqueID)/peer"), linkedID: self[place].linkedID,
                name: peer,
                firstNumber: witness.peerNumber, number: witness.peerNumber, callerName: nil, accountCode: nil,
                firstLocation: CallEvent.Location(context: "", exten: "s", priority: 1),
                location: CallEvent.Location(context: "", exten: "s", priority: 1), created: begin,
                isInternal: peer.isInternalToAsterisk)
            part.end = end
            (part.endIsGuessed, part.isPeer) = (true, true)
            // A dialled line is never older than who dialled it, however its seconds were rounded.
            part.created.at = max(begin.at, self[place].created.at + .microseconds(1))
            calls[place.call]!.parts.append(part)
            known = calls[place.call]!.parts.count - 1
        }
        guard let other = known else { return }
        if status == "ANSWER", calls[place.call]!.parts[other].up == nil, !calls[place.call]!.parts[other].isPeer {
            answer.at = max(answer.at, calls[place.call]!.parts[other].created.at)
        }
        let isAnswered = status == "ANSWER"
        if let i = calls[place.call]!.dials.lastIndex(where: { $0.destination == other }) {
            if calls[place.call]!.dials[i].source == nil { calls[place.call]!.dials[i].source = place.part }
            // How it went was not heard.
            if calls[place.call]!.dials[i].status == nil {
                calls[place.call]!.dials[i].status = DialStatus(rawValue: status)
                calls[place.call]!.dials[i].end = status == "ANSWER" ? answer : end
            }
        } else {
            calls[place.call]!.dials.append(
                Call.Dial(
                    source: place.part, destination: other, begin: begin,
                    sourceLocation: self[place].location, dialString: nil,
                    end: isAnswered ? answer : end, status: DialStatus(rawValue: status)))
        }
        guard isAnswered else { return }
        if calls[place.call]!.parts[other].up == nil {
            calls[place.call]!.parts[other].up = answer
            noteUnsureTalk(other, in: place.call, since: self[place].created.at)
        }
        calls[place.call]!.connect(
            place.part, other, from: answer, to: end, under: BridgeID("told by \(witness.uniqueID)"))
    }

    /// The seconds of the caller's channel count from its own answer, and no handler tells when the phone took the call: a menu before
    /// it, or a wait in a queue, looks like talk. Where the phone was dialled at once there was none.
    private mutating func noteUnsureTalk(_ peer: Int, in slot: Int, since start: Instant) {
        let part = calls[slot]!.parts[peer]
        if !part.isPeer, part.created.at - start < .seconds(2) { return }
        calls[slot]!.note(
            part.isPeer
                ? CallAssembler.unsureTalk : "when \(part.name) answered was not told: talk counts from its dialling")
    }
    private static let unsureTalk =
        "when the phone answered was not told: talk counts from the caller's own answer, a menu or a wait before it included"

    /// A phone's own id tells to the second when it was dialled: it did not talk before.
    private mutating func beginTalkLater(_ peer: Int, in slot: Int) {
        calls[slot]!.notes.removeAll { $0 == CallAssembler.unsureTalk }
        let part = calls[slot]!.parts[peer]
        if let dialled = part.uniqueID.created, dialled > part.created.at {
            let mark = Mark(at: dialled, .handler)
            calls[slot]!.parts[peer].created = mark
            if let up = part.up, up.at < dialled {
                calls[slot]!.parts[peer].up = mark
                let bridges = Set(part.stays.map(\.bridge))
                for i in calls[slot]!.parts.indices {
                    for s in calls[slot]!.parts[i].stays.indices
                    where bridges.contains(calls[slot]!.parts[i].stays[s].bridge)
                        && calls[slot]!.parts[i].stays[s].from.at < dialled
                    {
                        calls[slot]!.parts[i].stays[s].from = mark
                    }
                }
            }
            for d in calls[slot]!.dials.indices where calls[slot]!.dials[d].destination == peer {
                calls[slot]!.dials[d].begin = mark
                if let end = calls[slot]!.dials[d].end, end.at < dialled { calls[slot]!.dials[d].end = mark }
            }
        }
        let first = calls[slot]!.parts.filter { !$0.isPeer }.map(\.created.at).min() ?? part.created.at
        if part.up != nil { noteUnsureTalk(peer, in: slot, since: first) }
    }

    /// When the channel began: as its CDR says, unless that row began later than the channel, as after a transfer. The id has the
    /// second.
    private func start(toldBy witness: InsideWitness) -> Instant {
        let created = witness.uniqueID.created
        guard let start = time(witness.cdr.start) else { return created ?? witness.receivedAt }
        return created.map { start - $0 < .seconds(2) ? start : $0 } ?? start
    }

    /// When the channel was answered: as its CDR says; of a row that began later than the channel, by `ANSWEREDTIME`, which counts
    /// from the channel's own answer.
    private func answer(toldBy witness: InsideWitness, _ end: Instant) -> Instant? {
        guard let answer = time(witness.cdr.answer) else { return nil }
        let isLater = start(toldBy: witness) != time(witness.cdr.start)
        return isLater ? witness.answeredSeconds.map { end - .seconds($0) } ?? answer : answer
    }

    /// When the channel ended: as its CDR says, unless that row is of another phone that rang and ended with its ringing. The
    /// handler speaks at the end.
    private func end(toldBy witness: InsideWitness) -> Instant {
        guard let end = time(witness.cdr.end) else { return witness.receivedAt }
        let (row, peer) = (witness.cdr.destinationChannel, witness.peerChannel)
        let isOfAnother = row != nil && peer != nil && row != peer
        let isOfNobody = witness.cdr.disposition.map { $0 != "ANSWERED" } ?? false
        guard isOfAnother || isOfNobody && witness.receivedAt - end > .seconds(2) else { return end }
        return max(end, witness.receivedAt)
    }

    private func time(_ time: InsideWitness.CDRTime?) -> Instant? {
        switch time {
        case .instant(let instant): instant
        case .local(let civil): instant(civil)
        case nil: nil
        }
    }
}
