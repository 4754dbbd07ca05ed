public import AsteriskWire
public import EventLoop

/// A client of one Asterisk's manager: connects, logs in, stays, comes back. Several values serve several PBXs on one loop.
///
/// ```swift
/// let client = AMIClient(AMIConfiguration(host: "pbx", username: "monitor", secret: secret), on: loop)
/// async let running: Void = client.run()
/// for await event in client.events() where event.name == "Hangup" { print(event["Cause-txt"] ?? "") }
/// ```
///
/// **Isolation**: `run` on a task of the loop; everything else from any thread.
///
/// `@unchecked Sendable`: its fields are touched on the loop's thread only; methods go there by themselves.
public final class AMIClient: @unchecked Sendable {
    /// Fixed: another user or host is another client.
    public let configuration: AMIConfiguration
    /// The loop it lives on.
    public let loop: EventLoop
    private var session: AMISession?
    private var isStopped = false
    private var isRunning = false
    private var nap: OneShot<Void>?
    private var subscribers: [Int: AsyncStream<AMIEvent>.Continuation] = [:] {
        didSet { session?.isTapped = !subscribers.isEmpty }
    }
    private var subscriberCount = 0
    private var loginWaiters: [OneShot<Bool>] = []
    /// Events that subscribers of `events` missed because they did not read in time. Read it on the loop.
    public private(set) var droppedEventCount = 0
    private let random: () -> Double

    /// Does nothing until `run` or `runOnce`.
    public convenience init(_ configuration: AMIConfiguration, on loop: EventLoop) {
        self.init(configuration, on: loop, random: { Double.random(in: 0..<1) })
    }

    /// - Parameter random: 0 ..< 1, for the jitter.
    init(_ configuration: AMIConfiguration, on loop: EventLoop, random: @escaping () -> Double) {
        (self.configuration, self.loop, self.random) = (configuration, loop, random)
    }
}

// MARK: - Running

extension AMIClient {
    /// Keeps a session up until `stop` or cancellation, reconnecting as `backoff` says.
    nonisolated(nonsending) public func run(_ handler: AMIHandler = AMIHandler()) async {
        precondition(loop.isCurrent, "run belongs on a task of the client's loop")
        precondition(!isRunning, "this client is running already")
        isRunning = true
        var failures = 0
        while !isStopped, !Task.isCancelled {
            handler.report(.connecting(attempt: failures + 1))
            var wasOpen = false
            let (reason, offset) = await runSession(handler) { wasOpen = true }
            failures = wasOpen ? 1 : failures + 1
            guard !isStopped, !Task.isCancelled else {
                handler.report(.lost(reason, offset: offset, retryIn: nil))
                break
            }
            let delay = configuration.backoff.delay(
                afterFailures: failures, refused: reason.code == .loginRefused, random: random())
            handler.report(.lost(reason, offset: offset, retryIn: delay))
            await loop.wait(deadline: delay, late: (), cancelled: ()) { [self] shot in
                if isStopped { shot.finish(()) } else { nap = shot }
            }
            nap = nil
        }
        isRunning = false
        for continuation in subscribers.values { continuation.finish() }
        subscribers = [:]
        settleLogins(false)
    }

    /// Runs one session, without coming back.
    /// - Returns: why it ended; `.stopped` after `stop`.
    nonisolated(nonsending) public func runOnce(_ handler: AMIHandler = AMIHandler()) async -> AMIError {
        precondition(loop.isCurrent, "runOnce belongs on a task of the client's loop")
        precondition(!isRunning, "this client is running already")
        isRunning = true
        defer { isRunning = false }
        handler.report(.connecting(attempt: 1))
        let (reason, offset) = await runSession(handler) {}
        handler.report(.lost(reason, offset: offset, retryIn: nil))
        settleLogins(false)
        return reason
    }

