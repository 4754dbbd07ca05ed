public import Telephony

/// Folds call events into finished calls: a value, without clock or I/O.
///
/// `apply` takes events in the order they came; `advance` tells that time has passed where none come.
/// - Complexity: a few dictionary look-ups an event; a call's cost at its end grows with its own events only.
public struct CallAssembler: Sendable {
    /// Where a channel lies: good until two calls are put together.
    struct Place: Sendable {
        /// Slot in `calls`.
        var call: Int
        /// Place in that call's `parts`.
        var part: Int
    }
    /// Fixed for the life of the fold.
    public var configuration: AssemblyConfiguration { settings.value }
    /// The same, for all who decide.
    let settings: Shared<AssemblyConfiguration>
    /// Every channel of the calls in progress; a guest stands under its own call only. A channel that has ended stays
    /// until its call is told.
    var index: [UniqueID: Place] = [:]
    /// Slot of the call in progress, by each linked id it was seen under.
    var linked: [LinkedID: Int] = [:]
    /// The calls in progress; nil at a slot that is free for the next one.
    var calls: [Call?] = []
    private var freeSlots: [Int] = []
    /// Calls whose channels are all gone and that wait for their CDR, oldest first.
    private var waiting: [(until: Instant, call: Int, linkedID: LinkedID)] = []
    /// Members of conferences that channels of several calls are in.
    var conferences: [BridgeID: [UniqueID]] = [:]
    /// The channels of calls told lately: what still comes of one is of no new call.
    var recent = RecentIDs()
    /// The channels that calls told lately are named after.
    private var told = RecentIDs()
    /// Answers to originations whose channel has not been told of yet: the two come in either order.
    var earlyOriginates: [(originate: CallEvent.Originate, mark: Mark)] = []
    /// Hangups that were not believed because their channel was in a bridge; true after all if nothing more comes of it.
    var doubtedEnds: [UniqueID: DoubtedEnd] = [:]
    /// Which devices were seen to lead outside, learned from the calls told and from queue members.
    var knowledge = EndpointKnowledge()
    /// The latest time seen: events may be some milliseconds out of order, time in a record never runs back.
    var clock = Instant(microseconds: 0)
    /// Answered calls in a row that ended without a CDR: after eight, none is waited for until one comes.
    private var callsWithoutCDR = 0
    /// Conversations in a row that the PBX seems to have ended, while nobody was heard to hang up on this connection: after three, a
    /// filter is taken to hide that.
    var callsWithoutRequest = 0
    /// The stream has channel events: CEL, where it is there too, only adds who hung up.
    private(set) var hearsChannelEvents = false
    /// CDRs that are of no call heard of, oldest first, with when they are told.
    var strays: [(until: Instant, row: CDRRow, mark: Mark)] = []
    /// Channels that a list lacked on a connection that stands, oldest first, and until when the events of their end are waited for.
    var unlisted: [(until: Instant, listedAt: Instant, ids: Set<UniqueID>)] = []
    /// The channels that live have not been listed on the present connection.
    var awaitsList = false
    /// Ids in the list being received after a connect; nil while there is none.
    var listedIDs: Set<UniqueID>?
    /// When the latest list was complete.
    var listedAt: Instant?
    /// When the connection was lost.
    var disconnectedAt: Instant?
    /// Who entered a bridge last, in tables without linked ids.
    var unlinkedBridges: [BridgeID: UniqueID] = [:]
    /// Ids that CEL gives two channels, with the second one's name and the id it goes by here.
    var twins: [UniqueID: (name: ChannelName, id: UniqueID)] = [:]
    /// The youngest channel of each Asterisk that a table of CEL rows is of, by the name that its ids begin with.
    var youngest: [String: UniqueID] = [:]
    /// When the latest CEL row was written; nil before the first.
    var lastRowAt: Instant?
    /// Local time minus UTC of the PBX, learned from CDRs beside uniqueids; for CDR times, which have no zone.
    var zoneOffset: Duration?
    /// Channels whose calls' facts another fold wants (`FoundCalls`); none as a rule.
    public var sought: Set<UniqueID> = []
    /// Those facts, of the calls told so far.
    public internal(set) var found = FoundCalls()

    /// Knows no call, and nothing of any device.
    public init(_ configuration: AssemblyConfiguration) { settings = Shared(configuration) }

