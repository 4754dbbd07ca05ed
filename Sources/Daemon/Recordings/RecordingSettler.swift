import Glibc
import Storage
import Synchronization
import Telephony

/// Looks, after a call, at the files of its recordings until they have settled; on a thread of its own, as a file system may hang.
///
/// ```
/// settle ─▶ first look, at once ──all settled──────────────▶ settled
///                └─ waiting ─▶ four looks a second ─────────▶ settled
/// ```
/// The thread is made with the first recording and sleeps while there is none to wait for. At most `capacity` calls are waited
/// for; beyond that a call's files are looked at once and told as they are.
final class RecordingSettler: Sendable {
    /// What the looks have found.
    enum Report: Sendable {
        /// The first look was not enough; `settled` follows.
        case waiting
        /// The recordings as they are now and will be told; the last report.
        case settled([CallRecord.Recording])
    }
    /// Given what was found of some calls, each under the ticket it came with. Called on the settler's thread: must hop to its
    /// own place.
    typealias Told = @Sendable ([(ticket: Int, report: Report)]) -> Void

    private struct Job {
        let ticket: Int
        var recordings: [CallRecord.Recording]
        var watches: [RecordingWatch]
        var hasSettled: Bool { !recordings.contains { $0.state == .pending } }
    }
    private struct State {
        var fresh: [Job] = []
        var told: Told = { _ in }
        var isRunning = false
        var isStopping = false
    }
    /// Calls that are waited for at most, so that a round of looks, four a second, stays bounded.
    static let capacity = 10_000
    private static let interval: Duration = .milliseconds(250)
    /// Calls that are reported together at most: a report wakes the thread it goes to, and waits for the looks before it.
    private static let group = 16

    private let settings: Configuration.Recordings
    private let uptime: @Sendable () -> Duration
    private let state = Mutex(State())
    private let bell = Bell()

    /// - Parameter uptime: a clock that nobody sets: a wall clock put forward must not end a wait, nor one put back prolong it.
    init(_ settings: Configuration.Recordings, uptime: @escaping @Sendable () -> Duration = CallStore.uptime) {
        (self.settings, self.uptime) = (settings, uptime)
    }
    /// A moment of that clock.
    private func now() -> Instant { Instant(seconds: 0) + uptime() }

    /// Who is told of all calls that come from now on.
    func report(to told: @escaping Told) { state.withLock { $0.told = told } }

    /// Looks at the files of these calls until they have settled. Returns at once.
    func settle(_ calls: [(ticket: Int, recordings: [CallRecord.Recording])]) {
        let watch = RecordingWatch(settle: settings.settle, giveUp: settings.giveUp, now: now())
        let jobs = calls.map { call in
            Job(ticket: call.ticket, recordings: call.recordings, watches: call.recordings.map { _ in watch })
        }
        let (isFirst, mustRing) = state.withLock { state in
            guard !state.isStopping else { return (false, false) }
            state.fresh += jobs
            defer { state.isRunning = true }
            return (!state.isRunning, state.fresh.count == jobs.count)
        }
        if isFirst { BackgroundThread.run { self.work() } } else if mustRing { bell.ring() }
    }

    /// Waits for nothing any more. What was not told is taken up by the next start, from the store's notes.
    func stop() {
        state.withLock { state in
            state.isStopping = true
            state.fresh = []
        }
        bell.ring()
    }

    /// The thread.
    private func work() {
        var waiting: [Job] = []
        let clock = ContinuousClock()
        var nextRound = clock.now
        while true {
            guard let left = takeFresh(besides: waiting.count) else { return }
            if waiting.isEmpty { nextRound = clock.now + RecordingSettler.interval }
            waiting += left
            if !waiting.isEmpty, clock.now >= nextRound {
                guard let still = round(waiting) else { return }
                waiting = still
                nextRound = clock.now + RecordingSettler.interval
            }
            bell.wait(atMost: waiting.isEmpty ? nil : nextRound - clock.now)
        }
    }

