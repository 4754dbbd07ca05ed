import CallAssembly
import Diagnostics
import EventLoop
import Storage
import Telephony

/// Finds the calls that the manager connection did not tell, or not all of, in Asterisk's own files, as `BackfillSchedule` says when.
///
/// ```
/// files ─ read on a thread of its own ─┬─▶ what they say of calls in doubt ─▶ the PBX's fold: one record with what was heard
///                                      └─▶ calls nobody heard of ─▶ `backfill.jsonl` ─▶ taken up by the daemon's ticker
/// ```
/// **Isolation**: on the loop's thread only, but for the reading. `@unchecked Sendable`: all state is touched there alone.
final class MissedCalls: @unchecked Sendable {
    private let configuration: Configuration
    private let loop: EventLoop
    private let logger: Logger
    private var schedule = BackfillSchedule()
    private var halfTold = HalfToldCalls()
    /// Seconds of this run, as `tick` counts them.
    private var second = 0
    /// Every Asterisk there is, with the fold that hears it, from the start to the stop; each link tells this of its gaps.
    var links: [PBXLink] = []

    init(_ configuration: Configuration, loop: EventLoop, logger: Logger) {
        (self.configuration, self.loop, self.logger) = (configuration, loop, logger)
    }

    /// Only what is later than the last call on disk, and an hour before it, can have been missed while no daemon ran; before the
    /// first call, what is later than the first start: the history of a PBX is not told.
    /// - Throws: where the newest record cannot be read; nothing is looked for then.
    func plan(from query: StoreReader, now: Instant) async throws(StorageError) {
        let firstStart = FirstStart(folder: configuration.general.stateDirectory)
        guard let newest = try await query.calls(matching: CallFilter(limit: 1)).first else {
            let began = firstStart.time
            schedule.earliest = began ?? now
            if let began { schedule.deaf(from: began) } else { firstStart.keep(now) }
            return
        }
        let record = (try? JSONValue(parsing: newest.recordJSON)).flatMap { CallRecord(json: $0) }
        if let record { schedule.deaf(from: record.startedAt) }
    }

    /// Nothing was heard of some Asterisk from `time` on.
    func deaf(from time: Instant) { schedule.deaf(from: time) }

    /// Reads the files where it is time to; to be called once a second.
    func tick() {
        second += 1
        for since in links.compactMap(\.fold.awaitedSince) + [halfTold.since].compactMap(\.self) {
            schedule.wanted(since: since)
        }
        if let order = schedule.tick(knowsCalls: links.allSatisfy(\.knowsCalls)) { read(order) }
    }

    /// Whether the fold of a record's PBX still has its call.
    func isOpen(_ record: CallRecord) -> Bool {
        links.contains { $0.configuration.system == record.system && $0.fold.hasOpen(record.linkedID) }
    }

    /// Of the channels that a CDR alone told to this link, those that calls are made of.
    private func strayRows(of link: PBXLink, in calls: [FinishedCall]) -> Set<UniqueID> {
        let strays = link.fold.strayRows
        if strays.isEmpty { return [] }
        var found: Set<UniqueID> = []
        for record in calls.map(\.record) where record.system == link.configuration.system {
            for id in record.legs.map(\.uniqueID) + [record.linkedID.oldest] where strays.contains(id) {
                found.insert(id)
            }
        }
        return found
    }

    /// Reads the files of `[backfill]` and of the `[pbx:]` sections.
    private func read(_ order: BackfillSchedule.Order) {
        let reader = Backfill(configuration)
        let sources = reader.sources
        guard !sources.isEmpty else { return schedule.wereRead(isWaitedFor: false) }
        var sought: [String: Set<UniqueID>] = [:]
        for link in links { sought[link.configuration.name] = link.fold.channelsInDoubt }
        let began = (second, lists: links.map(\.completeList))
        BackgroundThread.run { [weak self, loop, logger, sought] in
            var results: [Backfill.Result] = []
            for source in sources {
                do throws(BackfillError) {
                    let result = try reader.read(source, since: order.since, isLive: true, seeking: sought)
                    logger.notice(
                        "Asterisk's own files were read",
                        [.count: .number(result.calls.count), .state: .text("\(result.problems.count) lines unread")])
                    results.append(result)
                } catch {
                    logger.error(
                        "Asterisk's own files could not be read",
                        [.error: .text(error.description), .hint: .text(error.hint)])
                }
            }
            loop.perform { [weak self, results] in self?.wereRead(results, order, sought, began) }
        }
    }

    /// Completes the calls that a gap touched and leaves those that were missed for the ticker; or waits for the next reading, where
    /// the files tell half of some so far.
    private func wereRead(
        _ results: [Backfill.Result], _ order: BackfillSchedule.Order, _ sought: [String: Set<UniqueID>],
        _ began: (second: Int, lists: [Int])
    ) {
        // Before the files' own calls: what was heard of a call and what they say of it are one record.
        for link in links {
            let own = results.filter { $0.pbx == link.configuration.name }
            link.fold.complete(
                from: own.flatMap(\.rows), own.reduce(into: FoundCalls()) { all, result in all += result.found },
                seeking: sought[link.configuration.name] ?? [])
        }
        var calls = results.flatMap(\.calls)
        let behind = results.flatMap(\.behind).filter { !isOpen($0.record) }
        if order.knowsCalls {
            let unended = results.flatMap(\.unended).filter { !isOpen($0.record) }
            let (over, asking) = halfTold.sort(unended: unended, behind: behind, readIn: began.second) { system in
                guard let i = links.firstIndex(where: { $0.configuration.system == system }) else { return (0, 1) }
                return (began.lists[i], links[i].listsBegun + 1)
            }
            let isWaitedFor =
                over.count < unended.count + behind.count
                || links.contains { link in
                    link.fold.awaitsFiles || link.fold.strayRows != strayRows(of: link, in: calls)
                }
            schedule.wereRead(isWaitedFor: isWaitedFor)
            // One that goes on but was never announced, as to a user who may see no calls, is found in a list.
            for link in links where asking.contains(link.configuration.system) { link.askForCalls() }
            if isWaitedFor, !order.isLast { return }
            calls += over
        } else {
            calls += behind
        }
        for link in links { link.fold.forgetStrayRows(of: strayRows(of: link, in: calls)) }
        BackgroundThread.run {
            [calls, logger, reader = Backfill(configuration), folder = configuration.general.stateDirectory] in
            do throws(FileError) { try reader.handOver(calls, folder) } catch {
                logger.error(
                    "calls of Asterisk's own files could not be kept",
                    [.error: .text(error.description), .hint: .text("free the disk, then run hookswitch backfill")])
            }
        }
    }
}