    /// Calls in progress.
    public var openCallCount: Int { calls.count - freeSlots.count }
    /// Linked ids of the calls in progress, for the journal that survives a restart.
    public var openCalls: [(linkedID: LinkedID, startedAt: Instant)] {
        calls.compactMap { $0.map { ($0.linkedID, $0.parts.first?.created.at ?? clock) } }
    }
    /// When `advance` should be called next; nil: not before the next event.
    public var nextDeadline: Instant? {
        guard !strays.isEmpty || !unlisted.isEmpty else { return waiting.first?.until }
        return [waiting.first?.until, strays.first?.until, unlisted.first?.until].compactMap { $0 }.min()
    }
    /// When nothing is waited for any more, unless something new comes; nil: nothing is.
    public var lastDeadline: Instant? {
        (waiting.map(\.until) + strays.map(\.until) + unlisted.map(\.until)).max()
    }
    /// Calls in progress of which a channel lives, or was not seen to end; those that a restart of Asterisk ended are not among them.
    public var unendedCalls: Set<LinkedID> {
        Set(
            calls.compactMap { call in
                call.flatMap { $0.emptySince == nil && $0.lostAt == nil ? $0.linkedID : nil }
            })
    }
    /// Whether a call that ended unseen waits for what Asterisk's own files say of it (`complete`).
    public var awaitsFiles: Bool { calls.contains { $0.map { $0.awaitsFiles && $0.alive == 0 } ?? false } }
    /// Whether a call under that name is in progress.
    public func hasOpen(_ linkedID: LinkedID) -> Bool { linked[linkedID] != nil || index[linkedID.oldest] != nil }

    /// Takes one event.
    public mutating func apply(_ event: consuming CallEvent, _ effect: (AssemblyEffect) -> Void) {
        switch event.body {
        // Timed by whoever reads the stream: that clock may be ahead of Asterisk's.
        case .connected, .disconnected, .fullyBooted, .listBegan, .listed, .listComplete: break
        default: if event.at > clock { clock = event.at }
        }
        if !waiting.isEmpty || !strays.isEmpty || !unlisted.isEmpty { advance(to: event.at, effect) }
        let mark = Mark(at: event.at, offset: event.offset ?? -1, Mark.Event(event.body))
        switch event.body {
        case .newChannel(let snapshot):
            if !hearsChannelEvents { startHearingChannelEvents() }
            addChannel(snapshot, mark, effect)
        case .newState(let channel, let state): withPart(channel, mark, isAlive: true) { $0.take(state, mark) }
        case .newCallerID(let channel, let number, let name):
            withPart(channel, mark) { $0.show(number, name, mark) }
        case .newAccountCode(let channel, let code):
            withPart(channel, mark) { $0.bill(code, mark) }
        case .rename(let channel, let name): withPart(channel, mark) { $0.name = name }
        case .hangupRequest(let channel, let cause):
            withPart(channel, mark) { part in
                part.hangupRequest = mark
                part.hangupRequestCause = cause
            }
        case .softHangupRequest(let channel): withPart(channel, mark) { $0.softHangup = mark }
        case .hangup(let channel, let cause, let text, let techCause, let location):
            endChannel(channel, mark, cause, text, techCause, location, effect)
        case .dialBegin(let source, let location, let destination, let dialString):
            beginDial(source, location, destination, dialString, mark, effect)
        case .dialState(let destination, _):
            withPart(destination, mark) { if $0.ringing == nil { $0.ringing = mark } }
        case .dialEnd(let source, let destination, let status, let forward):
            endDial(source, destination, status, forward, mark, effect)
        case .bridgeEnter(let channel, let bridge, let kind, let location): enter(channel, bridge, kind, location, mark)
        case .bridgeLeave(let channel, let bridge, let location):
            leave(channel, bridge, location, mark)
            if !doubtedEnds.isEmpty { believe(channel, mark, effect) }
        case .keyPressed(let channel): withPart(channel, mark, isAlive: true) { $0.lastKey = mark }
        case .hold(let channel):
            withPart(channel, mark, isAlive: true) { part in
                part.endUnsureHold()
                part.holds.append(Call.Span(from: mark, to: nil))
            }
        case .unhold(let channel):
            withPart(channel, mark, isAlive: true) { part in
                if let last = part.holds.indices.last, part.holds[last].to == nil { part.endHold(last, mark) }
            }
        case .musicOnHold(let channel, let isPlaying): if !isPlaying { stopMusic(channel, mark) }
        case .localBridge(let one, let two):
            if case (let a?, let b?) = locate(one, two, mark), a.call == b.call {
                calls[a.call]!.localPairs.append((a.part, b.part))
            }
        case .blindTransfer, .attendedTransfer, .pickup, .parkedCall, .unParkedCall, .parkedCallTimeOut,
            .parkedCallGiveUp:
            move(event.body, mark, effect)
        case .queueCallerJoin, .queueCallerLeave, .queueCallerAbandon, .agentCalled, .agentConnect, .agentRingNoAnswer,
            .agentComplete:
            queue(event.body, mark)
        case .agentLogin(let channel, let agent):
            guard let place = locate(channel, mark) else { break }
            self[place].agent = agent
            calls[place.call]!.isAgentSession = true
        case .agentLogoff(let channel):
            if let place = locate(channel, mark) { calls[place.call]!.isAgentSession = false }
        case .mixMonitorStart(let channel):
            guard let place = locate(channel, mark) else { break }
            let path = event.variables.last { $0.name == "MIXMONITOR_FILENAME" && $0.channel == channel.uniqueID }?
                .value
            startRecording(place, path, mark)
        case .mixMonitorStop(let channel):
            guard let place = locate(channel, mark) else { break }
            if let last = calls[place.call]!.recordings.lastIndex(where: { $0.part == place.part && $0.to == nil }) {
                calls[place.call]!.recordings[last].to = mark
            }
        case .originateResponse(let originate): take(originate, mark, effect)
        case .application(let channel, let name, let data):
            withPart(channel, mark) { $0.application = (name, data, mark) }
        case .variableSet: break
        case .cdr(let row): take(row, mark, effect)
        case .cel(let row): take(row, mark, effect)
        case .witness(let witness): take(witness, effect)
        case .connected, .disconnected, .fullyBooted, .shutdown, .listBegan, .listed, .listComplete:
            connection(event.body, mark, effect)
        case .damaged(let reason): effect(.resyncWanted(reason: reason, offset: event.offset))
        }
        for variable in event.variables { set(variable, mark) }
    }

