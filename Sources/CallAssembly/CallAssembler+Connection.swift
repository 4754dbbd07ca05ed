import Telephony

/// The connection itself: what a gap in the stream does to the calls in progress, and how the list after it repairs them.
///
/// After a connect the live channels are listed. Known ones are confirmed, unknown ones adopted with their true start, and
/// those that are not in the list have ended unseen.
///
/// A list may be ahead of the events: a busy Asterisk makes it from what is, while the events that made it so wait in its queues.
/// What comes as an event after all was not missed, whatever the list showed before.
extension CallAssembler {
    /// Takes what is told of the connection itself and of the list after it; any other event is left alone.
    mutating func connection(_ body: CallEvent.Body, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        switch body {
        case .disconnected: lose(mark)
        case .connected:
            // A second greeting without an end between them is a lost connection too.
            if calls.contains(where: { $0 != nil }), disconnectedAt == nil { lose(mark) }
            awaitsList = true
        case .fullyBooted(let uptime):
            guard let uptime, openCallCount > 0 else { return }
            // Younger than a channel it should know: that Asterisk is gone, and its calls with it.
            let boot = mark.at - uptime
            closeUnseen(at: disconnectedAt ?? mark.at, "Asterisk was restarted", effect) {
                $0.created.at < boot - .seconds(2)
            }
        case .shutdown: break
        case .listBegan:
            listedIDs = []
            // Only who is there now can be missing from the list; a channel that comes while it is read is told by its event.
            for slot in calls.indices where calls[slot] != nil && calls[slot]!.emptySince == nil {
                for i in calls[slot]!.parts.indices where !calls[slot]!.parts[i].isGuest {
                    calls[slot]!.parts[i].isConfirmed = false
                }
            }
        case .listed(let channel): take(channel, mark, effect)
        case .listComplete:
            guard let ids = listedIDs else { return }
            listedIDs = nil
            if disconnectedAt != nil || listedAt == nil { awaitFilesOfBeheaded() }
            listedAt = mark.at
            if !strays.isEmpty { for slot in calls.indices { takeStrays(slot) } }
            if let lost = disconnectedAt {
                closeUnseen(at: lost, until: mark.at, CallAssembler.unseenEnd, effect) {
                    !ids.contains($0.uniqueID) && !$0.isConfirmed && $0.created.at < lost
                }
            }
            awaitEnds(missingIn: ids, mark)
            (disconnectedAt, awaitsList) = (nil, false)
        default: break
        }
    }

    /// What a call says of which a channel was gone from a list.
    private static let unseenEnd = "the end was not seen"
    /// What a call says that was found in a list.
    private static let foundInProgress = "the call was in progress when its events were first heard"
    /// How far a list may be ahead of the events.
    private static let lag = Duration.seconds(2)

    /// Channels that were there on this connection and are not in its list have ended: what tells so may still come.
    private mutating func awaitEnds(missingIn ids: Set<UniqueID>, _ mark: Mark) {
        var gone: Set<UniqueID> = []
        for call in calls {
            guard let call, call.emptySince == nil else { continue }
            for part in call.parts where part.end == nil && !part.isConfirmed && !ids.contains(part.uniqueID) {
                gone.insert(part.uniqueID)
            }
        }
        if !gone.isEmpty { unlisted.append((mark.at + CallAssembler.lag, mark.at, gone)) }
    }

    /// Closes those whose end has not come.
    mutating func closeUnlisted(_ now: Instant, _ effect: (AssemblyEffect) -> Void) {
        while let first = unlisted.first, first.until <= now {
            unlisted.removeFirst()
            closeUnseen(at: first.listedAt, until: first.listedAt, CallAssembler.unseenEnd, effect) {
                first.ids.contains($0.uniqueID) && !$0.isConfirmed
            }
        }
    }

