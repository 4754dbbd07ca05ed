/// One thing that happened to calls, as Asterisk told it, without the wire's spelling.
///
/// The same values come from manager events, CEL rows, CDR rows, hangup handlers and the lists asked for after a reconnect;
/// CallAssembly needs no second grammar.
public struct CallEvent: Sendable {
    /// Asterisk's own time where the source gives one, else the time of arrival.
    public var at: Instant
    /// Byte offset in the stream or capture; nil for other sources.
    public var offset: Int64?
    /// What happened, with all it concerns.
    public var body: Body
    /// Channel variables that rode along (`ChanVariable`), by bare name.
    public var variables: [Variable]

    /// Puts an event together; nobody checks that body and variables speak of the same channel.
    @inlinable
    public init(at: Instant, offset: Int64? = nil, body: Body, variables: [Variable] = []) {
        (self.at, self.offset, self.body, self.variables) = (at, offset, body, variables)
    }

    /// A channel and the call it belongs to at that moment.
    public struct Channel: Sendable, Hashable {
        /// The same from `Newchannel` to `Hangup`; a `Rename` changes the name only.
        public var uniqueID: UniqueID
        /// Changes while the channel lives, without an event of its own, when two calls become one: the older one wins.
        public var linkedID: LinkedID
        public init(uniqueID: UniqueID, linkedID: LinkedID) { (self.uniqueID, self.linkedID) = (uniqueID, linkedID) }
    }
    /// Where in the dialplan a channel is; a change tells that the dialplan went on.
    public struct Location: Sendable, Hashable {
        /// Header `Context`; empty for a channel that runs no dialplan yet.
        public var context: String
        /// Header `Exten`: `s` on a channel that was dialled, `h` and `i` as the dialplan names them.
        public var exten: String
        /// From 1; 0 where the event does not say.
        public var priority: Int
        public init(context: String, exten: String, priority: Int) {
            (self.context, self.exten, self.priority) = (context, exten, priority)
        }
    }
    /// What a new or dialled channel looks like.
    public struct Snapshot: Sendable, Hashable {
        /// The channel's ids at that moment.
        public var channel: Channel
        /// Header `Channel`, as `PJSIP/trunk-00000011`; an attended transfer may rename it.
        public var name: ChannelName
        /// `Ring` on a channel that calls in, `Down` on one that is about to be dialled.
        public var state: ChannelState
        /// `CallerIDNum`: of a channel that calls in the caller's number, of a dialled one mostly the number dialled;
        /// nil for `<unknown>`.
        public var number: String?
        /// `CallerIDName`, its C escapes taken back; nil for `<unknown>`.
        public var callerName: String?
        /// `AccountCode`; nil for an empty one.
        public var accountCode: String?
        /// Where it stands in the dialplan; in `Newchannel` of a caller `exten` is what was dialled.
        public var location: Location
        /// Takes all of them; what is not known is nil, not text.
        public init(
            channel: Channel, name: ChannelName, state: ChannelState, number: String?, callerName: String?,
            accountCode: String?, location: Location
        ) {
            (self.channel, self.name, self.state, self.number) = (channel, name, state, number)
            (self.callerName, self.accountCode, self.location) = (callerName, accountCode, location)
        }
    }
    /// A channel variable that rode on an event (`ChanVariable: name=value`) or was set (`VarSet`).
    public struct Variable: Sendable, Hashable {
        /// Whose it is: told by the header's prefix, as `DestChanVariable` is the dialled channel's.
        public var channel: UniqueID
        /// Bare: the underscores of `__name`, which say that it is inherited, are taken off.
        public var name: String
        /// Its C escapes taken back. Empty also on a channel that never had the variable, so empty is no value.
        public var value: String
        public init(channel: UniqueID, name: String, value: String) {
            (self.channel, self.name, self.value) = (channel, name, value)
        }
    }
    /// What a bridge means to those in it, from `BridgeType` and `BridgeTechnology`.
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
    /// A queue's member being rung, connected or done with, as `AgentCalled` and its kin tell.
    public struct AgentCall: Sendable, Hashable {
        /// Name of the queue, as in queues.conf.
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
    /// Two calls that somebody put together by leaving both: event `AttendedTransfer`.
    public struct AttendedTransfer: Sendable, Hashable {
        /// The transferer's channel in the first call: `OrigTransferer…`.
        public var original: Channel
        /// The transferer's channel in the consultation: `SecondTransferer…`, the same one where keys were pressed
        /// (DTMF), another by REFER.
        public var second: Channel?
        /// Who is handed on; nil where a whole bridge was, of more than two.
        public var transferee: Channel?
        /// Who takes over; nil where that is an application or a bridge of several.
        public var target: Channel?
        /// The application the target runs, where it is no bridge.
        public var application: String?
        /// `Result: Success`; else `Fail`, `Invalid` or `Not Permitted`, and the call stays as it was. An aborted
        /// consultation has no event at all.
        public var succeeded: Bool
        public init(
            original: Channel, second: Channel?, transferee: Channel?, target: Channel?, application: String?,
            succeeded: Bool
        ) {
            (self.original, self.second, self.transferee, self.target) = (original, second, transferee, target)
            (self.application, self.succeeded) = (application, succeeded)
        }
    }
    /// What became of an `Originate` action with `Async: true`: event `OriginateResponse`. A call file has none.
    public struct Originate: Sendable, Hashable {
        /// Nil where the origination failed: then only the dial string tells which it was.
        public var channel: UniqueID?
        /// What was dialled first, as `PJSIP/1001`.
        public var dialled: String
        /// The extension the answered line was to be sent to: for click-to-call the customer's number. Nil for an application.
        public var exten: String?
        /// The context of `exten`; nil with it.
        public var context: String?
        /// `Response: Success`: the first line answered. Says nothing of the second one.
        public var succeeded: Bool
        public init(channel: UniqueID?, dialled: String, exten: String?, context: String?, succeeded: Bool) {
            (self.channel, self.dialled, self.exten) = (channel, dialled, exten)
            (self.context, self.succeeded) = (context, succeeded)
        }
    }
    /// A channel that is alive, from the list asked for after a connect.
    public struct Listed: Sendable, Hashable {
        /// The channel as it is now: its place in the dialplan is not where it came in.
        public var snapshot: Snapshot
        /// The bridge it is in; nil for none. What kind of bridge no list says.
        public var bridge: BridgeID?
        /// Time since its creation, in whole seconds (`Seconds` of Status, `Duration` of CoreShowChannels); neither
        /// list tells the time of answer.
        public var age: Duration?
        /// `CDR(start)`: the PBX's local time without a zone, in whole seconds; nil where Asterisk was not asked for it.
        public var started: CivilTime?
        /// `CDR(answer)`, likewise; nil also where the channel's CDR knows of no answer.
        public var answered: CivilTime?
        /// `CDR(start,u)`: UTC to the microsecond.
        public var startedAt: Instant?
        /// `CDR(answer,u)`, likewise.
        public var answeredAt: Instant?
        /// What the channel's party dialled, wherever the dialplan has taken it since; nil for a channel that was dialled.
        public var dialled: String?
        /// Told by `Status`, else by `CoreShowChannel`.
        public var isStatus = false
        /// Leaves what only `Status` tells (`startedAt`, `answeredAt`, `dialled`) to be set.
        public init(snapshot: Snapshot, bridge: BridgeID?, age: Duration?, started: CivilTime?, answered: CivilTime?) {
            (self.snapshot, self.bridge, self.age) = (snapshot, bridge, age)
            (self.started, self.answered) = (started, answered)
        }
    }