    /// Ends the waits that are over at `now`.
    public mutating func advance(to now: Instant, _ effect: (AssemblyEffect) -> Void) {
        if let first = unlisted.first, first.until <= now { closeUnlisted(now, effect) }
        while !waiting.isEmpty, waiting[0].until <= now {
            let first = waiting.removeFirst()
            guard let call = calls[first.call], call.emptySince != nil, call.linkedID == first.linkedID else {
                continue
            }
            if call.cdrRows.isEmpty, call.parts.contains(where: { $0.up != nil }) { callsWithoutCDR += 1 }
            finish(first.call, effect)
        }
        if let stray = strays.first, stray.until <= now { tellStrays(now, effect) }
    }

    /// Ends every call as if the stream ended here: at the end of a capture, where nothing more can come.
    public mutating func finishAll(_ effect: (AssemblyEffect) -> Void) {
        endLostCalls(effect)
        if !sought.isEmpty {
            // As they are, without an end that nobody told.
            for call in calls { if let call { keep(call) } }
            sought = []
        }
        for slot in calls.indices {
            guard var call = calls[slot] else { continue }
            if call.emptySince == nil {
                if call.parts.allSatisfy({ $0.end != nil || doubtedEnds[$0.uniqueID] != nil }) {
                    call.note("a channel was hung up in a bridge that it was not seen to leave")
                } else {
                    call.isPartial = true
                    call.note("the stream ended before the call did")
                }
                for i in call.parts.indices where call.parts[i].end == nil {
                    end(&call.parts[i], unseenBy: .unseen(clock))
                }
                calls[slot] = call
            }
            finish(slot, effect)
        }
        waiting.removeAll()
    }

    // MARK: Channels

    /// The channel at `place`, to read and to change where it lies: a copy of all its facts would cost more than the event.
    subscript(place: Place) -> Call.Part {
        @inline(__always) _read { yield calls[place.call]!.parts[place.part] }
        @inline(__always) _modify { yield &calls[place.call]!.parts[place.part] }
    }