    nonisolated(nonsending)
        private func runSession(_ handler: AMIHandler, opened: @escaping () -> Void) async -> (AMIError, Int64)
    {
        let id = "hookswitch-" + String(UInt64.random(in: .min ... .max), radix: 36)
        let session = AMISession(
            configuration: configuration, loop: loop, id: id, handler: handler,
            tap: { [unowned self] message in publish(message) },
            opened: { [unowned self] in
                opened()
                settleLogins(true)
            })
        session.isTapped = !subscribers.isEmpty
        self.session = session
        let reason = isStopped ? AMISession.stopped(configuration) : await session.run()
        self.session = nil
        return (reason, session.offset)
    }

    /// Ends the session with Logoff and lets `run` return. May be called before `run`, and twice.
    public func stop() {
        loop.perform { [self] in
            isStopped = true
            session?.logOff()
            nap?.finish(())
        }
    }

    /// Ends the wait between two attempts, if there is one just now.
    public func reconnectNow() { loop.perform { [self] in nap?.finish(()) } }

    /// Suspends until the client is logged in.
    /// - Returns: false when `run` or `runOnce` ended before that, or the task was cancelled.
    nonisolated(nonsending) public func loggedIn() async -> Bool {
        await loop.wait(deadline: nil, late: false, cancelled: false) { [self] shot in
            if session?.isOpen == true { shot.finish(true) } else { loginWaiters.append(shot) }
        }
    }

    private func settleLogins(_ value: Bool) {
        let waiters = loginWaiters
        loginWaiters = []
        for waiter in waiters { waiter.finish(value) }
    }
}

// MARK: - Using

extension AMIClient {
    /// Sends an action and waits for its answer; for a list, until the list is complete.
    ///
    /// - Parameter deadline: nil: the configuration's.
    /// - Throws: `.notConnected`, `.permissionMissing`, `.actionFailed` (Asterisk said Error), `.actionTimedOut`,
    ///   `.badAction`, `.stopped` (the task was cancelled), or why the session ended meanwhile.
    nonisolated(nonsending)
        public func send(_ action: AMIAction, deadline: Duration? = nil) async throws(AMIError) -> AMIResponse
    {
        let operation = "do \(action.name) on \(configuration.place)"
        let cancelled = Result<AMIResponse, AMIError>.failure(
            AMIError(.stopped, operation: operation, detail: "the task was cancelled"))
        return try await loop.wait(deadline: nil, late: cancelled, cancelled: cancelled) { [self] shot in
            guard let session else {
                return shot.finish(.failure(AMIError(.notConnected, operation: operation, detail: "not logged in")))
            }
            session.send(action, deadline: deadline) { shot.finish($0) }
        }.get()
    }

    /// Asks for the live channels again; they come as messages between `resyncBegan` and `resyncEnded`.
    public func resync() { loop.perform { [self] in session?.startResync() } }

    /// The events from now on as values that can be kept, for programs that are not in a hurry.
    ///
    /// The connection never waits for a slow consumer: when `limit` events are unread the oldest unread one is dropped and
    /// counted in `droppedEventCount`. The stream ends with `run`. Reconnects show as gaps; `run`'s reports tell of them.
    public func events(limit: Int = 10_000) -> AsyncStream<AMIEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: AMIEvent.self, bufferingPolicy: .bufferingNewest(limit))
        loop.perform { [self] in
            subscriberCount += 1
            let number = subscriberCount
            subscribers[number] = continuation
            continuation.onTermination = { [loop, weak self] _ in
                loop.perform { [weak self] in self?.subscribers[number] = nil }
            }
        }
        return stream
    }

    /// Whether a message answers something this client asked in its present session. To be called in the handler.
    ///
    /// List items have neither `Privilege` nor `Timestamp`, so a stranger who can write CR LF into a caller number over SIP
    /// can forge one; the session's ActionIDs, which are drawn at random, he cannot know.
    public func asked(for message: borrowing AMIMessage) -> Bool { session?.asked(for: message) ?? false }

    private func publish(_ message: borrowing AMIMessage) {
        guard case .event = message.kind else { return }
        let event = AMIEvent(message)
        for continuation in subscribers.values {
            if case .dropped = continuation.yield(event) { droppedEventCount += 1 }
        }
    }
}
