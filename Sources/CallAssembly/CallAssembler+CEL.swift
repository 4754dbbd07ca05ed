import Telephony

/// The second grammar: channel event logging tells the same story in other words.
///
/// Where the channel events are heard too, CEL only adds who hung up. Alone it is translated, row by row, into the facts
/// the channel events give. What CEL cannot tell stays untold: hold, ringing, queue members, and who was dialled by whom (a
/// channel that joins a call without dialling itself is taken as dialled by it).
extension CallAssembler {
    mutating func take(_ row: CELRow, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        let mark = Mark(at: row.at, offset: mark.offset)
        let channel = CallEvent.Channel(uniqueID: row.uniqueID, linkedID: row.linkedID)
        if hearsChannelEvents {
            guard let place = index[row.uniqueID] else { return }
            calls[place.call]!.sources.insert(.cel)
            if row.event == "HANGUP", let source = row.extra["hangupsource"] {
                calls[place.call]!.parts[place.part].hangupSource = source
            }
            return
        }
        if row.event == "CHAN_START" {
            start(row, channel, mark, effect)
            return
        }
        guard let place = locate(channel, mark) else { return }
        if row.event == "BRIDGE_EXIT" { relocate(place, row, mark) }
        refresh(place, row)
        noteQueue(place, row, mark)
        switch row.event {
        case "ANSWER": answered(place, row, mark)
        case "BRIDGE_ENTER":
            guard let bridge = row.extra["bridge_id"] else { return }
            let kind = CallAssembler.kind(row)
            let i = calls[place.call]!.bridge(BridgeID(bridge), kind)
            calls[place.call]!.parts[place.part].stays.append(Call.Stay(bridge: i, from: mark, to: nil))
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
        case "HANGUP", "CHAN_END": hungUp(place, row, mark, effect)
        case "LINKEDID_END": endLinkedID(place, row.linkedID, mark, effect)
        case "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "PARK_START", "PARK_END", "FORWARD":
            moved(place, row, mark, effect)
        default: break
        }
    }

    // MARK: Channels

