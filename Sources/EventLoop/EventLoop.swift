// EventLoop: one libuv loop on one thread, as the executor that runs Hookswitch's tasks.
//
// Decides:     when a task runs, when a socket is read, how much may wait to be written, how long a peer may stall.
// Decides not: what bytes mean (AsteriskWire), what to answer (AMI, FastAGI, Delivery). It keeps no configuration.
// Called by:   AMI, FastAGI and Delivery for their sockets and timers; the Daemon for `run` and signals.
//
//      other threads ── enqueue ──▶ inbox (lock) ── eventfd ───────┐
//                                                                  ▼
//      tasks on the loop ── enqueue ──▶ ready (plain array) ──▶ run all ──▶ uv_run (poll once) ──┐
//                                          ▲                                                     │
//                                          └──── continuations resumed by libuv's callbacks ◀────┘
//
// Reading is asked for: a socket is read only when a task waits in `read`, into one buffer the whole loop shares. Writing
// goes to the kernel at once; what does not fit waits in a bounded queue and the writer is suspended above its mark.
//
// Authority:   libuv 1.44 (docs.libuv.org), SE-0392 and SE-0417 (executors), OpenSSL 3.0 manual pages, Linux socket(7),
//              tcp(7), accept(2).
// Malformed:   no bytes are looked at here, except by TLS: a broken handshake or record ends that stream with its reason.
// Trouble:     no descriptors left: new connections are refused one by one with the spare descriptor, running ones go on.
//              A peer that does not read: its writer fails after `writeDeadline`. A dead name server: `resolve` times out.
// Shutdown:    `run` returns when its body has; cancel tasks and close streams before. SIGPIPE is ignored process-wide,
//              since libuv writes without MSG_NOSIGNAL.
import CUV
import Glibc
import Synchronization

/// One libuv loop and the thread that runs it, as an executor for tasks and actors.
///
/// Use it with `Task(executorPreference: loop)`, or give an actor `loop.asUnownedSerialExecutor()`, so that the actor's
/// methods and the loop's callbacks share a thread and nothing has to hop.
///
/// **Isolation**: `enqueue`, `schedule`, `sleep`, `resolve`, `signals`, `perform` may be called from any thread; streams
/// and listeners only from tasks that run on the loop (checked).
///
/// `@unchecked Sendable`: all mutable state except the inbox is touched only by the thread that is inside `run`, which
/// `isCurrent` identifies; the inbox is behind a lock.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    /// Libuv's own loop; only for calls on the loop's thread.
    let uv: UnsafeMutablePointer<uv_loop_t>
    private let waker: UnsafeMutablePointer<uv_poll_t>
    /// An eventfd(2) that other threads write to. Not a `uv_async_t`: who is woken by one waits, at first in circles, until the
    /// waking thread has left `uv_async_send`, and where both share a processor that is some 50 µs later.
    private let bell: Int32
    private let alarm: UnsafeMutablePointer<uv_timer_t>
    /// Bytes read at once at most.
    static let readLimit = 2 << 20
    /// Where every stream of this loop reads into; valid only until the reading task suspends.
    let readBuffer: UnsafeMutableRawBufferPointer

    /// `pthread_self()` of the thread inside `run`; 0 when the loop is not running.
    private let runner = Atomic<UInt>(0)
    private let inbox = Mutex(Inbox())
    private var ready: [Job] = []
    private var batch: [Job] = []
    /// The same thread as seen by actors; see `ActorExecutor`.
    private let forActors = ActorExecutor()

    /// Whether `init` went through.
    private var isWhole = false
    private var timers = TimerHeap()
    /// When `alarm` is set to ring, in loop nanoseconds; `.max` when it is off.
    private var alarmAt = UInt64.max
    /// Whether late timers wait for one poll; see `alarmed()`.
    private var isAlarmPutOff = false
    private let time: Time
    private var manualNow: UInt64 = 0

    /// Where the loop's timers take their time from.
    public enum Time: Sendable {
        /// The machine's monotonic clock.
        case system
        /// Stands still until `advance(by:)`; for tests.
        case manual
    }

    /// A piece of a task, and whether it belongs to an actor. The runtime compares where a piece says it runs with where
    /// the next one wants to run; telling it the truth saves a round through the queue at every call and return.
    private struct Job {
        let job: UnownedJob
        let isActors: Bool
    }

    private struct Inbox {
        var jobs: [Job] = []
        var calls: [@Sendable () -> Void] = []
        var isSignalled = false
    }

    /// A loop that is not yet running.
    /// - Throws: `.system` when the kernel refuses an epoll or event descriptor.
    public init(time: Time = .system) throws(EventLoopError) {
        self.time = time
        uv = .allocate(capacity: 1)
        waker = .allocate(capacity: 1)
        bell = cuv_eventfd()
        let bellError = bell < 0 ? -errno : 0
        alarm = .allocate(capacity: 1)
        // Each read lets a peer that sends at full speed send on, which the kernel does on the reader's time: the fewer reads the
        // better, and more than this gains nothing. Memory that no read has reached is none.
        readBuffer = .allocate(byteCount: EventLoop.readLimit, alignment: 16)
        signal(SIGPIPE, SIG_IGN)
        var status = uv_loop_init(uv)
        if status == 0 { status = bellError }
        if status == 0 { status = uv_poll_init(uv, waker, bell) }
        if status == 0 {
            status = uv_poll_start(waker, Int32(UV_READABLE.rawValue)) { handle, _, _ in
                EventLoop.of(handle!.pointee.data).woken()
            }
        }
        if status == 0 { status = uv_timer_init(uv, alarm) }
        guard status == 0 else {
            // At most half made, and left so by deinit: this happens once, at start, before the program gives up.
            throw EventLoopError(uv: status, operation: "create the event loop")
        }
        let this = Unmanaged.passUnretained(self).toOpaque()
        waker.pointee.data = this
        alarm.pointee.data = this
        forActors.loop = self
        isWhole = true
        ready.reserveCapacity(256)
        batch.reserveCapacity(256)
    }

    deinit {
        guard isWhole else { return }
        // Streams, watchers and signals retain the loop, so only the two own handles can still be open here.
        uv_close(EventLoop.handle(waker), nil)
        uv_close(EventLoop.handle(alarm), nil)
        uv_run(uv, UV_RUN_NOWAIT)
        uv_loop_close(uv)
        waker.deallocate()
        close(bell)
        alarm.deallocate()
        uv.deallocate()
        readBuffer.deallocate()
    }

    private static func of(_ data: UnsafeMutableRawPointer?) -> EventLoop {
        Unmanaged<EventLoop>.fromOpaque(data!).takeUnretainedValue()
    }

    /// Any libuv handle as the base type that `uv_close` and the like take: each begins with it.
    static func handle<T>(_ pointer: UnsafeMutablePointer<T>) -> UnsafeMutablePointer<uv_handle_t> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: uv_handle_t.self)
    }
}

