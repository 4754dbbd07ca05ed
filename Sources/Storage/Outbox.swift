public import Telephony

/// The messages that are to be sent, on disk: what delivery works from, and nothing else.
///
/// Rules every implementation keeps:
/// - a claimed message is lent to one claimer until `finish`, `release` or the end of its lease;
/// - of one call and endpoint only the first unsettled message can be claimed, and it blocks no other call;
/// - a message leaves only by `delivered` or retention; a dead letter stays and can be sent again.
///
/// What writes throws `diskFull`, `io` or `busy` with nothing written, to be asked for again, and `closed` once the store
/// is.
public protocol Outbox: Sendable {
    /// Writes messages that come without a record (`call.started`, `alert`) and returns when they are on disk.
    func enqueue(_ drafts: [OutboxDraft]) async throws(StorageError)

    /// Lends up to `limit` due messages of one endpoint, the longest due first.
    ///
    /// Nothing is written: does not wait for a disk unless there is a backlog to read. The lease is measured by a clock that
    /// nobody sets, or a wall clock put forward would lend out twice what is on its way.
    func claim(endpoint: String, limit: Int, now: Instant, lease: Duration) async throws(StorageError) -> Claim

    /// The same as `claim` where what can be lent is in memory; nil where the database has to be read for it, which `claim` does.
    ///
    /// Answers at once, from any thread: what has just been committed need not wait for a task.
    func claimAtHand(endpoint: String, limit: Int, now: Instant, lease: Duration) -> Claim?

    /// Writes the attempts and what becomes of their messages, in one transaction. A result for a message that is
    /// settled already (it was claimed twice because a lease ended) is kept as an attempt and changes nothing else.
    ///
    /// On an error nothing is written and the leases stand: call again with the same results.
    func finish(_ results: [AttemptResult]) async throws(StorageError)

    /// Gives claimed messages back untried, due as they were.
    func release(_ entries: [OutboxEntry.ID]) async

    /// The wall clock was set by `step`: what waits for a time goes on waiting as long as it was to, and what was due stays
    /// so.
    func clockWasSet(by step: Duration) async throws(StorageError)

    /// Has `notify` called with the names of endpoints that have something new to claim, or whose condition was set.
    ///
    /// Called after a commit, from the writer's thread or where the store's owner has it run: must not block, and at most hops to
    /// the caller's own loop. One subscriber; a second replaces the first.
    func whenReady(_ notify: @escaping @Sendable ([String]) -> Void)

    /// Holds, disables or frees an endpoint. A held endpoint keeps all its messages and takes new ones; nothing of it
    /// can be claimed. Survives restarts.
    ///
    /// - Parameter reason: shown to people; empty says none.
    func setEndpoint(_ name: String, _ condition: EndpointCondition, reason: String, now: Instant)
        async throws(StorageError)

    /// The condition as it stands on disk; `active` of an endpoint nobody has set. Answers at once, from any thread.
    func condition(of endpoint: String) -> EndpointCondition

    /// Makes messages due again: dead letters come back with a new list of attempts, a message waiting for its retry is
    /// due now, a delivered one is sent once more with the same `webhook-id`.
    ///
    /// - Parameter ids: message ids, row numbers, or ids of calls, which mean all their messages.
    /// - Returns: how many were found.
    /// - Throws: as all; of many messages some may be due again already, and asking once more does them no harm.
    func retry(ids: [String], now: Instant) async throws(StorageError) -> Int

    /// Sends again what was created at or after `since` and before `until`, delivered or dead, spread so that no more
    /// than `perSecond` fall due each second, the first at `now`.
    ///
    /// - Parameter endpoint: nil is all of them; they share the `perSecond`.
    /// - Returns: how many messages will go again.
    /// - Throws: as all; of many messages some may be due again already, which the next asking passes over.
    func replay(since: Instant, until: Instant, endpoint: String?, perSecond: Int, now: Instant)
        async throws(StorageError) -> Int

    /// Every endpoint that ever had a message, with its counts.
    func endpoints() async throws(StorageError) -> [EndpointStatus]
}

extension Outbox {
    /// Nothing is at hand in an outbox that does not say so.
    public func claimAtHand(endpoint: String, limit: Int, now: Instant, lease: Duration) -> Claim? { nil }
}

/// Whether an endpoint's messages may be claimed.
public enum EndpointCondition: String, Sendable, CaseIterable {
    /// Messages are claimed as they fall due; what every endpoint begins as.
    case active
    /// By an operator's request.
    case paused
    /// By the endpoint's own wish: it answered 410.
    case disabled
}

/// An endpoint as the outbox sees it.
public struct EndpointStatus: Sendable, Equatable {
    /// The configuration's name of it, `crm` of `[webhook:crm]`. Stays when the section goes, as its messages do.
    public var name: String
    /// Kept in the database; a daemon that starts finds an endpoint paused as it was left.
    public var condition: EndpointCondition
    /// Why it was paused or disabled, for people; empty where nobody said.
    public var reason: String
    /// When the condition was set; nil if it never was.
    public var since: Instant?
    /// Messages that may be claimed when they fall due, with those that are on their way.
    public var ready: Int
    /// Messages behind another of their call, which cannot be claimed yet.
    public var waiting: Int
    /// Messages given up and kept until retention takes them or somebody sends them again.
    public var dead: Int
    /// Messages a receiver has accepted and retention has not removed yet: no count since the beginning.
    public var delivered: Int
    /// Since when the oldest message that is not settled waits: since it was written, or since an operator had it sent again,
    /// which may be a time to come where `replay` spreads them. Nil if there is none, and where nobody looked for it.
    public var oldestUnsettled: Instant?

    public init(
        name: String, condition: EndpointCondition = .active, reason: String = "", since: Instant? = nil,
        ready: Int = 0, waiting: Int = 0, dead: Int = 0, delivered: Int = 0, oldestUnsettled: Instant? = nil
    ) {
        (self.name, self.condition, self.reason, self.since) = (name, condition, reason, since)
        (self.ready, self.waiting, self.dead, self.delivered) = (ready, waiting, dead, delivered)
        self.oldestUnsettled = oldestUnsettled
    }
}
