import AsteriskWire
import CallAssembly
import Delivery
import Diagnostics
public import EventLoop
import Glibc
import Storage
public import Telephony

/// Reads Asterisk's own CDR and CEL files and adds the calls that were missed; those that are known add nothing.
///
/// A record's id comes from the call, so that this may be done any number of times. Where a daemon runs, it has the store: the calls
/// are left in its folder and it takes them up within seconds.
public struct Backfill: Sendable {
    /// What the files tell.
    public struct Result: Sendable {
        public var calls: [FinishedCall] = []
        /// Calls whose end does not stand in the CEL: they go on, it is still to be written, or Asterisk was killed.
        public var unended: [FinishedCall] = []
        /// Calls that are over and have their CDR, while the CEL of that time is still to be written.
        public var behind: [FinishedCall] = []
        /// The rows of the CDR that those calls are told from, what the CEL has of the calls that were sought, and the section of the
        /// Asterisk they are of.
        public var rows: [CDRRow] = []
        var found = FoundCalls()
        public var pbx = ""
        /// Lines that could not be read, in words with file and line.
        public var problems: [String] = []
    }
    /// What became of the calls.
    public enum Outcome: Sendable, Equatable {
        case added(Int, known: Int)
        /// So many of them had no record at that time.
        case handedOver(Int, unknown: Int)
    }
    /// What came of reading files for the store.
    public struct Addition: Sendable {
        /// Where the calls went.
        public var outcome: Outcome
        /// Calls that may go on: their CEL has no end of them.
        public var left: Int
        /// Lines that could not be read, in words with file and line.
        public var problems: [String]
    }
    private let configuration: Configuration

    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// The file in the state folder that a running daemon looks for.
    static func handoverPath(in folder: String) -> String { "\(folder)/backfill.jsonl" }

    /// What the configuration names: each `[pbx:]` section's files, and those of `[backfill]`.
    public var sources: [BackfillSource] {
        var sources = configuration.pbxs.compactMap { pbx in
            pbx.cdr == nil && pbx.cel == nil ? nil : BackfillSource(pbx: pbx.name, cdr: pbx.cdr, cel: pbx.cel)
        }
        let general = configuration.backfill
        if general.cdr != nil || general.cel != nil {
            sources.append(BackfillSource(pbx: nil, cdr: general.cdr, cel: general.cel))
        }
        return sources
    }

    /// Reads the files of one Asterisk.
    /// - Parameters:
    ///   - since: calls that started before are left out.
    ///   - isLive: Asterisk itself writes the files, and appends: what was written days before `since` is not read.
    ///   - sought: channels of calls in progress that have a gap, by the section of their Asterisk.
    ///   - onCall: takes the calls that are over, instead of the result; for files of any size.
    ///   - onProgress: told now and then how many of the rows are done.
    public func read(
        _ source: BackfillSource, since: Instant? = nil, isLive: Bool = false,
        seeking sought: [String: Set<UniqueID>] = [:], onCall: ((FinishedCall) -> Void)? = nil,
        onProgress: ((_ done: Int, _ of: Int) -> Void)? = nil
    ) throws(BackfillError) -> Result {
        var result = Result()
        var cdrFile: CDRFile?
        var celFile: CELFile?
        do throws(FileError) {
            let first = isLive ? since : nil
            if let cdr = source.cdr { cdrFile = CDRFile(try LogFile.open(cdr), since: first) }
            if let cel = source.cel { celFile = CELFile(try LogFile.open(cel), since: first) }
        } catch {
            throw .unreadable(error)
        }
        result.problems += (cdrFile?.problems ?? []).map { "\(source.cdr ?? ""):\($0.line): \($0.reason)" }
        result.problems += (celFile?.problems ?? []).map { "\(source.cel ?? ""):\($0.line): \($0.reason)" }
        let names = (cdrFile?.systemNames ?? []).union(celFile?.systemNames ?? [])
        let pbx = try pbx(of: source, names)
        var replay = CaptureReplay(pbx.assembly(recordings: configuration.recordings))
        replay.sought = sought[pbx.name] ?? []
        replay.onProgress = onProgress
        replay.onCall = { call, standing in
            if let since, call.record.startedAt < since { return }
            switch standing {
            case .unended: result.unended.append(Backfill.missed(call))
            case .behind: result.behind.append(call)
            case .over:
                let call = Backfill.missed(call)
                if let onCall { onCall(call) } else { result.calls.append(call) }
            }
        }
        _ = replay.run(cel: celFile, cdr: cdrFile)
        result.found = replay.found
        result.rows = cdrFile?.rows ?? []
        if let since { result.rows.removeAll { $0.uniqueID.created.map { $0 < since } ?? false } }
        result.pbx = pbx.name
        return result
    }

    /// The call as one that the manager connection did not tell, however much the files know of it.
    private static func missed(_ call: FinishedCall) -> FinishedCall {
        guard call.record.completeness == .full else { return call }
        var call = call
        call.record.completeness = .partial
        call.record.notes.append("told by Asterisk's CEL file: the manager connection did not carry this call")
        return call
    }

    /// The Asterisk that files are of: the one named, the only one, or the one whose name their ids begin with.
    private func pbx(of source: BackfillSource, _ names: Set<String>) throws(BackfillError) -> Configuration.PBX {
        let pbxs = configuration.pbxs
        if let name = source.pbx {
            if let pbx = pbxs.first(where: { $0.name == name }) { return pbx }
            throw .unknown(name, allowed: pbxs.map(\.name))
        }
        if pbxs.count == 1 { return pbxs[0] }
        if names.count == 1, let name = names.first {
            let found = pbxs.filter { $0.name == name || $0.system == name }
            if found.count == 1 { return found[0] }
        }
        throw .ambiguous(names, among: pbxs.map(\.name))
    }

