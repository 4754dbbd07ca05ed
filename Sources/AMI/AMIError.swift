import AsteriskWire
import EventLoop

/// Why a manager connection or an action failed, told apart by what an operator would do about it.
public struct AMIError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kinds; the raw value is what logs, alerts and metrics show.
    public enum Code: String, Sendable, CaseIterable {
        /// Nobody listens on the port.
        case connectionRefused = "connection_refused"
        /// Name, route or silence: the host was not reached.
        case unreachable
        /// TLS was not possible, or not with this certificate.
        case tlsFailed = "tls_failed"
        /// Something answers that is not Asterisk's manager.
        case notAManager = "not_a_manager"
        /// Asterisk refused user name and secret (or our address).
        case loginRefused = "login_refused"
        /// The user may not do that: a class is missing in manager.conf.
        case permissionMissing = "permission_missing"
        /// Asterisk answered an action with an error of its own.
        case actionFailed = "action_failed"
        /// An action got no (complete) answer in time.
        case actionTimedOut = "action_timed_out"
        /// An action holds text that cannot be sent: CR, LF or NUL.
        case badAction = "bad_action"
        /// The connection ended or broke.
        case connectionLost = "connection_lost"
        /// Connected, but nothing was heard for two ping intervals.
        case peerSilent = "peer_silent"
        /// The stream passed a limit of the decoder.
        case streamDamaged = "stream_damaged"
        /// There is no session to send the action on.
        case notConnected = "not_connected"
        /// The client was stopped, or the task was cancelled.
        case stopped
    }

    /// What happened, as far as it decides what to do.
    public var code: Code
    /// What was being done, and where: `log in to pbx:5038 as hookswitch`.
    public var operation: String
    /// The other side's or the system's own words. No secrets, no numbers.
    public var detail: String
    /// The sentence an operator needs.
    public var hint: String

    /// - Parameters:
    ///   - operation: after "cannot": `do Ping on pbx:5038`.
    ///   - hint: empty where there is nothing to be done.
    public init(_ code: Code, operation: String, detail: String, hint: String = "") {
        (self.code, self.operation, self.detail, self.hint) = (code, operation, detail, hint)
    }

    public var description: String {
        hint.isEmpty ? "cannot \(operation): \(detail)" : "cannot \(operation): \(detail) (\(hint))"
    }

    /// Connecting, TLS or the socket failed.
    init(_ error: EventLoopError, operation: String) {
        let code: Code =
            switch error.code {
            case .connectionRefused: .connectionRefused
            case .unreachable, .timedOut, .nameNotFound, .addressInvalid, .descriptorsExhausted: .unreachable
            case .certificateWrong, .tlsFailed, .tlsSetup: .tlsFailed
            case .cancelled: .stopped
            default: .connectionLost
            }
        self.init(code, operation: operation, detail: error.detail, hint: AMIError.hint(code, error))
    }

    private static func hint(_ code: Code, _ error: EventLoopError) -> String {
        code == .connectionRefused
            ? "is Asterisk running, and has manager.conf enabled = yes and this bindaddr and port?" : error.hint
    }

    /// The stream passed a limit.
    init(_ error: AMIDecodeError, operation: String) {
        self.init(.streamDamaged, operation: operation, detail: error.description, hint: error.hint)
    }

    /// Asterisk's `Permission denied` to an action, with the right to add.
    static func permissionMissing(_ action: String, place: String) -> AMIError {
        AMIError(
            .permissionMissing, operation: "do \(action) on \(place)", detail: "Permission denied",
            hint: AMIError.rights(for: action))
    }

    /// The right that an action needs, as measured on Asterisk 16 and 22.
    private static func rights(for action: String) -> String {
        let needed =
            switch action {
            case "CoreShowChannels", "CoreStatus", "CoreSettings", "Status": "reporting"
            case "ParkedCalls", "Getvar", "Setvar", "Hangup", "Redirect", "Bridge": "call"
            case "Originate": "originate"
            case "Filter": "system"
            case "Command": "command"
            default: "the right that its documentation names"
            }
        return "in manager.conf add \(needed) to this user's write = line, then: manager reload"
    }
}
