import CSQLite
import Glibc
public import Telephony

extension CallStore {
    /// Removes what is older than `retention` and gives freed pages back to the file system.
    ///
    /// Small transactions, with the writer free for calls between any two; meant to be called every few minutes.
    /// - Throws: what a write does; what is removed by then stays so, and the next round goes on.
    public func sweep(_ retention: Retention, now: Instant) async throws(StorageError) -> UpkeepReport {
        var report = UpkeepReport()
        for (age, state) in [(retention.delivered, DeliveryState.delivered), (retention.dead, .dead)] {
            guard let age else { continue }
            let before = now - age
            let rows = try await reader.with { (r) throws(StorageError) in
                try r.rows(settledAs: state, before: before)
            }
            report.messages += try await inChunks(rows) { (ledger, chunk) throws(StorageError) in
                try ledger.removeMessages(chunk, state: state)
            }
        }
        if let age = retention.calls {
            let before = now - age
            let rows = try await reader.with { (r) throws(StorageError) in try r.calls(startedBefore: before) }
            report.calls = try await inChunks(rows) { (ledger, chunk) throws(StorageError) in
                try ledger.removeCalls(chunk)
            }
            await writer.removeRotatedLogs(before: before)
        }
        _ = try await write(weight: 1) { (ledger) throws(StorageError) in
            try ledger.removeRequests(before: now - .seconds(86400))
        }
        var freed = 0
        repeat {
            freed = try await writer.with { (ledger) throws(StorageError) in try ledger.vacuum(pages: 256) }
            report.pages += freed
        } while freed > 0
        return report
    }
    /// Transactions of 200 rows each; how many rows the body says it removed.
    private func inChunks(
        _ rows: [Int64], _ body: @escaping @Sendable (Ledger, ArraySlice<Int64>) throws(StorageError) -> Int
    ) async throws(StorageError) -> Int {
        var count = 0
        for start in stride(from: 0, to: rows.count, by: 200) {
            let chunk = rows[start..<min(start + 200, rows.count)]
            count += try await write(weight: chunk.count * 4) { (ledger) throws(StorageError) in
                try body(ledger, chunk)
            }
        }
        return count
    }

    /// SQLite's check of the whole file: empty if all is well, else one line a fault.
    ///
    /// Reads everything, beside the writer and with a reader of its own: seconds for each gigabyte. At most 20 lines.
    /// - Throws: `damaged` where the damage keeps SQLite from looking; `io`, `busy`.
    public func check() async throws(StorageError) -> [String] {
        let reader = Reader(path: writer.path, vfs: options.vfs)
        let lines = try await reader.with { (r) throws(StorageError) in
            let s = try r.connection.prepare("PRAGMA quick_check(20)")
            var lines: [String] = []
            do throws(StorageError) {
                while try s.step() { lines.append(s.text(0)) }
            } catch {
                // SQLite's check itself gives up on a page that is damaged throughout, after what it has found so far.
                guard error.code == .damaged else { throw error }
                lines.append(error.description)
            }
            return lines == ["ok"] ? [] : lines
        }
        await reader.close()
        return lines
    }

    /// Writes a consistent copy of the database while the daemon works; `path` must not exist yet.
    ///
    /// The copy appears under its name only when it is complete and synced.
    /// - Throws: `unwritable` where `path` exists or may not be written, `diskFull`, `io`, `damaged`; nothing is left
    ///   behind.
    public func backup(to path: String) async throws(StorageError) {
        // A reader of its own, so that no question waits for the copy.
        try await Reader(path: writer.path, vfs: options.vfs).backup(to: path)
    }

    /// Copies what is in the write-ahead log into the database, so that the log starts over and takes no more room.
    public func copyLog() async { await writer.copyLog() }

    /// The room on the volume of the state folder; nil where it cannot be told.
    public var room: DiskRoom? { DiskRoom(at: options.folder) }
    /// Closes `calls.jsonl`, so that the next record opens what is at its path then: for `SIGHUP`.
    public func reopenCallsLog() async { await writer.reopenLog() }
    /// Stops writing `calls.jsonl`, for a disk that runs full; with false it goes on, and what was left out is written.
    public func holdCallsLog(_ isHeld: Bool) async throws(StorageError) { try await writer.holdLog(isHeld) }
}

