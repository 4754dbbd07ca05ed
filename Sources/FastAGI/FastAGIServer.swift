import AsteriskWire
public import Diagnostics
public import EventLoop
import Telephony

/// A FastAGI server: takes connections from a listener and runs a handler for each, all on the listener's loop.
///
/// ```swift
/// try loop.run {
///     let listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 4573)!, loop: loop)
///     await FastAGIServer(routes: routes).run(on: listener)
/// }
/// ```
/// Counters: `agi.sessions` (taken), `agi.refused` by reason, `agi.ended` by reason, `agi.active`.
public final class FastAGIServer: Sendable {
    private let configuration: FastAGIConfiguration
    private let routes: FastAGIRoutes
    private let logger: Logger
    private let counters: Counters

    private struct Counters: Sendable {
        let sessions, active, notPermitted, tooMany, completed, unknownRoute, handlerFailed: Counter
        let ended: [FastAGIError.Code: Counter]

        init(_ registry: CounterRegistry) {
            sessions = registry.counter("agi.sessions")
            active = registry.counter("agi.active")
            notPermitted = registry.counter("agi.refused", label: "not_permitted")
            tooMany = registry.counter("agi.refused", label: "too_many")
            completed = registry.counter("agi.ended", label: "completed")
            unknownRoute = registry.counter("agi.ended", label: "unknown_route")
            handlerFailed = registry.counter("agi.ended", label: "handler_failed")
            ended = Dictionary(
                uniqueKeysWithValues: FastAGIError.Code.allCases.map {
                    ($0, registry.counter("agi.ended", label: $0.rawValue))
                })
        }
    }

    /// - Parameter counters: where `agi.…` counters are made; a registry of its own unless given.
    public init(
        _ configuration: FastAGIConfiguration = FastAGIConfiguration(), routes: FastAGIRoutes,
        logger: Logger = .silent, counters: CounterRegistry = CounterRegistry()
    ) {
        (self.configuration, self.routes) = (configuration, routes)
        self.logger = logger.part("fastagi")
        self.counters = Counters(counters)
    }

    /// Serves until the listener is closed, and then until the last session has ended (at the latest by its deadline).
    /// Cancelling the task ends running sessions at once.
    nonisolated(nonsending) public func run(on listener: Listener) async {
        let loop = listener.loop
        await withDiscardingTaskGroup { group in
            while true {
                do throws(EventLoopError) {
                    guard let stream = try await listener.accept() else { return }
                    guard isWelcome(stream) else {
                        stream.close()
                        continue
                    }
                    counters.sessions.add()
                    counters.active.add()
                    group.addTask(executorPreference: loop) { [self] in
                        await serve(stream)
                        counters.active.add(-1)
                    }
                } catch {
                    if error.code == .cancelled {
                        group.cancelAll()
                        return
                    }
                    logger.error(
                        "accepting FastAGI connections failed",
                        [.errorCode: .text(error.code.rawValue), .error: .text(error.description)], repeats: .counted)
                    // A broken listening socket does not mend itself; without a pause this would spin.
                    do { try await loop.sleep(for: .seconds(1)) } catch { return }
                }
            }
        }
    }

    private func isWelcome(_ stream: ByteStream) -> Bool {
        let peer = stream.peerAddress
        guard configuration.permit.contains(where: { $0.contains(peer) }) else {
            counters.notPermitted.add()
            logger.warning(
                "FastAGI connection from a network that is not permitted",
                [
                    .peer: .text(peer.host),
                    .hint: .text("add it to permit in [fastagi] if it is one of your Asterisks"),
                ],
                repeats: .counted)
            return false
        }
        guard counters.active.value < configuration.maximumSessions else {
            counters.tooMany.add()
            logger.error(
                "too many FastAGI sessions at once: connection refused",
                [.count: .number(configuration.maximumSessions)], repeats: .counted)
            return false
        }
        return true
    }

    // MARK: One session