    /// Finds a channel; follows its linked id where that has changed.
    ///
    /// That may put two calls together: a place found before is of no use then. Two channels of one event are located together.
    mutating func locate(_ channel: CallEvent.Channel, _ mark: Mark) -> Place? {
        guard let place = index[channel.uniqueID] else { return nil }
        if self[place].linkedID == channel.linkedID { return place }
        self[place].linkedID = channel.linkedID
        if let other = linked[channel.linkedID] ?? index[channel.linkedID.oldest]?.call {
            // What an agent's session and its customers share is a bridge, not a call.
            if other != place.call, !calls[place.call]!.isAgentSession, !calls[other]!.isAgentSession {
                merge(place.call, other)
            }
        } else {
            adoptAlias(channel.linkedID, place.call)
        }
        return index[channel.uniqueID]
    }
    /// Finds two channels, both places good.
    mutating func locate(
        _ one: CallEvent.Channel?, _ two: CallEvent.Channel?, _ mark: Mark
    ) -> (one: Place?, two: Place?) {
        let first = one.flatMap { locate($0, mark) }
        guard let two else { return (first, nil) }
        let second = locate(two, mark)
        return (one.flatMap { index[$0.uniqueID] }, second)
    }

    private mutating func adoptAlias(_ linkedID: LinkedID, _ call: Int) {
        linked[linkedID] = call
        calls[call]!.aliases.append(linkedID)
        if linkedID < calls[call]!.linkedID { calls[call]!.linkedID = linkedID }
    }

    /// Changes a channel's facts. `isAlive` says that the event can only come from a channel that lives: an account code may
    /// change even after the hangup (a pickup does so).
    mutating func withPart(
        _ channel: CallEvent.Channel, _ mark: Mark, isAlive: Bool = false, _ body: (inout Call.Part) -> Void
    ) {
        guard let place = locate(channel, mark) else { return }
        if isAlive { revive(place) }
        body(&self[place])
    }

    /// A channel that goes on after its hangup had none: the hangup was forged, or belonged to another.
    mutating func revive(_ place: Place) {
        if !doubtedEnds.isEmpty { doubtedEnds[self[place].uniqueID] = nil }
        guard self[place].end != nil, !self[place].endIsGuessed else {
            return
        }
        self[place].end = nil
        calls[place.call]!.alive += 1
        calls[place.call]!.emptySince = nil
        calls[place.call]!.note("a hangup was taken back: the channel went on")
    }

    /// Adds a channel to the call of its linked id, or begins a call. One that is known, or whose call was told lately,
    /// is no news; the id of a peer that a handler named is filled in.
    mutating func addChannel(_ snapshot: CallEvent.Snapshot, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        let channel = snapshot.channel
        guard index[channel.uniqueID] == nil, !isRecent(channel.uniqueID) else {
            if mark.event == .newchannel { hearBeginning(snapshot, mark, effect) }
            return
        }
        let known = linked[channel.linkedID] ?? index[channel.linkedID.oldest]?.call
        if let known, takeOverPeer(snapshot, in: known) { return }
        let slot = known ?? newCall(channel.linkedID)
        calls[slot]!.parts.append(Call.Part(snapshot, mark))
        calls[slot]!.alive += 1
        calls[slot]!.emptySince = nil
        calls[slot]!.sources.insert(.ami)
        index[channel.uniqueID] = Place(call: slot, part: calls[slot]!.parts.count - 1)
        if let i = earlyOriginates.firstIndex(where: { $0.originate.channel == channel.uniqueID }) {
            (calls[slot]!.originate, calls[slot]!.originateMark) = earlyOriginates.remove(at: i)
        }
        if known == nil, settings.reportsProgress { tell(.started, slot, effect) }
        if known == nil, isBeheading(channel, mark) { behead(index[channel.uniqueID]!) }
        // Who was found in a list may be younger than he seemed.
        if calls[slot]!.isPartial { orderBirths(of: slot) }
    }

    /// The first channel event of a stream may come a moment after the CEL entry of the same channel: that is told anew.
    private mutating func startHearingChannelEvents() {
        hearsChannelEvents = true
        for slot in calls.indices {
            guard let call = calls[slot], call.sources == [.cel], let first = call.parts.first,
                clock - first.created.at < .seconds(1)
            else { continue }
            calls[slot] = nil
            freeSlots.append(slot)
            if let originate = call.originate { earlyOriginates.append((originate, call.originateMark)) }
            for part in call.parts { index[part.uniqueID] = nil }
            for alias in call.aliases { linked[alias] = nil }
        }
    }

