import CallAssembly
public import Delivery
public import Diagnostics
public import EventLoop
import FastAGI
import Glibc
public import Storage
public import Telephony

/// # Daemon: the parts put together
///
/// Decides what is started in which order, what a signal does, what is done every second and every minute. Does not decide
/// what a call is (`CallAssembly`), what is kept (`Storage`), what is sent when (`Delivery`).
///
/// ```
/// start ▼                                                                    ▲ stop
///   CallStore            owns the state folder, two daemons are impossible   │
///   CommitPump, RecordingSettler, CallPublisher                              │
///   DeliveryEngine       takes up what is pending                            │
///   notes, overflow      what an earlier run left                            │
///   SpoolReader, FastAGIServer                                               │
///   PBXLink × n          manager connection ─▶ FoldDriver                    │
/// ```
///
/// Called by the `run` verb, and by tests that start a daemon of their own in a folder of their own.
///
/// Authority: the contract's sections 1, 2 and 5; sd_notify(3).
/// Malformed input: a wrong configuration is refused whole, at start and at SIGHUP (then the old one stays).
/// Disk full: calls wait in memory, then in `overflow.jsonl`; one that cannot be written even there is logged with the hint to run
/// `backfill`; see `CommitPump`. The manager is read on.
/// A call is written once, with all it has to tell, if its recordings have settled by then, as they mostly have; else it is on disk
/// before they are waited for; see `CallPublisher`.
/// Shutdown: `stop` logs off, lets running FastAGI sessions end, writes what is queued, lets requests on their way finish for at
/// most ten seconds, and closes the store. A daemon that is killed loses nothing that was on disk.
///
/// **Isolation**: on the loop's thread only. `@unchecked Sendable`: all state is touched there alone.
public final class Daemon: @unchecked Sendable {
    /// As read at the start. A reload changes the engine's endpoints and nothing here.
    public let configuration: Configuration
    /// The one loop everything of this daemon runs on; not started nor stopped by it.
    public let loop: EventLoop
    /// Counts since the start, of all parts: `calls.added`, `ami.events` of a `[pbx:NAME]`, `spool.taken`, …
    public let counters = CounterRegistry()
    private let logger: Logger
    private let now: @Sendable () -> Instant

    private var store: CallStore?
    /// Sends what is pending; nil before `start` and after `stop`.
    public private(set) var engine: DeliveryEngine?
    private var pump: CommitPump?
    /// Writes what the folds tell; nil before `start`.
    private(set) var publisher: CallPublisher?
    private var settler: RecordingSettler?
    private var spool: SpoolReader?
    private var listener: Listener?
    private var serving: Task<Void, Never>?
    private var lookups: DialplanLookups?
    private var links: [PBXLink] = [] {
        didSet { missed.links = links }
    }
    private var alertCommand: AlertCommand?
    private var ticker: Task<Void, Never>?
    private var health: HealthWatch
    /// The room for the store; tests put their own there.
    var diskRoom: (@Sendable () -> DiskRoom?)?
    private let missed: MissedCalls

    /// Opens nothing yet: that is `start`'s to do.
    /// - Parameter now: the wall clock; tests put their own.
    public init(
        _ configuration: Configuration, loop: EventLoop, logger: Logger,
        now: @escaping @Sendable () -> Instant = CallStore.wallClock
    ) {
        (self.configuration, self.loop, self.logger, self.now) = (configuration, loop, logger, now)
        missed = MissedCalls(configuration, loop: loop, logger: logger.part("backfill"))
        health = HealthWatch(
            stateDirectory: configuration.general.stateDirectory, spool: configuration.general.spoolDirectory)
    }

    /// Where the FastAGI server listens; nil where there is none.
    public var fastAGIAddress: SocketAddress? { listener?.localAddress }
    /// Whether every Asterisk's manager has accepted us.
    public var isConnected: Bool { links.allSatisfy { $0.loggedInAt != nil } }

