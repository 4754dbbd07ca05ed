import EventLoop
import Storage
import Telephony

/// Performs what one endpoint's `Lane` decides: claims, requests, timers; and turns answers into results and alerts.
///
/// **Isolation**: the loop's thread only; `@unchecked Sendable` on that ground.
final class EndpointDriver: @unchecked Sendable {
    /// The section as it was read; a reload that finds it changed makes another driver.
    let configuration: EndpointConfiguration
    /// The files of the connection as they were then.
    private let files: [FileVersion?]
    private unowned let engine: DeliveryEngine
    private let builder: RequestBuilder
    private let transport: EndpointTransport
    private let tokens: TokenSource?
    private var lane: Lane
    /// The message whose request lies ready in `transport`, and since when.
    private var expected: (entry: OutboxEntry, at: Instant)?
    private var timer: LoopTimer?
    private var isPumping = false
    private var isFailing = false
    private var wasOpen = false
    /// It answered 410, and the store is still to be told.
    private var isGone = false
    private let alerts: AlertGate
    private var whenIdle: [CheckedContinuation<Void, Never>] = []

    /// Connects to nobody and claims nothing before the first `signal`. The engine must outlive it.
    init(_ configuration: EndpointConfiguration, engine: DeliveryEngine) {
        (self.configuration, self.engine) = (configuration, engine)
        files = configuration.connection.fileVersions
        builder = RequestBuilder(configuration)
        transport = EndpointTransport(
            connection: configuration.connection, policy: configuration.allow, timeout: configuration.timeout,
            concurrency: configuration.concurrency, userAgent: engine.userAgent, loop: engine.loop)
        lane = Lane(concurrency: configuration.concurrency, rate: configuration.rate)
        alerts = AlertGate(
            subject: configuration.name, interval: engine.alertInterval, on: engine.loop,
            now: { [unowned engine] in engine.now() }, steady: { [unowned engine] in engine.steady() },
            raise: { [unowned engine] in engine.raise($0) })
        if case .clientCredentials(let client) = configuration.authorization {
            tokens = TokenSource(client, transport: transport) { [unowned engine] in engine.steady() }
        } else {
            tokens = nil
        }
    }

    /// What the outbox knows the endpoint by.
    var name: String { configuration.name }
    /// Requests sent and not answered, and those that wait for a token.
    var inFlight: Int { lane.inFlight }

    /// Whether it is what a fresh reading of its section asks for, so that a reload can let it go on. A certificate that was renewed
    /// under its old name is a change: libcurl keeps what it has read.
    func serves(_ fresh: EndpointConfiguration) -> Bool {
        fresh.isEnabled && configuration.isSame(as: fresh) && files == fresh.connection.fileVersions
    }

    /// The outbox may have something new, or another condition of the endpoint; asking in vain does no harm.
    func signal() {
        followCondition()
        lane.signalled()
        pump()
    }
    /// Makes the request of a message that is being written, where nothing else is to be sent before.
    func expect(_ draft: OutboxDraft) {
        guard lane.isIdle, lane.queued == 0, lane.hold == .none, tokens == nil, draft.body.count <= Self.expectedLimit
        else { return }
        let entry = OutboxEntry(id: 0, draft: draft)
        transport.prepare(builder.request(for: entry, attempt: 1, token: nil, now: engine.now()))
        expected = (entry, engine.steady())
    }
    /// Whether the request that lies ready is this message's, made just now: it bears the time.
    private func isReady(for entry: OutboxEntry, now: Instant) -> Bool {
        guard let (expected, at) = expected else { return false }
        return entry.messageID == expected.messageID && entry.attempts == 0 && now - at < .seconds(1)
            && entry.contentType == expected.contentType && entry.body == expected.body
    }
    /// Bytes of a body that is kept twice for a moment.
    private static let expectedLimit = 64 << 10

