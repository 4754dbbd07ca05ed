import Telephony

/// A plain answered call, made up: a trunk calls 5001, phone 1001 answers after a second and hangs up after three more.
struct SyntheticCall {
    let number: Int
    let at: Instant
    /// From answer to hangup.
    var talk: Int64 = 3000

    private static let trunk = CallEvent.Location(context: "from-trunk", exten: "5001", priority: 1)
    private static let phone = CallEvent.Location(context: "internal", exten: "s", priority: 1)
    private var bridge: BridgeID { BridgeID("bridge-\(number)") }

    /// The trunk's channel as it is born.
    var caller: CallEvent.Snapshot {
        let id = "\(at.seconds).\(number * 2)"
        return CallEvent.Snapshot(
            channel: CallEvent.Channel(uniqueID: UniqueID(id), linkedID: LinkedID(id)),
            name: ChannelName("PJSIP/trunk-\(number)"), state: .ring, number: "15551230001", callerName: nil,
            accountCode: nil, location: SyntheticCall.trunk)
    }
    /// The phone's.
    var callee: CallEvent.Snapshot {
        CallEvent.Snapshot(
            channel: CallEvent.Channel(
                uniqueID: UniqueID("\(at.seconds).\(number * 2 + 1)"), linkedID: caller.channel.linkedID),
            name: ChannelName("PJSIP/1001-\(number)"), state: .down, number: "1001", callerName: "Alice",
            accountCode: nil, location: SyntheticCall.phone)
    }

    var events: [CallEvent] {
        let (a, b) = (caller.channel, callee.channel)
        let (trunk, phone) = (SyntheticCall.trunk, SyntheticCall.phone)
        func event(_ milliseconds: Int64, _ body: CallEvent.Body) -> CallEvent {
            CallEvent(at: at + .milliseconds(milliseconds), body: body)
        }
        return [
            event(0, .newChannel(caller)), event(1, .newChannel(callee)),
            event(2, .dialBegin(source: a, at: trunk, destination: callee, dialString: "1001")),
            event(10, .newState(b, .ringing)), event(1000, .newState(b, .up)),
            event(1001, .dialEnd(source: a, destination: b, status: .answer, forward: nil)),
            event(1002, .newState(a, .up)),
            event(1003, .bridgeEnter(b, bridge, .talk, at: phone)),
            event(1004, .bridgeEnter(a, bridge, .talk, at: trunk)),
            event(1000 + talk, .hangupRequest(b, .normalClearing)),
            event(1000 + talk + 1, .bridgeLeave(b, bridge, at: phone)),
            event(1000 + talk + 2, .bridgeLeave(a, bridge, at: trunk)),
            event(1000 + talk + 3, .hangup(b, .normalClearing, text: "Normal Clearing", techCause: nil, at: phone)),
            event(1000 + talk + 4, .hangup(a, .normalClearing, text: "Normal Clearing", techCause: nil, at: trunk)),
        ]
    }

    // MARK: What others say of it

    /// What the call looks like to a list asked for at `time`.
    /// - Parameter events: the call's own, where they came at other times; nil: as above.
    func listed(at time: Instant, of events: [CallEvent]? = nil) -> [CallEvent] {
        let events = events ?? self.events
        let alive = events.filter { $0.at <= time }
        guard let last = alive.last, last.at < events.last!.at else { return [] }
        var snapshots: [UniqueID: CallEvent.Snapshot] = [:]
        var states: [UniqueID: ChannelState] = [:]
        var bridged: Set<UniqueID> = []
        var ended: Set<UniqueID> = []
        for event in alive {
            switch event.body {
            case .newChannel(let snapshot): snapshots[snapshot.channel.uniqueID] = snapshot
            case .newState(let channel, let state): states[channel.uniqueID] = state
            case .bridgeEnter(let channel, _, _, _): bridged.insert(channel.uniqueID)
            case .bridgeLeave(let channel, _, _): bridged.remove(channel.uniqueID)
            case .hangup(let channel, _, _, _, _): ended.insert(channel.uniqueID)
            default: break
            }
        }
        // Once it has left the bridge the caller's channel is in its hangup handler.
        let isOver = alive.contains { if case .bridgeLeave(caller.channel, _, _) = $0.body { true } else { false } }
        let live = snapshots.values.filter { !ended.contains($0.channel.uniqueID) }
        return live.sorted { $0.channel.uniqueID < $1.channel.uniqueID }.map { snapshot in
            var now = snapshot
            let id = snapshot.channel.uniqueID
            now.state = states[id] ?? snapshot.state
            let isCaller = id == caller.channel.uniqueID
            if isCaller, isOver {
                now.location = .init(context: "hookswitch-hangup", exten: "report", priority: 3)
            }
            var channel = CallEvent.Listed(
                snapshot: now, bridge: bridged.contains(id) ? bridge : nil, age: time - at, started: CivilTime(at),
                answered: now.state == .up ? CivilTime(at + .seconds(1)) : nil)
            if isCaller { channel.dialled = "5001" }
            return CallEvent(at: time, body: .listed(channel))
        }
    }