    // MARK: Start

    /// Starts everything and returns; what comes from outside is served from then on.
    public func start() async throws(DaemonError) {
        do throws(DaemonError) { try await startParts() } catch {
            await stop()
            throw error
        }
        logger.notice(
            "started",
            [.version: .text(Release.version), .processID: .number(Int(getpid())), .file: .text(configuration.file)])
    }

    private func startParts() async throws(DaemonError) {
        let general = configuration.general
        let store = try openStore(general)
        self.store = store
        alertCommand = general.alertCommand.map { command in
            AlertCommand(command) { [log = logger.part("alert")] words in
                log.error(
                    "the alert command failed",
                    [
                        .file: .text(command), .error: .text(words),
                        .hint: .text("run it by hand as the daemon's user, with an alert's JSON on its input"),
                    ], repeats: .counted)
            }
        }
        let log = logger.part("delivery")
        let engine = DeliveryEngine(
            endpoints: configuration.endpoints, outbox: store, on: loop, version: Release.version, now: now,
            alerts: { [weak self] alert in self?.tell(alert) }, events: { Daemon.log($0, log) },
            troubled: { error in
                log.error(
                    "the outbox could not be used",
                    [
                        .errorCode: .text(error.code.rawValue), .error: .text(error.description),
                        .hint: .text(error.hint),
                    ],
                    repeats: .counted)
            })
        self.engine = engine
        let pump = CommitPump(
            loop: loop, store: store, folder: general.stateDirectory, logger: logger, counters: counters, now: now)
        let settler = RecordingSettler(configuration.recordings)
        let publisher = CallPublisher(
            loop: loop, pump: pump, engine: engine, settler: settler, logger: logger, counters: counters, now: now)
        (self.pump, self.settler, self.publisher) = (pump, settler, publisher)
        pump.revive = { [missed, weak publisher] call, origin in
            switch origin {
            // A call in progress may have rows already; it is told when it is over.
            case .backfill: if missed.isOpen(call.record) { return }
            case .overflow: if await publisher?.isTold(call, in: store.query) == true { return }
            }
            publisher?.revived(call, from: origin)
        }
        pump.whenTroubled = { [weak self] error in self?.storeChanged(error) }
        engine.start()
        do throws(StorageError) { try await publisher.takeUp(try await store.openCalls(), from: store.query) } catch {
            throw DaemonError(error)
        }
        pump.takeUpOverflow()
        makeLinks(publisher)
        let spool = SpoolReader(folder: general.spoolDirectory, logger: logger, counters: counters) {
            [unowned self] witness in take(witness)
        }
        self.spool = spool
        spool.start()
        try startFastAGI()
        do throws(StorageError) { try await missed.plan(from: store.query, now: now()) } catch {
            // A record that cannot be read is no reason to miss those to come.
            logger.part("storage").error(
                "the newest record cannot be read; calls missed before this start are not looked for",
                [.errorCode: .text(error.code.rawValue), .error: .text(error.description), .hint: .text(error.hint)])
        }
        for link in links { link.start() }
        startTicker()
        checkDatabase(store)
    }

    private func openStore(_ general: Configuration.General) throws(DaemonError) -> CallStore {
        let log = logger.part("storage")
        var options = CallStore.Options(
            folder: general.stateDirectory, callsLog: general.callsLogOptions, clock: now,
            report: { sentence in
                log.error(
                    "the calls log changed its state",
                    [.error: .text(sentence), .hint: .text("the database has every call; check calls_log")])
            })
        options.tell = { [loop] body in loop.perform(body) }
        do throws(StorageError) { return try CallStore(options) } catch { throw DaemonError(error) }
    }