    /// First looks at what has come; the calls that must wait. Nil when it is time to stop.
    private func takeFresh(besides waiting: Int) -> [Job]? {
        let taken: (jobs: [Job], told: Told)? = state.withLock { state in
            if state.isStopping { return nil }
            defer { state.fresh = [] }
            return (state.fresh, state.told)
        }
        guard let (fresh, told) = taken else { return nil }
        var left: [Job] = []
        for start in stride(from: 0, to: fresh.count, by: RecordingSettler.group) {
            var reports: [(ticket: Int, report: Report)] = []
            for var job in fresh[start..<min(start + RecordingSettler.group, fresh.count)] {
                look(&job, isLastLook: waiting + left.count >= RecordingSettler.capacity)
                reports.append((job.ticket, job.hasSettled ? .settled(job.recordings) : .waiting))
                if !job.hasSettled { left.append(job) }
            }
            told(reports)
        }
        return left
    }

    /// One more look at every call that waits; those that still must, and those that came meanwhile: nobody's first look waits
    /// behind thousands of others.
    private func round(_ jobs: [Job]) -> [Job]? {
        let told = state.withLock { $0.told }
        var left: [Job] = []
        for (i, var job) in jobs.enumerated() {
            if i % 64 == 63 {
                guard let more = takeFresh(besides: jobs.count) else { return nil }
                left += more
            }
            look(&job, isLastLook: false)
            if job.hasSettled { told([(job.ticket, .settled(job.recordings))]) } else { left.append(job) }
        }
        return left
    }

    /// Looks at the files of one call that have not settled yet.
    private func look(_ job: inout Job, isLastLook: Bool) {
        for i in job.recordings.indices where job.recordings[i].state == .pending {
            let (look, audio) = look(at: job.recordings[i])
            guard var settled = job.watches[i].take(look, now: now()) ?? (isLastLook ? .missing : nil) else { continue }
            if case .file(let size, let audioBytes, _) = look {
                if isLastLook { settled = audioBytes > 0 ? .ready : .empty }
                job.recordings[i].bytes = size
                job.recordings[i].length = audio?.length
            }
            job.recordings[i].state = settled
        }
    }

    private func look(at recording: CallRecord.Recording) -> (RecordingWatch.Look, AudioFile?) {
        let path = settings.localPath(recording.path)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            return (settings.hasPlace(for: path) ? .noFile : .noFolder, nil)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return (.noFile, nil) }
        var head = [UInt8](repeating: 0, count: 4096)
        let count = max(0, pread(descriptor, &head, head.count, 0))
        head.removeLast(head.count - count)
        let audio = AudioFile(path: path, size: Int(status.st_size), head: head)
        // A whole file from before the recording began is an older one that is being added to.
        let changed = Instant(seconds: Int64(status.st_mtim.tv_sec)) + .nanoseconds(Int64(status.st_mtim.tv_nsec))
        let isWhole = audio.isWhole && changed >= recording.startedAt
        return (.file(size: Int(status.st_size), audioBytes: audio.audioBytes, isWhole: isWhole), audio)
    }
}

extension Configuration.Recordings {
    /// Where this host sees a file that Asterisk names.
    func localPath(_ path: String) -> String {
        let absolute = path.hasPrefix("/") ? path : "\(directory)/\(path)"
        guard let mountedAt, absolute.hasPrefix(directory + "/") else { return absolute }
        return mountedAt + absolute.dropFirst(directory.count)
    }

    /// Whether a file may still come to a path of this host: its folder is there, or the one of all recordings, below which a day's
    /// folder may be made, or copied from another host, later than the first call of the day.
    func hasPlace(for path: String) -> Bool {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let root = mountedAt ?? directory
        return access(folder, F_OK) == 0 || path.hasPrefix(root + "/") && access(root, F_OK) == 0
    }
}
