/// One thing that happened to calls, as Asterisk told it, without the wire's spelling.
///
/// The same values come from manager events, CEL rows, CDR rows, hangup handlers and the lists asked for after a reconnect;
/// CallAssembly needs no second grammar.
public struct CallEvent: Sendable {
    /// Asterisk's own time where the source gives one, else the time of arrival.
    public var at: Instant
    /// Byte offset in the stream or capture; nil for other sources.
    public var offset: Int64?
    public var body: Body
    /// Channel variables that rode along (`ChanVariable`), by bare name.
    public var variables: [Variable]

    public init(at: Instant, offset: Int64? = nil, body: Body, variables: [Variable] = []) {
        (self.at, self.offset, self.body, self.variables) = (at, offset, body, variables)
    }

    /// A channel and the call it belongs to at that moment.
    public struct Channel: Sendable, Hashable {
        public var uniqueID: UniqueID
        public var linkedID: LinkedID
        public init(uniqueID: UniqueID, linkedID: LinkedID) { (self.uniqueID, self.linkedID) = (uniqueID, linkedID) }
    }
    /// Where in the dialplan a channel is; a change tells that the dialplan went on.
    public struct Location: Sendable, Hashable {
        public var context: String
        public var exten: String
        public var priority: Int
        public init(context: String, exten: String, priority: Int) {
            (self.context, self.exten, self.priority) = (context, exten, priority)
        }
    }
    /// What a new or dialled channel looks like.
    public struct Snapshot: Sendable, Hashable {
        public var channel: Channel
        public var name: ChannelName
        public var state: ChannelState
        public var number: String?
        public var callerName: String?
        public var accountCode: String?
        public var location: Location
        public init(
            channel: Channel, name: ChannelName, state: ChannelState, number: String?, callerName: String?,
            accountCode: String?, location: Location
        ) {
            (self.channel, self.name, self.state, self.number) = (channel, name, state, number)
            (self.callerName, self.accountCode, self.location) = (callerName, accountCode, location)
        }
    }
    public struct Variable: Sendable, Hashable {
        public var channel: UniqueID
        public var name: String
        public var value: String
        public init(channel: UniqueID, name: String, value: String) {
            (self.channel, self.name, self.value) = (channel, name, value)
        }
    }
    public enum BridgeKind: Sendable, Hashable {
        /// Two or more parties hear each other.
        case talk
        /// A conference; its members keep their own linked ids.
        case conference
        /// Parked.
        case parking
        /// Waiting for something (music, an announcer): nobody is heard.
        case holding
    }
    public struct AgentCall: Sendable, Hashable {
        public var queue: String
        /// The member's name as the queue knows it; nil where it is the interface itself.
        public var member: String?
        /// The member's interface, as `PJSIP/1001` or `Local/1001@agents/n`.
        public var interface: String?
        /// The channel that rings at the member.
        public var destination: Channel?
        public init(queue: String, member: String?, interface: String?, destination: Channel?) {
            (self.queue, self.member, self.interface, self.destination) = (queue, member, interface, destination)
        }
    }
    public struct AttendedTransfer: Sendable, Hashable {
        /// The transferer's channel in the first call, and in the consultation (the same one where keys were pressed).
        public var original: Channel
        public var second: Channel?
        public var transferee: Channel?
        public var target: Channel?
        /// The application the target runs, where it is no bridge.
        public var application: String?
        public var succeeded: Bool
        public init(
            original: Channel, second: Channel?, transferee: Channel?, target: Channel?, application: String?,
            succeeded: Bool
        ) {
            (self.original, self.second, self.transferee, self.target) = (original, second, transferee, target)
            (self.application, self.succeeded) = (application, succeeded)
        }
    }
    public struct Originate: Sendable, Hashable {
        /// Nil where the origination failed: then only the dial string tells which it was.
        public var channel: UniqueID?
        /// What was dialled first, as `PJSIP/1001`.
        public var dialled: String
        public var exten: String?
        public var context: String?
        public var succeeded: Bool
        public init(channel: UniqueID?, dialled: String, exten: String?, context: String?, succeeded: Bool) {
            (self.channel, self.dialled, self.exten) = (channel, dialled, exten)
            (self.context, self.succeeded) = (context, succeeded)
        }
    }
    /// A channel that is alive, from the list asked for after a connect.
    public struct Listed: Sendable, Hashable {
        public var snapshot: Snapshot
        public var bridge: BridgeID?
        /// Age of the channel.
        public var age: Duration?
        /// `CDR(start)` and `CDR(answer)`: local time without a zone.
        public var started: CivilTime?
        public var answered: CivilTime?
        /// The same in UTC and to the microsecond, where Asterisk was asked for it.
        public var startedAt: Instant?
        public var answeredAt: Instant?
        /// What the channel's party dialled, wherever the dialplan has taken it since; nil for a channel that was dialled.
        public var dialled: String?
        public init(snapshot: Snapshot, bridge: BridgeID?, age: Duration?, started: CivilTime?, answered: CivilTime?) {
            (self.snapshot, self.bridge, self.age) = (snapshot, bridge, age)
            (self.started, self.answered) = (started, answered)
        }
    }

