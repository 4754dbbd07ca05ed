import AsteriskWire
import EventLoop

/// One connection to one manager, from connect to its end: the thin driver of `AMISessionState`.
///
/// `@unchecked Sendable`: made and used on the loop's thread only.
final class AMISession: @unchecked Sendable {
    /// Where to, as whom.
    let configuration: AMIConfiguration
    /// Where all of it runs.
    let loop: EventLoop
    private let handler: AMIHandler
    private let id: String
    // Of these two unchecked ones each message asks, and to have each look checked costs more than the look. They are used on
    // the loop's thread only, and call nobody while they change.
    @exclusivity(unchecked) private var state: AMISessionState
    @exclusivity(unchecked) private var pending = PendingActions()
    private var decoder: AMIDecoder
    private var actionCount = 0
    private var stream: ByteStream?
    /// The first reason to end; later ones are consequences.
    private var endReason: AMIError?
    private var timers: [LoopTimer] = []
    private var pingTimer: LoopTimer?
    private var resync: AMIResync?
    private var wantsResync = false
    /// Whether actions of others are taken.
    private(set) var isOpen = false
    /// Called with each message after the handler, while `isTapped`; for subscribers of `AMIClient.events`.
    private let tap: (borrowing AMIMessage) -> Void
    /// Whether there are subscribers: mostly there are none, and a message is not worth a call to find that out.
    var isTapped = false
    private let opened: () -> Void

    /// - Parameter id: prefix of this session's ActionIDs; must be hard to guess.
    init(
        configuration: AMIConfiguration, loop: EventLoop, id: String, handler: AMIHandler,
        tap: @escaping (borrowing AMIMessage) -> Void, opened: @escaping () -> Void
    ) {
        (self.configuration, self.loop, self.id, self.handler) = (configuration, loop, id, handler)
        (self.tap, self.opened) = (tap, opened)
        unsafe state = AMISessionState(configuration: configuration, id: id)
        decoder = AMIDecoder(limits: configuration.limits)
    }

    /// Bytes read since the connection.
    var offset: Int64 { decoder.bytesFed }

    /// Connects, and reads until the session is over.
    /// - Returns: why it ended.
    nonisolated(nonsending) func run() async -> AMIError {
        let reason: AMIError
        do throws(EventLoopError) {
            let operation = "connect to \(configuration.place)"
            do throws(EventLoopError) {
                try await connect()
            } catch {
                return AMIError(error, operation: operation)
            }
            try await readAll()
            reason =
                endReason
                ?? AMIError(
                    .connectionLost, operation: "read from \(configuration.place)",
                    detail: decoder.isMidMessage
                        ? "the connection ended in the middle of a message" : "the connection ended",
                    hint: unsafe state.phase == .ready
                        ? "Asterisk stopped, or cut this session off" : "Asterisk hung up before the login was complete"
                )
        } catch {
            reason = endReason ?? AMIError(error, operation: "read from \(configuration.place)")
        }
        finish(reason)
        return reason
    }

    nonisolated(nonsending) private func connect() async throws(EventLoopError) {
        let addresses = try await loop.resolve(
            host: configuration.host, port: configuration.port, deadline: configuration.connectDeadline)
        let stream = try await ByteStream.connect(
            toFirstOf: addresses, on: loop, deadline: configuration.connectDeadline)
        if let tls = configuration.tls { try await stream.startTLS(tls, deadline: configuration.connectDeadline) }
        self.stream = stream
        after(configuration.loginDeadline) { session in
            unsafe session.perform(session.state.loginDeadlinePassed(isMidMessage: session.decoder.isMidMessage))
        }
    }

    nonisolated(nonsending) private func readAll() async throws(EventLoopError) {
        guard let stream else { return }
        if endReason != nil { stream.close() }
        while try await unsafe stream.read({ bytes in unsafe take(bytes) }) {}
    }

    /// Bytes came.
    func take(_ bytes: UnsafeRawBufferPointer) {
        unsafe state.heard()
        unsafe handler.bytes?(bytes)
        do throws(AMIDecodeError) {
            try unsafe decoder.feed(bytes) { message in take(message) }
        } catch {
            end(AMIError(error, operation: "read from \(configuration.place)"))
        }
    }

    private func take(_ message: borrowing AMIMessage) {
        guard unsafe state.phase != .ended else { return }
        handler.message(message)
        if isTapped { tap(message) }
        if unsafe state.awaits(message.kind) { unsafe perform(state.message(message)) }
        if unsafe !pending.isEmpty, let (entry, result) = unsafe pending.take(message, place: configuration.place) {
            entry.completion(result)
        }
    }