    private func makeLinks(_ publisher: CallPublisher) {
        let sources = Backfill(configuration).sources
        for pbx in configuration.pbxs {
            let files = sources.filter { $0.pbx == nil || $0.pbx == pbx.name }
            var assembly = pbx.assembly(
                recordings: configuration.recordings, filesWait: files.isEmpty ? .zero : Daemon.filesWait,
                readsCEL: files.contains { $0.cel != nil }, reportsProgress: publisher.wantsProgress)
            assembly.strayCDRWait = assembly.readsCEL ? Daemon.filesWait : Daemon.strayCDRWait
            let fold = FoldDriver(assembly, pbx: pbx.name, loop: loop, counters: counters, now: now)
            let link = PBXLink(
                pbx, fold: fold, loop: loop, logger: logger, counters: counters, now: now,
                raise: { [unowned self] alert in engine?.raise(alert) })
            link.whenDeaf = { [missed] time in missed.deaf(from: time) }
            fold.whenTold = { [unowned link, unowned publisher] outcome in
                switch outcome {
                // Told before, perhaps, and better: CDRs may come long after their call.
                case .finished(let call) where call.record.sources == [.cdr]: publisher.revived(call, from: .backfill)
                case .finished(let call): publisher.finished(call)
                case .progress(let progress, let record, let time): publisher.progressed(progress, record, at: time)
                case .resyncWanted(let reason, let offset): link.resync(reason, offset: offset)
                }
            }
            links.append(link)
        }
    }

    private func startFastAGI() throws(DaemonError) {
        guard let settings = configuration.fastAGI else { return }
        let listener: Listener
        do throws(EventLoopError) { listener = try Listener.listen(on: settings.listen, loop: loop) } catch {
            throw DaemonError(error)
        }
        self.listener = listener
        var routes = FastAGIRoutes()
        let lookups = DialplanLookups(
            configuration.lookups, budget: HookswitchRoutes.lookupBudget(of: settings.deadline), on: loop,
            logger: logger, now: now, raise: { [weak self] alert in self?.engine?.raise(alert) })
        self.lookups = lookups
        HookswitchRoutes(
            deadline: settings.deadline, now: now,
            takeWitness: { [weak self] witness in
                guard let self else { return false }
                return take(witness)
            }, lookups: lookups.answering
        ).install(in: &routes)
        let server = FastAGIServer(
            FastAGIConfiguration(permit: settings.permit, deadline: settings.deadline), routes: routes, logger: logger,
            counters: counters)
        serving = Task(name: "fastagi", executorPreference: loop) { await server.run(on: listener) }
        logger.info("FastAGI listens", [.address: .text(listener.localAddress.description)])
    }

    /// Gives what a dialplan said to the fold of its PBX.
    @discardableResult
    private func take(_ witness: InsideWitness) -> Bool {
        guard !links.isEmpty else { return false }
        let candidates = links.map { link in
            WitnessDesk.Candidate(
                name: link.configuration.name, system: link.configuration.system, host: link.configuration.ami.host,
                systemName: link.systemName)
        }
        let (index, reason) = WitnessDesk.choose(witness, among: candidates) { links[$0].fold.knows(witness.uniqueID) }
        var witness = witness
        if reason == .guessed {
            witness.isSystemGuessed = true
            logger.part("fastagi").warning(
                "a report does not say which PBX it is of; the first is taken",
                [
                    .uniqueID: .text(witness.uniqueID.description),
                    .hint: .text("in each PBX's dialplan, [globals]: HOOKSWITCH_SYSTEM=NAME, as in [pbx:NAME]"),
                ], repeats: .counted)
        }
        links[index].fold.take(witness)
        return true
    }

    // MARK: Stop

    /// Stops everything in the reverse order; idempotent, and legal before `start`.
    public func stop() async {
        ticker?.cancel()
        ticker = nil
        for link in links { await link.stop() }
        listener?.close()
        lookups?.close()
        await serving?.value
        // Only now has every handler said its last word.
        for link in links { link.fold.stop() }
        listener = nil
        lookups = nil
        serving = nil
        settler?.stop()
        publisher?.stop()
        if let pump, let store {
            // A store that takes nothing must not hold up the stop for ever: what is left goes to the overflow file.
            let guillotine = loop.schedule(after: .seconds(10)) { Task { await store.close() } }
            await pump.drain()
            guillotine.cancel()
        }
        await engine?.stop(within: .seconds(10))
        await store?.close()
        if store != nil { logger.notice("stopped") }
        (links, store, engine, pump, publisher, settler, spool) = ([], nil, nil, nil, nil, nil, nil)
    }

