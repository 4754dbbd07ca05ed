public import Telephony

/// Keeps a receiver that is down from being hammered, and finds out soon when it is up again.
///
///                   run or ratio of failures
///      ┌─ closed ──────────────────────────────▶ open ◀──────────────┐
///      │    ▲                                     │ wait over        │ failure: twice as long
///      │    │ as many successes as connections    ▼                  │
///      │    └────────── recovering ◀── success ── probing (one) ─────┤
///      │                    └──── failure: half as many, none ───────┘
///      └─ success, failure: counted over the last minute
///
/// A value: what happened goes in with the time, how many requests may be in flight comes out. What waits behind an open
/// breaker loses none of its attempts.
public struct CircuitBreaker: Sendable, Hashable {
    /// When it opens and how long it stays open.
    public struct Limits: Sendable, Hashable {
        /// Opens after this many failures without a success between.
        public var run = 10
        /// Opens when at least this part of the window's outcomes, of at least `least`, failed.
        public var ratio = 0.5
        /// Outcomes the window must hold before `ratio` counts: of two requests one failure says nothing.
        public var least = 20
        /// What `ratio` looks back over. Of a window that is over half is carried into the next.
        public var window: Duration = .seconds(60)
        /// How long the first opening lasts; each failed probe doubles it up to `longest`.
        public var first: Duration = .seconds(1)
        /// The wait between two probes never grows beyond this: a receiver that is back must not wait long for its
        /// messages.
        public var longest: Duration = .seconds(10)
        /// A webhook's values; a lookup opens after a shorter run.
        public init() {}
    }
    /// Where in the picture above it stands.
    public enum State: Sendable, Hashable {
        /// The receiver works, or nothing is known of it yet: as many at once as its connections.
        case closed
        /// Nothing is sent until then.
        case open(until: Instant)
        /// One request is on its way to find out.
        case probing
        /// This many at once, one more with each success.
        case recovering(allowed: Int)
    }
    /// What the caller tells of.
    public enum Change: Sendable, Hashable { case opened, closed }

    /// What `allowance` goes by. `retryAt` and the alerts read it; only the verbs below change it.
    public private(set) var state: State = .closed
    private let limits: Limits
    private var run = 0
    private var windowStart: Instant?
    private var successes = 0
    private var failures = 0
    private var openFor: Duration

    /// Begins closed, with nothing counted: a restart forgets an outage.
    public init(_ limits: Limits = Limits()) {
        self.limits = limits
        openFor = limits.first
    }

    /// How many requests may be in flight now, of at most `concurrency`. Turns an opening that is over into a probe.
    public mutating func allowance(of concurrency: Int, inFlight: Int, now: Instant) -> Int {
        switch state {
        case .closed: return concurrency
        case .open(let until):
            guard now >= until, inFlight == 0 else { return 0 }
            return 1
        case .probing: return 1
        case .recovering(let allowed): return min(allowed, concurrency)
        }
    }

    /// When `allowance` has to be asked again though nothing happened; nil unless open.
    public var retryAt: Instant? { if case .open(let until) = state { until } else { nil } }

    /// A request has been sent.
    public mutating func sent() { if case .open = state { state = .probing } }

    /// The receiver answered as it should, or at least of this one message (`AttemptOutcome.speaksOfEndpoint`).
    public mutating func succeeded(concurrency: Int, now: Instant) -> Change? {
        run = 0
        switch state {
        case .closed:
            roll(now)
            successes += 1
            return nil
        case .open: return nil  // A request from before the opening: the probe decides.
        case .probing:
            state = .recovering(allowed: 1)
            return closeIfRecovered(concurrency, now)
        case .recovering(let allowed):
            state = .recovering(allowed: allowed + 1)
            return closeIfRecovered(concurrency, now)
        }
    }

    /// The receiver did not answer, or said that it is in trouble.
    public mutating func failed(now: Instant) -> Change? {
        switch state {
        case .closed:
            roll(now)
            run += 1
            failures += 1
            let seen = failures + successes
            guard run >= limits.run || (seen >= limits.least && Double(failures) >= limits.ratio * Double(seen)) else {
                return nil
            }
            openFor = limits.first
            state = .open(until: now + openFor)
            return .opened
        case .open: return nil
        case .probing:
            openFor = min(openFor * 2, limits.longest)
            state = .open(until: now + openFor)
            return nil
        case .recovering(let allowed) where allowed > 1:
            // One failure among successes is no outage: a receiver that fails now and then must not be starved.
            state = .recovering(allowed: allowed / 2)
            return nil
        case .recovering:
            openFor = limits.first
            state = .open(until: now + openFor)
            return nil
        }
    }

    private mutating func closeIfRecovered(_ concurrency: Int, _ now: Instant) -> Change? {
        guard case .recovering(let allowed) = state, allowed > concurrency else { return nil }
        (state, run, successes, failures, windowStart) = (.closed, 0, 0, 0, now)
        return .closed
    }

    /// Starts a new window when the last is over. Half of the old one is carried, so that the edge hides nothing.
    private mutating func roll(_ now: Instant) {
        guard let start = windowStart else {
            windowStart = now
            return
        }
        if now - start >= limits.window || now < start {
            (windowStart, successes, failures) = (now, successes / 2, failures / 2)
        }
    }
}
