public import AMI
import AsteriskWire
import CallAssembly
import Delivery
import Diagnostics
import EventLoop
import Telephony

/// One Asterisk: its manager connection, the fold of its calls, and what an operator should know of both.
///
/// **Isolation**: on the loop's thread only. `@unchecked Sendable`: all state is touched there alone.
final class PBXLink: @unchecked Sendable {
    /// The `[pbx:]` section, as at the start.
    let configuration: Configuration.PBX
    /// Takes what this connection tells, and what the dialplan tells of the same Asterisk's calls.
    let fold: FoldDriver
    private let client: AMIClient
    private let loop: EventLoop
    private let logger: Logger
    private let now: @Sendable () -> Instant
    /// A connection that flaps is told of at once, then once a minute with how often it was.
    private let alerts: AlertGate
    private let damaged: Counter
    private let connected: Counter
    private var running: Task<Void, Never>?

    /// Told when the connection is lost: nothing is heard from then on.
    var whenDeaf: (Instant) -> Void = { _ in }
    /// Whether the calls in progress have been listed on the present connection.
    var knowsCalls: Bool { loggedInAt != nil && hasToldChannels }
    /// When the login was accepted; nil while there is no connection.
    private(set) var loggedInAt: Instant?
    /// `systemname` of asterisk.conf, empty where there is none; nil before the first login.
    private(set) var systemName: String?
    /// How many lists of the live channels were begun so far, on any connection: each has a number, from 1.
    private(set) var listsBegun = 0
    /// The number of the latest list that was complete; 0 before the first.
    private(set) var completeList = 0
    private var hasBooted = false
    private var isLossTold = false
    private var lastResyncAt: Instant?
    private var isResyncDue = false
    /// Since the login: whether a `Newchannel` came, the calls in progress were listed, and a user without rights was told of.
    private var hasChannelEvents = false
    private var hasToldChannels = false
    private var hasToldSilence = false
    /// Once for all connections.
    private var hasToldTimestamps = false
    /// Damaged events, and CDRs where they are all that is heard, ask for a list of the channels at most this often: a forger must not
    /// keep us busy.
    static let resyncPause: Duration = .seconds(5)
    /// A channel is listed for some moments after its CDR was told.
    private static let cdrPause: Duration = .seconds(1)

    /// Connects to nothing yet.
    /// - Parameter raise: takes alerts of this Asterisk, repeats already held back.
    init(
        _ configuration: Configuration.PBX, fold: FoldDriver, loop: EventLoop, logger: Logger,
        counters: CounterRegistry, now: @escaping @Sendable () -> Instant, raise: @escaping (Alert) -> Void
    ) {
        (self.configuration, self.fold, self.loop, self.now) = (configuration, fold, loop, now)
        alerts = AlertGate(subject: configuration.name, on: loop, now: now, raise: raise)
        self.logger = logger.part("ami", [.pbx: .text(configuration.name)])
        client = AMIClient(configuration.amiConfiguration, on: loop)
        damaged = counters.counter("ami.damaged", label: configuration.name)
        connected = counters.counter("ami.connected", label: configuration.name)
    }

    /// Connects, and stays connected until `stop`.
    func start() {
        let handler = AMIHandler(
            message: { [unowned self] message in take(message) }, report: { [unowned self] report in take(report) })
        running = Task(name: "ami-\(configuration.name)", executorPreference: loop) { [client] in
            await client.run(handler)
        }
    }

    /// Logs off. Returns when the connection is closed; it tells the fold nothing after that.
    func stop() async {
        client.stop()
        await running?.value
        alerts.close()
    }

    // MARK: The stream

    private func take(_ message: borrowing AMIMessage) {
        if case .event(let name) = message.kind {
            switch name {
            case .newchannel:
                hasChannelEvents = true
                if message.timestamp == nil { tellTimestamps() }
            case .coreShowChannel, .coreShowChannelsComplete, .status, .statusComplete:
                guard client.asked(for: message) else {
                    return resync("\(name.rawValue) that nobody asked for", offset: message.offset)
                }
                if name == .coreShowChannel { lookForSilence(message) }
            default: break
            }
        }
        fold.take(message, arrival: now())
        if case .event(.cdr) = message.kind, !hasChannelEvents, fold.hasStrayRows || fold.mayHaveMissedEnds {
            askForCallsSoon(after: PBXLink.cdrPause)
        }
    }

    private func tellTimestamps() {
        guard !hasToldTimestamps else { return }
        hasToldTimestamps = true
        logger.warning(
            "events carry no time of their own; the time of arrival is used",
            [.hint: .text("write timestampevents = yes into [general] of manager.conf, then: manager reload")])
    }