    private mutating func newCall(_ linkedID: LinkedID) -> Int {
        let slot = freeSlots.popLast() ?? calls.count
        if slot == calls.count { calls.append(nil) }
        calls[slot] = Call(linkedID: linkedID)
        linked[linkedID] = slot
        return slot
    }

    /// Puts two calls together; the older linked id stays.
    mutating func merge(_ a: Int, _ b: Int) {
        let (keep, drop) = calls[a]!.linkedID < calls[b]!.linkedID ? (a, b) : (b, a)
        guard let other = calls[drop] else { return }
        calls[drop] = nil
        freeSlots.append(drop)
        let shift = calls[keep]!.absorb(other)
        for (i, part) in other.parts.enumerated() where !part.isGuest {
            index[part.uniqueID] = Place(call: keep, part: shift + i)
        }
        // Who was met as another call's is now one's own.
        let own = Set(calls[keep]!.parts.filter { !$0.isGuest }.map(\.uniqueID))
        for i in calls[keep]!.parts.indices
        where calls[keep]!.parts[i].isGuest && own.contains(calls[keep]!.parts[i].uniqueID) {
            calls[keep]!.parts[i].stays = []
        }
        for alias in calls[keep]!.aliases { linked[alias] = keep }
        calls[keep]!.retired = nil
        if calls[keep]!.alive > 0 { calls[keep]!.emptySince = nil }
    }

    private mutating func endChannel(
        _ channel: CallEvent.Channel, _ mark: Mark, _ cause: HangupCause, _ text: String?, _ techCause: String?,
        _ location: CallEvent.Location, _ effect: (AssemblyEffect) -> Void
    ) {
        guard let place = locate(channel, mark), self[place].end == nil else { return }
        // It lived when the connection was lost and is gone before the list: who asked for its end may not have been heard.
        if let lost = disconnectedAt, self[place].created.at < lost { self[place].heardAgain = mark.at }
        if self[place].stays.last.map({ $0.to == nil }) ?? false {
            // A channel leaves its bridge before it is hung up: this one was forged, or what came before it was lost.
            doubtedEnds[channel.uniqueID] = DoubtedEnd(
                mark: mark, cause: cause, text: text, techCause: techCause, location: location)
            effect(.resyncWanted(reason: "Hangup of a channel that is in a bridge", offset: mark.offset))
            return
        }
        self[place].finish(mark, cause, text, techCause, location)
        leaveConferences(place, mark)
        calls[place.call]!.alive -= 1
        if calls[place.call]!.alive == 0 { becomeEmpty(place.call, effect) }
    }

    /// A hangup that was doubted is true if its channel left the bridge within moments: the two were told in the wrong order.
    private mutating func believe(_ channel: CallEvent.Channel, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        guard let doubted = doubtedEnds.removeValue(forKey: channel.uniqueID),
            mark.at - doubted.mark.at < .milliseconds(100)
        else { return }
        endChannel(channel, mark, doubted.cause, doubted.text, doubted.techCause, doubted.location, effect)
    }

    /// Ends a channel whose hangup was not seen, or was seen and not believed.
    mutating func end(_ part: inout Call.Part, unseenBy mark: Mark, until: Instant? = nil) {
        if let doubted = doubtedEnds.removeValue(forKey: part.uniqueID) {
            part.finish(doubted.mark, doubted.cause, doubted.text, doubted.techCause, doubted.location)
        } else {
            part.guessEnd(mark, until: until)
        }
    }

    /// The last channel of a call is gone: tells it, or lets it wait for Asterisk's files after a gap, else for its
    /// CDR.
    mutating func becomeEmpty(_ slot: Int, _ effect: (AssemblyEffect) -> Void) {
        calls[slot]!.emptySince = clock
        // It ended before the files of the gap in it were read: who asked for the end may stand there.
        if calls[slot]!.deafSince != nil, settings.filesWait > .zero, settings.readsCEL || isBeheaded(slot) {
            calls[slot]!.awaitsFiles = true
        }
        let isSettled = hasItsCDR(slot) || callsWithoutCDR >= 8
        if calls[slot]!.awaitsFiles {
            // Since the list: no event may have come for as long as the gap lasted.
            wait(slot, settings.filesWait, since: listedAt)
        } else if isSettled && !expectsMore(slot) || settings.cdrWait == .zero {
            finish(slot, effect)
        } else {
            wait(slot, settings.cdrWait)
        }
    }

