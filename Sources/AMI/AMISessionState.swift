import AsteriskWire

/// One session's life from the open connection on, as a value: each input returns what is to be done. It has no socket, no
/// timer and no clock.
///
///     awaitingBanner ─banner▶ awaitingChallenge ─▶ awaitingLogin ─Success▶ awaitingBoot ─FullyBooted, or late▶ ready
///            └───────────────────┴──── wrong answer, or too late ──▶ ended ◀── silence ──────────────────────────┘
struct AMISessionState {
    /// How far the session is; see the picture above.
    enum Phase: Equatable {
        case awaitingBanner
        case awaitingChallenge
        case awaitingLogin
        case awaitingBoot
        case ready
        case ended
    }

    /// What the driver is to do, in order.
    enum Action: Equatable {
        /// Put it on the wire under this ActionID.
        case send(AMIAction, id: String)
        /// Tell the handler.
        case report(AMIReport)
        /// Logged in: start to count the boot deadline and the ping interval, take actions of others.
        case open
        /// Ask for the live channels.
        case resync
        /// Close the connection; nothing follows.
        case end(AMIError)
    }

    /// Only goes on, never back.
    private(set) var phase = Phase.awaitingBanner
    /// The greeting's, as `11.0.0`; empty before it.
    private(set) var managerVersion = ""
    private let configuration: AMIConfiguration
    /// ActionID of our own requests; secret enough that nobody can forge an answer through event text.
    private let id: String
    private var hasHeard = false
    private var isPinging = false

    /// - Parameter id: prefix of the ActionIDs the session uses for itself.
    init(configuration: AMIConfiguration, id: String) {
        (self.configuration, self.id) = (configuration, id)
    }

    private var loginOperation: String { "log in to \(configuration.place) as \(configuration.username)" }

    /// Bytes came.
    mutating func heard() { hasHeard = true }

    /// Whether a message of this kind can change anything: of an open session's hardly any does.
    func awaits(_ kind: AMIMessage.Kind) -> Bool {
        if case .event(.fullyBooted) = kind { true } else { phase != .ready }
    }

    /// A message came.
    mutating func message(_ message: borrowing AMIMessage) -> [Action] {
        switch phase {
        case .ready:
            // FullyBooted comes late from an Asterisk that was still starting.
            return message.kind == .event(.fullyBooted) ? [booted(message)] : []
        case .awaitingBanner:
            guard message.kind == .banner else { return end(notAManager("it greets with something else")) }
            managerVersion = message.bannerVersion
            return greet()
        case .awaitingChallenge, .awaitingLogin:
            guard message.kind == .response, message.string(.actionID) == ownID else { return [] }
            return answer(message)
        case .awaitingBoot:
            guard message.kind == .event(.fullyBooted) else { return [] }
            phase = .ready
            return [booted(message), .resync]
        case .ended: return []
        }
    }

    private var ownID: String { "\(id)-login" }

    private mutating func greet() -> [Action] {
        guard configuration.login == .challenge else { return logIn(.init("Secret", configuration.secret), md5: false) }
        phase = .awaitingChallenge
        return [.send(AMIAction("Challenge", [.init("AuthType", "MD5")]), id: ownID)]
    }

    private mutating func logIn(_ proof: AMIAction.Header, md5: Bool) -> [Action] {
        phase = .awaitingLogin
        var headers = [AMIAction.Header("Username", configuration.username), proof]
        if md5 { headers.insert(.init("AuthType", "MD5"), at: 0) }
        headers.append(.init("Events", configuration.eventMask))
        return [.send(AMIAction("Login", headers), id: ownID)]
    }

    private mutating func answer(_ message: borrowing AMIMessage) -> [Action] {
        let text = message.string(.message) ?? "no reason given"
        guard message.equals(.response, "Success") else {
            return end(
                AMIError(
                    .loginRefused, operation: loginOperation, detail: text,
                    hint: "check user, secret and permit/deny of this user in manager.conf, then: manager reload"))
        }
        if phase == .awaitingChallenge {
            guard let challenge = message.string(.challenge) else { return end(notAManager("Challenge without one")) }
            return logIn(.init("Key", MD5.hexDigest(of: challenge + configuration.secret)), md5: true)
        }
        phase = .awaitingBoot
        return [.open, .report(.loggedIn(managerVersion: managerVersion))]
    }

    private func booted(_ message: borrowing AMIMessage) -> Action {
        .report(.fullyBooted(uptime: message.integer(.uptime).map { .seconds($0) }))
    }

    /// FullyBooted did not come in time.
    mutating func bootDeadlinePassed() -> [Action] {
        guard phase == .awaitingBoot else { return [] }
        phase = .ready
        return [.resync]
    }

    /// The login took too long. `isMidMessage`: the peer has said something, but no line of a manager.
    mutating func loginDeadlinePassed(isMidMessage: Bool) -> [Action] {
        switch phase {
        case .awaitingBanner:
            if isMidMessage { return end(notAManager("what it says never ends like a manager's greeting")) }
            return end(notAManager("no greeting within \(configuration.loginDeadline)"))
        case .awaitingChallenge, .awaitingLogin:
            return end(
                AMIError(
                    .actionTimedOut, operation: loginOperation,
                    detail: "no answer within \(configuration.loginDeadline)", hint: "Asterisk hangs or is overloaded"))
        default: return []
        }
    }

    /// The ping interval has passed once more.
    mutating func pingDue() -> [Action] {
        guard phase == .awaitingBoot || phase == .ready else { return [] }
        if hasHeard {
            hasHeard = false
            isPinging = false
            return []
        }
        if isPinging {
            return end(
                AMIError(
                    .peerSilent, operation: "keep the connection to \(configuration.place)",
                    detail: "nothing heard for \(configuration.pingInterval * 2), a Ping was not answered",
                    hint: "the host, the network or Asterisk itself hangs"))
        }
        isPinging = true
        return [.send(.ping, id: "\(id)-ping")]
    }

    /// The connection is gone, for whatever reason.
    mutating func closed() { phase = .ended }

    private mutating func end(_ error: AMIError) -> [Action] {
        phase = .ended
        return [.end(error)]
    }

    private func notAManager(_ detail: String) -> AMIError {
        AMIError(
            .notAManager, operation: "talk to \(configuration.place)", detail: detail,
            hint: configuration.tls == nil
                ? "is this the manager's port (5038), and does it expect TLS?" : "is this the manager's TLS port?")
    }
}