    /// The beginning of a channel that a list had shown already, or whose handler has spoken: its events are heard from the first on.
    mutating func hearBeginning(
        _ snapshot: CallEvent.Snapshot, _ mark: Mark, _ effect: (AssemblyEffect) -> Void
    ) {
        guard let place = index[snapshot.channel.uniqueID] else { return }
        let slot = place.call
        if !calls[slot]!.sources.contains(.ami), self[place].created.event == .handler {
            return hearAfterHandler(slot, snapshot, mark, effect)
        }
        guard self[place].isAdopted else { return }
        self[place] = Call.Part(snapshot, mark)
        // Each thing that is missing has its note.
        guard calls[slot]!.notes == [CallAssembler.foundInProgress],
            !calls[slot]!.parts.contains(where: { $0.isAdopted })
        else { return orderBirths(of: slot) }
        calls[slot]!.notes = []
        calls[slot]!.isPartial = false
        calls[slot]!.deafSince = nil
        calls[slot]!.awaitsFiles = false
    }

    /// A short call's handler may speak before a busy Asterisk has told that there is a call: what was made of its words is told by
    /// events after all.
    private mutating func hearAfterHandler(
        _ slot: Int, _ snapshot: CallEvent.Snapshot, _ mark: Mark, _ effect: (AssemblyEffect) -> Void
    ) {
        let call = calls[slot]!
        guard call.witnesses.allSatisfy({ $0.uniqueID == snapshot.channel.uniqueID }) else { return }
        for part in call.parts { index[part.uniqueID] = nil }
        stopWaiting(slot)
        calls[slot] = Call(linkedID: call.linkedID)
        calls[slot]!.aliases = call.aliases
        addChannel(snapshot, mark, effect)
        for words in call.witnesses { take(words, effect) }
    }

    private mutating func lose(_ mark: Mark) {
        // The connection itself was alive until then, whatever the last event was.
        disconnectedAt = max(clock, mark.at)
        for slot in calls.indices where calls[slot] != nil && calls[slot]!.emptySince == nil {
            calls[slot]!.isPartial = true
            calls[slot]!.deafSince = min(calls[slot]!.deafSince ?? disconnectedAt!, disconnectedAt!)
            calls[slot]!.note("the manager connection was lost during the call")
            for i in calls[slot]!.parts.indices {
                calls[slot]!.parts[i].isConfirmed = false
                guard let last = calls[slot]!.parts[i].holds.indices.last,
                    calls[slot]!.parts[i].holds[last].to == nil
                else { continue }
                calls[slot]!.parts[i].holds[last].unsureSince =
                    calls[slot]!.parts[i].holds[last].unsureSince ?? disconnectedAt
            }
        }
        // The next login may have other filters.
        callsWithoutRequest = 0
    }

    /// Music ends for a party as the hold does, by an Unhold, a transfer or a hangup, and before it leaves the bridge: whoever held it
    /// there when a gap began has held it until now.
    mutating func stopMusic(_ channel: CallEvent.Channel, _ mark: Mark) {
        guard let place = index[channel.uniqueID], calls[place.call]!.isPartial,
            let bridge = self[place].stays.last(where: { $0.to == nil })?.bridge
        else { return }
        for i in calls[place.call]!.parts.indices where i != place.part {
            guard calls[place.call]!.parts[i].stays.contains(where: { $0.bridge == bridge && $0.to == nil }),
                let last = calls[place.call]!.parts[i].holds.indices.last,
                calls[place.call]!.parts[i].holds[last].to == nil,
                calls[place.call]!.parts[i].holds[last].unsureSince != nil
            else { continue }
            calls[place.call]!.parts[i].endHold(last, mark)
        }
    }

    /// Learns from a call that was told whether requests for an end are heard on this connection.
    mutating func countRequests(_ facts: Facts, _ record: CallRecord) {
        if facts.call.parts.contains(where: { $0.hangupRequest != nil && !$0.isGuest }) {
            callsWithoutRequest = .min
        } else if callsWithoutRequest >= 0, !facts.call.isPartial, facts.call.sources.contains(.ami),
            record.hungUpBy == .system, record.talk > .zero, facts.call.parts.contains(where: { $0.softHangup != nil })
        {
            callsWithoutRequest += 1
        }
    }