    /// The rare and the large are behind a reference, so that an event is cheap to hand on.
    public enum Body: Sendable {
        // Channels.
        indirect case newChannel(Snapshot)
        case newState(Channel, ChannelState)
        case newCallerID(Channel, number: String?, name: String?)
        case newAccountCode(Channel, String?)
        case rename(Channel, ChannelName)
        case hangupRequest(Channel, HangupCause?)
        case softHangupRequest(Channel)
        case hangup(Channel, HangupCause, text: String?, techCause: String?, at: Location)
        // Dials. The source is nil where Asterisk itself dialled (Originate).
        indirect case dialBegin(source: Channel?, at: Location?, destination: Snapshot, dialString: String?)
        case dialState(destination: Channel, status: String)
        case dialEnd(source: Channel?, destination: Channel, status: DialStatus, forward: String?)
        // Bridges.
        case bridgeEnter(Channel, BridgeID, BridgeKind, at: Location)
        case bridgeLeave(Channel, BridgeID, at: Location)
        /// The channel's party pressed a key; which one is nobody's business.
        case keyPressed(Channel)
        case hold(Channel)
        case unhold(Channel)
        case musicOnHold(Channel, isPlaying: Bool)
        case localBridge(one: Channel, two: Channel)
        // Transfers.
        indirect case blindTransfer(
            transferer: Channel, transferee: Channel?, exten: String, context: String, succeeded: Bool)
        indirect case attendedTransfer(AttendedTransfer)
        case pickup(by: Channel, target: Channel)
        case parkedCall(Channel, parker: String?, space: String?)
        case unParkedCall(Channel, retriever: Channel?)
        case parkedCallTimeOut(Channel)
        case parkedCallGiveUp(Channel)
        // Queues.
        case queueCallerJoin(Channel, queue: String, position: Int?, at: Location)
        case queueCallerLeave(Channel, queue: String, at: Location)
        case queueCallerAbandon(Channel, queue: String)
        indirect case agentCalled(Channel?, AgentCall)
        indirect case agentConnect(Channel?, AgentCall)
        indirect case agentRingNoAnswer(Channel?, AgentCall)
        indirect case agentComplete(Channel?, AgentCall, reason: String?)
        /// An agent's line is logged in (AgentLogin): customers come and go on it, each with a call of its own.
        case agentLogin(Channel, agent: String)
        case agentLogoff(Channel)
        // Recording.
        case mixMonitorStart(Channel)
        case mixMonitorStop(Channel)
        // The rest of the story.
        indirect case originateResponse(Originate)
        /// A channel began an application of the dialplan that matters to a call's story (queue, voicemail).
        case application(Channel, name: String, data: String)
        case variableSet
        indirect case cdr(CDRRow)
        indirect case cel(CELRow)
        indirect case witness(InsideWitness)
        // The connection itself.
        case connected
        case disconnected
        /// Asterisk has been up for this long.
        case fullyBooted(uptime: Duration?)
        case shutdown
        case listBegan
        indirect case listed(Listed)
        case listComplete
        /// An event that may be forged or broken, and was not applied.
        case damaged(String)
    }
}