    /// Reads files and adds their calls to the store of a folder and to `calls.jsonl`, or leaves them for the daemon that has it. On the
    /// way they are on disk: a log of years holds more than memory.
    ///
    /// Nobody knows here which channels live: calls of the last day that have no end in the CEL may go on and are left. Older ones were
    /// cut off.
    /// - Parameters:
    ///   - report: told in a sentence where `calls.jsonl` cannot be written.
    ///   - onProgress: told now and then how many rows are read, then how many calls are added.
    /// - Throws: `BackfillError`, with nothing added; what the store or the disk says.
    public func add(
        from sources: [BackfillSource], since: Instant?, now: Instant, folder: String, loop: EventLoop,
        report: @escaping @Sendable (String) -> Void = { _ in },
        onProgress: @escaping (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) async throws -> Addition {
        let store: CallStore?
        do throws(StorageError) {
            store = try CallStore(
                .init(folder: folder, callsLog: configuration.general.callsLogOptions, report: report))
        } catch {
            guard error.code == .locked else { throw error }
            store = nil
        }
        let draft = Backfill.draft(in: folder)
        defer { draft.remove() }
        do {
            let (kept, left, problems) = try fill(draft, from: sources, since: since, now: now, onProgress)
            let outcome =
                if let store {
                    try await commit(draft, store, loop) { onProgress($0, kept) }
                } else {
                    try await leave(draft, folder)
                }
            await store?.close()
            return Addition(outcome: outcome, left: left, problems: problems)
        } catch {
            await store?.close()
            throw error
        }
    }

    private func fill(
        _ draft: OverflowFile, from sources: [BackfillSource], since: Instant?, now: Instant,
        _ onProgress: @escaping (_ done: Int, _ of: Int) -> Void
    ) throws -> (kept: Int, left: Int, problems: [String]) {
        var (kept, left, problems) = (0, 0, [String]())
        for source in sources {
            var failure: FileError?
            func keep(_ call: FinishedCall) {
                guard failure == nil else { return }
                kept += 1
                do throws(FileError) { try draft.append(call) } catch { failure = error }
            }
            let read = try read(source, since: since, onCall: keep, onProgress: onProgress)
            read.behind.forEach(keep)
            for call in read.unended {
                if now - call.record.startedAt > .seconds(86400) { keep(call) } else { left += 1 }
            }
            if let failure { throw failure }
            problems += read.problems
        }
        return (kept, left, problems)
    }

    private func commit(
        _ draft: OverflowFile, _ store: CallStore, _ loop: EventLoop, onProgress: (_ done: Int) -> Void
    ) async throws -> Outcome {
        let engine = DeliveryEngine(
            endpoints: configuration.endpoints, outbox: store, on: loop, version: Release.version,
            now: CallStore.wallClock)
        var (added, known) = (0, 0)
        try await draft.forEachPiece { calls in
            let commits = calls.map { Backfill.commit($0, engine) }
            for outcome in try await store.commit(commits) { if outcome == .known { known += 1 } else { added += 1 } }
            onProgress(added + known)
        }
        return .added(added, known: known)
    }

    private func leave(_ draft: OverflowFile, _ folder: String) async throws -> Outcome {
        let reader = StoreReader(folder: folder)
        var (count, unknown) = (0, 0)
        try await draft.forEachPiece { calls in
            count += calls.count
            unknown += try await reader.countUnknown(calls.map(\.record))
        }
        if count > 0 { try Backfill.handOver(draft, folder) }
        return .handedOver(count, unknown: unknown)
    }

    /// Under a name of its own: the daemon must not take up half of it.
    private static func draft(in folder: String) -> OverflowFile {
        OverflowFile(path: "\(handoverPath(in: folder)).\(getpid())-\(UInt32.random(in: 0...(.max)))")
    }

    /// Leaves calls for the daemon that has the folder. Blocks while it has not taken up those that were left before: it looks every
    /// two seconds, and its own reading and the verb `backfill` may come together.
    /// - Throws: what the disk said; `EEXIST` where the daemon takes nothing up for a minute. The calls are then in no place but
    ///   Asterisk's own files.
    func handOver(_ calls: [FinishedCall], _ folder: String) throws(FileError) {
        guard !calls.isEmpty else { return }
        let draft = Backfill.draft(in: folder)
        defer { draft.remove() }
        for call in calls { try draft.append(call) }
        try Backfill.handOver(draft, folder)
    }

    private static func handOver(_ draft: OverflowFile, _ folder: String) throws(FileError) {
        let path = handoverPath(in: folder)
        for _ in 0..<600 {
            if try draft.renameBesideOthers(to: path) { return }
            usleep(100_000)
        }
        throw FileError("link", path, number: EEXIST)
    }

    /// The call as it is told: it is long past, and what became of its recordings is not waited for.
    static func settled(_ call: FinishedCall) -> FinishedCall {
        var call = call
        for i in call.record.recordings.indices where call.record.recordings[i].state == .pending {
            call.record.recordings[i].state = .missing
        }
        return call
    }

    /// Such a call with its messages, for the store.
    private static func commit(_ call: FinishedCall, _ engine: DeliveryEngine) -> CallCommit {
        let call = settled(call)
        let json = call.record.json
        let event = WebhookEvent(.callComplete, of: call.record, at: call.record.endedAt)
        return CallCommit(call, kind: .missed, recordJSON: json, outbox: engine.drafts(for: event, recordJSON: json))
    }
}
