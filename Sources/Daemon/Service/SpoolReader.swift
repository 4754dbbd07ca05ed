import AsteriskWire
import Diagnostics
import EventLoop
import Glibc
import Storage
import Telephony

/// Takes up what `agi-bin/hookswitch-spool` left on disk: requests of hangup handlers that found no daemon.
///
/// ```
/// spool/NAME.agi ─▶ witness ─▶ fold;  file to spool/taken/ ── an hour later ─▶ removed
///        └ no spool file: to spool/refused/, told once
/// ```
/// A file that was taken is kept an hour and read again by the next start, should the daemon be killed before the call is on disk:
/// a call that is known already is not told twice.
final class SpoolReader: @unchecked Sendable {
    private let folder: String
    private let logger: Logger
    private let taken: Counter
    private let refused: Counter
    private let take: (InsideWitness) -> Void
    /// How long a taken file is kept, in seconds.
    private static let keep = 3600
    /// Files of one round; the rest comes with the next.
    private static let round = 500

    /// Looks at nothing yet.
    /// - Parameter folder: the spool; `taken/` and `refused/` are made in it.
    /// - Parameter take: gets each witness, the oldest file's first.
    init(folder: String, logger: Logger, counters: CounterRegistry, take: @escaping (InsideWitness) -> Void) {
        (self.folder, self.logger, self.take) = (folder, logger.part("spool"), take)
        taken = counters.counter("spool.taken")
        refused = counters.counter("spool.refused")
    }

    /// Makes the folders, and puts what was taken lately back into play.
    func start() {
        for path in [folder, "\(folder)/taken", "\(folder)/refused"] { mkdir(path, 0o770) }
        for name in names(in: "\(folder)/taken") { rename("\(folder)/taken/\(name)", "\(folder)/\(name)") }
    }

    /// Reads what is there, oldest first.
    /// - Returns: how many files are left for the next round.
    @discardableResult
    func poll() -> Int {
        let all = names(in: folder)
        for name in all.prefix(SpoolReader.round) { read(name) }
        sweep()
        return max(0, all.count - SpoolReader.round)
    }

    /// Seconds that the oldest file has waited; 0 where there is none.
    func oldestAge(now: Instant) -> Int {
        names(in: folder).compactMap { status(of: "\(folder)/\($0)") }.map { Int(now.seconds) - $0.st_mtim.tv_sec }
            .max() ?? 0
    }

    private func read(_ name: String) {
        let path = "\(folder)/\(name)"
        do throws(FileError) {
            let bytes = try FileError.read(path, limit: 1 << 20)
            do throws(AGIError) {
                let file = try SpoolFile(bytes)
                if let witness = file.witness { take(witness) }
                taken.add()
                rename(path, "\(folder)/taken/\(name)")
            } catch {
                refused.add()
                logger.warning(
                    "a spool file cannot be read; it is kept aside",
                    [
                        .file: .redacted(Redacted(name: "refused/\(name)")), .errorCode: .text(error.code.rawValue),
                        .hint: .text("was it written by hookswitch-spool of this version?"),
                    ], repeats: .counted)
                rename(path, "\(folder)/refused/\(name)")
            }
        } catch {
            // Gone again, or another user's: the next round sees.
            guard !error.isMissing else { return }
            logger.error(
                "the spool cannot be read",
                [
                    .error: .text(error.reason), .file: .text(folder),
                    .hint: .text("the daemon's user must be able to read, write and rename there"),
                ], repeats: .counted)
        }
    }

    private func sweep() {
        let now = time(nil)
        let old = "\(folder)/taken"
        for name in names(in: old) {
            // Of the change of name, not of the content: when it was taken.
            guard let status = status(of: "\(old)/\(name)"), now - status.st_ctim.tv_sec > SpoolReader.keep else {
                continue
            }
            unlink("\(old)/\(name)")
        }
    }

    private func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    /// The `*.agi` files of a folder by name, which begins with the time.
    private func names(in folder: String) -> [String] {
        FolderEntries.names(in: folder).filter { $0.hasSuffix(".agi") && !$0.hasPrefix(".") }.sorted()
    }
}
