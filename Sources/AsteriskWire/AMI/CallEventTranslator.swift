public import Telephony

/// Turns manager messages into call events, and refuses those that may be forged.
///
/// A stranger can put CR LF into a caller number or an extension over SIP, and Asterisk writes it raw (16 and 22). What comes
/// of it is two messages where there was one: the first has lost its ids, the second has headers twice or none of the lines
/// that stand before the caller number. A genuine event has `Privilege` as its second line, `Timestamp` where the option is
/// on, its channel's name and both ids, and nothing twice; any other is `damaged` and must be followed by a resync.
///
/// **Source**: measured on 16.28 and 22.10; header names are those of manager_channels.c, manager_bridges.c, app_queue.c,
/// res_parking, features, cdr_manager.c and cel_manager.c.
public struct CallEventTranslator: Sendable {
    /// Whether events of this connection carry `Timestamp`; learned from the first event that does.
    private var expectsTimestamps = false
    /// This connection's manager is Asterisk 11's, whose channel events have no linked ids: its calls are told from CEL and CDR.
    private var lacksLinkedIDs = false
    /// Events in a row that were whole but for their time: the option was switched off by a reload.
    private var timelessEvents = 0
    /// Names of the variables anybody wants; `VarSet` of any other is not looked at.
    private let variables: NameFilter
    /// Every variable that rides along is wanted: none was named, so those of manager.conf's `channelvars` are.
    private let takesAllThatRide: Bool

    /// - Parameter variables: bare names of the channel variables that are copied into records; the ones the call's own
    ///   story needs (recording, queue, Hookswitch's) are added. Nil: all that ride along as `ChanVariable`.
    public init(variables: [String]? = nil) {
        takesAllThatRide = variables == nil
        self.variables = NameFilter(
            Set(variables ?? []).union([
                "MIXMONITOR_FILENAME", "QUEUESTATUS", "HOOKSWITCH_REF", "HOOKSWITCH_DIRECTION", "HOOKSWITCH_AGENT",
                "HOOKSWITCH_QUEUE",
            ]))
    }

    /// The event that `message` tells, or nil where it tells nothing about calls.
    ///
    /// - Parameter arrival: when the bytes came, used where the message has no time of its own.
    public mutating func event(_ message: borrowing AMIMessage, arrival: Instant) -> CallEvent? {
        var event = CallEventTranslator.blank
        return translate(message, arrival: arrival, into: &event) ? event : nil
    }

    /// For `translate` to write into: an event only once that said true.
    public static var blank: CallEvent { CallEvent(at: Instant(microseconds: 0), body: .connected) }

    /// The same for a stream of many events: an event is large, and what is written in place need not be moved.
    ///
    /// - Returns: false where the message tells nothing about calls; `event` is then not to be used.
    public mutating func translate(
        _ message: borrowing AMIMessage, arrival: Instant, into event: inout CallEvent
    ) -> Bool {
        switch message.kind {
        case .banner:
            expectsTimestamps = false
            timelessEvents = 0
            // 1.3 is Asterisk 11's, 2.0 that of 12, which brought them.
            lacksLinkedIDs = message.bannerVersion.hasPrefix("1.")
            event = CallEvent(at: arrival, offset: message.offset, body: .connected)
            return true
        case .event(.other), .response, .unknown: return false
        case .event(let name):
            guard concernsCalls(name, message) else { return false }
            event.at = arrival
            event.offset = message.offset
            if !event.variables.isEmpty { event.variables = [] }
            do throws(Damage) {
                guard let body = try translate(name, message) else { return false }
                event.body = body
            } catch {
                // Nothing was swallowed there that a list of channels could show: it has no linked ids either.
                if lacksLinkedIDs { return false }
                event.body = .damaged(error.reason)
                return true
            }
            if let stamp = message.timestamp {
                event.at = stamp
                timelessEvents = 0
                expectsTimestamps = true
            } else if expectsTimestamps, CallEventTranslator.carriesTimestamp(name) {
                timelessEvents += 1
                if timelessEvents < 8 {
                    event.body = .damaged("\(name.rawValue) without a Timestamp")
                    return true
                }
                expectsTimestamps = false
            }
            if message.hasVariables { collectVariables(message, into: &event) }
            if name == .varSet, let variable = CallEventTranslator.variable(message) {
                event.variables.append(variable)
            }
            return true
        }
    }

