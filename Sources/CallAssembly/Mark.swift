import Telephony

/// When something was seen, where in the stream it stands, and what told it.
struct Mark: Sendable, Hashable {
    /// The event's own time; of one that a file or a handler told, when it says that it happened.
    var at: Instant
    /// The offset above the lowest byte, the event in it: a call has some dozens of marks.
    private let place: Int64

    /// `offset` is -1 where the source has none.
    init(at: Instant, offset: Int64 = -1, _ event: Event) {
        self.at = at
        place = offset << 8 | Int64(event.rawValue)
    }

    /// Stream offset; -1 where the source has none.
    var offset: Int64 { place >> 8 }
    /// What told it.
    var event: Event { Event(rawValue: UInt8(truncatingIfNeeded: place))! }
    /// The same event, for something that happened at another time, as what a list or a file says of the past.
    func telling(_ at: Instant) -> Mark {
        var mark = self
        mark.at = at
        return mark
    }
    /// The same place, told by another event that the fold takes as the first.
    func by(_ event: Event) -> Mark { Mark(at: at, offset: offset, event) }
    /// What nobody told: a guess.
    static func unseen(_ at: Instant) -> Mark { Mark(at: at, .notSeen) }
}

extension Mark {
    /// What can tell a fact of a call.
    enum Event: UInt8, CaseIterable, Sendable {
        /// No event: it was only found to be so.
        case notSeen
        case newchannel, newstate, newCallerid, newAccountCode, rename, hangupRequest, softHangupRequest, hangup
        case dialBegin, dialState, dialEnd
        case bridgeEnter, bridgeLeave, meetmeJoin, meetmeLeave, dtmfEnd, hold, unhold, musicOnHoldStart,
            musicOnHoldStop, localBridge
        case blindTransfer, attendedTransfer, pickup, parkedCall, unParkedCall, parkedCallTimeOut, parkedCallGiveUp
        case queueCallerJoin, queueCallerLeave, queueCallerAbandon
        case agentCalled, agentConnect, agentRingNoAnswer, agentComplete, agentLogin, agentLogoff
        case mixMonitorStart, mixMonitorStop, originateResponse, newexten, varSet
        /// The lists of live channels.
        case status, coreShowChannel
        /// Of the connection: greetings, ends, `Shutdown`.
        case connection
        /// A CDR, as an event or a row of a file.
        case cdr
        /// What the dialplan said.
        case handler, tag
        case celChannelStart, celChannelEnd, celHangup, celAnswer, celApplicationStart, celApplicationEnd
        case celBridgeEnter, celBridgeExit, celBridgeStart, celBridgeEnd, celBridgeUpdate
        case celConferenceEnter, celConferenceExit, celBlindTransfer, celAttendedTransfer, celPickup, celParkStart
        case celLocalOptimizeBegin, celLocalOptimize, celStreamBegin, celStreamEnd, celParkEnd, celForward, celKey,
            celRecordingStart, celRecordingStop, celLinkedIDEnd
        /// An event that the dialplan or a system of its own wrote into CEL.
        case celUser

        /// It was only found to be so, in a list or by nothing: an event that comes after all knows better.
        var isFound: Bool { self == .notSeen || self == .status || self == .coreShowChannel }

        /// As Asterisk spells it; a CEL row's behind `CEL`, for `HANGUP` and `Hangup` are two.
        var name: String {
            switch self {
            case .notSeen, .connection: FieldEvidence.notSeen
            case .newchannel: "Newchannel"
            case .newstate: "Newstate"
            case .newCallerid: "NewCallerid"
            case .newAccountCode: "NewAccountCode"
            case .rename: "Rename"
            case .hangupRequest: "HangupRequest"
            case .softHangupRequest: "SoftHangupRequest"
            case .hangup: "Hangup"
            case .dialBegin: "DialBegin"
            case .dialState: "DialState"
            case .dialEnd: "DialEnd"
            case .bridgeEnter: "BridgeEnter"
            case .bridgeLeave: "BridgeLeave"
            case .meetmeJoin: "MeetmeJoin"
            case .meetmeLeave: "MeetmeLeave"
            case .dtmfEnd: "DTMFEnd"
            case .hold: "Hold"
            case .unhold: "Unhold"
            case .musicOnHoldStart: "MusicOnHoldStart"
            case .musicOnHoldStop: "MusicOnHoldStop"
            case .localBridge: "LocalBridge"
            case .blindTransfer: "BlindTransfer"
            case .attendedTransfer: "AttendedTransfer"
            case .pickup: "Pickup"
            case .parkedCall: "ParkedCall"
            case .unParkedCall: "UnParkedCall"
            case .parkedCallTimeOut: "ParkedCallTimeOut"
            case .parkedCallGiveUp: "ParkedCallGiveUp"
            case .queueCallerJoin: "QueueCallerJoin"
            case .queueCallerLeave: "QueueCallerLeave"
            case .queueCallerAbandon: "QueueCallerAbandon"
            case .agentCalled: "AgentCalled"
            case .agentConnect: "AgentConnect"
            case .agentRingNoAnswer: "AgentRingNoAnswer"
            case .agentComplete: "AgentComplete"
            case .agentLogin: "AgentLogin"
            case .agentLogoff: "AgentLogoff"
            case .mixMonitorStart: "MixMonitorStart"
            case .mixMonitorStop: "MixMonitorStop"
            case .originateResponse: "OriginateResponse"
            case .newexten: "Newexten"
            case .varSet: "VarSet"
            case .status: "Status"
            case .coreShowChannel: "CoreShowChannel"
            case .cdr: "Cdr"
            case .handler: "hangup handler"
            case .tag: "tag"
            case .celChannelStart: "CEL CHAN_START"
            case .celChannelEnd: "CEL CHAN_END"
            case .celHangup: "CEL HANGUP"
            case .celAnswer: "CEL ANSWER"
            case .celApplicationStart: "CEL APP_START"
            case .celApplicationEnd: "CEL APP_END"
            case .celBridgeEnter: "CEL BRIDGE_ENTER"
            case .celBridgeExit: "CEL BRIDGE_EXIT"
            case .celBridgeStart: "CEL BRIDGE_START"
            case .celBridgeEnd: "CEL BRIDGE_END"
            case .celBridgeUpdate: "CEL BRIDGE_UPDATE"
            case .celConferenceEnter: "CEL CONF_ENTER"
            case .celConferenceExit: "CEL CONF_EXIT"
            case .celBlindTransfer: "CEL BLINDTRANSFER"
            case .celAttendedTransfer: "CEL ATTENDEDTRANSFER"
            case .celPickup: "CEL PICKUP"
            case .celParkStart: "CEL PARK_START"
            case .celParkEnd: "CEL PARK_END"
            case .celLocalOptimizeBegin: "CEL LOCAL_OPTIMIZE_BEGIN"
            case .celLocalOptimize: "CEL LOCAL_OPTIMIZE"
            case .celStreamBegin: "CEL STREAM_BEGIN"
            case .celStreamEnd: "CEL STREAM_END"
            case .celForward: "CEL FORWARD"
            case .celKey: "CEL DTMF"
            case .celRecordingStart: "CEL MIXMONITOR_START"
            case .celRecordingStop: "CEL MIXMONITOR_STOP"
            case .celLinkedIDEnd: "CEL LINKEDID_END"
            case .celUser: "CEL user event"
            }
        }

