public import AsteriskWire
public import EventLoop

/// Why a session ended, or a command failed.
public struct FastAGIError: Error, Sendable, CustomStringConvertible {
    /// The kinds; the raw value is the label of a metric.
    public enum Code: String, Sendable, CaseIterable {
        /// The peer closed its connection before the environment was whole.
        case endedBeforeEnvironment = "ended_before_environment"
        /// Asterisk closed the connection while a command waited for its reply.
        case peerClosed = "peer_closed"
        /// The session's time was over.
        case deadline
        /// The peer sent something else than AGI, or too much of it; `wire` says what.
        case malformed
        /// A command cannot be written; `wire` says why. Nothing was sent, the session can go on.
        case commandRefused = "command_refused"
        /// The channel has hung up and the command needs a live one (511).
        case channelGone = "channel_gone"
        /// Asterisk does not know the command (510) or its usage is wrong (520), or it failed; `reply` says more.
        case commandFailed = "command_failed"
        /// The connection broke; `transport` says how.
        case connectionBroken = "connection_broken"
        /// The session is over already.
        case ended
        /// The task was cancelled.
        case cancelled
    }
    /// Which kind.
    public var code: Code { details.code }
    /// The verb of the command that was under way, without its arguments; empty where there was none.
    public var command: String { details.command }
    /// What the codec refused; nil for other kinds.
    public var wire: AGIError? { details.wire }
    /// What Asterisk answered; nil where the trouble was no answer.
    public var reply: AGIReply? { details.reply }
    /// What the connection met; nil where it was not to blame.
    public var transport: EventLoopError? { details.transport }

    /// Apart from the error, as every suspended function of a session has room for one: in place it was a fifth of a
    /// session's memory.
    private final class Details: Sendable {
        let code: Code
        let command: String
        let wire: AGIError?
        let reply: AGIReply?
        let transport: EventLoopError?
        /// Without a command: it failed before or between them.
        init(_ code: Code, _ command: String, _ wire: AGIError?, _ reply: AGIReply?, _ transport: EventLoopError?) {
            (self.code, self.command) = (code, command)
            (self.wire, self.reply, self.transport) = (wire, reply, transport)
        }
    }
    private let details: Details

    init(
        _ code: Code, command: String = "", wire: AGIError? = nil, reply: AGIReply? = nil,
        transport: EventLoopError? = nil
    ) {
        details = Details(code, command, wire, reply, transport)
    }
    /// A connection's trouble: a missed deadline is the session's own.
    init(_ error: EventLoopError, command: String) {
        switch error.code {
        case .cancelled: self.init(.cancelled, command: command, transport: error)
        case .timedOut: self.init(.deadline, command: command, transport: error)
        case .closed: self.init(.ended, command: command, transport: error)
        default: self.init(.connectionBroken, command: command, transport: error)
        }
    }

    /// Without any value of the call.
    public var description: String {
        var text = code.rawValue
        if !command.isEmpty { text += " during \(command)" }
        if let wire { text += ": \(wire)" }
        if let reply { text += ": \(reply.code)" }
        if let transport { text += ": \(transport.detail)" }
        return text
    }
    /// The sentence an operator needs.
    public var hint: String {
        switch code {
        case .endedBeforeEnvironment: "a port check, or Asterisk was stopped in the middle"
        case .peerClosed: "Asterisk ended the session: the channel was torn down, or Asterisk was stopped"
        case .deadline: "the dialplan went on without the answer; see what the request waits for"
        case .malformed, .commandRefused: wire?.hint ?? ""
        case .channelGone: "the caller has hung up; only commands for dead channels work now"
        case .commandFailed: "look at Asterisk's log for the command"
        case .connectionBroken, .ended, .cancelled: ""
        }
    }
}