extension Reader {
    /// Copies the database as it is now to `path`.
    func backup(to path: String) throws(StorageError) {
        if access(path, F_OK) == 0 { throw StateFolder.failure("back up to \(path)", EEXIST) }
        // The connection that copies would make a database where there is none, and copy nothing.
        do throws(StorageError) { _ = try OpenReader(path: self.path, vfs: vfs) } catch {
            if error.code == .missing { throw error }
        }
        let unfinished = "\(path).unfinished"
        unlink(unfinished)
        // VACUUM INTO and not the backup interface: that one starts again whenever the writer commits.
        let connection = try Connection.open(path: self.path, mode: .create, vfs: vfs)
        let s = try connection.prepare("VACUUM INTO ?1")
        s.bind(1, unfinished)
        do throws(StorageError) { try s.run() } catch {
            unlink(unfinished)
            throw error
        }
        chmod(unfinished, 0o640)
        let file = open(unfinished, O_RDONLY | O_CLOEXEC)
        let isSynced = file >= 0 && fsync(file) == 0
        let code = errno
        if file >= 0 { Glibc.close(file) }
        guard isSynced, rename(unfinished, path) == 0 else {
            unlink(unfinished)
            throw StateFolder.failure("back up to \(path)", code)
        }
    }
}

extension OpenReader {
    /// Settled rows due for removal; the newest row of all stays, so that its number is not used again.
    func rows(settledAs state: DeliveryState, before: Instant) throws(StorageError) -> [Int64] {
        let s = try connection.prepare(
            """
            SELECT row FROM outbox WHERE state = \(state.number) AND settled_at_ms < ?1
                AND row < (SELECT max(row) FROM outbox)
            """)
        s.bind(1, before)
        var rows: [Int64] = []
        while try s.step() { rows.append(s.integer(0)) }
        return rows
    }
    /// Calls due for removal; the newest row of all stays, so that its number is not used again.
    func calls(startedBefore before: Instant) throws(StorageError) -> [Int64] {
        let s = try connection.prepare(
            "SELECT row FROM calls WHERE started_at_ms < ?1 AND row < (SELECT max(row) FROM calls)")
        s.bind(1, before)
        var rows: [Int64] = []
        while try s.step() { rows.append(s.integer(0)) }
        return rows
    }
}

extension Ledger {
    /// Removes messages that are still in `state`; one that was sent again meanwhile stays.
    func removeMessages(_ rows: ArraySlice<Int64>, state: DeliveryState) throws(StorageError) -> Int {
        let remove = try connection.prepare("DELETE FROM outbox WHERE row = ?1 AND state = ?2 RETURNING endpoint")
        let body = try connection.prepare("DELETE FROM outbox_bodies WHERE message = ?1")
        let attempts = try connection.prepare("DELETE FROM attempts WHERE message = ?1")
        var count = 0
        for row in rows {
            remove.bind(1, row)
            remove.bind(2, state.number)
            var endpointID: Int64?
            while try remove.step() { endpointID = remove.integer(0) }
            guard let endpointID else { continue }
            body.bind(1, row)
            try body.run()
            attempts.bind(1, row)
            try attempts.run()
            if let index = endpoint(id: endpointID) { change(endpoint: index) { $0[state] -= 1 } }
            count += 1
        }
        return count
    }
    /// Removes calls with their documents and legs; how many it was given, as none of them can be gone.
    func removeCalls(_ rows: ArraySlice<Int64>) throws(StorageError) -> Int {
        let document = try connection.prepare("DELETE FROM call_documents WHERE call = ?1")
        let call = try connection.prepare("DELETE FROM calls WHERE row = ?1")
        for row in rows {
            try forgetLegs(ofCall: row)
            document.bind(1, row)
            try document.run()
            call.bind(1, row)
            try call.run()
        }
        return rows.count
    }
    /// Removes requests written before an instant, answered or not: nobody waits for an answer that long.
    func removeRequests(before: Instant) throws(StorageError) {
        let s = try connection.prepare("DELETE FROM requests WHERE created_at_ms < ?1")
        s.bind(1, before)
        try s.run()
    }
    /// Gives up to `pages` free pages back; how many it gave.
    func vacuum(pages: Int) throws(StorageError) -> Int {
        let before = try connection.number("PRAGMA freelist_count")
        if before == 0 { return 0 }
        let s = try connection.prepare("PRAGMA incremental_vacuum(\(pages))")
        try s.run()
        return Int(before - (try connection.number("PRAGMA freelist_count")))
    }
}

extension StoreReader {
    /// Writes a consistent copy of the database, whether or not a daemon works on it; `path` must not exist yet.
    ///
    /// The copy appears under its name only when it is complete and synced.
    /// - Throws: `missing` where there is no database yet, `unwritable` where `path` exists or may not be written, `diskFull`, `io`,
    ///   `damaged`; nothing is left behind.
    public func backup(to path: String) async throws(StorageError) { try await reader.backup(to: path) }
}