    private mutating func take(_ listed: CallEvent.Listed, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        let snapshot = listed.snapshot
        let id = snapshot.channel.uniqueID
        if listedIDs == nil { listedIDs = [] }
        listedIDs?.insert(id)
        // The lists of `Status` and `CoreShowChannels` name the same channels; the first one adopts, the second adds.
        if index[id] == nil {
            guard !isRecent(id) else { return }
            addChannel(snapshot, mark.telling(birth(of: listed, mark)), effect)
            if let place = index[id] { adopt(place, listed) }
        }
        guard let place = locate(snapshot.channel, mark) else { return }
        self[place].isConfirmed = true
        // A channel that Asterisk dials gets its number after it was made.
        if self[place].number == nil, let number = snapshot.number {
            (self[place].number, self[place].shown) = (number, mark)
        }
        let isOlder = disconnectedAt.map { self[place].created.at < $0 } ?? false
        if isOlder || self[place].isAdopted { self[place].heardAgain = mark.at }
        if let start = listed.started, zoneOffset == nil {
            var row = CDRRow(uniqueID: id, channel: snapshot.name)
            row.start = start
            learnZone(row)
        }
        if self[place].up == nil, snapshot.state == .up {
            let answered =
                precise(listed.answeredAt, since: self[place].created.at, until: mark.at)
                ?? instant(listed.answered) ?? self[place].created.at
            self[place].up = mark.telling(answered)
            self[place].upIsGuessed = true
        }
        reconcile(place, listed.bridge, mark)
    }

    /// When a channel of the list came to life.
    private func birth(of listed: CallEvent.Listed, _ mark: Mark) -> Instant {
        let start = mark.at - (listed.age ?? .zero)
        guard let created = listed.snapshot.channel.uniqueID.created else { return start }
        // The id says it to the second, the CDR to the microsecond unless it was reset or handed on.
        if let exact = precise(listed.startedAt, since: created, until: created + .seconds(2)) { return exact }
        return created > start - .seconds(2) && created < start + .seconds(2) ? created : start
    }

    /// A time the PBX gave, if it can be meant.
    private func precise(_ time: Instant?, since: Instant, until: Instant) -> Instant? {
        time.flatMap { $0 >= since && $0 <= until ? $0 : nil }
    }

    /// Notes that a channel's beginning was not heard.
    mutating func behead(_ place: Place) {
        self[place].isAdopted = true
        calls[place.call]!.isPartial = true
        calls[place.call]!.deafSince = Instant(microseconds: 0)
        calls[place.call]!.note(CallAssembler.foundInProgress)
    }

    /// Whether the first channel heard of a call, before the live ones have been listed, is not the one that the call is named after:
    /// that one came into being before the login.
    func isBeheading(_ channel: CallEvent.Channel, _ mark: Mark) -> Bool {
        guard awaitsList, mark.event == .newchannel || mark.event == .dialBegin else { return false }
        return channel.uniqueID != channel.linkedID.oldest && !isRecent(channel.linkedID.oldest)
    }

    /// Makes a channel whose beginning was not heard part of its call.
    private mutating func adopt(_ place: Place, _ listed: CallEvent.Listed) {
        behead(place)
        // Answered some time ago; when, the CDR tells.
        self[place].up = nil
        // Where it is now is not where it came in.
        if let dialled = listed.dialled { self[place].firstLocation.exten = dialled }
        orderBirths(of: place.call)
    }