    private func perform(_ actions: [AMISessionState.Action]) {
        for action in actions {
            switch action {
            case .send(let action, let id): write(action, id: id)
            case .report(let report): handler.report(report)
            case .open:
                isOpen = true
                opened()
                after(configuration.bootDeadline) { unsafe $0.perform($0.state.bootDeadlinePassed()) }
                pingLater()
            case .resync: if configuration.resyncs { startResync() }
            case .end(let error): end(error)
            }
        }
    }

    private func write(_ action: AMIAction, id: String) {
        if let error = transmit(action, id: id) { end(error) }
    }

    /// Puts an action on the wire; returns why that was not possible.
    private func transmit(_ action: AMIAction, id: String) -> AMIError? {
        do throws(AMIError) {
            let bytes = try action.encoded(actionID: id)
            do throws(EventLoopError) {
                try stream?.send(bytes)
            } catch {
                throw AMIError(error, operation: "send \(action.name) to \(configuration.place)")
            }
            return nil
        } catch { return error }
    }

    private func after(_ duration: Duration, _ body: @escaping @Sendable (AMISession) -> Void) {
        timers.append(loop.schedule(after: duration) { [weak self] in if let self { body(self) } })
    }

    private func pingLater() {
        pingTimer = loop.schedule(after: configuration.pingInterval) { [weak self] in
            guard let self, endReason == nil else { return }
            unsafe perform(state.pingDue())
            if endReason == nil { pingLater() }
        }
    }

    // MARK: Actions of others

    /// Whether a message carries an ActionID of this session.
    func asked(for message: borrowing AMIMessage) -> Bool {
        guard let theirs = message.string(.actionID) else { return false }
        return theirs.hasPrefix(id + "-")
    }

    /// Sends an action; `completion` is called once, on the loop, also when the session ends first.
    func send(
        _ action: AMIAction, deadline: Duration? = nil, collects: Bool = true,
        completion: @escaping (Result<AMIResponse, AMIError>) -> Void
    ) {
        guard isOpen, endReason == nil else {
            let operation = "do \(action.name) on \(configuration.place)"
            return completion(.failure(AMIError(.notConnected, operation: operation, detail: "not logged in")))
        }
        actionCount += 1
        let id = "\(id)-\(actionCount)"
        if let error = transmit(action, id: id) { return completion(.failure(error)) }
        let limit = deadline ?? configuration.actionDeadline
        let timer = loop.schedule(after: limit) { [weak self] in
            guard let self, let entry = unsafe pending.remove(id) else { return }
            entry.completion(
                .failure(
                    AMIError(
                        .actionTimedOut, operation: "do \(action.name) on \(configuration.place)",
                        detail: entry.response == nil
                            ? "no answer within \(limit)" : "the list was not complete within \(limit)",
                        hint: "Asterisk is slow or hangs; the connection itself is watched by Ping")))
        }
        unsafe pending.add(
            PendingActions.Entry(name: action.name, isList: action.isList, collects: collects) { result in
                timer.cancel()
                completion(result)
            }, id: id)
    }

    /// Asks for the live channels; a request during one is served by another one right after it.
    func startResync() {
        guard isOpen, endReason == nil else { return }
        guard resync == nil else {
            wantsResync = true
            return
        }
        resync = unsafe AMIResync(configuration: configuration, managerVersion: state.managerVersion)
        continueResync()
    }

    private func continueResync() {
        guard let step = resync?.next() else { return }
        switch step {
        case .report(let report):
            handler.report(report)
            continueResync()
        case .send(let action):
            // The handler sees the items as messages; collecting them here as well would only cost memory.
            send(action, collects: false) { [weak self] result in
                guard let self else { return }
                resync?.finished(action, result)
                if endReason == nil { continueResync() }
            }
        case .done:
            resync = nil
            if wantsResync {
                wantsResync = false
                startResync()
            }
        }
    }

    // MARK: Ending

    /// Says goodbye: Asterisk answers Logoff and closes.
    func logOff() {
        guard isOpen, endReason == nil else { return end(AMISession.stopped(configuration)) }
        write(AMIAction("Logoff"), id: "\(id)-logoff")
        if endReason == nil { end(AMISession.stopped(configuration)) }
    }

    /// Why a session ends that was asked to.
    static func stopped(_ configuration: AMIConfiguration) -> AMIError {
        AMIError(.stopped, operation: "stay connected to \(configuration.place)", detail: "the client was stopped")
    }

    private func end(_ error: AMIError) {
        guard endReason == nil else { return }
        endReason = error
        unsafe state.closed()
        isOpen = false
        stream?.close()
    }

    /// Ends what is still waiting; nothing is told or taken after it.
    func finish(_ reason: AMIError) {
        endReason = endReason ?? reason
        isOpen = false
        unsafe state.closed()
        for timer in timers { timer.cancel() }
        pingTimer?.cancel()
        stream?.close()
        for entry in unsafe pending.removeAll() { entry.completion(.failure(reason)) }
    }
}
