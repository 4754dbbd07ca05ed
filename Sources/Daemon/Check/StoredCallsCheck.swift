import Glibc
import Storage
import Telephony

/// What the last week's records tell of how well they were told: recordings that are missing, files that belong to no call,
/// gaps, and witnesses that never say anything.
struct StoredCallsCheck {
    /// Says where the store and the recordings are.
    let configuration: Configuration
    /// The end of the week that is looked at.
    let now: Instant

    /// How far back is looked, and at how many records at most.
    private static let days = 7
    private static let limit = 20_000
    /// Fewer calls say nothing about a witness that is silent.
    private static let few = 20

    private struct Told {
        var calls = 0
        var partial = 0
        var sources: Set<CallRecord.Source> = []
        var recordings: [CallRecord.Recording] = []
        var since: Instant?
    }

    /// What the last week's calls tell; empty where there are none, or no store.
    func findings() async -> [Finding] {
        let since = now - .seconds(86400 * StoredCallsCheck.days)
        let filter = CallFilter(since: since, limit: StoredCallsCheck.limit)
        guard let stored = try? await StoreReader(folder: configuration.general.stateDirectory).calls(matching: filter)
        else { return [] }
        var told = Told()
        for call in stored {
            guard let json = try? JSONValue(parsing: call.recordJSON), let record = CallRecord(json: json) else {
                continue
            }
            told.calls += 1
            if record.completeness == .partial { told.partial += 1 }
            told.sources.formUnion(record.sources)
            told.recordings += record.recordings
            told.since = min(told.since ?? record.startedAt, record.startedAt)
        }
        guard told.calls > 0 else { return [] }
        return witnesses(told) + missing(told) + orphans(told)
    }

    // MARK: Witnesses

    private func witnesses(_ told: Told) -> [Finding] {
        let subject = "calls"
        var findings: [Finding] = []
        if told.partial > 0 {
            findings.append(
                Finding(
                    .warning, subject,
                    "\(told.partial) of the last \(told.calls) are partial: part of them was not seen",
                    fix: "hookswitch show ID tells why; [backfill] reads what an outage hid"))
        } else {
            findings.append(Finding(.ok, subject, "the last \(told.calls) were seen whole"))
        }
        guard told.calls >= StoredCallsCheck.few else { return findings }
        if !told.sources.contains(.cdr) {
            findings.append(
                Finding(
                    .warning, subject, "no CDR came for any of the last \(told.calls): they have one witness less",
                    fix: "copy asterisk-conf/cdr_manager.conf to Asterisk's folder; then: module reload cdr_manager.so")
            )
        }
        if configuration.fastAGI != nil, !told.sources.contains(.agi) {
            findings.append(
                Finding(
                    .unknown, subject,
                    "no dialplan told of any of the last \(told.calls): calls during an outage have no witness from inside",
                    fix: "extensions.conf, before Dial or Queue: same => n,Gosub(hookswitch,attach,1)"))
        }
        return findings
    }

    // MARK: Recordings

    private var section: String { "hookswitch.conf, [recordings]" }

    private func missing(_ told: Told) -> [Finding] {
        let missing = told.recordings.filter { $0.state == .missing }
        guard !told.recordings.isEmpty else { return [] }
        guard let first = missing.last else {
            return [Finding(.ok, "recordings", "all \(told.recordings.count) of the last days were found")]
        }
        let count = "\(missing.count) of \(told.recordings.count) are told as missing"
        let path = configuration.recordings.localPath(first.path)
        let late = missing.filter { access(configuration.recordings.localPath($0.path), R_OK) == 0 }
        if let example = late.last {
            return [
                Finding(
                    .failure, "recordings", "\(count), but \(late.count) are there: \(example.path)",
                    fix: "\(section): a longer give_up than \(configuration.recordings.giveUp)")
            ]
        }
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let isThere = access(folder, F_OK) == 0
        return [
            Finding(
                isThere ? .warning : .failure, "recordings", "\(count): \(first.path)",
                fix: isThere
                    ? "was it moved or removed within \(configuration.recordings.giveUp)? move recordings later"
                    : "\(section): directory as Asterisk sees it, mounted_at as this host does; \(folder) is not here")
        ]
    }

    /// Audio files of the same days that no record names.
    private func orphans(_ told: Told) -> [Finding] {
        guard let since = told.since else { return [] }
        let folder = configuration.recordings.localPath("")
        // A call's first seconds, and a file that is still being written or settling.
        let from = since - .seconds(60)
        let until = now - .seconds(3600)
        let known = Set(told.recordings.map { StoredCallsCheck.stem(configuration.recordings.localPath($0.path)) })
        var orphans: [RecordingFolder.File] = []
        for file in RecordingFolder.files(below: folder) where file.changedAt > from && file.changedAt < until {
            if !known.contains(StoredCallsCheck.stem(file.path)) { orphans.append(file) }
        }
        guard let newest = orphans.max(by: { $0.changedAt < $1.changedAt }) else { return [] }
        let megabytes = orphans.reduce(0) { $0 + $1.bytes } >> 20
        return [
            Finding(
                .warning, "recordings",
                "\(orphans.count) files (\(megabytes) MB) of the last days belong to no call: \(newest.path)",
                fix: "another program's, or of calls that were not seen: hookswitch backfill --cdr FILE --since 7d")
        ]
    }

    /// A path without its ending: what is converted or mixed later keeps its name.
    private static func stem(_ path: String) -> Substring {
        let name = path.lastIndex(of: "/") ?? path.startIndex
        guard let dot = path.lastIndex(of: "."), dot > name else { return Substring(path) }
        return path[..<dot]
    }
}