    /// Puts right what times known only to the second have turned round: ids count up as channels are made.
    mutating func orderBirths(of slot: Int) {
        let parts = calls[slot]!.parts
        var latest: Instant?
        for i in parts.indices.filter({ parts[$0].uniqueID.created != nil && !parts[$0].isGuest }).sorted(by: {
            parts[$0].uniqueID < parts[$1].uniqueID
        }) {
            if let latest, parts[i].created.at < latest { calls[slot]!.parts[i].created.at = latest + .microseconds(1) }
            latest = calls[slot]!.parts[i].created.at
        }
    }

    /// Puts a channel into the bridge the list says it is in, if no event told so.
    private mutating func reconcile(_ place: Place, _ bridge: BridgeID?, _ mark: Mark) {
        let lost = disconnectedAt.flatMap { self[place].created.at < $0 ? $0 : nil }
        let open = self[place].stays.lastIndex { $0.to == nil }
        let current = open.map { calls[place.call]!.bridges[self[place].stays[$0].bridge].id }
        if current == bridge { return }
        if let open {
            let since = lost ?? self[place].stays[open].from.at
            self[place].stays[open].to = mark
            self[place].stays[open].unseen = Call.Window(since: since, until: mark.at)
            self[place].heardAgain = mark.at
        } else if let last = self[place].stays.last, calls[place.call]!.bridges[last.bridge].id == bridge,
            last.to!.event == .bridgeLeave, last.to!.at > lost ?? self[place].created.at
        {
            // It was heard to leave: Asterisk says so first, and takes it out then.
            return
        }
        guard let bridge else { return }
        let i = calls[place.call]!.bridge(bridge, .talk)
        // An adopted channel has been there since its answer, as far as anybody can tell.
        let part = self[place]
        let from =
            part.isAdopted && part.stays.isEmpty
            ? part.up ?? mark : lost.map { .unseen($0) } ?? mark
        self[place].stays.append(Call.Stay(bridge: i, from: from, to: nil))
    }

    /// A call that was found in progress without its first channel: who placed it was not heard, and stands in Asterisk's files,
    /// which are read now.
    private mutating func awaitFilesOfBeheaded() {
        guard settings.filesWait > .zero else { return }
        for slot in calls.indices {
            if isBeheaded(slot) { calls[slot]!.awaitsFiles = true }
        }
    }

    /// Whether a call was found in progress and has not its first channel.
    func isBeheaded(_ slot: Int) -> Bool {
        guard let call = calls[slot] else { return false }
        return call.parts.contains { $0.isAdopted } && !call.parts.contains { $0.uniqueID == call.linkedID.oldest }
    }

    /// Closes channels whose end was not seen.
    mutating func closeUnseen(
        at time: Instant, until: Instant? = nil, _ why: String, _ effect: (AssemblyEffect) -> Void,
        _ isGone: (Call.Part) -> Bool
    ) {
        for slot in calls.indices {
            guard let call = calls[slot], call.emptySince == nil else { continue }
            var ended = 0
            for i in call.parts.indices where call.parts[i].end == nil && isGone(call.parts[i]) {
                let unseen = Mark.unseen(max(time, call.parts[i].created.at))
                var part = call.parts[i]
                end(&part, unseenBy: unseen, until: until)
                calls[slot]!.parts[i] = part
                ended += 1
            }
            guard ended > 0 else { continue }
            calls[slot]!.isPartial = true
            calls[slot]!.note(why)
            calls[slot]!.alive -= ended
            // What was heard neither as an event nor from a handler stands in the CDR, which came in the gap as well. CEL tells more
            // than both. The files are read after a lost connection and for a user who may not see all; not after a damaged event.
            let isHidden = disconnectedAt != nil || call.isPartial || !call.cdrRows.isEmpty
            calls[slot]!.awaitsFiles =
                isHidden && until != nil && settings.filesWait > .zero
                && (settings.readsCEL || !calls[slot]!.isEndTold)
            if calls[slot]!.awaitsFiles, call.deafSince == nil { calls[slot]!.deafSince = call.lastHeard }
            if calls[slot]!.alive == 0 { becomeEmpty(slot, effect) }
        }
    }
}
