import Delivery
import Storage
import Telephony

/// What an operator must know of the daemon's own state, told once when it turns bad and once when it is good again: a value.
///
/// ```
/// disk   ample ── < low (200 MB) ──▶ low ── < critical (50 MB), or full ──▶ critical
///          ▲────── > twice low ───────┘◀────────── > twice critical ───────────┘
/// spool  drained ── oldest file > 10 min ──▶ old ── < 1 min ──▶ drained
/// calls  50 channels and no record for 10 min: told, again after an hour
/// ```
struct HealthWatch {
    /// How much room there is, and so what is given up: see `Daemon.spareDisk`.
    enum DiskLevel: Int, Comparable {
        /// In the order of need: at `low` the calls log and old rows are given up, at `critical` what is told of calls
        /// in progress too.
        case ample, low, critical
        /// A fuller disk is the greater level.
        static func < (a: DiskLevel, b: DiskLevel) -> Bool { a.rawValue < b.rawValue }
    }
    private let stateDirectory: String
    private let spoolFolder: String
    /// As of the last `disk`; `ample` before the first.
    private(set) var diskLevel = DiskLevel.ample
    private var isSpoolOld = false
    private var silenceToldAt: [String: Instant] = [:]

    /// Less than this is free: an operator has some hours. Of a small volume a fifth, which would else be low for ever.
    static func lowDisk(_ room: DiskRoom) -> Int64 { min(200 << 20, max(room.total / 5, 1)) }
    /// Less than this: the rest is for records and what is to be delivered.
    static func criticalDisk(_ room: DiskRoom) -> Int64 { lowDisk(room) / 4 }

    /// The paths are named in alerts and not looked at from here.
    init(stateDirectory: String, spool: String) { (self.stateDirectory, spoolFolder) = (stateDirectory, spool) }

    /// Takes a look at the disk; what is to be told of it, if it has left `ample` or come back to it.
    ///
    /// - Parameter room: on the volume of the state folder.
    mutating func disk(_ room: DiskRoom, at now: Instant) -> Alert? {
        let (before, free) = (diskLevel, room.free)
        let (low, critical) = (HealthWatch.lowDisk(room), HealthWatch.criticalDisk(room))
        if free < critical {
            diskLevel = .critical
        } else if free < low {
            // Twice the limit lets go of it: a number that swings around one must not be told again and again.
            diskLevel = before == .critical && free < critical * 2 ? .critical : .low
        } else if free > low * 2 {
            diskLevel = .ample
        } else if before == .critical {
            diskLevel = .low
        }
        if before == .ample, diskLevel > .ample {
            return Alert(
                .diskLow, subject: stateDirectory,
                message:
                    "\(free >> 20) MB are left; calls.jsonl is not written, and calls wait in memory once it is full",
                at: now)
        }
        guard before > .ample, diskLevel == .ample else { return nil }
        return Alert(.diskRecovered, subject: stateDirectory, message: "\(free >> 20) MB are free again", at: now)
    }

    /// A write found no room.
    mutating func diskFull(at now: Instant) -> Alert? {
        let before = diskLevel
        diskLevel = .critical
        guard before < .critical else { return nil }
        return Alert(
            .diskLow, subject: stateDirectory, message: "the disk is full: calls wait in memory until there is room",
            at: now)
    }

    /// Takes a look at the spool; what is to be told of it, if it has turned old or young again.
    ///
    /// - Parameter age: seconds that the oldest file of the spool has waited.
    mutating func spool(age: Int, at now: Instant) -> Alert? {
        if age > 600, !isSpoolOld {
            isSpoolOld = true
            return Alert(
                .spoolNotDrained, subject: spoolFolder,
                message: "the oldest file has waited \(age / 60) min; can the daemon's user rename files there?",
                at: now)
        }
        guard age < 60, isSpoolOld else { return nil }
        isSpoolOld = false
        return Alert(.spoolDrained, subject: spoolFolder, message: "its files are taken up again", at: now)
    }

    /// Takes a look at one Asterisk's calls; what is to be told where many channels went and no record came of them.
    ///
    /// - Parameters:
    ///   - pbx: name of its section; each is told of apart.
    ///   - channels: that ended since the last record.
    ///   - lastFinishedAt: when the last call was recorded, or the start.
    mutating func records(of pbx: String, channels: Int, lastFinishedAt: Instant, at now: Instant) -> Alert? {
        guard channels >= 50, now - lastFinishedAt > .seconds(600),
            silenceToldAt[pbx].map({ now - $0 > .seconds(3600) }) ?? true
        else { return nil }
        silenceToldAt[pbx] = now
        return Alert(
            .noRecords, subject: pbx, message: "\(channels) channels ended, but no call was recorded for 10 minutes",
            at: now)
    }
}