    /// Why an event is refused.
    struct Damage: Error {
        /// A phrase that names the event and what is wrong with it; never a value from it, which a stranger may have chosen.
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    /// Applications that change how a call is told, where class dialplan is on: without it CDRs and variables tell less.
    private static let applications = NameFilter(["Queue", "VoiceMail", "Record", "MinivmRecord"])

    /// List items, FullyBooted and Status have no time even with the option on.
    private static func carriesTimestamp(_ name: AMIEventName) -> Bool {
        switch name {
        case .coreShowChannel, .coreShowChannelsComplete, .status, .statusComplete, .fullyBooted, .originateResponse:
            false
        default: true
        }
    }

    // MARK: One event

    /// Whether the event tells anything that is kept; the fold has no use for half of a stream.
    private func concernsCalls(_ name: AMIEventName, _ m: borrowing AMIMessage) -> Bool {
        switch name {
        case .bridgeCreate, .bridgeDestroy, .bridgeMerge,
            .newConnectedLine, .localOptimizationBegin, .localOptimizationEnd, .userEvent, .confbridgeJoin,
            .confbridgeLeave, .agentDump, .mixMonitorMute,
            .monitorStart, .monitorStop, .chanSpyStart, .chanSpyStop, .reload, .parkedCallSwap, .statusComplete, .other:
            false
        case .newexten: m.lastApplication(isIn: CallEventTranslator.applications)
        case .varSet: m.lastVariable(isIn: variables)
        case .dialState: m.equals(.dialStatus, "RINGING")
        case .dtmfEnd: m.equals(.direction, "Received")
        default: true
        }
    }

    private func translate(_ name: AMIEventName, _ m: borrowing AMIMessage) throws(Damage) -> CallEvent.Body? {
        switch name {
        case .coreShowChannel, .status:
            return listed(m, isStatus: name == .status)
        case .coreShowChannelsComplete: return .listComplete
        default: break
        }
        // From here on genuine events only.
        if let repeated = m.repeatedHeader { throw Damage("\(name.rawValue) with \(repeated.rawValue) twice") }
        guard m.hasPrivilegeSecond else { throw Damage("\(name.rawValue) without Privilege as its second line") }
        switch name {
        case .fullyBooted: return .fullyBooted(uptime: m.integer(.uptime).map { .seconds($0) })
        case .shutdown: return .shutdown
        case .cdr: return try cdr(m)
        case .cel: return try cel(m)
        case .originateResponse: return originate(m)
        case .dialBegin, .dialState, .dialEnd: return try dial(name, m)
        case .localBridge:
            guard let one = ref(m, .localOneUniqueid, .localOneLinkedid),
                let two = ref(m, .localTwoUniqueid, .localTwoLinkedid)
            else { throw noIDs(name) }
            return .localBridge(one: one, two: two)
        case .blindTransfer, .attendedTransfer: return try transfer(name, m)
        case .parkedCall, .unParkedCall, .parkedCallTimeOut, .parkedCallGiveUp: return try parking(name, m)
        case .agentCalled, .agentConnect, .agentRingNoAnswer, .agentComplete: return try agent(name, m)
        default: return try channelEvent(name, m)
        }
    }

