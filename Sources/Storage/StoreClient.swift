import Glibc
public import Telephony

/// Asks the daemon on a state folder to do something with its outbox, or does it itself where no daemon runs.
public enum StoreClient {
    /// What became of a request.
    public enum Outcome: Sendable, Equatable {
        /// Done; so many messages or endpoints were touched.
        case done(Int)
        /// The daemon could not; its words.
        case refused(String)
        /// The daemon has not answered within the time given; it will do it when it can.
        case left
    }
    /// Does a request where nobody owns the folder; else leaves it to the daemon, in `requests`, and looks for its
    /// answer.
    ///
    /// - Parameters:
    ///   - wait: how often and how long to look for the answer: called between looks, false gives up.
    /// - Throws: `missing` where there is no database; whatever doing it here throws.
    public static func perform(
        _ request: StoreRequest, folder: String, now: Instant, wait: () async -> Bool
    ) async throws(StorageError) -> Outcome {
        let path = StateFolder.databasePath(in: folder)
        if access(path, F_OK) != 0 { throw StorageError(.missing, "open \(path)") }
        do throws(StorageError) {
            let store = try CallStore(.init(folder: folder))
            let count: Int
            do throws(StorageError) { count = try await store.perform(request, now: now) } catch {
                await store.close()
                throw error
            }
            await store.close()
            return .done(count)
        } catch  where error.code == .locked {
            return try await ask(request, path: path, now: now, wait: wait)
        }
    }
    private static func ask(
        _ request: StoreRequest, path: String, now: Instant, wait: () async -> Bool
    ) async throws(StorageError) -> Outcome {
        let row = try insert(request, path: path, now: now)
        repeat {
            if let answer = try answer(to: row, path: path) {
                if let count = answer["done"]?.integer { return .done(count) }
                return .refused(answer["error"]?.string ?? "")
            }
        } while await wait()
        return .left
    }
    private static func insert(_ request: StoreRequest, path: String, now: Instant) throws(StorageError) -> Int64 {
        let connection = try Connection.open(path: path, mode: .create)
        try connection.execute("PRAGMA synchronous = FULL")
        let s = try connection.prepare("INSERT INTO requests (request, created_at_ms) VALUES (?1, ?2)")
        s.bind(1, String(decoding: request.json, as: UTF8.self))
        s.bind(2, now)
        try s.run()
        return connection.lastInsertedRow
    }
    private static func answer(to row: Int64, path: String) throws(StorageError) -> JSONValue? {
        let connection = try Connection.open(path: path, mode: .readOnly)
        let s = try connection.prepare("SELECT answer FROM requests WHERE row = ?1")
        s.bind(1, row)
        guard try s.step(), !s.isNull(0) else { return nil }
        return try? JSONValue(parsing: s.bytes(0))
    }
}