    /// A channel that is listed, was made after our login and was never announced: the user may not see calls.
    private func lookForSilence(_ message: borrowing AMIMessage) {
        guard !hasToldSilence, !hasChannelEvents, let loggedInAt, let age = message.string(.duration) else { return }
        let parts = age.split(separator: ":").compactMap { Int($0) }
        guard parts.count == 3 else { return }
        let seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
        guard now() - loggedInAt > .seconds(seconds + 2) else { return }
        hasToldSilence = true
        alerts.alert(
            .noRecords,
            "Asterisk has channels whose events do not come: "
                + "write read = system,call,agent,cdr for this user in manager.conf, check its eventfilter, then: manager reload"
        )
    }

    // MARK: The connection

    private func take(_ report: AMIReport) {
        switch report {
        case .connecting(let attempt):
            logger.debug("connecting", [.address: .text(configuration.ami.description), .attempt: .number(attempt)])
        case .loggedIn(let version):
            (loggedInAt, hasBooted, hasChannelEvents, hasToldSilence) = (now(), false, false, false)
            hasToldChannels = false
            connected.set(1)
            logger.notice(
                "manager connected",
                [.address: .text(configuration.ami.description), .managerVersion: .text(version)])
            if isLossTold {
                isLossTold = false
                logger.notice("manager connection is back; calls in progress are being looked up")
                alerts.alert(.managerRecovered, "the manager connection to \(configuration.ami) is back")
            }
        case .fullyBooted: hasBooted = true
        case .server(let server):
            // A user that may not ask is told nothing, which is not the same as no name.
            if !server.asteriskVersion.isEmpty { systemName = server.systemName }
            guard !hasToldChannels else { break }
            logger.info(
                "Asterisk told its version",
                [.asteriskVersion: .text(server.asteriskVersion), .state: .text(server.startedAt)])
        case .resyncBegan:
            listsBegun += 1
            fold.listBegan()
        case .resyncEnded(let failures): resyncEnded(failures)
        case .lost(let error, _, let retryIn): lost(error, retryIn)
        }
    }

    private func resyncEnded(_ failures: [AMIError]) {
        if !hasBooted {
            logger.warning(
                "no FullyBooted came after the login",
                [
                    .hint: .text(
                        "add system to this user's read = line in manager.conf, unless Asterisk is just starting")
                ],
                repeats: .counted)
        }
        for failure in failures {
            logger.error(
                "the calls in progress could not be asked for",
                [
                    .errorCode: .text(failure.code.rawValue), .error: .text(failure.detail),
                    .hint: .text(failure.hint),
                ])
        }
        if failures.isEmpty { completeList = listsBegun }
        if failures.isEmpty, !hasToldChannels {
            hasToldChannels = true
            logger.notice("calls in progress are known", [.count: .number(fold.openCallCount)])
        }
    }

    private func lost(_ error: AMIError, _ retryIn: Duration?) {
        if loggedInAt != nil {
            fold.connectionLost()
            whenDeaf(now())
        }
        loggedInAt = nil
        connected.set(0)
        guard let retryIn else {
            logger.info("manager connection closed")
            return
        }
        logger.error(
            "no manager connection",
            [
                .address: .text(configuration.ami.description), .errorCode: .text(error.code.rawValue),
                .error: .text(error.detail), .hint: .text(error.hint), .retryIn: .milliseconds(retryIn),
            ], repeats: .counted)
        guard !isLossTold else { return }
        isLossTold = true
        alerts.alert(
            .managerLost, "no manager connection to \(configuration.ami): \(error.code.rawValue); \(error.hint)")
    }

    // MARK: Resync

    /// An event was refused as damaged or forged: a real one may have been swallowed with it.
    func resync(_ reason: String, offset: Int64?) {
        damaged.add()
        logger.warning(
            "a manager event was refused",
            [.error: .text(reason), .bytes: .number(Int(offset ?? -1))], repeats: .counted)
        askForCallsSoon(after: .zero)
    }

    private func askForCallsSoon(after pause: Duration) {
        guard !isResyncDue else { return }
        let wait = lastResyncAt.map { PBXLink.resyncPause - (now() - $0) } ?? .zero
        isResyncDue = true
        _ = loop.schedule(after: max(pause, wait)) { [weak self] in
            guard let self else { return }
            isResyncDue = false
            lastResyncAt = now()
            askForCalls()
        }
    }

    /// Asks for the live channels once more; while there is no connection that is left to the next one.
    func askForCalls() {
        if loggedInAt != nil { client.resync() }
    }

    /// Once a minute: while no channel is announced, looks whether there are any; and whether those still live whose end may be hidden
    /// from this manager user.
    func minute() {
        let isSilent = !hasChannelEvents && (!hasToldSilence || fold.openCallCount > 0)
        if isSilent || fold.mayHaveMissedEnds { askForCalls() }
    }
}

extension Configuration.PBX {
    /// How the manager client reaches this Asterisk.
    public var amiConfiguration: AMIConfiguration {
        var client = AMIConfiguration(host: ami.host, port: ami.port, username: username, secret: secret)
        if ami.isTLS {
            var tls = TLSClientOptions(hostName: certificateName ?? ami.host)
            tls.authoritiesFile = certificateAuthorities
            tls.verifiesCertificate = verifiesCertificate
            client.tls = tls
        }
        return client
    }
}