    private mutating func start(
        _ row: CELRow, _ channel: CallEvent.Channel, _ mark: Mark, _ effect: (AssemblyEffect) -> Void
    ) {
        // A dialled channel has no extension of its own yet, and belongs to a call from its first moment.
        let isDialled = row.uniqueID != row.linkedID.oldest && !row.channel.description.hasSuffix(";2")
        let location = CallEvent.Location(context: row.context, exten: row.exten, priority: 1)
        let snapshot = CallEvent.Snapshot(
            channel: channel, name: row.channel, state: isDialled ? .down : .ring, number: row.number ?? row.ani,
            callerName: row.name, accountCode: row.accountCode, location: location)
        addChannel(snapshot, mark, effect)
        guard let place = index[row.uniqueID] else { return }
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

    /// The call's own linked id ends with its last channel; a younger one also when its channel goes over to the call.
    private mutating func endLinkedID(
        _ place: Place, _ linkedID: LinkedID, _ mark: Mark, _ effect: (AssemblyEffect) -> Void
    ) {
        guard calls[place.call]!.linkedID == linkedID else { return }
        var ended = 0
        for i in calls[place.call]!.parts.indices
        where calls[place.call]!.parts[i].end == nil && calls[place.call]!.parts[i].linkedID == linkedID {
            calls[place.call]!.parts[i].guessEnd(mark)
            ended += 1
        }
        guard ended > 0 else { return }
        calls[place.call]!.alive -= ended
        if calls[place.call]!.alive == 0 { becomeEmpty(place.call, effect) }
    }

    /// Sent elsewhere while it was bridged: its extension is another at the exit than it was before.
    private mutating func relocate(_ place: Place, _ row: CELRow, _ mark: Mark) {
        let before = calls[place.call]!.parts[place.part].location
        guard !row.exten.isEmpty, row.exten != before.exten || row.context != before.context else { return }
        let to = CallEvent.Location(context: row.context, exten: row.exten, priority: 1)
        calls[place.call]!.relocations.append(Call.Relocation(part: place.part, at: mark, to: to))
    }

    /// The application a row was written in tells of a queue, even where CEL does not track applications.
    private mutating func noteQueue(_ place: Place, _ row: CELRow, _ mark: Mark) {
        guard row.application == "Queue", let data = row.applicationData else { return }
        let name = String(data.prefix { $0 != "," && $0 != "|" })
        if !calls[place.call]!.queueVisits.contains(where: { $0.part == place.part && $0.name == name }) {
            let join = row.event == "BRIDGE_ENTER" ? calls[place.call]!.parts[place.part].up ?? mark : mark
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

    private mutating func refresh(_ place: Place, _ row: CELRow) {
        if let number = row.number { calls[place.call]!.parts[place.part].number = number }
        if let name = row.name { calls[place.call]!.parts[place.part].callerName = name }
        if let code = row.accountCode { calls[place.call]!.parts[place.part].accountCode = code }
        if !row.exten.isEmpty {
            let location = CallEvent.Location(context: row.context, exten: row.exten, priority: 1)
            calls[place.call]!.parts[place.part].location = location
            // An originated line has no extension until it runs dialplan, which is told only now.
            for i in calls[place.call]!.dials.indices
            where calls[place.call]!.dials[i].source == place.part
                && calls[place.call]!.dials[i].sourceLocation?.exten == "s"
            {
                calls[place.call]!.dials[i].sourceLocation = location
            }
        }
        if let field = row.userField, !field.isEmpty { calls[place.call]!.variables["CDR(userfield)"] = field }
    }

    private mutating func answered(_ place: Place, _ row: CELRow, _ mark: Mark) {
        if calls[place.call]!.parts[place.part].up == nil { calls[place.call]!.parts[place.part].up = mark }
        if row.application == "AppDial2", !calls[place.call]!.dials.contains(where: { $0.destination == place.part }) {
            // The application of a line that Asterisk itself dialled.
            calls[place.call]!.dials.append(
                Call.Dial(source: nil, destination: place.part, begin: calls[place.call]!.parts[place.part].created))
        }
        if let i = calls[place.call]!.dials.lastIndex(where: { $0.destination == place.part && $0.end == nil }) {
            calls[place.call]!.dials[i].end = mark
            calls[place.call]!.dials[i].status = .answer
        }
    }

    private mutating func hungUp(_ place: Place, _ row: CELRow, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        guard calls[place.call]!.parts[place.part].end == nil else { return }
        let extra = row.extra
        let cause = HangupCause(rawValue: extra["hangupcause"].flatMap { Int($0) } ?? 0)
        let source = extra["hangupsource"] ?? ""
        calls[place.call]!.parts[place.part].hangupSource = source
        if source == row.channel.description, !row.channel.isLocal {
            calls[place.call]!.parts[place.part].hangupRequest = mark
        }
        calls[place.call]!.parts[place.part].finish(
            mark, cause, nil, nil, calls[place.call]!.parts[place.part].location)
        // CEL does not say where the dialplan was; but where the dialplan hung up, it had gone on.
        if source.hasPrefix("dialplan/") { calls[place.call]!.parts[place.part].hasMovedOn = true }
        if let i = calls[place.call]!.dials.lastIndex(where: { $0.destination == place.part && $0.end == nil }) {
            calls[place.call]!.dials[i].end = mark
            calls[place.call]!.dials[i].status = CallAssembler.status(cause)
        }
        calls[place.call]!.alive -= 1
        if calls[place.call]!.alive == 0 { becomeEmpty(place.call, effect) }
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

    // MARK: Bridges

    private static func kind(_ row: CELRow) -> CallEvent.BridgeKind {
        let technology = row.extra["bridge_technology"] ?? ""
        if technology == "holding_bridge" {
            return row.application == "Park" || row.application == "ParkedCall" ? .parking : .holding
        }
        return row.application == "ConfBridge" || row.application == "MeetMe" ? .conference : .talk
    }

    private mutating func closeStay(_ place: Place, _ bridge: String?, _ mark: Mark) {
        let stays = calls[place.call]!.parts[place.part].stays
        let i = stays.lastIndex { stay in
            stay.to == nil && (bridge == nil || calls[place.call]!.bridges[stay.bridge].id == BridgeID(bridge!))
        }
        if let i { calls[place.call]!.parts[place.part].stays[i].to = mark }
    }

    /// Asterisk 11: one row for both sides of a bridge, which is named only by its two channels.
    private mutating func oldBridge(_ place: Place, _ row: CELRow, _ mark: Mark) {
        guard let peer = row.peer, !peer.isEmpty,
            let other = calls[place.call]!.parts.firstIndex(where: { $0.name == ChannelName(peer) && $0.end == nil })
        else { return }
        closeOldBridge(place, row, mark)
        let id = BridgeID("\(row.uniqueID)+\(peer)@\(mark.at.microseconds)")
        let i = calls[place.call]!.bridge(id, .talk)
        for part in [place.part, other] {
            calls[place.call]!.parts[part].stays.append(Call.Stay(bridge: i, from: mark, to: nil))
        }
        // The peer of a bridge was reached.
        if let dial = calls[place.call]!.dials.lastIndex(where: { $0.destination == other && $0.end == nil }) {
            calls[place.call]!.dials[dial].end = mark
            calls[place.call]!.dials[dial].status = .answer
        }
    }

    private mutating func closeOldBridge(_ place: Place, _ row: CELRow, _ mark: Mark) {
        guard let open = calls[place.call]!.parts[place.part].stays.last(where: { $0.to == nil }) else { return }
        for part in calls[place.call]!.parts.indices {
            for i in calls[place.call]!.parts[part].stays.indices
            where calls[place.call]!.parts[part].stays[i].bridge == open.bridge
                && calls[place.call]!.parts[part].stays[i].to == nil
            {
                calls[place.call]!.parts[part].stays[i].to = mark
            }
        }
    }

    // MARK: Applications and moves

    private mutating func application(_ place: Place, _ row: CELRow, _ mark: Mark) {
        let data = row.applicationData ?? ""
        switch row.application {
        case "Queue":
            let name = String(data.prefix { $0 != "," && $0 != "|" })
            calls[place.call]!.queueVisits.append(
                Call.QueueVisit(part: place.part, name: name, join: mark, position: nil))
        case "MixMonitor":
            startRecording(place, String(data.prefix { $0 != "," && $0 != "|" }), mark)
        default: break
        }
    }

    private mutating func moved(_ place: Place, _ row: CELRow, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        func channel(_ key: String) -> CallEvent.Channel? {
            guard let id = row.extra[key + "_uniqueid"].map({ UniqueID($0) }), let place = index[id] else { return nil }
            return CallEvent.Channel(uniqueID: id, linkedID: calls[place.call]!.parts[place.part].linkedID)
        }
        let me = CallEvent.Channel(uniqueID: row.uniqueID, linkedID: row.linkedID)
        switch row.event {
        case "BLINDTRANSFER":
            move(
                .blindTransfer(
                    transferer: me, transferee: channel("transferee_channel"), exten: row.extra["extension"] ?? "",
                    context: row.extra["context"] ?? "", succeeded: true), mark, effect)
        case "ATTENDEDTRANSFER":
            move(
                .attendedTransfer(
                    CallEvent.AttendedTransfer(
                        original: me, second: channel("channel2"), transferee: channel("transferee_channel"),
                        target: channel("transfer_target_channel"), application: row.extra["app"], succeeded: true)),
                mark, effect)
        case "PICKUP":
            guard let picker = channel("pickup_channel") else { return }
            move(.pickup(by: picker, target: me), mark, effect)
        case "PARK_START":
            move(
                .parkedCall(me, parker: row.extra["parker_dial_string"], space: row.extra["parking_space"]), mark,
                effect)
        case "PARK_END":
            let retriever = row.extra["retriever"].flatMap { name in
                calls.lazy.compactMap { $0 }.flatMap(\.parts).last { $0.name == ChannelName(name) }
            }
            if let retriever {
                move(
                    .unParkedCall(
                        me, retriever: CallEvent.Channel(uniqueID: retriever.uniqueID, linkedID: retriever.linkedID)),
                    mark, effect)
            } else {
                let reason = row.extra["reason"] ?? ""
                move(reason.hasSuffix("TimeOut") ? .parkedCallTimeOut(me) : .parkedCallGiveUp(me), mark, effect)
            }
        case "FORWARD":
            let i = calls[place.call]!.dials.lastIndex {
                $0.end == nil && !calls[place.call]!.parts[$0.destination].isLocal
            }
            if let i { calls[place.call]!.dials[i].forward = row.extra["forward"] }
        default: break
        }
    }
}
