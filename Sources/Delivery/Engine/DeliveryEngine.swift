public import EventLoop
public import Storage
import Synchronization
public import Telephony

/// Sends what is in the outbox: every endpoint for itself, results written back in batches.
///
///     drafts(for:) ─▶ (record + rows: one commit) ─▶ Outbox ─ whenReady ─▶ EndpointDriver × n ─▶ receivers
///                                                      ▲                        │
///                                                      └── finish, in batches ──┘
///
/// **Isolation**: `drafts`, `raise` and `reload` from anywhere; the rest happens on the loop's thread. `@unchecked
/// Sendable`: what is mutable is touched on the loop only, but for the formats, which are behind a lock.
public final class DeliveryEngine: @unchecked Sendable {
    /// Called on the loop, or from `raise`'s caller; must not block.
    public typealias AlertSink = @Sendable (Alert) -> Void

    /// Where every driver, timer and write of the engine runs; must go on running until `stop` has returned.
    public let loop: EventLoop
    /// The daemon's store. An operator pauses and resumes endpoints there (`StoreRequest`), past the engine: drivers are
    /// told by `whenReady`, and ask for the condition.
    public let outbox: any Outbox
    /// The wall clock: for what is told and kept. What waits asks `steady`.
    let now: @Sendable () -> Instant
    /// From 0 up to 1, for jitter: tests give a number of their own.
    let chance: @Sendable () -> Double
    /// `hookswitch/VERSION`, in every request, also in one for a token.
    let userAgent: String
    /// The throttle's interval of each endpoint's alerts.
    let alertInterval: Duration
    private let alerts: AlertSink
    private let events: @Sendable (DeliveryEvent) -> Void
    private let troubled: @Sendable (StorageError) -> Void

    private var clock: SteadyClock
    /// Moves due times after the wall clock was set; results wait for it.
    private var following: Task<Void, Never>?
    private var drivers: [String: EndpointDriver] = [:]
    /// Those that a reload has replaced, until what they have on its way has come back.
    private var retiring: [EndpointDriver] = []
    /// Each with the clock's offset that its due time was reckoned by.
    private var results: [(result: AttemptResult, offset: Duration)] = []
    private var isWriting = false
    /// Writes the latest alert's messages after those of the one before.
    private var alerting: Task<Void, Never>?
    private var unwrittenAlerts = 0
    /// Alerts that wait for a store that takes nothing; the log has those beyond.
    private static let mostUnwrittenAlerts = 100
    private var whenWritten: [CheckedContinuation<Void, Never>] = []
    private var sweep: LoopTimer?
    private var oldAlerted: [String: Instant] = [:]
    private var isStarted = false
    private var isStopping = false
    /// The time that a stop may take is over: what the store does not take is left.
    private var isOutOfTime = false
    private var whenStopped: [CheckedContinuation<Void, Never>] = []

    private struct Shared {
        var endpoints: [EndpointConfiguration]
        /// Endpoint, campaign and status already told of.
        var unmapped: Set<[String]> = []
    }
    private let shared: Mutex<Shared>