    /// Events about one channel, whose snapshot stands in plain headers.
    private func channelEvent(_ name: AMIEventName, _ m: borrowing AMIMessage) throws(Damage) -> CallEvent.Body? {
        guard m.has(.channel), let channel = ref(m, .uniqueid, .linkedid) else { throw noIDs(name) }
        switch name {
        case .newchannel:
            guard let state = m.integer(.channelState).flatMap(ChannelState.init(rawValue:)) else {
                throw Damage("Newchannel without a known ChannelState")
            }
            return .newChannel(
                CallEvent.Snapshot(
                    channel: channel, name: ChannelName(m.string(.channel) ?? ""), state: state,
                    number: m.known(.callerIDNum), callerName: m.unescaped(.callerIDName),
                    accountCode: m.known(.accountCode), location: location(m)))
        case .newstate:
            guard let state = m.integer(.channelState).flatMap(ChannelState.init(rawValue:)) else { return nil }
            return .newState(channel, state)
        case .newCallerid: return .newCallerID(channel, number: m.known(.callerIDNum), name: m.unescaped(.callerIDName))
        case .newAccountCode: return .newAccountCode(channel, m.known(.accountCode))
        case .rename: return .rename(channel, ChannelName(m.string(.newname) ?? ""))
        case .hangupRequest: return .hangupRequest(channel, m.integer(.cause).map(HangupCause.init(rawValue:)))
        case .softHangupRequest: return .softHangupRequest(channel)
        case .hangup:
            return .hangup(
                channel, HangupCause(rawValue: m.integer(.cause) ?? 0), text: m.known(.causeText),
                techCause: m.known(.techCause), at: location(m))
        case .bridgeEnter:
            guard let bridge = m.bridgeID(.bridgeUniqueid) else { throw Damage("BridgeEnter without BridgeUniqueid") }
            return .bridgeEnter(channel, bridge, bridgeKind(m), at: location(m))
        case .bridgeLeave:
            guard let bridge = m.bridgeID(.bridgeUniqueid) else { throw Damage("BridgeLeave without BridgeUniqueid") }
            return .bridgeLeave(channel, bridge, at: location(m))
        case .dtmfEnd: return .keyPressed(channel)
        case .hold: return .hold(channel)
        case .unhold: return .unhold(channel)
        case .musicOnHoldStart: return .musicOnHold(channel, isPlaying: true)
        case .musicOnHoldStop: return .musicOnHold(channel, isPlaying: false)
        case .pickup:
            guard let target = ref(m, .targetUniqueid, .targetLinkedid) else { throw noIDs(name) }
            return .pickup(by: channel, target: target)
        case .queueCallerJoin:
            return .queueCallerJoin(
                channel, queue: m.string(.queue) ?? "", position: m.integer(.position), at: location(m))
        case .queueCallerLeave:
            return .queueCallerLeave(channel, queue: m.string(.queue) ?? "", at: location(m))
        case .queueCallerAbandon: return .queueCallerAbandon(channel, queue: m.string(.queue) ?? "")
        case .mixMonitorStart: return .mixMonitorStart(channel)
        case .mixMonitorStop: return .mixMonitorStop(channel)
        case .agentLogin: return .agentLogin(channel, agent: m.string(.agent) ?? "")
        case .agentLogoff: return .agentLogoff(channel)
        // MeetMe (VICIdial's agents sit in it) mixes outside the bridging core; to a call it is a conference all the same.
        case .meetmeJoin:
            return .bridgeEnter(channel, BridgeID("meetme/" + (m.string(.meetme) ?? "")), .conference, at: location(m))
        case .meetmeLeave:
            return .bridgeLeave(channel, BridgeID("meetme/" + (m.string(.meetme) ?? "")), at: location(m))
        case .varSet: return .variableSet
        case .newexten:
            let application = m.string(.application) ?? ""
            guard CallEventTranslator.applications.contains(application) else { return nil }
            return .application(channel, name: application, data: m.string(.appData) ?? "")
        default: return nil
        }
    }

    private func dial(_ name: AMIEventName, _ m: borrowing AMIMessage) throws(Damage) -> CallEvent.Body? {
        guard let destination = ref(m, .destUniqueid, .destLinkedid), m.has(.destChannel) else { throw noIDs(name) }
        // Asterisk's own dials (Originate) have no source.
        let source = ref(m, .uniqueid, .linkedid)
        switch name {
        case .dialState: return .dialState(destination: destination, status: m.string(.dialStatus) ?? "")
        case .dialEnd:
            return .dialEnd(
                source: source, destination: destination, status: DialStatus(rawValue: m.string(.dialStatus) ?? ""),
                forward: m.known(.forward))
        default:
            let state = m.integer(.destChannelState).flatMap(ChannelState.init(rawValue:)) ?? .down
            let snapshot = CallEvent.Snapshot(
                channel: destination, name: ChannelName(m.string(.destChannel) ?? ""), state: state,
                number: m.known(.destCallerIDNum), callerName: m.unescaped(.destCallerIDName),
                accountCode: m.known(.destAccountCode),
                location: CallEvent.Location(
                    context: m.string(.destContext) ?? "", exten: m.string(.destExten) ?? "", priority: 1))
            return .dialBegin(
                source: source, at: source == nil ? nil : location(m), destination: snapshot,
                dialString: m.known(.dialString))
        }
    }

