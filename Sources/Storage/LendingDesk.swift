import Telephony

/// Which messages are lent, which lie ready in memory, and when the database must be asked: a value, without I/O.
///
/// A message enqueued while its endpoint has no backlog goes from the commit to the claim without being read back. With a
/// backlog the longest due is read from the database, a page at a time. Either way memory is bounded: at most
/// `freshLimit` messages and `byteLimit` bytes lie ready for an endpoint, whatever the outbox holds, and none takes another's room.
///
/// ```
/// committed ─▶ offer ─▶ at hand ─▶ claim ─▶ lent ─▶ settled
///                │ no room, or a backlog         └─▶ returned ─▶ backlog (row stays in the database)
///                └─▶ backlog ─▶ refill ─▶ at hand
/// ```
struct LendingDesk {
    /// Messages read ahead for one endpoint.
    static let pageLimit = 128
    /// Bytes of bodies at hand for one endpoint; the last one read may exceed it.
    static let byteLimit = 4 << 20
    /// Fresh messages at hand for one endpoint.
    static let freshLimit = 2048

    private struct Lease {
        var endpoint: String
        /// By the clock that nobody sets.
        var until: Duration
    }
    private struct Endpoint {
        var condition = EndpointCondition.active
        var atHand: [OutboxEntry] = []
        /// Index of the first entry of `atHand` that has not been claimed.
        var first = 0
        /// Bytes of the bodies from `first` on.
        var bytes = 0
        /// No later than the earliest due time of ready rows that are neither at hand nor lent; nil if there are none.
        var backlogDue: Instant?
        /// Reads of the backlog under way.
        var reads = 0
        var leases = 0
        /// No later than the earliest end of its leases.
        var leaseEnd: Duration?

        /// Keeps a committed message at hand, or notes it as backlog.
        /// - Returns: whether it lies at hand.
        mutating func take(_ entry: OutboxEntry, now: Instant) -> Bool {
            let isBehind = backlogDue.map { $0 <= now } ?? false
            guard condition == .active, entry.dueAt <= now, !isBehind, atHand.count - first < LendingDesk.freshLimit,
                bytes + entry.body.count <= LendingDesk.byteLimit
            else {
                backlogDue = min(backlogDue ?? entry.dueAt, entry.dueAt)
                return false
            }
            atHand.append(entry)
            bytes += entry.body.count
            return true
        }

        /// Takes out what lies at hand, up to `limit`; the leases end at `until`.
        mutating func lend(limit: Int, now: Instant, until: Duration) -> Answer {
            let available = atHand.count - first
            let isBacklogDue = backlogDue.map { $0 <= now } ?? (reads > 0)
            if available == 0, isBacklogDue { return .readBacklog(limit: max(limit, LendingDesk.pageLimit)) }
            let count = min(limit, available)
            var claim = Claim()
            if count > 0 {
                claim.entries = Array(atHand[first..<first + count])
                first += count
                if first == atHand.count {
                    atHand.removeAll(keepingCapacity: count <= LendingDesk.pageLimit)
                    first = 0
                } else if first >= LendingDesk.pageLimit {
                    atHand.removeFirst(first)
                    first = 0
                }
                for entry in claim.entries { bytes -= entry.body.count }
                leases += count
                leaseEnd = min(leaseEnd ?? until, until)
            }
            claim.nextDue = available > count ? now : backlogDue
            return .lent(claim)
        }
    }
    private var endpoints: [String: Endpoint] = [:]
    private var leases: [OutboxEntry.ID: Lease] = [:]
    /// Rows at hand; for the read that must step over them.
    private var idsAtHand: Set<OutboxEntry.ID> = []

    /// What a claim needs.
    enum Answer {
        /// What may be sent now, possibly nothing; each entry's lease has begun.
        case lent(Claim)
        /// Call `beginRead`, read up to `limit` due rows that are not held, call `refill`, and claim again.
        case readBacklog(limit: Int)
    }

    /// An endpoint as found at start: anything it has ready is backlog.
    mutating func open(_ name: String, _ condition: EndpointCondition, hasReady: Bool) {
        endpoints[name, default: Endpoint()].condition = condition
        if hasReady { endpoints[name]!.backlogDue = Instant(microseconds: .min) }
    }

    /// A committed message. Stays in memory if there is room and nothing older is due.
    mutating func offer(_ entry: OutboxEntry, now: Instant) {
        // In place: with a copy of the endpoint in hand each append would copy all that lies there.
        if endpoints[entry.endpoint, default: Endpoint()].take(entry, now: now) { idsAtHand.insert(entry.id) }
    }
    /// A row that may be claimed from `at` on, body not at hand.
    mutating func becomesDue(_ endpoint: String, at: Instant) {
        let due = endpoints[endpoint]?.backlogDue
        endpoints[endpoint, default: Endpoint()].backlogDue = min(due ?? at, at)
    }