    /// The outbox knows of the 410: from here on its condition alone decides.
    func goneIsStored() {
        isGone = false
        signal()
    }
    /// Holds or frees the lane as the outbox says. A lane that stops goes on stopping.
    private func followCondition() {
        guard lane.hold != .stopping else { return }
        lane.hold = isGone || engine.outbox.condition(of: name) != .active ? .held : .none
    }

    /// Takes nothing new, and waits until what is on its way has come back.
    func drain() async {
        lane.hold = .stopping
        pump()
        if lane.isIdle { return }
        await withCheckedContinuation { whenIdle.append($0) }
    }
    /// Ends what is still on its way; those messages stay in the outbox as they were.
    func close() {
        lane.hold = .stopping
        transport.close()
        timer?.cancel()
        timer = nil
        checkIdle()
        alerts.close()
    }

    // MARK: - The lane's wishes

    /// Does what the lane says until it has to wait. Called after everything that may have changed its mind.
    func pump() {
        // A request that ends while another is started must not start a second round inside this one.
        guard !isPumping else { return }
        isPumping = true
        defer { isPumping = false }
        while true {
            let now = engine.steady()
            switch lane.next(now: now) {
            case .claim(let limit): claim(limit)
            case .send(let entry): send(entry)
            case .release(let ids): release(ids)
            case .wait(let until): return wake(at: until, now: now)
            }
        }
    }

    private func wake(at instant: Instant?, now: Instant) {
        timer?.cancel()
        timer = nil
        guard let instant, lane.hold != .stopping else { return }
        let wait = min(max(instant - now, .milliseconds(1)), .seconds(3600))
        timer = engine.loop.schedule(after: wait) { [weak self] in
            self?.timer = nil
            self?.pump()
        }
    }

    private func claim(_ limit: Int) {
        let now = engine.now()
        let rounds = (limit + configuration.concurrency - 1) / configuration.concurrency
        let lease = configuration.timeout * (rounds + 1) + .seconds(30)
        let outbox = engine.outbox
        // What has just been committed is at hand, and waits for nothing else.
        if let claim = outbox.claimAtHand(endpoint: name, limit: limit, now: now, lease: lease) {
            return claimed(claim, asked: now)
        }
        Task.immediate(name: "claim-\(name)", executorPreference: engine.loop) { [self] in
            do throws(StorageError) {
                claimed(try await outbox.claim(endpoint: name, limit: limit, now: now, lease: lease), asked: now)
            } catch {
                engine.storageFailed(error)
                lane.claimFailed(now: engine.steady())
            }
            pump()
            checkIdle()
        }
    }

    private func claimed(_ claim: Claim, asked now: Instant) {
        var claim = claim
        let steady = engine.steady()
        claim.nextDue = claim.nextDue.map { $0 <= now ? steady : steady + ($0 - now) }
        lane.claimed(claim, now: steady)
    }

    private func release(_ ids: [OutboxEntry.ID]) {
        let (engine, name) = (engine, name)
        Task(name: "release-\(name)", executorPreference: engine.loop) {
            await engine.outbox.release(ids)
            // To whoever serves the endpoint by now: after a reload that is another driver.
            engine.signal([name])
        }
    }

    // MARK: - One attempt

    private func send(_ entry: OutboxEntry) {
        let began = (wall: engine.now(), steady: engine.steady())
        guard let tokens else { return send(entry, token: nil, began: began) }
        tokens.token { [self] token, failure in
            if let failure { return finished(entry, failure.withoutToken, token: nil, began: began) }
            send(entry, token: token, began: began)
        }
    }
    private func send(_ entry: OutboxEntry, token: String?, began: (wall: Instant, steady: Instant)) {
        let done = { [self] (response: HTTPResponse) in finished(entry, response, token: token, began: began) }
        if isReady(for: entry, now: began.steady) {
            expected = nil
            return transport.sendPrepared(completion: done)
        }
        let request = builder.request(for: entry, attempt: entry.attempts + 1, token: token, now: engine.now())
        transport.send(request, completion: done)
    }