    /// - Parameters:
    ///   - version: for `user-agent: hookswitch/VERSION`.
    ///   - now: the wall clock, for what is told and kept.
    ///   - uptime: a clock that nobody sets, for every wait.
    ///   - chance: numbers from 0 up to 1 for jitter.
    ///   - alertInterval: of alerts of one kind about one endpoint people are told the first at once, and the rest together after
    ///     this long.
    ///   - alerts: takes each alert, for the log; endpoints that list `alert` get theirs by the engine.
    ///   - events: takes each attempt as it ends.
    ///   - troubled: takes what the store could not do; the engine tries again by itself.
    public init(
        endpoints: [EndpointConfiguration], outbox: any Outbox, on loop: EventLoop, version: String,
        now: @escaping @Sendable () -> Instant,
        uptime: @escaping @Sendable () -> Duration = CallStore.uptime,
        chance: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }, alertInterval: Duration = .seconds(60),
        alerts: @escaping AlertSink = { _ in }, events: @escaping @Sendable (DeliveryEvent) -> Void = { _ in },
        troubled: @escaping @Sendable (StorageError) -> Void = { _ in }
    ) {
        (self.outbox, self.loop, self.now, self.chance) = (outbox, loop, now, chance)
        clock = SteadyClock(wall: now, uptime: uptime)
        (userAgent, self.alertInterval) = ("hookswitch/\(version)", alertInterval)
        (self.alerts, self.events, self.troubled) = (alerts, events, troubled)
        shared = Mutex(Shared(endpoints: endpoints))
    }

    // MARK: - What is to be sent

    /// The outbox rows of one event, one for each endpoint that wants it: commit them with the record.
    ///
    /// - Parameter recordJSON: the record as it was written for the store, so that it is not written again for each endpoint.
    public func drafts(for event: WebhookEvent, recordJSON: [UInt8]? = nil) -> [OutboxDraft] {
        let endpoints = shared.withLock { $0.endpoints }
        let due = now()
        var drafts: [OutboxDraft] = []
        for endpoint in endpoints where endpoint.accepts(event, recordJSON: recordJSON) {
            drafts.append(endpoint.draft(of: event, recordJSON: recordJSON, dueAt: due))
            noteUnmapped(event, endpoint)
        }
        return drafts
    }

    /// Whether any endpoint wants events of this type; what nobody wants need not be made.
    public func wants(_ type: EventType) -> Bool {
        shared.withLock { $0.endpoints.contains { $0.isEnabled && $0.events.contains(type) } }
    }

    /// Messages that are on their way to disk: what can be made ready of their requests is, so that after the commit there is less
    /// to do. Sends nothing; that they are not told of after all does no harm. On the loop.
    public func expect(_ drafts: [OutboxDraft]) {
        // Of several for one endpoint the first goes first.
        for draft in drafts.reversed() { drivers[draft.endpoint]?.expect(draft) }
    }

    private func noteUnmapped(_ event: WebhookEvent, _ endpoint: EndpointConfiguration) {
        guard event.type == .callComplete, let record = event.record,
            let (status, campaign) = endpoint.format.values.dispositions?.unmapped(in: record)
        else { return }
        let isNew = shared.withLock {
            $0.unmapped.insert([endpoint.name, campaign ?? "", status.uppercased()]).inserted
        }
        guard isNew else { return }
        let place = campaign.map { " of campaign \($0)" } ?? ""
        raise(
            Alert(
                .unmappedDisposition, subject: endpoint.name,
                message: "UNMAPPED disposition \(status)\(place): sent as it is; add disposition.\(status) = ...",
                at: now()))
    }

    /// Tells the log and, unless it repeats one, every endpoint that lists `alert`, except the one the alert is about.
    public func raise(_ alert: Alert) {
        alerts(alert)
        if alert.isRepeat { return }
        let event = WebhookEvent(alert)
        let endpoints = shared.withLock { $0.endpoints }
        let due = now()
        let drafts = endpoints.filter { $0.accepts(event, recordJSON: nil) && $0.name != alert.subject }
            .map { $0.draft(of: event, recordJSON: nil, dueAt: due) }
        guard !drafts.isEmpty else { return }
        loop.perform { [self] in enqueue(drafts) }
    }

    /// Writes an alert's messages once those before it are written: of a disk that was full at once, its end is told after it.
    private func enqueue(_ drafts: [OutboxDraft]) {
        guard unwrittenAlerts < DeliveryEngine.mostUnwrittenAlerts else { return }
        unwrittenAlerts += 1
        let earlier = alerting
        alerting = Task(name: "alert", executorPreference: loop) { [self] in
            await earlier?.value
            await persist { () throws(StorageError) in try await outbox.enqueue(drafts) }
            unwrittenAlerts -= 1
        }
    }

    // MARK: - Life

    /// Takes up what is pending, and sends until `stop`.
    public func run() async {
        start()
        if isStopping { return }
        await withCheckedContinuation { whenStopped.append($0) }
    }

    /// Starts without waiting. On the loop. What was pending before goes out at once.
    public func start() {
        guard !isStarted, !isStopping else { return }
        isStarted = true
        outbox.whenReady { [weak self] names in
            guard let self else { return }
            loop.perform { [weak self] in self?.signal(names) }
        }
        for endpoint in shared.withLock({ $0.endpoints }) { add(endpoint) }
        scheduleSweep()
    }

    /// Finishes what is on its way, for so long at most, writes the results, and returns. What did not come back stays in
    /// the outbox. On the loop; a second call waits for the first.
    public func stop(within deadline: Duration) async {
        if isStopping {
            if drivers.isEmpty && results.isEmpty && !isWriting { return }
            return await withCheckedContinuation { whenStopped.append($0) }
        }
        isStopping = true
        sweep?.cancel()
        let all = drivers.values + retiring
        let guillotine = loop.schedule(after: deadline) { [self] in
            isOutOfTime = true
            for driver in all { driver.close() }
        }
        for driver in all { await driver.drain() }
        for driver in all { driver.close() }
        drivers = [:]
        await flush()
        guillotine.cancel()
        let waiting = whenStopped
        whenStopped = []
        for continuation in waiting { continuation.resume() }
    }

    /// Puts other endpoints in place. One whose section and files are as they were goes on with all it knows: its circuit
    /// breaker, its rate, its token, its connections, and what people were told of it. The others begin anew; those that are changed
    /// or gone finish what is on its way first, and their messages stay in the outbox.
    public func reload(_ endpoints: [EndpointConfiguration]) {
        shared.withLock { $0.endpoints = endpoints }
        loop.perform { [self] in
            guard isStarted, !isStopping else { return }
            let kept = Set(endpoints.filter { drivers[$0.name]?.serves($0) == true }.map(\.name))
            for driver in drivers.values where !kept.contains(driver.name) { retire(driver) }
            for endpoint in endpoints where !kept.contains(endpoint.name) { add(endpoint) }
        }
    }
    private func retire(_ driver: EndpointDriver) {
        drivers[driver.name] = nil
        retiring.append(driver)
        Task(name: "retire-\(driver.name)", executorPreference: loop) { [self] in
            await driver.drain()
            driver.close()
            retiring.removeAll { $0 === driver }
        }
    }

    /// Requests on their way at this moment, by endpoint.
    public var inFlight: [String: Int] { drivers.mapValues(\.inFlight) }

    /// There may be something to claim, or a condition was set. On the loop.
    func signal(_ names: [String]) {
        for name in names { drivers[name]?.signal() }
    }
    private func add(_ endpoint: EndpointConfiguration) {
        guard endpoint.isEnabled else { return }
        let driver = EndpointDriver(endpoint, engine: self)
        drivers[endpoint.name] = driver
        driver.signal()
    }

    // MARK: - What the drivers report

    /// Now, by the clock that nobody sets; sees to it that due times follow the wall clock where that was set.
    func steady() -> Instant {
        if let step = clock.step() {
            let earlier = following
            following = Task(name: "clock-step", executorPreference: loop) { [self] in
                await earlier?.value
                await follow(step)
            }
        }
        return clock.now
    }
    private func follow(_ step: Duration) async {
        await persist { () throws(StorageError) in try await outbox.clockWasSet(by: step) }
    }

    /// Passes an attempt on as it ends: before its result is on disk. Must not block.
    func tell(_ event: DeliveryEvent) { events(event) }
    /// A driver's claim failed; it tries again by itself.
    func storageFailed(_ error: StorageError) { troubled(error) }

    /// Stores that the endpoint wants no more, then has it told. Where the store takes nothing any more, the driver holds
    /// the endpoint until a restart, or a reload that finds it changed, all the same.
    func disable(_ driver: EndpointDriver) {
        let name = driver.name
        Task(name: "disable-\(name)", executorPreference: loop) { [self] in
            await persist { () throws(StorageError) in
                try await outbox.setEndpoint(name, .disabled, reason: "answered 410 Gone", now: now())
                driver.goneIsStored()
            }
            driver.tellDisabled()
        }
    }

    /// Keeps a result for the next batch. A batch is whatever came while the last one was being written.
    func record(_ result: AttemptResult) {
        results.append((result, clock.offset))
        guard !isWriting else { return }
        isWriting = true
        Task(name: "delivery-results", executorPreference: loop) { [self] in await write() }
    }

    private func write() async {
        while !results.isEmpty {
            let batch = results
            results = []
            // While it is repeated leases stand: nothing is sent twice meanwhile.
            await persist { () throws(StorageError) in
                await following?.value
                try await outbox.finish(batch.map { $0.result.delayed(by: clock.offset - $0.offset) })
            }
        }
        isWriting = false
        let waiting = whenWritten
        whenWritten = []
        for continuation in waiting { continuation.resume() }
    }
    private func flush() async {
        guard isWriting else { return }
        await withCheckedContinuation { whenWritten.append($0) }
    }

    /// Repeats a write until the store takes it. A store that is closed or damaged takes no more, and a stop does not wait for ever.
    private func persist(_ write: () async throws(StorageError) -> Void) async {
        while true {
            do throws(StorageError) { return try await write() } catch {
                troubled(error)
                guard error.isTransient, !isOutOfTime else { return }
                do { try await loop.sleep(for: .seconds(1)) } catch { return }
            }
        }
    }

    // MARK: - The oldest pending message

    private func scheduleSweep() {
        sweep = loop.schedule(after: .seconds(30)) { [weak self] in
            guard let self, !isStopping else { return }
            Task(name: "delivery-sweep", executorPreference: loop) { [self] in
                await checkAges()
                if !isStopping { scheduleSweep() }
            }
        }
    }

    /// Raises an alert for each endpoint whose oldest message waits too long; again every hour while it does.
    func checkAges() async {
        guard let statuses = try? await outbox.endpoints() else { return }
        let now = steady()
        for status in statuses {
            guard let driver = drivers[status.name], let oldest = status.oldestUnsettled else {
                oldAlerted[status.name] = nil
                continue
            }
            // Also a remedy, should a signal ever be lost: due messages are looked for twice a minute.
            driver.signal()
            let age = clock.age(of: oldest)
            guard age >= driver.configuration.alertAge else { continue }
            if let last = oldAlerted[status.name], now - last < .seconds(3600) { continue }
            oldAlerted[status.name] = now
            let minutes = age.components.seconds / 60
            let held = status.condition == .active ? "" : " (\(status.condition.rawValue))"
            raise(
                Alert(
                    .oldestPending, subject: status.name,
                    message:
                        "the oldest message has waited \(minutes) min\(held); \(status.ready + status.waiting) wait",
                    at: self.now()))
        }
    }
}

extension EndpointConfiguration {
    /// Whether the endpoint is to be told of an event.
    func accepts(_ event: WebhookEvent, recordJSON: [UInt8]?) -> Bool {
        guard isEnabled, events.contains(event.type) else { return false }
        guard let filter, event.record != nil else { return true }
        return filter.holds(FieldContext(event, recordJSON: recordJSON, format: format.values))
    }

    /// The event as this endpoint's outbox row.
    func draft(of event: WebhookEvent, recordJSON: [UInt8]?, dueAt: Instant) -> OutboxDraft {
        OutboxDraft(
            messageID: event.id, endpoint: name, callID: event.callID, event: event.type.rawValue,
            sequence: event.sequence, contentType: contentType,
            body: format.message(for: event, recordJSON: recordJSON, fixedTarget: url.target), dueAt: dueAt)
    }
}

extension AttemptResult {
    /// The same with the next attempt later, as the wall clock was put forward; earlier where it was put back.
    fileprivate func delayed(by step: Duration) -> AttemptResult {
        guard step != .zero, case .retry(let at) = verdict else { return self }
        var moved = self
        moved.verdict = .retry(at: at + step)
        return moved
    }
}
