import Glibc
import Synchronization

/// A thread of its own for work that blocks on a disk: the serial executor of an actor, never the cooperative pool.
///
/// Started when there is work, ended by `stop` once its queue is empty; work that comes later starts it again. Each turn
/// takes everything that has arrived: first the writes, which the owner commits together, then the actor's other jobs.
final class DatabaseThread: SerialExecutor, Sendable {
    private struct State {
        var writes: [any WriteJob] = []
        var jobs: [UnownedJob] = []
        var weight = 0
        var isRunning = false
        var isIdle = false
        var isStopping = false
        var thread: pthread_t?
        var perform: (@Sendable ([any WriteJob]) -> Void)?
    }
    private let name: String
    private let state = Mutex(State())
    private let wakeUp = WakeUp()
    /// Rows that may wait before `submit` refuses.
    static let weightLimit = 50_000

    /// - Parameter name: at most 15 bytes, as `top -H` shows it.
    init(name: String) { self.name = name }

    /// Says what to do with writes; before the first `submit`.
    func onWrites(_ body: @escaping @Sendable ([any WriteJob]) -> Void) { state.withLock { $0.perform = body } }

    /// Queues a write. False, and nothing queued, where the queue is at its limit.
    func submit(_ write: any WriteJob) -> Bool {
        let accepted = state.withLock { state in
            guard state.weight == 0 || state.weight + write.weight <= DatabaseThread.weightLimit else { return false }
            state.writes.append(write)
            state.weight += write.weight
            return true
        }
        if accepted { wake() }
        return accepted
    }
    /// Queues an actor's job. It runs after the writes that have come by the same turn, and starts the thread where it
    /// has ended.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        wake()
    }
    /// Lets the thread end when it has done all that is queued.
    func stop() {
        state.withLock { $0.isStopping = true }
        wakeUp.ring()
    }
    /// Rows that wait to be written.
    var queued: Int { state.withLock { $0.weight } }

    /// Traps where the caller is on another thread; what `assumeIsolated` stands on.
    func checkIsolated() { precondition(isCurrent, "not on the \(name) thread") }
    /// Never nil: the thread is known while it runs, and before and after nobody can be on it.
    func isIsolatingCurrentContext() -> Bool? { isCurrent }
    private var isCurrent: Bool {
        state.withLock { $0.thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    private func wake() {
        let (ring, start) = state.withLock { state in
            defer {
                state.isIdle = false
                state.isRunning = true
            }
            return (state.isIdle, !state.isRunning)
        }
        if ring { wakeUp.ring() }
        if start { spawn() }
    }
    private func spawn() {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // SQLite needs some 10 KB; JSON and Swift's runtime the rest.
        pthread_attr_setstacksize(&attributes, 1 << 20)
        let this = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { raw in
                Unmanaged<DatabaseThread>.fromOpaque(raw!).takeRetainedValue().run()
                return nil
            }, this.toOpaque())
        precondition(code == 0, "no thread could be started: \(String(cString: strerror(code)))")
    }
    private func run() {
        nameThread()
        let perform = state.withLock { state in
            state.thread = pthread_self()
            return state.perform
        }
        while true {
            let (writes, jobs, isOver) = state.withLock { state in
                let taken = (state.writes, state.jobs)
                state.writes = []
                state.jobs = []
                state.weight = 0
                let isEmpty = taken.0.isEmpty && taken.1.isEmpty
                state.isIdle = isEmpty && !state.isStopping
                if isEmpty && state.isStopping {
                    state.isRunning = false
                    state.thread = nil
                }
                return (taken.0, taken.1, isEmpty && state.isStopping)
            }
            if isOver { return }
            if writes.isEmpty && jobs.isEmpty {
                wakeUp.wait()
                continue
            }
            if !writes.isEmpty { perform?(writes) }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
        }
    }
}

extension DatabaseThread {
    /// For `top -H` and core dumps; `pthread_setname_np` is hidden behind _GNU_SOURCE.
    private func nameThread() {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, name, name.utf8.count)
        close(file)
    }
}

/// One change to the database, to be committed together with others.
protocol WriteJob: AnyObject, Sendable {
    /// Rows it is good for, roughly: bounds the queue and a transaction.
    var weight: Int { get }
    /// Does its part within a transaction. Runs once more, alone, if a transaction it shared failed by somebody's fault.
    func run(_ ledger: Ledger) throws(StorageError)
    /// Tells whoever waits; nil is success. Called once, from any thread, when the writer's is done with it.
    func answer(_ error: StorageError?)
}

/// Wakes the one thread that waits for it; a ring with nobody waiting is remembered. A semaphore: it is rung with each commit,
/// and costs a system call only where somebody waits.
private final class WakeUp: @unchecked Sendable {
    // Unchecked: a POSIX semaphore is made to be shared; the pointer never changes.
    private let semaphore: UnsafeMutablePointer<sem_t>
    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }
    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }
    func ring() { sem_post(semaphore) }
    func wait() { while sem_wait(semaphore) != 0 && errno == EINTR {} }
}