    /// What the fold is told of `witness`.
    var report: CallEvent { CallEvent(at: witness.receivedAt, body: .witness(witness)) }
    /// The caller's hangup handler, a moment before its channel's end.
    var witness: InsideWitness {
        let over = events.last!.at - .milliseconds(1)
        var words = InsideWitness(
            occasion: .hangup, path: .fastAGI, receivedAt: over, uniqueID: caller.channel.uniqueID, channel: caller.name
        )
        words.linkedID = caller.channel.linkedID
        words.role = .caller
        words.callerNumber = caller.number
        words.dialledNumber = "5001"
        words.dialStatus = "ANSWER"
        words.answeredSeconds = Int(talk / 1000)
        words.dialedSeconds = Int(talk / 1000) + 1
        words.peerChannel = callee.name
        words.hangupSource = callee.name.description
        words.cdr.start = .instant(at)
        words.cdr.answer = .instant(at + .seconds(1))
        words.cdr.end = .instant(over)
        return words
    }

    /// Its CDR, with the times cut to the second as Asterisk does.
    var row: CDRRow {
        func whole(_ time: Instant) -> CivilTime { CivilTime(Instant(seconds: time.seconds)) }
        var row = CDRRow(uniqueID: caller.channel.uniqueID, channel: caller.name)
        row.linkedID = caller.channel.linkedID
        (row.source, row.destination, row.context) = (caller.number, "5001", "from-trunk")
        row.destinationChannel = callee.name
        (row.start, row.answer) = (whole(at), whole(at + .seconds(1)))
        row.end = whole(events.last!.at)
        (row.duration, row.billableSeconds) = (Int(talk / 1000) + 1, Int(talk / 1000))
        row.disposition = "ANSWERED"
        return row
    }

    /// Its CEL rows, in the order Asterisk writes them.
    var celRows: [CELRow] {
        let (a, b) = (caller, callee)
        func row(
            _ event: String, _ of: CallEvent.Snapshot, _ milliseconds: Int64, _ application: String? = nil,
            _ extra: [String: String] = [:]
        ) -> CELRow {
            var row = CELRow(
                event: event, at: at + .milliseconds(milliseconds), uniqueID: of.channel.uniqueID,
                linkedID: of.channel.linkedID, channel: of.name)
            (row.number, row.application, row.extra) = (of.number, application, extra)
            (row.context, row.exten) = (of.location.context, application == "AppDial" ? "" : of.location.exten)
            return row
        }
        let place = ["bridge_id": bridge.description]
        let hangup = ["hangupcause": "16", "hangupsource": b.name.description, "dialstatus": "ANSWER"]
        return [
            row("CHAN_START", a, 0), row("CHAN_START", b, 1), row("ANSWER", b, 1000, "AppDial"),
            row("ANSWER", a, 1002, "Dial"), row("BRIDGE_ENTER", b, 1003, "AppDial", place),
            row("BRIDGE_ENTER", a, 1004, "Dial", place), row("BRIDGE_EXIT", b, 1000 + talk + 1, "AppDial", place),
            row("BRIDGE_EXIT", a, 1000 + talk + 2, "Dial", place), row("HANGUP", b, 1000 + talk + 3, "AppDial", hangup),
            row("CHAN_END", b, 1000 + talk + 3, "AppDial"), row("HANGUP", a, 1000 + talk + 4, nil, hangup),
            row("CHAN_END", a, 1000 + talk + 4), row("LINKEDID_END", a, 1000 + talk + 4),
        ]
    }
}