    /// A CDR came for a call whose channels are all gone: if it is the one waited for, the wait is over.
    mutating func settle(_ slot: Int, _ effect: (AssemblyEffect) -> Void) {
        guard hasItsCDR(slot), !expectsMore(slot) else { return }
        // CEL tells of a gap what no CDR does.
        if calls[slot]!.awaitsFiles, settings.readsCEL { return }
        stopWaiting(slot)
        finish(slot, effect)
    }
    /// Nothing more is waited for of a call: it is told, or goes on.
    mutating func stopWaiting(_ slot: Int) {
        while let place = waiting.firstIndex(where: { $0.call == slot }) { waiting.remove(at: place) }
    }
    /// Lets a call whose channels are all gone wait for what may still be said of it.
    mutating func wait(_ slot: Int, _ patience: Duration, since: Instant? = nil) {
        let until = max(clock, since ?? clock) + patience
        let isLatest = waiting.last.map { $0.until <= until } ?? true
        waiting.append((until, slot, calls[slot]!.linkedID))
        if !isLatest { waiting.sort { $0.until < $1.until } }
    }
    /// The PBX writes CDRs: they are waited for again.
    mutating func heardCDR() { callsWithoutCDR = 0 }

    private func hasItsCDR(_ slot: Int) -> Bool {
        guard !calls[slot]!.cdrRows.isEmpty else { return false }
        var first: UniqueID?
        for i in calls[slot]!.parts.indices where !calls[slot]!.parts[i].isGuest {
            let id = calls[slot]!.parts[i].uniqueID
            if first.map({ id < $0 }) ?? true { first = id }
        }
        return calls[slot]!.cdrRows.indices.contains { calls[slot]!.cdrRows[$0].uniqueID == first }
    }

    // By place, here too: asked of the call itself, each question would copy all its facts.

    /// Something that decides the record may still come within moments of the last Hangup.
    private func expectsMore(_ slot: Int) -> Bool {
        guard expectsOriginateResponse(slot) || expectsLastRow(slot) else { return false }
        return !calls[slot]!.dials.indices.contains { calls[slot]!.dials[$0].status == .answer }
    }
    /// Nobody was reached though the PBX had answered: whether a voicemail took the call stands in the CDR's last row.
    private func expectsLastRow(_ slot: Int) -> Bool {
        guard !calls[slot]!.dials.isEmpty || !calls[slot]!.queueVisits.isEmpty, calls[slot]!.parts[0].up != nil,
            let last = calls[slot]!.cdrRows.last, let application = last.lastApplication
        else { return false }
        return application == "Dial" || application == "Queue"
    }
    /// Asterisk placed it and nobody answered: only the answer to the origination says who was to be called, and it may
    /// come after the last Hangup.
    private func expectsOriginateResponse(_ slot: Int) -> Bool {
        guard let first = calls[slot]!.dials.indices.first, calls[slot]!.dials[first].source == nil else {
            return false
        }
        return calls[slot]!.originate == nil && calls[slot]!.sources.contains(.ami)
    }

    /// Tells a call, frees its slot and remembers its ids, so that what still comes of it begins no new one. A call of
    /// nobody's line is dropped in silence.
    mutating func finish(_ slot: Int, _ effect: (AssemblyEffect) -> Void) {
        if calls[slot] == nil { return }
        if !calls[slot]!.story.isEmpty { fillFromStory(slot) }
        if calls[slot]!.mayShareRecordings { shareRecordings(slot) }
        if calls[slot]!.hasGuests { shareCompany(slot) }
        guard var call = calls[slot].take() else { return }
        if !sought.isEmpty { keep(call) }
        if let retired = call.retired {
            for i in call.parts.indices where call.parts[i].end == nil { call.parts[i].guessEnd(retired) }
        }
        if !call.isPartial, !call.isAgentSession, hasUnheardChannel(call) {
            call.isPartial = true
            call.note("the call's beginning was not heard")
        }
        if call.isPartial {
            if !call.cdrRows.isEmpty {
                CDRStory(settings, zoneOffset: zoneOffset, rows: call.cdrRows.map(\.row)).complete(&call)
            }
            call.settleUnseen()
        }
        linked[call.linkedID] = nil
        keepApart(&call)
        freeSlots.append(slot)
        if waiting.count > 64, freeSlots.count == calls.count { waiting.removeAll() }
        for i in call.parts.indices where !call.parts[i].isGuest {
            index[call.parts[i].uniqueID] = nil
            if !doubtedEnds.isEmpty { doubtedEnds[call.parts[i].uniqueID] = nil }
            recent.insert(call.parts[i].uniqueID)
        }
        for alias in call.aliases { linked[alias] = nil }
        call.hidesRequests = callsWithoutRequest >= 3
        let facts = Facts(consume call)
        guard let finished = CallTeller(facts, settings, knowledge).finished() else { return }
        countRequests(facts, finished.record)
        learn(from: facts)
        told.insert(facts.call.linkedID.oldest)
        effect(.finished(consume finished))
    }

