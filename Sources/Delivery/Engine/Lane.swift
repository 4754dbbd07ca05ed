import Storage
import Telephony

/// What one endpoint does next: the messages it holds, and everything that may keep it from sending them.
///
///     whenReady, due ──▶ claim ──▶ queue ──▶ send ──▶ in flight ──▶ verdict
///                          ▲         │ held, opened, told to wait
///                          └─────────┴──▶ release: they stay in the outbox
///
/// A value: the driver asks `next` until it says `wait`, performs each action, and tells what came of it. Order within a
/// call is the outbox's: it lends only the first unsettled message of a call.
struct Lane {
    /// What the driver does next.
    enum Action: Equatable {
        /// Ask the outbox for up to so many, from 1 to `depth`; its answer goes to `claimed` or `claimFailed`. Not
        /// asked again before.
        case claim(limit: Int)
        /// Send it; counted as in flight until `finished`.
        case send(OutboxEntry)
        /// Give these back to the outbox untried: they are not to wait here.
        case release([OutboxEntry.ID])
        /// Nothing to do before that time (nil: before something happens).
        case wait(until: Instant?)
    }
    /// Why nothing is to be sent: `held` while the endpoint is paused or disabled; `stopping` for good.
    enum Hold: Equatable { case none, held, stopping }

    /// Requests in flight at most, 1 to 64; fewer while the breaker recovers.
    let concurrency: Int
    /// Messages held at most: enough to keep the connections busy while the outbox is asked for more.
    let depth: Int
    /// Sent and not `finished`.
    private(set) var inFlight = 0
    /// Knows of each outcome but `.stopped`, which says nothing of the receiver.
    private(set) var breaker: CircuitBreaker
    private var limiter: RateLimiter?
    private var queue: [OutboxEntry] = []
    private var head = 0
    private var isClaiming = false
    private var isSignalled = true
    private var nextDue: Instant?
    private var waitUntil: Instant?
    /// The driver's to set; takes effect with the `next` that must follow. What is in flight is not called back.
    var hold = Hold.none

    /// - Parameter rate: nil for no limit.
    init(concurrency: Int, rate: RateLimiter.Rate?, breaker: CircuitBreaker = CircuitBreaker()) {
        (self.concurrency, self.breaker) = (concurrency, breaker)
        depth = max(64, concurrency * 8)
        limiter = rate.map { RateLimiter($0) }
    }

    /// Claimed and not sent yet.
    var queued: Int { queue.count - head }
    /// Nothing is in flight and no claim is unanswered: whoever stops need wait no longer. Messages may be queued.
    var isIdle: Bool { inFlight == 0 && !isClaiming }

    /// What to do now. Each action is counted as done: perform it, and ask again unless it is `wait`.
    mutating func next(now: Instant) -> Action {
        guard hold == .none else { return releaseAll() ?? .wait(until: nil) }
        if let until = waitUntil {
            if now < until { return releaseAll() ?? .wait(until: until) }
            waitUntil = nil
        }
        let allowance = breaker.allowance(of: concurrency, inFlight: inFlight, now: now)
        if allowance == 0 {
            // What waits for the breaker is not kept from being sent by a daemon that is told to retry it, or paused.
            return releaseAll() ?? .wait(until: breaker.retryAt.flatMap { $0 > now ? $0 : nil })
        }
        if queued > 0, inFlight < allowance {
            if let at = limiter?.take(now: now) { return .wait(until: at) }
            let entry = queue[head]
            head += 1
            if head == queue.count { (queue, head) = ([], 0) }
            inFlight += 1
            breaker.sent()
            return .send(entry)
        }
        let isDue = nextDue.map { $0 <= now } ?? false
        let room = allowance < concurrency ? (queued == 0 && inFlight < allowance) : queued * 2 < depth
        if !isClaiming, isSignalled || isDue, room {
            (isClaiming, isSignalled, nextDue) = (true, false, nil)
            return .claim(limit: allowance < concurrency ? allowance - inFlight : depth - queued)
        }
        return .wait(until: isClaiming || isDue ? nil : nextDue)
    }

    /// The outbox has something new.
    mutating func signalled() { isSignalled = true }

    /// The outbox's answer to a `claim`.
    /// - Parameters:
    ///   - claim: its `nextDue` by the same clock as `now`, which is not the wall's.
    ///   - now: by a clock that is never put back.
    mutating func claimed(_ claim: Claim, now: Instant) {
        isClaiming = false
        if head > 0 {
            queue.removeFirst(head)
            head = 0
        }
        queue.append(contentsOf: claim.entries)
        nextDue = claim.nextDue
        // "Due, but not to be had" is another's lease or ours: asked again in a moment, not at once.
        if claim.entries.isEmpty, let due = nextDue, due <= now { nextDue = now + .milliseconds(200) }
    }
    /// The claim could not be answered; asked again after a moment.
    mutating func claimFailed(now: Instant) {
        isClaiming = false
        nextDue = now + .seconds(1)
    }

    /// A request ended.
    mutating func finished(_ outcome: AttemptOutcome, now: Instant) -> CircuitBreaker.Change? {
        inFlight -= 1
        if case .failed(.stopped) = outcome { return nil }
        return outcome.speaksOfEndpoint
            ? breaker.failed(now: now) : breaker.succeeded(concurrency: concurrency, now: now)
    }
    /// The receiver asked for quiet (`Retry-After`).
    mutating func wait(until instant: Instant) { waitUntil = max(waitUntil ?? instant, instant) }

    private mutating func releaseAll() -> Action? {
        guard queued > 0 else { return nil }
        let ids = queue[head...].map(\.id)
        (queue, head, isSignalled) = ([], 0, true)
        return .release(ids)
    }
}
