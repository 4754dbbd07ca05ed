import Glibc
import Synchronization
import Telephony

/// Waits, after a call, until its recordings have settled; looks at the files on a thread of its own, as a file system may hang.
///
/// The thread is made with the first recording and sleeps while there is none to wait for. Looks at each file four times a
/// second. At most `capacity` calls are waited for; beyond that a call's files are looked at once and told as they are.
final class RecordingSettler: Sendable {
    /// Given the recordings as they are now. On the settler's thread: must hop to its own place.
    typealias Completion = @Sendable ([CallRecord.Recording]) -> Void

    private struct Job {
        var recordings: [CallRecord.Recording]
        var watches: [RecordingWatch]
        var completion: Completion
    }
    private struct State {
        var jobs: [Job] = []
        var isRunning = false
        var isStopping = false
    }
    static let capacity = 10_000
    private static let interval: Duration = .milliseconds(250)

    private let settings: Configuration.Recordings
    private let now: @Sendable () -> Instant
    private let state = Mutex(State())

    init(_ settings: Configuration.Recordings, now: @escaping @Sendable () -> Instant) {
        (self.settings, self.now) = (settings, now)
    }

    /// Waits for the files of one call. Returns at once.
    func settle(_ recordings: [CallRecord.Recording], _ completion: @escaping Completion) {
        let now = now()
        let watch = RecordingWatch(settle: settings.settle, giveUp: settings.giveUp, now: now)
        let job = Job(
            recordings: recordings, watches: recordings.map { _ in watch }, completion: completion)
        let isFirst = state.withLock { state in
            guard !state.isStopping else { return false }
            state.jobs.append(job)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if isFirst { startThread() }
    }

    /// Calls that are being waited for.
    var waiting: Int { state.withLock { $0.jobs.count } }

    /// Waits for nothing any more. What was not told stays noted in the store and is taken up by the next start.
    func stop() {
        state.withLock { state in
            state.isStopping = true
            state.jobs = []
        }
    }

    private func startThread() {
        BackgroundThread.run { self.work() }
    }

    /// The thread: looks at every file, tells what has settled, sleeps; ends when nothing is left.
    private func work() {
        while true {
            var jobs = state.withLock { state in
                defer { state.jobs = [] }
                return state.jobs
            }
            let isCrowded = jobs.count > RecordingSettler.capacity
            jobs = jobs.compactMap { look($0, isLastLook: isCrowded) }
            let isOver = state.withLock { state in
                if !state.isStopping { state.jobs = jobs + state.jobs }
                if state.jobs.isEmpty { state.isRunning = false }
                return state.jobs.isEmpty
            }
            if isOver { return }
            usleep(UInt32(RecordingSettler.interval.wholeMicroseconds))
        }
    }

    /// Looks at the files of one call. Nil when all have settled and that was told.
    private func look(_ job: Job, isLastLook: Bool) -> Job? {
        var job = job
        for i in job.recordings.indices where job.recordings[i].state == .pending {
            let path = localPath(job.recordings[i].path)
            let (look, audio) = RecordingSettler.look(at: path)
            guard var settled = job.watches[i].take(look, now: now()) ?? (isLastLook ? .missing : nil) else { continue }
            if case .file(let size, let audioBytes) = look {
                if isLastLook { settled = audioBytes > 0 ? .ready : .empty }
                job.recordings[i].bytes = size
                job.recordings[i].length = audio?.length
            }
            job.recordings[i].state = settled
        }
        if job.recordings.contains(where: { $0.state == .pending }) { return job }
        job.completion(job.recordings)
        return nil
    }

    /// Where this host sees a file that Asterisk names.
    func localPath(_ path: String) -> String {
        let absolute = path.hasPrefix("/") ? path : "\(settings.directory)/\(path)"
        guard let mount = settings.mountedAt, absolute.hasPrefix(settings.directory + "/") else { return absolute }
        return mount + absolute.dropFirst(settings.directory.count)
    }

    private static func look(at path: String) -> (RecordingWatch.Look, AudioFile?) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            return (access(folder, F_OK) == 0 ? .noFile : .noFolder, nil)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return (.noFile, nil) }
        var head = [UInt8](repeating: 0, count: 4096)
        let count = max(0, pread(descriptor, &head, head.count, 0))
        let audio = AudioFile(path: path, size: Int(status.st_size), head: Array(head[..<count]))
        return (.file(size: Int(status.st_size), audioBytes: audio.audioBytes), audio)
    }
}