// MARK: - Running

extension EventLoop {
    /// Whether the calling thread is the one that runs the loop.
    public var isCurrent: Bool { runner.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Runs `body` on the loop and drives the loop on the calling thread until `body` has returned.
    ///
    /// Tasks that `body` started without waiting for them are left as they are; they go on with the next `run`.
    public func run<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) throws -> R {
        let outcome = Outcome<R>()
        Task(name: "event-loop-body", executorPreference: self) {
            do { outcome.result = .success(try await body()) } catch { outcome.result = .failure(error) }
        }
        drive { outcome.result != nil }
        return try outcome.result!.get()
    }

    /// Runs jobs and callbacks on the calling thread until `isDone`.
    private func drive(until isDone: () -> Bool) {
        precondition(runner.load(ordering: .relaxed) == 0, "this event loop is already running")
        runner.store(UInt(pthread_self()), ordering: .relaxed)
        defer { runner.store(0, ordering: .relaxed) }
        emptyInbox()
        while true {
            runReady()
            if isDone() { break }
            uv_run(uv, ready.isEmpty ? UV_RUN_ONCE : UV_RUN_NOWAIT)
        }
        uv_run(uv, UV_RUN_NOWAIT)  // lets libuv finish with handles that were closed last
    }

    /// Makes a loop on a thread of its own, runs `body` on it as part of the calling task, and ends the thread when
    /// `body` has returned.
    ///
    /// For programs whose main thread is taken, and for tests.
    public static func withThread<R: Sendable>(
        time: Time = .system, _ body: @escaping @Sendable (EventLoop) async throws -> R
    ) async throws -> R {
        let loop = try EventLoop(time: time)
        let end = Outcome<Void>()
        startThread { loop.drive { end.result != nil } }
        defer { loop.perform { end.result = .success(()) } }
        return try await withTaskExecutorPreference(loop) { try await body(loop) }
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) {
        final class Start {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let status = pthread_create(
            &thread, &attributes,
            { start in
                Unmanaged<Start>.fromOpaque(start!).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Start(body)).toOpaque())
        pthread_attr_destroy(&attributes)
        precondition(status == 0, "the system refuses another thread")
    }

    /// Runs the ready jobs, and the jobs those make ready, but comes back to the poll after a bounded number of rounds so
    /// that tasks which keep each other ready cannot starve the sockets.
    private func runReady() {
        let own = asUnownedTaskExecutor()
        var rounds = 0
        while !ready.isEmpty, rounds < 16 {
            swap(&ready, &batch)
            for entry in batch {
                if entry.isActors {
                    entry.job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: own)
                } else {
                    entry.job.runSynchronously(on: own)
                }
            }
            batch.removeAll(keepingCapacity: true)
            rounds += 1
        }
    }

    /// Ends the loop's wait; from any thread.
    private func wake() {
        var one: UInt64 = 1
        _ = write(bell, &one, 8)
    }
    private func woken() {
        var count: UInt64 = 0
        _ = read(bell, &count, 8)
        emptyInbox()
    }
    private func emptyInbox() {
        let (jobs, calls) = inbox.withLock { inbox in
            defer { inbox = Inbox() }
            return (inbox.jobs, inbox.calls)
        }
        ready.append(contentsOf: jobs)
        for call in calls { call() }
    }