    nonisolated(nonsending) private func serve(_ stream: ByteStream) async {
        stream.endsReadsOnCancellation = false
        await withTaskCancellationHandler {
            await serveUntilFailed(stream)
        } onCancel: {
            stream.loop.perform {
                stream.fail(
                    EventLoopError(.cancelled, operation: "serve a FastAGI session", detail: "the server is stopping"))
            }
        }
    }
    nonisolated(nonsending) private func serveUntilFailed(_ stream: ByteStream) async {
        let clock = SessionClock(stream: stream)
        clock.start(configuration.deadline)
        defer {
            clock.finish()
            stream.close()
        }
        var machine = SessionMachine(limits: configuration.limits)
        let environment: AGIEnvironment
        do throws(FastAGIError) {
            environment = try await FastAGIServer.readEnvironment(stream, &machine)
        } catch {
            return note(clock.hasRung ? FastAGIError(.deadline) : error, path: "", nil)
        }
        let session = FastAGISession(
            stream: stream, machine: machine, environment: environment, request: AGIRequest(environment))
        guard let route = routes.route(session.request.path) else { return await answerUnknown(session) }
        switch route.deadline {
        case .ofServer: break
        case .after(let duration): clock.start(duration)
        case .none: clock.finish()
        }
        do {
            try await route.handler(session)
            counters.completed.add()
        } catch {
            handlerEnded(session, error, isLate: clock.hasRung)
        }
    }

    nonisolated(nonsending)
        private static func readEnvironment(
            _ stream: ByteStream, _ machine: inout SessionMachine
        ) async throws(FastAGIError) -> AGIEnvironment
    {
        while true {
            let isMore: Bool
            do {
                isMore = unsafe try await stream.read { unsafe machine.received($0) }
            } catch {
                throw FastAGIError(error, command: "")
            }
            if !isMore { throw machine.peerEnded() }
            if let environment = try machine.environment() { return environment }
        }
    }

    /// Tells the dialplan and the console that there is no such request, and lets the channel go.
    nonisolated(nonsending) private func answerUnknown(_ session: FastAGISession) async {
        counters.unknownRoute.add()
        logger.warning(
            "FastAGI request for an unknown path",
            [
                .agiScript: .redacted(Redacted(name: printable(session.request.path))),
                .uniqueID: .text(session.environment.uniqueID.description),
                .hint: .text("known paths: \(routes.paths.joined(separator: ", "))"),
            ], repeats: .counted)
        do {
            let path = String(printable(session.request.path).prefix(200))
            _ = try await session.perform(.verbose("hookswitch: no such request: \(path)", level: 1))
            _ = try await session.perform(.setVariable(FastAGIServer.statusVariable, value: "UNKNOWN"))
        } catch {
            // The session ends either way; what is unknown has been logged.
        }
    }

    /// The channel variable by which a dialplan learns how its request went.
    public static let statusVariable = "HOOKSWITCH_STATUS"

    // Neither is inlined: their temporaries would lie in the memory of every session that waits.
    @inline(never)
    private func handlerEnded(_ session: FastAGISession, _ error: any Error, isLate: Bool) {
        let path = session.request.path
        if let error = error as? FastAGIError {
            let shown = isLate ? FastAGIError(.deadline, command: error.command) : error
            return note(shown, path: path, session.environment)
        }
        if isLate { return note(FastAGIError(.deadline), path: path, session.environment) }
        counters.handlerFailed.add()
        logger.warning(
            "a FastAGI handler failed",
            [
                .agiScript: .redacted(Redacted(name: path)), .error: .text("\(type(of: error))"),
                .uniqueID: .text(session.environment.uniqueID.description),
            ], repeats: .counted)
    }
    @inline(never)
    private func note(_ error: FastAGIError, path: String, _ environment: AGIEnvironment?) {
        counters.ended[error.code]?.add()
        var data: LogMetadata = [.errorCode: .text(error.code.rawValue), .error: .text(error.description)]
        if !path.isEmpty { data.append(.agiScript, .redacted(Redacted(name: path))) }
        if let environment { data.append(.uniqueID, .text(environment.uniqueID.description)) }
        if !error.hint.isEmpty { data.append(.hint, .text(error.hint)) }
        switch error.code {
        case .endedBeforeEnvironment, .peerClosed, .cancelled, .ended, .channelGone:
            logger.debug("a FastAGI session ended early", data)
        default: logger.warning("a FastAGI session failed", data, repeats: .counted)
        }
    }
}
