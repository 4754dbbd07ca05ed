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
    ///   - sought: channels of calls in progress that have a gap, by the section of their Asterisk.
    public func read(
        _ source: BackfillSource, since: Instant? = nil, seeking sought: [String: Set<UniqueID>] = [:]
    ) throws(BackfillError) -> Result {
        var result = Result()
        var cdrFile: CDRFile?
        var celFile: CELFile?
        do throws(FileError) {
            if let cdr = source.cdr { cdrFile = CDRFile(try LogFile.open(cdr)) }
            if let cel = source.cel { celFile = CELFile(try LogFile.open(cel)) }
        } catch {
            throw .unreadable(error)
        }
        result.problems += (cdrFile?.problems ?? []).map { "\(source.cdr ?? ""):\($0.line): \($0.reason)" }
        result.problems += (celFile?.problems ?? []).map { "\(source.cel ?? ""):\($0.line): \($0.reason)" }
        let names = (cdrFile?.systemNames ?? []).union(celFile?.systemNames ?? [])
        let pbx = try pbx(of: source, names)
        var replay = CaptureReplay(pbx.assembly(recordings: configuration.recordings))
        replay.sought = sought[pbx.name] ?? []
        let told = replay.run(cel: celFile, cdr: cdrFile)
        for call in told.calls where since.map({ call.record.startedAt >= $0 }) ?? true {
            if told.unended.contains(call.record.linkedID) {
                result.unended.append(Backfill.missed(call))
            } else if celFile != nil, call.record.sources == [.cdr],
                // A CDR's end is cut to the second.
                told.celUntil.map({ $0 < call.record.endedAt + .seconds(1) }) ?? true
            {
                result.behind.append(call)
            } else {
                result.calls.append(Backfill.missed(call))
            }
        }
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

    /// What may be told of the calls that were read where nobody knows which channels live: those of the last day that have no end in
    /// the CEL may go on. Older ones were cut off.
    public static func told(_ results: [Result], now: Instant) -> (calls: [FinishedCall], left: Int) {
        let unended = results.flatMap(\.unended)
        let over = unended.filter { now - $0.record.startedAt > .seconds(86400) }
        return (results.flatMap { $0.calls + $0.behind } + over, unended.count - over.count)
    }

    /// Adds calls to the store of a folder, or leaves them for the daemon that has it.
    public func add(_ calls: [FinishedCall], folder: String, loop: EventLoop) async throws -> Outcome {
        let store: CallStore
        do throws(StorageError) {
            store = try CallStore(.init(folder: folder))
        } catch {
            guard error.code == .locked else { throw error }
            let unknown = try await StoreReader(folder: folder).countUnknown(calls.map(\.record))
            try handOver(calls, folder)
            return .handedOver(calls.count, unknown: unknown)
        }
        let engine = DeliveryEngine(
            endpoints: configuration.endpoints, outbox: store, on: loop, version: Release.version,
            now: CallStore.wallClock)
        var added = 0
        var known = 0
        for start in stride(from: 0, to: calls.count, by: 500) {
            let commits = calls[start..<min(start + 500, calls.count)].map { Backfill.commit($0, engine) }
            for outcome in try await store.commit(commits) { if outcome == .known { known += 1 } else { added += 1 } }
        }
        await store.close()
        return .added(added, known: known)
    }

    /// Leaves calls for the daemon that has the folder. Blocks while it has not taken up those that were left before: it looks every
    /// two seconds, and its own reading and the verb `backfill` may come together.
    /// - Throws: what the disk said; `EEXIST` where the daemon takes nothing up for a minute. The calls are then in no place but
    ///   Asterisk's own files.
    func handOver(_ calls: [FinishedCall], _ folder: String) throws(FileError) {
        guard !calls.isEmpty else { return }
        let path = Backfill.handoverPath(in: folder)
        // Under a name of its own first: the daemon must not take up half of it.
        let draft = OverflowFile(path: "\(path).\(getpid())-\(UInt32.random(in: 0...(.max)))")
        defer { draft.remove() }
        for call in calls { try draft.append(call) }
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