    /// Runs `body` on the loop: at once when called on it, else as soon as the loop comes round.
    public func perform(_ body: @escaping @Sendable () -> Void) {
        if isCurrent { return body() }
        let mustWake = inbox.withLock { inbox in
            inbox.calls.append(body)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        if mustWake { wake() }
    }

    /// Stops the program in a thread other than the loop's: that is a bug of the caller.
    func preconditionCurrent() {
        precondition(isCurrent, "streams and listeners may be used only by tasks that run on their event loop")
    }
}

// MARK: - Executor

extension EventLoop {
    /// Takes a job of the Swift runtime. On the loop's own thread this is an array append, no lock and no system call.
    public func enqueue(_ job: consuming ExecutorJob) { enqueue(Job(job: UnownedJob(job), isActors: false)) }

    private func enqueue(_ job: Job) {
        if isCurrent { return ready.append(job) }
        let mustWake = inbox.withLock { inbox in
            inbox.jobs.append(job)
            defer { inbox.isSignalled = true }
            return !inbox.isSignalled
        }
        if mustWake { wake() }
    }

    /// What an actor returns as its `unownedExecutor` to live on the loop; the actor must keep the loop.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: forActors) }

    /// The loop in its second role. `TaskExecutor` and `SerialExecutor` require the same `enqueue`, and only with two
    /// objects can a job's destination be told.
    private final class ActorExecutor: SerialExecutor, @unchecked Sendable {  // `loop` is set once, before first use
        unowned(unsafe) var loop: EventLoop!
        func enqueue(_ job: consuming ExecutorJob) { loop.enqueue(Job(job: UnownedJob(job), isActors: true)) }
        func checkIsolated() { precondition(loop.isCurrent, "not on the event loop's thread") }
        func isIsolatingCurrentContext() -> Bool? { loop.isCurrent }
    }
}

// MARK: - Time

extension EventLoop {
    /// Nanoseconds of the loop's clock; only differences mean something.
    var now: UInt64 { time == .system ? uv_hrtime() : manualNow }

    /// Moves a manual loop's clock on and rings what has become due. Does nothing to a loop on the system's clock.
    public func advance(by duration: Duration) {
        perform { [self] in
            manualNow += duration.nanosecondsAtLeastZero
            ring()
        }
    }

    /// Calls `body` on the loop after `duration` (at once, but not before this returns, when it is zero or less).
    public func schedule(after duration: Duration, _ body: @escaping @Sendable () -> Void) -> LoopTimer {
        let timer = LoopTimer(loop: self, body: body)
        let wait = duration.nanosecondsAtLeastZero
        perform { [self] in
            timer.dueAt = now &+ wait
            guard timer.body != nil else { return }
            timers.insert(timer)
            setAlarm()
        }
        return timer
    }

    /// Takes a timer out of the queue; harmless where it is not in. On the loop's thread.
    func remove(_ timer: LoopTimer) { timers.remove(timer) }

    private func setAlarm() {
        guard time == .system, let first = timers.first, first.dueAt < alarmAt else { return }
        alarmAt = first.dueAt
        let now = now
        let milliseconds = first.dueAt > now ? (first.dueAt - now + 999_999) / 1_000_000 : 0
        uv_update_time(uv)
        uv_timer_start(alarm, { EventLoop.of($0!.pointee.data).alarmed() }, milliseconds, 0)
    }

    /// How late a timer may be before what came from outside is looked at first.
    private static let lateness: UInt64 = 100_000_000

    /// libuv rings before it polls. After a standstill (SIGSTOP, a suspended machine) answers that came in time would lose to
    /// their deadlines: then one poll goes before.
    private func alarmed() {
        guard !isAlarmPutOff, let first = timers.first, now > first.dueAt &+ EventLoop.lateness else {
            isAlarmPutOff = false
            return ring()
        }
        isAlarmPutOff = true
        uv_timer_start(alarm, { EventLoop.of($0!.pointee.data).alarmed() }, 1, 0)
    }

    private func ring() {
        alarmAt = .max
        let now = now
        while let timer = timers.first, timer.dueAt <= now {
            timers.remove(timer)
            let body = timer.body
            timer.body = nil
            body?()
        }
        setAlarm()
        // A timer that is due already rings before libuv polls, and the poll would then wait with work to do.
        if !ready.isEmpty { wake() }
    }
}

extension Duration {
    /// Whole nanoseconds, 0 for a negative duration, about 292 years at most.
    var nanosecondsAtLeastZero: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(min(seconds, 9_000_000_000)) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}

/// What the body of `run` ended with; nil until then.
///
/// `@unchecked Sendable`: touched on the loop's thread only.
private final class Outcome<R: Sendable>: @unchecked Sendable { var result: Result<R, any Error>? }