    private func finished(
        _ entry: OutboxEntry, _ response: HTTPResponse, token: String?, began: (wall: Instant, steady: Instant)
    ) {
        let (now, steady) = (engine.now(), engine.steady())
        let change = lane.finished(response.outcome, now: steady)
        if case .failed(.stopped) = response.outcome {
            // Whether it arrived is not known: it stays due, and goes out again with the same id.
            release([entry.id])
            return checkIdle()
        }
        let attempt = Attempt(
            at: began.wall, duration: steady - began.steady, status: response.status, error: response.errorLabel,
            response: response.body)
        let verdict = configuration.retry.verdict(
            attempt: entry.attempts + 1, outcome: response.outcome, now: now, chance: engine.chance())
        let stored: AttemptResult.Verdict
        let told: DeliveryEvent.Verdict
        switch verdict {
        case .delivered: (stored, told) = (.delivered, .delivered)
        case .retry(let wait):
            (stored, told) = (.retry(at: now + wait), .retry(at: now + wait))
            if case .answered(_, let retryAfter?) = response.outcome {
                lane.wait(until: steady + min(retryAfter.wait(from: now), RetryPolicy.longestRetryAfter))
            }
        case .deadLetter: (stored, told) = (.dead, .deadLetter)
        case .endpointGone: (stored, told) = (.retry(at: now), .kept)
        }
        engine.record(AttemptResult(entry: entry.id, attempt: attempt, verdict: stored))
        engine.tell(
            DeliveryEvent(
                at: now, endpoint: name, messageID: entry.messageID, callID: entry.callID, event: entry.event,
                attempt: entry.attempts + 1, status: response.status, error: response.errorLabel,
                detail: response.detail, duration: attempt.duration, verdict: told))
        if let token, response.status == 401 { tokens?.refuse(token) }
        watchHealth(response, verdict, change)
        pump()
        checkIdle()
    }

    /// Raises what a person should know of.
    private func watchHealth(_ response: HTTPResponse, _ verdict: Verdict, _ change: CircuitBreaker.Change?) {
        if case .delivered = verdict {
            if isFailing, wasOpen { alerts.alert(.endpointRecovered, "answers again") }
            (isFailing, wasOpen) = (false, false)
            return
        }
        let what = EndpointDriver.words(response)
        if response.status == 401 || response.status == 403 {
            alerts.alert(.unauthorized, "\(what): the credentials are refused; check header, token and secret")
        } else if !isFailing, verdict != .endpointGone {
            alerts.alert(.endpointFailing, "\(what); deliveries are retried, then kept as dead letters")
        }
        isFailing = true
        if change == .opened {
            wasOpen = true
            alerts.alert(.breakerOpen, "fails too often: one request at a time tries it until it answers")
        }
        switch verdict {
        case .deadLetter:
            alerts.alert(.deadLetter, "a message is given up (\(what)); see: hookswitch deliveries --state dead")
        case .endpointGone:
            guard !isGone else { break }
            isGone = true
            followCondition()
            engine.disable(self)
        default: break
        }
    }

    /// What an answer that delivers nothing was, for whoever has nothing but the alert to go by.
    private static func words(_ response: HTTPResponse) -> String {
        if let fault = response.proxyFault { return "was not reached: \(fault.words)" }
        switch (response.outcome, response.status) {
        case (.failed(let failure), let status?): return "broke off its answer of \(status) (\(failure.rawValue))"
        case (.failed(let failure), nil):
            let detail = response.detail.isEmpty ? "" : ": \(response.detail)"
            return "gave no answer (\(failure.rawValue)\(detail))"
        case (.answered(let status, _), _): return "answered \(status)"
        }
    }

    /// Tells that the endpoint is disabled. Once that is stored: who hears of it may resume the endpoint at once.
    func tellDisabled() {
        alerts.alert(.endpointDisabled, "answered 410 Gone: disabled, its messages are kept; remove or resume it")
    }

    private func checkIdle() {
        guard lane.isIdle else { return }
        let waiting = whenIdle
        whenIdle = []
        for continuation in waiting { continuation.resume() }
    }
}