    /// Puts the endpoints of a configuration that was read anew in place, and reopens the calls log. Says which other sections
    /// wait for the next start.
    public func reload(_ fresh: Configuration) async {
        await store?.reopenCallsLog()
        engine?.reload(fresh.endpoints)
        logger.notice("webhooks reloaded", [.count: .number(fresh.endpoints.count)])
        let later = fresh.sectionsForNextStart(since: configuration)
        if !later.isEmpty {
            logger.warning(
                "sections have changed that are read at a start only",
                [
                    .state: .text(later.map { "[\($0)]" }.joined(separator: " ")),
                    .hint: .text("systemctl restart hookswitch; what is pending is kept"),
                ])
        }
    }
    /// Reopens the calls log alone.
    public func reopenCallsLog() async { await store?.reopenCallsLog() }

    // MARK: What is done again and again

    private func startTicker() {
        ticker = Task(name: "ticker", executorPreference: loop) { [weak self, loop] in
            var second = 0
            while !Task.isCancelled {
                do throws(CancellationError) { try await loop.sleep(for: .seconds(1)) } catch { return }
                second += 1
                guard let self else { return }
                await tick(second)
            }
        }
    }

    private func tick(_ second: Int) async {
        guard let store else { return }
        do throws(StorageError) { _ = try await store.serveRequests(now: now()) } catch {
            logger.part("storage").warning(
                "requests of the command line cannot be read", [.error: .text(error.description)], repeats: .counted)
        }
        missed.tick()
        if second % 2 == 1 {
            spool?.poll()
            // Not before the spool's witnesses have been heard: they tell more than a CDR does.
            if second >= Daemon.backfillAfter {
                pump?.takeUp(Backfill.handoverPath(in: configuration.general.stateDirectory), from: .backfill)
            }
        }
        if second == 1 {
            StartPages.release()
            // Not before: a start is not to wait for the disk.
            Task(name: "log-room", executorPreference: loop) { await store.makeLogRoom() }
        }
        if second % 5 == 0 { checkDisk() }
        if second % 60 == 5 { minute() }
        if second % 600 == 300 { await sweep(store) }
    }

    /// Seconds after the start: the spool is read in the first, and what it tells is finished within two more.
    private static let backfillAfter = 5

    /// How long a call that ended unseen waits for the files. They are read within two seconds of the list, and again within fifteen
    /// where its end is not in them yet; but large ones take long, and a connection that is lost again at once has them read after
    /// ten.
    private static let filesWait: Duration = .seconds(20)

    /// CDRs of one call come together when its last channel goes, but for those of a consultation or of a Local channel that is
    /// optimised away: who lives on is listed by then.
    private static let strayCDRWait: Duration = PBXLink.resyncPause + .seconds(3)

    private func sweep(_ store: CallStore) async {
        do throws(StorageError) {
            let report = try await store.sweep(configuration.general.retention, now: now())
            if report.calls + report.messages > 0 {
                logger.part("storage").info(
                    "old rows removed", [.count: .number(report.calls + report.messages)])
            }
        } catch {
            logger.part("storage").warning(
                "old rows could not be removed", [.error: .text(error.description)], repeats: .counted)
        }
    }

    private func minute() {
        checkSpool()
        for link in links {
            link.minute()
            checkRecords(of: link)
        }
    }