    /// Lends what lies at hand, or asks for a read of the backlog where nothing does and something is due there.
    ///
    /// - Parameters:
    ///   - now: the wall clock's, which due times are on.
    ///   - uptime: of the clock that nobody sets, which leases are on.
    mutating func claim(_ name: String, limit: Int, now: Instant, uptime: Duration, lease: Duration) -> Answer {
        guard endpoints[name]?.condition == .active, limit > 0 else { return .lent(Claim()) }
        endLeases(name, uptime: uptime)
        let until = uptime + lease
        // In place, as `offer`.
        let answer = endpoints[name]!.lend(limit: limit, now: now, until: until)
        if case .lent(let claim) = answer {
            for entry in claim.entries {
                idsAtHand.remove(entry.id)
                leases[entry.id] = Lease(endpoint: name, until: until)
            }
        }
        return answer
    }

    /// A read of the backlog starts. What becomes due from here on is noted anew, or a row given back behind the read's
    /// back would be forgotten.
    mutating func beginRead(_ name: String) {
        endpoints[name, default: Endpoint()].backlogDue = nil
        endpoints[name]!.reads += 1
    }
    /// Rows read from the backlog, and when the first row not read falls due. A failed read says `next` is long ago.
    mutating func refill(_ name: String, _ entries: [OutboxEntry], next: Instant?) {
        for entry in entries where !isHeld(entry.id) {
            endpoints[name, default: Endpoint()].atHand.append(entry)
            endpoints[name]!.bytes += entry.body.count
            idsAtHand.insert(entry.id)
        }
        endpoints[name]?.reads -= 1
        if let next { becomesDue(name, at: next) }
    }
    /// Whether a ready row is lent or at hand, and so not to be read from the backlog.
    func isHeld(_ id: OutboxEntry.ID) -> Bool { leases[id] != nil || idsAtHand.contains(id) }
    /// Room for bodies read ahead; at least one message's worth, or nothing would ever move.
    func room(_ name: String) -> Int { max(1, LendingDesk.byteLimit - (endpoints[name]?.bytes ?? 0)) }

    /// A lease is over: its message is settled, or `becomesDue` says when it can be claimed again.
    mutating func settled(_ id: OutboxEntry.ID) { _ = endLease(id) }
    /// Messages given back untried.
    mutating func release(_ ids: [OutboxEntry.ID]) {
        for id in ids {
            if let endpoint = endLease(id) { becomesDue(endpoint, at: Instant(microseconds: .min)) }
        }
    }
    /// As last opened or set.
    func condition(of name: String) -> EndpointCondition { endpoints[name]?.condition ?? .active }
    /// What lies at hand of a held endpoint goes back to the database, where it is anyway.
    mutating func set(_ name: String, _ condition: EndpointCondition) {
        var endpoint = endpoints[name] ?? Endpoint()
        endpoint.condition = condition
        if condition != .active, !endpoint.atHand.isEmpty {
            for entry in endpoint.atHand[endpoint.first...] {
                idsAtHand.remove(entry.id)
            }
            endpoint.atHand = []
            endpoint.bytes = 0
            endpoint.first = 0
            endpoint.backlogDue = Instant(microseconds: .min)
        }
        endpoints[name] = endpoint
    }

    /// How much is lent and at hand over all endpoints, for tests of the bounds.
    var load: (lent: Int, atHand: Int, bytes: Int) {
        (leases.count, idsAtHand.count, endpoints.values.reduce(0) { $0 + $1.bytes })
    }

    private mutating func endLease(_ id: OutboxEntry.ID) -> String? {
        guard let lease = leases.removeValue(forKey: id) else { return nil }
        endpoints[lease.endpoint]?.leases -= 1
        if endpoints[lease.endpoint]?.leases == 0 { endpoints[lease.endpoint]?.leaseEnd = nil }
        return lease.endpoint
    }
    /// Leases that were never answered end by themselves; a fault of the claimer must not lose a message.
    private mutating func endLeases(_ name: String, uptime: Duration) {
        guard let end = endpoints[name]?.leaseEnd, end <= uptime else { return }
        var next: Duration?
        var over: [OutboxEntry.ID] = []
        for (id, lease) in leases where lease.endpoint == name {
            if lease.until <= uptime { over.append(id) } else { next = min(next ?? lease.until, lease.until) }
        }
        release(over)
        endpoints[name]?.leaseEnd = next
    }
}