    private func transfer(_ name: AMIEventName, _ m: borrowing AMIMessage) throws(Damage) -> CallEvent.Body? {
        if name == .blindTransfer {
            guard let transferer = ref(m, .transfererUniqueid, .transfererLinkedid) else { throw noIDs(name) }
            return .blindTransfer(
                transferer: transferer, transferee: ref(m, .transfereeUniqueid, .transfereeLinkedid),
                exten: m.string(.transferExtension) ?? "", context: m.string(.context) ?? "",
                succeeded: m.equals(.result, "Success"))
        }
        guard let original = ref(m, .origTransfererUniqueid, .origTransfererLinkedid) else { throw noIDs(name) }
        return .attendedTransfer(
            CallEvent.AttendedTransfer(
                original: original, second: ref(m, .secondTransfererUniqueid, .secondTransfererLinkedid),
                transferee: ref(m, .transfereeUniqueid, .transfereeLinkedid),
                target: ref(m, .transferTargetUniqueid, .transferTargetLinkedid), application: m.known(.destApp),
                succeeded: m.equals(.result, "Success")))
    }

    private func parking(_ name: AMIEventName, _ m: borrowing AMIMessage) throws(Damage) -> CallEvent.Body? {
        guard let parkee = ref(m, .parkeeUniqueid, .parkeeLinkedid) else { throw noIDs(name) }
        switch name {
        case .parkedCall: return .parkedCall(parkee, parker: m.known(.parkerDialString), space: m.known(.parkingSpace))
        case .unParkedCall: return .unParkedCall(parkee, retriever: ref(m, .retrieverUniqueid, .retrieverLinkedid))
        case .parkedCallTimeOut: return .parkedCallTimeOut(parkee)
        default: return .parkedCallGiveUp(parkee)
        }
    }

    private func agent(_ name: AMIEventName, _ m: borrowing AMIMessage) throws(Damage) -> CallEvent.Body? {
        let caller = ref(m, .uniqueid, .linkedid)
        let call = CallEvent.AgentCall(
            queue: m.string(.queue) ?? "", member: m.known(.memberName), interface: m.known(.interface),
            destination: ref(m, .destUniqueid, .destLinkedid))
        if caller == nil, call.destination == nil { throw noIDs(name) }
        switch name {
        case .agentCalled: return .agentCalled(caller, call)
        case .agentConnect: return .agentConnect(caller, call)
        case .agentRingNoAnswer: return .agentRingNoAnswer(caller, call)
        default: return .agentComplete(caller, call, reason: m.known(.reason))
        }
    }

    private func originate(_ m: borrowing AMIMessage) -> CallEvent.Body {
        .originateResponse(
            CallEvent.Originate(
                channel: m.uniqueID(.uniqueid), dialled: m.string(.channel) ?? "", exten: m.known(.exten),
                context: m.known(.context), succeeded: m.equals(.response, "Success")))
    }

    private func listed(_ m: borrowing AMIMessage, isStatus: Bool) -> CallEvent.Body? {
        guard let channel = ref(m, .uniqueid, .linkedid), m.has(.channel) else { return nil }
        var times: [String: InsideWitness.CDRTime] = [:]
        var dialled: String?
        unsafe m.forEachHeader { name, value in
            let isVariable = unsafe name.elementsEqual("Variable".utf8)
            guard unsafe isVariable || name.elementsEqual("DNID".utf8) else { return }
            let text = unsafe String(decoding: value, as: UTF8.self)
            guard isVariable else {
                dialled = text.isEmpty || text == "<unknown>" ? nil : text
                return
            }
            let parts = text.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { times[String(parts[0])] = InsideWitness.CDRTime(parts[1]) }
        }
        let age = m.integer(.seconds).map { Duration.seconds($0) } ?? m.string(.duration).flatMap(Duration.init(clock:))
        let snapshot = CallEvent.Snapshot(
            channel: channel, name: ChannelName(m.string(.channel) ?? ""),
            state: m.integer(.channelState).flatMap(ChannelState.init(rawValue:)) ?? .up, number: m.known(.callerIDNum),
            callerName: m.unescaped(.callerIDName), accountCode: m.known(.accountCode), location: location(m))
        let bridge = (m.known(.bridgeID) ?? m.known(.bridgeIdOfList)).map(BridgeID.init)
        var listed = CallEvent.Listed(snapshot: snapshot, bridge: bridge, age: age, started: nil, answered: nil)
        if case .local(let time)? = times["CDR(start)"] { listed.started = time }
        if case .local(let time)? = times["CDR(answer)"] { listed.answered = time }
        if case .instant(let time)? = times["CDR(start,u)"] { listed.startedAt = time }
        if case .instant(let time)? = times["CDR(answer,u)"] { listed.answeredAt = time }
        listed.dialled = dialled
        listed.isStatus = isStatus
        return .listed(listed)
    }