        /// Who it is that tells it so; nil for a guess.
        var source: CallRecord.Source? {
            switch self {
            case .notSeen, .connection: nil
            case .cdr: .cdr
            case .handler, .tag: .agi
            default: rawValue >= Event.celChannelStart.rawValue ? .cel : .ami
            }
        }

        /// The event that says `body`; of a CEL entry its row decides (`init(row:)`).
        init(_ body: borrowing CallEvent.Body) {
            switch body {
            case .newChannel: self = .newchannel
            case .newState: self = .newstate
            case .newCallerID: self = .newCallerid
            case .newAccountCode: self = .newAccountCode
            case .rename: self = .rename
            case .hangupRequest: self = .hangupRequest
            case .softHangupRequest: self = .softHangupRequest
            case .hangup: self = .hangup
            case .dialBegin: self = .dialBegin
            case .dialState: self = .dialState
            case .dialEnd: self = .dialEnd
            case .bridgeEnter: self = .bridgeEnter
            case .bridgeLeave: self = .bridgeLeave
            case .keyPressed: self = .dtmfEnd
            case .hold: self = .hold
            case .unhold: self = .unhold
            case .musicOnHold(_, let isPlaying): self = isPlaying ? .musicOnHoldStart : .musicOnHoldStop
            case .localBridge: self = .localBridge
            case .blindTransfer: self = .blindTransfer
            case .attendedTransfer: self = .attendedTransfer
            case .pickup: self = .pickup
            case .parkedCall: self = .parkedCall
            case .unParkedCall: self = .unParkedCall
            case .parkedCallTimeOut: self = .parkedCallTimeOut
            case .parkedCallGiveUp: self = .parkedCallGiveUp
            case .queueCallerJoin: self = .queueCallerJoin
            case .queueCallerLeave: self = .queueCallerLeave
            case .queueCallerAbandon: self = .queueCallerAbandon
            case .agentCalled: self = .agentCalled
            case .agentConnect: self = .agentConnect
            case .agentRingNoAnswer: self = .agentRingNoAnswer
            case .agentComplete: self = .agentComplete
            case .agentLogin: self = .agentLogin
            case .agentLogoff: self = .agentLogoff
            case .mixMonitorStart: self = .mixMonitorStart
            case .mixMonitorStop: self = .mixMonitorStop
            case .originateResponse: self = .originateResponse
            case .application: self = .newexten
            case .variableSet: self = .varSet
            case .cdr: self = .cdr
            case .cel: self = .celUser
            case .witness(let witness): self = witness.mark.event
            case .listed(let listed): self = listed.isStatus ? .status : .coreShowChannel
            case .connected, .disconnected, .fullyBooted, .shutdown, .listBegan, .listComplete, .damaged:
                self = .connection
            }
        }

        /// The CEL row of that `EventName`.
        init(row name: String) { self = Event.rows[name] ?? .celUser }
        /// By the names that stand behind `CEL`.
        private static let rows = Dictionary(
            uniqueKeysWithValues: allCases.filter { $0.source == .cel && $0 != .celUser }.map {
                (String($0.name.dropFirst(4)), $0)
            })
    }
}

extension InsideWitness {
    /// Its words, at the time they came.
    var mark: Mark { Mark(at: receivedAt, occasion == .tag ? .tag : .handler) }
}
