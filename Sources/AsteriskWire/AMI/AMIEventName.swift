/// The manager events Hookswitch reads, spelt as Asterisk spells them; everything else is `other` and costs a scan.
///
/// Events that no call is told by are among them where they are frequent: to know them is cheaper than to look at them.
public enum AMIEventName: String, CaseIterable, Sendable {
    case newchannel = "Newchannel"
    case newstate = "Newstate"
    case newCallerid = "NewCallerid"
    case newConnectedLine = "NewConnectedLine"
    case newAccountCode = "NewAccountCode"
    case rename = "Rename"
    case dialBegin = "DialBegin"
    case dialState = "DialState"
    case dialEnd = "DialEnd"
    case hangupRequest = "HangupRequest"
    case softHangupRequest = "SoftHangupRequest"
    case hangup = "Hangup"
    case hold = "Hold"
    case unhold = "Unhold"
    case dtmfEnd = "DTMFEnd"
    case musicOnHoldStart = "MusicOnHoldStart"
    case musicOnHoldStop = "MusicOnHoldStop"
    case bridgeCreate = "BridgeCreate"
    case bridgeDestroy = "BridgeDestroy"
    case bridgeEnter = "BridgeEnter"
    case bridgeLeave = "BridgeLeave"
    case bridgeMerge = "BridgeMerge"
    case localBridge = "LocalBridge"
    case localOptimizationBegin = "LocalOptimizationBegin"
    case localOptimizationEnd = "LocalOptimizationEnd"
    case blindTransfer = "BlindTransfer"
    case attendedTransfer = "AttendedTransfer"
    case pickup = "Pickup"
    case parkedCall = "ParkedCall"
    case unParkedCall = "UnParkedCall"
    case parkedCallTimeOut = "ParkedCallTimeOut"
    case parkedCallGiveUp = "ParkedCallGiveUp"
    case parkedCallSwap = "ParkedCallSwap"
    case queueCallerJoin = "QueueCallerJoin"
    case queueCallerLeave = "QueueCallerLeave"
    case queueCallerAbandon = "QueueCallerAbandon"
    case agentCalled = "AgentCalled"
    case agentConnect = "AgentConnect"
    case agentComplete = "AgentComplete"
    case agentRingNoAnswer = "AgentRingNoAnswer"
    case agentDump = "AgentDump"
    case agentLogin = "AgentLogin"
    case agentLogoff = "AgentLogoff"
    case mixMonitorStart = "MixMonitorStart"
    case mixMonitorStop = "MixMonitorStop"
    case mixMonitorMute = "MixMonitorMute"
    case monitorStart = "MonitorStart"
    case monitorStop = "MonitorStop"
    case originateResponse = "OriginateResponse"
    case varSet = "VarSet"
    case newexten = "Newexten"
    case userEvent = "UserEvent"
    case confbridgeJoin = "ConfbridgeJoin"
    case confbridgeLeave = "ConfbridgeLeave"
    case meetmeJoin = "MeetmeJoin"
    case meetmeLeave = "MeetmeLeave"
    case cdr = "Cdr"
    case cel = "CEL"
    case fullyBooted = "FullyBooted"
    case shutdown = "Shutdown"
    case reload = "Reload"
    case chanSpyStart = "ChanSpyStart"
    case chanSpyStop = "ChanSpyStop"
    // Items and ends of lists asked for after a connect.
    case coreShowChannel = "CoreShowChannel"
    case coreShowChannelsComplete = "CoreShowChannelsComplete"
    case status = "Status"
    case statusComplete = "StatusComplete"
    case other = ""

    private static let table = NameTable(AMIEventName.allCases.dropLast().map(\.rawValue))
    private static let all = AMIEventName.allCases

    /// Place in a table; dense.
    @inline(__always) var ordinal: Int { unsafe Int(unsafeBitCast(self, to: UInt8.self)) }

    /// What stands behind `Event: `; `other` for a name that is not in the list.
    @inline(__always)
    init(bytes: UnsafeRawPointer, count: Int) {
        self = unsafe AMIEventName.table.ordinal(of: bytes, count: count).map { AMIEventName.all[$0] } ?? .other
    }
}