    /// What an event says: a case for each kind, named as the manager event is unless its comment says otherwise.
    ///
    /// The rare and the large are behind a reference, so that an event is cheap to hand on. `Channel` is whose event it
    /// is, nil where Asterisk names none.
    public enum Body: Sendable {
        // Channels.
        indirect case newChannel(Snapshot)
        /// `up` of a caller's channel: the PBX or somebody behind it answered. `up` of a dialled one: that line did.
        case newState(Channel, ChannelState)
        /// Nil for `<unknown>`: the channel has none, not that it lost what it had.
        case newCallerID(Channel, number: String?, name: String?)
        /// Nil for an emptied one, which leaves the record's as it was.
        case newAccountCode(Channel, String?)
        /// The channel's new name; its ids stay.
        case rename(Channel, ChannelName)
        /// That channel's own side ended it (BYE, CANCEL, a refusal), or Busy() and Congestion() did on the caller's.
        /// The cause is 22's; 16 mostly states none.
        case hangupRequest(Channel, HangupCause?)
        /// Every end in the dialplan comes with one: it tells nothing of who hung up.
        case softHangupRequest(Channel)
        /// The channel is gone. `text` is `Cause-txt`; `techCause` the SIP status of a failed leg (22 only); `at` where
        /// the dialplan was.
        case hangup(Channel, HangupCause, text: String?, techCause: String?, at: Location)
        // Dials. The source is nil where Asterisk itself dialled (Originate).
        /// One line starts to be rung. `at` is where the source is in the dialplan, nil without one; `dialString` is
        /// what follows Dial's technology (`15559876543@trunk`), or a queue member's whole interface.
        indirect case dialBegin(source: Channel?, at: Location?, destination: Snapshot, dialString: String?)
        /// Only `RINGING` comes through: other words of `DialStatus` tell nothing that is kept.
        case dialState(destination: Channel, status: String)
        /// How that line's ringing ended; a queue tells it twice. `forward` is where a redirected (302) line sent the call.
        case dialEnd(source: Channel?, destination: Channel, status: DialStatus, forward: String?)
        // Bridges.
        /// Also for `MeetmeJoin`, whose room stands as bridge `meetme/ROOM`. `at` is the channel's place in the dialplan.
        case bridgeEnter(Channel, BridgeID, BridgeKind, at: Location)
        /// A place other than at the entry: somebody redirected the channel, or the dialplan goes on.
        case bridgeLeave(Channel, BridgeID, at: Location)
        /// The channel's party pressed a key; which one is nobody's business.
        case keyPressed(Channel)
        /// The channel's party pressed hold: whoever is with it in the bridge hears music.
        case hold(Channel)
        /// The end of `hold`.
        case unhold(Channel)
        /// `MusicOnHoldStart` and `…Stop`: also of a queue's or a dialplan's music, so no sign of hold.
        case musicOnHold(Channel, isPlaying: Bool)
        /// Two halves of one Local channel, `…;1` and `…;2`: who is with one is with the other.
        case localBridge(one: Channel, two: Channel)
        // Transfers.
        /// `exten` and `context` are where the transferee was sent. Success says that it was sent, not that anybody
        /// answered there.
        indirect case blindTransfer(
            transferer: Channel, transferee: Channel?, exten: String, context: String, succeeded: Bool)
        indirect case attendedTransfer(AttendedTransfer)
        /// `by` takes the call that rang on `target`; its linked id is its own until moments later.
        case pickup(by: Channel, target: Channel)
        /// `parker`: the device (`PJSIP/1001`) that gets the call back if nobody takes it; `space`: the number to dial for it.
        case parkedCall(Channel, parker: String?, space: String?)
        /// Somebody took the parked call: `retriever`, whose linked id is its own until moments later.
        case unParkedCall(Channel, retriever: Channel?)
        /// Nobody did in time: it goes back to the parker.
        case parkedCallTimeOut(Channel)
        /// The parked party hung up.
        case parkedCallGiveUp(Channel)
        // Queues.
        /// `position`: 1 is next.
        case queueCallerJoin(Channel, queue: String, position: Int?, at: Location)
        /// The wait is over in whatever way: a member, a key, the time limit, a hangup.
        case queueCallerLeave(Channel, queue: String, at: Location)
        /// The wait ended without a member: the caller hung up, or (in spite of the name) the queue's time was up.
        case queueCallerAbandon(Channel, queue: String)
        /// A member is rung for the caller; the caller is nil where the event names the member's channel only.
        indirect case agentCalled(Channel?, AgentCall)
        /// A member took the call.
        indirect case agentConnect(Channel?, AgentCall)
        /// A member was rung in vain; a busy one looks the same.
        indirect case agentRingNoAnswer(Channel?, AgentCall)
        /// Member and caller parted; comes before the bridge is left. `reason`: `agent`, `caller` or `transfer`.
        indirect case agentComplete(Channel?, AgentCall, reason: String?)
        /// An agent's line is logged in (AgentLogin): customers come and go on it, each with a call of its own.
        case agentLogin(Channel, agent: String)
        /// The line is an ordinary one again.
        case agentLogoff(Channel)
        // Recording.
        /// No event names the file: `MIXMONITOR_FILENAME` among the variables does, or a `variableSet` just before.
        case mixMonitorStart(Channel)
        /// Only after StopMixMonitor; a recording that runs to the hangup has none.
        case mixMonitorStop(Channel)
        // The rest of the story.
        /// Comes before or after the channel's own events, also after its `Hangup`.
        indirect case originateResponse(Originate)
        /// A channel began an application of the dialplan that matters to a call's story (queue, voicemail).
        case application(Channel, name: String, data: String)
        /// `VarSet`: all of it stands in the event's `variables`.
        case variableSet
        /// One `Cdr` row; rows of a call come before or after its `Hangup`, and seconds late with `batch = yes`.
        indirect case cdr(CDRRow)
        /// One CEL entry, from an event or a file.
        indirect case cel(CELRow)
        /// What the dialplan itself said, by FastAGI or from the spool.
        indirect case witness(InsideWitness)
        // The connection itself.
        /// The manager's greeting: a new connection, which knows nothing of the calls before it.
        case connected
        /// The stream ended, or the reader lost it: what happens from here on is not heard.
        case disconnected
        /// Asterisk has been up for this long.
        case fullyBooted(uptime: Duration?)
        /// Asterisk is going down in order; the calls' ends were told before.
        case shutdown
        /// The live channels are about to be listed, as asked for after a connect or a damaged event.
        case listBegan
        /// One live channel, from `Status` or `CoreShowChannel`: the same channel may come from both.
        indirect case listed(Listed)
        /// The list is whole: known channels that are not in it have ended unseen.
        case listComplete
        /// An event that may be forged or broken, and was not applied.
        case damaged(String)
    }
}
