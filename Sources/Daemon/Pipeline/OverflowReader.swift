import Diagnostics
import EventLoop
import Telephony

/// Takes up files of calls a piece at a time, each when the one before is on disk.
///
/// ```
/// overflow.jsonl ── renamed ─▶ overflow.jsonl.taken ─ piece ─▶ revive ─▶ written ─ next piece … ─▶ removed
/// ```
/// New calls may overflow meanwhile: they go to a file under the first name. The renamed one is removed when all of it is
/// written; a daemon killed before takes it up again from the start, and what is known by then adds nothing. Memory holds one
/// piece, whatever the file's size, and the loop does no reading.
///
/// **Isolation**: on the loop's thread only, but for the reading.
final class OverflowReader: @unchecked Sendable {
    private let loop: EventLoop
    private let thread: SerialThread
    private let logger: Logger
    /// Gives calls back as work.
    private let revive: (FinishedCall, CommitPump.Origin) async -> Void
    /// Returns when everything offered so far is written; false: the store takes no more.
    private let written: () async -> Bool
    private var queue: [(path: String, origin: CommitPump.Origin)] = []
    private var isReading = false

    /// - Parameter thread: where files are written and read.
    init(
        loop: EventLoop, thread: SerialThread, logger: Logger,
        revive: @escaping (FinishedCall, CommitPump.Origin) async -> Void, written: @escaping () async -> Bool
    ) {
        (self.loop, self.thread, self.logger) = (loop, thread, logger)
        (self.revive, self.written) = (revive, written)
    }

    /// Takes up a file, if it is there, after those asked for before. Returns at once.
    func takeUp(_ path: String, from origin: CommitPump.Origin) {
        // One that is being read is looked at once more afterwards: it may have been written to since its last look.
        guard !queue.dropFirst(isReading ? 1 : 0).contains(where: { $0.path == path }) else { return }
        queue.append((path, origin))
        guard !isReading else { return }
        isReading = true
        Task(name: "overflow", executorPreference: loop) { await self.work() }
    }

    /// Whether there is such a file, or what an earlier run has left of it.
    static func isThere(_ path: String) -> Bool {
        !OverflowFile(path: path).isEmpty || !OverflowReader.taken(path).isEmpty
    }
    private static func taken(_ path: String) -> OverflowFile { OverflowFile(path: "\(path).taken") }

    private func work() async {
        while let next = queue.first {
            let isOpen = await takeUp(OverflowFile(path: next.path), next.origin)
            queue.removeFirst()
            if !isOpen { queue = [] }
        }
        isReading = false
    }

    /// False when the store takes no more; the file is then left.
    private func takeUp(_ file: OverflowFile, _ origin: CommitPump.Origin) async -> Bool {
        // What an earlier run did not finish comes first.
        let taken = OverflowReader.taken(file.path)
        do {
            while true {
                let isThere = try await read { () throws(FileError) in
                    if taken.isEmpty, !file.isEmpty { try file.rename(to: taken.path) }
                    return !taken.isEmpty
                }
                guard isThere else { return true }
                guard try await all(of: taken, origin) else { return false }
                _ = try await read { () throws(FileError) in taken.remove() }
            }
        } catch {
            logger.error(
                "a file of calls cannot be read",
                [.file: .text(file.path), .error: .text("\(error)"), .hint: .text("check its permissions")],
                repeats: .counted)
            return true
        }
    }

    private func all(of file: OverflowFile, _ origin: CommitPump.Origin) async throws -> Bool {
        var offset: Int? = 0
        var count = 0
        var damaged = 0
        while let at = offset {
            let piece = try await read { () throws(FileError) in try file.piece(at: at) }
            for call in piece.calls { await revive(call, origin) }
            guard await written() else { return false }
            count += piece.calls.count
            damaged += piece.damaged
            offset = piece.next
        }
        logger.notice("calls taken up from a file", [.count: .number(count), .file: .text(file.path)])
        if damaged > 0 {
            logger.error(
                "lines of a file of calls cannot be read",
                [
                    .count: .number(damaged), .file: .text(file.path),
                    .hint: .text("run hookswitch backfill: Asterisk's CDR file has these calls"),
                ])
        }
        return true
    }

    /// Does something with a file on the thread for it.
    private func read<R: Sendable>(_ body: @escaping @Sendable () throws(FileError) -> R) async throws(FileError) -> R {
        let result: Result<R, FileError> = await thread.result {
            do throws(FileError) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
