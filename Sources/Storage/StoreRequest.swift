public import Telephony

/// What another process asks of the outbox: the command line's `deliveries retry`, `deliveries replay` and the like.
///
/// **Shape**, as it lies in `requests`: `{"verb":"retry","ids":["…"]}`, `{"verb":"replay","since":…,"until":…,
/// "endpoint":"crm","per_second":50}` (times in milliseconds), the same with `retry_dead`, `{"verb":"set","endpoint":"crm","condition":"paused","reason":"…"}`.
public enum StoreRequest: Sendable, Equatable {
    /// As `Outbox.retry`: by message id, row or call.
    case retry(ids: [String])
    /// As `Outbox.replay`; with `endpoint` nil, of all endpoints.
    case replay(since: Instant, until: Instant, endpoint: String?, perSecond: Int)
    /// As `CallStore.retryDead`; with `endpoint` nil, of all endpoints.
    case retryDead(since: Instant, until: Instant, endpoint: String?, perSecond: Int)
    /// As `Outbox.setEndpoint`; the endpoint need not exist yet.
    case set(endpoint: String, EndpointCondition, reason: String)

    /// The text for the column `request`. A verb once released is kept: a newer command line may meet an older daemon,
    /// and the other way round.
    var json: [UInt8] {
        var w = JSONWriter()
        w.beginObject()
        switch self {
        case .retry(let ids):
            w.member("verb", "retry")
            w.array("ids", ids) { $1.value($0) }
        case .replay(let since, let until, let endpoint, let perSecond),
            .retryDead(let since, let until, let endpoint, let perSecond):
            // Not a member beside "replay": a daemon that does not know it would send what was delivered, too.
            if case .replay = self { w.member("verb", "replay") } else { w.member("verb", "retry_dead") }
            w.member("since", Int(since.milliseconds))
            w.member("until", Int(until.milliseconds))
            w.member("endpoint", endpoint)
            w.member("per_second", perSecond)
        case .set(let endpoint, let condition, let reason):
            w.member("verb", "set")
            w.member("endpoint", endpoint)
            w.member("condition", condition.rawValue)
            w.member("reason", reason)
        }
        w.endObject()
        return w.bytes
    }
    /// Nil for what is no request this version knows; ids that are no strings are left out.
    init?(json: [UInt8]) {
        guard let value = try? JSONValue(parsing: json) else { return nil }
        switch value["verb"]?.string {
        case "retry":
            guard let ids = value["ids"]?.array else { return nil }
            self = .retry(ids: ids.compactMap(\.string))
        case let verb? where verb == "replay" || verb == "retry_dead":
            guard let since = value["since"]?.integer, let until = value["until"]?.integer,
                let perSecond = value["per_second"]?.integer
            else { return nil }
            let span = (since: Instant(milliseconds: Int64(since)), until: Instant(milliseconds: Int64(until)))
            let endpoint = value["endpoint"]?.string
            self =
                verb == "replay"
                ? .replay(since: span.since, until: span.until, endpoint: endpoint, perSecond: perSecond)
                : .retryDead(since: span.since, until: span.until, endpoint: endpoint, perSecond: perSecond)
        case "set":
            guard let endpoint = value["endpoint"]?.string, let reason = value["reason"]?.string,
                let condition = value["condition"]?.string.flatMap(EndpointCondition.init(rawValue:))
            else { return nil }
            self = .set(endpoint: endpoint, condition, reason: reason)
        default: return nil
        }
    }
}

extension CallStore {
    /// Does one request: how many messages or endpoints it touched.
    public func perform(_ request: StoreRequest, now: Instant) async throws(StorageError) -> Int {
        switch request {
        case .retry(let ids): return try await retry(ids: ids, now: now)
        case .replay(let since, let until, let endpoint, let perSecond):
            return try await replay(since: since, until: until, endpoint: endpoint, perSecond: perSecond, now: now)
        case .retryDead(let since, let until, let endpoint, let perSecond):
            return try await retryDead(
                since: since, until: until, endpoint: endpoint, perSecond: perSecond, now: now)
        case .set(let endpoint, let condition, let reason):
            try await setEndpoint(endpoint, condition, reason: reason, now: now)
            return 1
        }
    }

    /// Does what other processes have asked for since the last call; for the daemon, about once a second.
    ///
    /// Costs a look at SQLite's change counter while nobody asks.
    /// - Returns: how many requests were done.
    public func serveRequests(now: Instant) async throws(StorageError) -> Int {
        let asked = try await writer.with { (ledger) throws(StorageError) in try ledger.newRequests() }
        for (row, json) in asked {
            var w = JSONWriter()
            w.beginObject()
            do throws(StorageError) {
                if let request = StoreRequest(json: json) {
                    w.member("done", try await perform(request, now: now))
                } else {
                    w.member("error", "not a request this version knows")
                }
            } catch {
                w.member("error", error.description)
            }
            w.endObject()
            let answer = w.bytes
            try await write(weight: 1) { (ledger) throws(StorageError) in try ledger.answer(request: row, answer) }
        }
        return asked.count
    }
}

extension Ledger {
    /// Requests without an answer, if another process has written since the last look.
    func newRequests() throws(StorageError) -> [(Int64, [UInt8])] {
        let version = try connection.number("PRAGMA data_version")
        guard version != seenVersion else { return [] }
        seenVersion = version
        let s = try connection.prepare("SELECT row, request FROM requests WHERE answer IS NULL ORDER BY row LIMIT 100")
        var asked: [(Int64, [UInt8])] = []
        while try s.step() { asked.append((s.integer(0), s.bytes(1))) }
        if asked.count == 100 { seenVersion = -1 }  // there may be more
        return asked
    }
    /// Keeps a request from being done again, and tells whoever waits for it: `{"done":3}` or `{"error":"…"}`.
    func answer(request row: Int64, _ answer: [UInt8]) throws(StorageError) {
        let s = try connection.prepare("UPDATE requests SET answer = ?2 WHERE row = ?1")
        s.bind(1, row)
        s.bind(2, String(decoding: answer, as: UTF8.self))
        try s.run()
    }
}