    // MARK: Parts of events

    private func noIDs(_ name: AMIEventName) -> Damage { Damage("\(name.rawValue) without its channel's ids") }

    @inline(__always)
    private func ref(_ m: borrowing AMIMessage, _ unique: AMIHeader, _ linked: AMIHeader) -> CallEvent.Channel? {
        guard let uniqueID = m.uniqueID(unique), let linkedID = m.uniqueID(linked) else { return nil }
        return CallEvent.Channel(uniqueID: uniqueID, linkedID: LinkedID(linkedID))
    }

    private func location(_ m: borrowing AMIMessage) -> CallEvent.Location {
        CallEvent.Location(
            context: m.string(.context) ?? "", exten: m.string(.exten) ?? "", priority: m.integer(.priority) ?? 0)
    }

    private func bridgeKind(_ m: borrowing AMIMessage) -> CallEvent.BridgeKind {
        if m.equals(.bridgeType, "parking") { return .parking }
        if m.equals(.bridgeType, "holding") || m.equals(.bridgeTechnology, "holding_bridge") { return .holding }
        if m.equals(.bridgeType, "base") || m.equals(.bridgeType, "conference") { return .conference }
        return .talk
    }

    private func collectVariables(_ m: borrowing AMIMessage, into event: inout CallEvent) {
        // The prefix says whose variable it is; a plain one belongs to the plain Uniqueid.
        let plain = m.uniqueID(.uniqueid)
        let destination = m.uniqueID(.destUniqueid)
        let others: [(String, UniqueID?)] = [
            ("Parkee", m.uniqueID(.parkeeUniqueid)), ("Transferee", m.uniqueID(.transfereeUniqueid)),
            ("Transferer", m.uniqueID(.transfererUniqueid)), ("OrigTransferer", m.uniqueID(.origTransfererUniqueid)),
            ("LocalOne", m.uniqueID(.localOneUniqueid)), ("LocalTwo", m.uniqueID(.localTwoUniqueid)),
            ("Retriever", m.uniqueID(.retrieverUniqueid)), ("Target", m.uniqueID(.targetUniqueid)),
        ]
        var variables: [CallEvent.Variable] = []
        m.forEachVariable { prefix, name, value in
            guard takesAllThatRide || self.variables.contains(name) else { return }
            let channel: UniqueID? =
                prefix.isEmpty ? plain : prefix == "Dest" ? destination : others.first { $0.0 == prefix }?.1
            if let channel { variables.append(CallEvent.Variable(channel: channel, name: name, value: value)) }
        }
        event.variables = variables
    }

    private static func variable(_ m: borrowing AMIMessage) -> CallEvent.Variable? {
        guard let channel = m.uniqueID(.uniqueid), let name = m.string(.variable) else { return nil }
        return CallEvent.Variable(
            channel: channel, name: String(name.drop { $0 == "_" }), value: m.unescaped(.value) ?? "")
    }
}

extension Duration {
    /// Reads `HH:MM:SS`, as CoreShowChannels writes a channel's age.
    init?(clock text: String) {
        let parts = text.split(separator: ":").map { Int($0) }
        guard parts.count == 3, let hours = parts[0], let minutes = parts[1], let seconds = parts[2],
            (0..<1_000_000).contains(hours), (0..<60).contains(minutes), (0..<60).contains(seconds)
        else { return nil }
        self = .seconds(hours * 3600 + minutes * 60 + seconds)
    }
}