    /// Tells the calls that CDRs alone told, once the last of each has waited.
    private mutating func tellStrays(_ now: Instant, _ effect: (AssemblyEffect) -> Void) {
        let rows = strays.map(\.row)
        let story = CDRStory(settings, zoneOffset: zoneOffset, rows: rows)
        let young = Set(strays.filter { $0.until > now }.map(\.row.uniqueID))
        let groups = CDRStory.groups(rows).map { $0.map { rows[$0] } }
        for group in groups where !group.contains(where: { young.contains($0.uniqueID) }) {
            let ids = Set(group.map(\.uniqueID))
            strays.removeAll { ids.contains($0.row.uniqueID) }
            for id in ids { recent.insert(id) }
            for call in story.calls(group) {
                recent.insert(call.record.linkedID.oldest)
                effect(.finished(call))
            }
        }
    }

    /// Whether a CDR of the call is of a channel that no event ever told of: it came and went before the live channels were listed.
    private func hasUnheardChannel(_ call: borrowing Call) -> Bool {
        for row in call.cdrRows.indices {
            let id = call.cdrRows[row].uniqueID
            if !call.parts.contains(where: { $0.uniqueID == id }), !isRecent(id) { return true }
        }
        return false
    }

    /// A linked id that names a call which has been told, as a damaged or late event does: this one goes by a channel of its own,
    /// for no two records have one id.
    private func keepApart(_ call: inout Call) {
        guard told.contains(call.linkedID.oldest) else { return }
        var free = call.parts.filter { !$0.isGuest }.map(\.uniqueID).sorted().first { !told.contains($0) }
        // Its first channel's own name was taken by another's damage.
        var number = 2
        while free == nil {
            let next = UniqueID("\(call.linkedID)/\(number)")
            if !told.contains(next) { free = next }
            number += 1
        }
        guard let free else { return }
        call.note("its linked id \(call.linkedID) is that of a call told before")
        call.linkedID = LinkedID(free)
    }

    /// Whether the channel was told of, by a call in progress or by one that ended lately.
    public func knows(_ id: UniqueID) -> Bool { index[id] != nil || isRecent(id) }
    /// Whether the channel is among the last 4,096 of calls told.
    func isRecent(_ id: UniqueID) -> Bool { recent.contains(id) }

    private mutating func learn(from facts: Facts) {
        guard settings.trunks.isEmpty else { return }
        for i in facts.call.parts.indices where !facts.call.parts[i].isInternal {
            let isDialled = facts.call.dials.contains { $0.destination == i }
            // A line whose device itself was dialled is given the number that its caller dialled: nothing of its own.
            if isDialled, let asked = Names.asked(facts.call, i), Names.number(in: asked) == nil { continue }
            // Made for this one look: what was learned is changed in place only while nobody else holds it.
            if isDialled, Outside(facts, settings, knowledge).showsTheCalled(i) { continue }
            let shown = isDialled ? facts.call.parts[i].number : facts.call.parts[i].firstNumber
            guard let number = shown, !number.isEmpty else { continue }
            let part = facts.call.parts[i]
            if settings.value.isNamedLikeExtension(technology: part.technology, address: part.address) { continue }
            let isInternal =
                settings.internalNumbers.match(number) || !isDialled && facts.call.parts[i].showsItsOwnName
            knowledge.learn(facts.call.parts[i].device, isOutside: !isInternal)
        }
    }

    /// Tells the record as it would be at this moment, where progress is wanted and a person takes part.
    func tell(_ progress: AssemblyEffect.Progress, _ slot: Int, _ effect: (AssemblyEffect) -> Void) {
        guard settings.reportsProgress, let call = calls[slot] else { return }
        if let record = CallTeller(Facts(call), settings, knowledge, now: clock).finished()?.record {
            effect(.progress(progress, record))
        }
    }
}