    /// Every few seconds: what fills a disk, a core file or a copy, may do it within a minute.
    func checkDisk() {
        guard let room = diskRoom?() ?? store?.room else { return }
        let before = health.diskLevel
        if let alert = health.disk(room, at: now()) { engine?.raise(alert) }
        if health.diskLevel != before { spareDisk() }
        guard health.diskLevel > .ample, let store else { return }
        // What is copied by the time the disk is full is room in the log for calls.
        Task(name: "copy-log", executorPreference: loop) { await store.copyLog() }
    }

    /// Gives up the least important first: what old rows hold and the copy of the records, then what is told of calls in progress.
    private func spareDisk() {
        let level = health.diskLevel
        logger.part("storage").log(
            level == .ample ? .notice : .warning, "the room on the disk has changed", [.state: .text("\(level)")],
            repeats: .printed)
        publisher?.isProgressHeld = level == .critical
        guard let store else { return }
        Task(name: "spare-disk", executorPreference: loop) { [weak self, logger] in
            do throws(StorageError) { try await store.holdCallsLog(level > .ample) } catch {
                logger.part("storage").warning(
                    "the calls log lacks what was left out", [.error: .text(error.description)])
            }
            if level > .ample { await self?.sweep(store) }
        }
    }

    private func checkSpool() {
        let age = spool?.oldestAge(now: now()) ?? 0
        if let alert = health.spool(age: age, at: now()) { engine?.raise(alert) }
    }

    /// Channels come and go but no call is ever told: something hides events, or the fold has a defect.
    private func checkRecords(of link: PBXLink) {
        let alert = health.records(
            of: link.configuration.name, channels: link.fold.channelsWithoutRecord,
            lastFinishedAt: link.fold.lastFinishedAt, at: now())
        if let alert { engine?.raise(alert) }
    }

    /// Reads the whole database once, beside the work: a file that a disk has damaged is found before it is needed.
    private func checkDatabase(_ store: CallStore) {
        Task(name: "check-database", executorPreference: loop) { [weak self] in
            guard let faults = try? await store.check(), let first = faults.first, let self else { return }
            engine?.raise(
                Alert(
                    .databaseDamaged, subject: configuration.general.databasePath,
                    message: "\(faults.count) faults, as: \(first); stop, keep the file, restore the latest backup, "
                        + "run backfill for the calls since",
                    at: now()))
        }
    }

    // MARK: What the parts tell

    private func storeChanged(_ error: StorageError?) {
        guard let error, error.code == .diskFull else { return }
        let before = health.diskLevel
        if let alert = health.diskFull(at: now()) { engine?.raise(alert) }
        if health.diskLevel != before { spareDisk() }
    }

    /// Tells an alert to the log and, unless it repeats one, to the operator's command; the engine tells the endpoints.
    private func tell(_ alert: Alert) {
        logger.part("alert").log(
            alert.kind.isGood ? .notice : .error, "alert",
            [.alertKind: .text(alert.kind.rawValue), .alertSubject: .text(alert.subject), .hint: .text(alert.message)],
            repeats: .printed)
        guard let alertCommand, !alert.isRepeat else { return }
        var w = JSONWriter()
        alert.write(to: &w)
        alertCommand.run(with: w.bytes + [0x0A])
    }

    private static func log(_ event: DeliveryEvent, _ logger: Logger) {
        let delivered = event.verdict == .delivered
        guard logger.logs(delivered ? .debug : .warning) else { return }
        var data: LogMetadata = [
            .endpoint: .text(event.endpoint), .webhookEvent: .text(event.event), .webhookID: .text(event.messageID),
            .callID: .text(event.callID), .attempt: .number(event.attempt),
            .milliseconds: .milliseconds(event.duration),
        ]
        if let status = event.status { data.append(.httpStatus, .number(status)) }
        if let error = event.error { data.append(.errorCode, .text(error)) }
        if !event.detail.isEmpty { data.append(.error, .text(event.detail)) }
        if delivered {
            logger.debug("delivered", data)
        } else {
            logger.warning("delivery failed", data, repeats: .counted)
        }
    }
}
