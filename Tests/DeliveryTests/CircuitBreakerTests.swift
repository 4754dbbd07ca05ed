import Telephony
import Testing

@testable import Delivery

@Suite struct CircuitBreakerTests {
    let start = Instant(seconds: 1000)

    /// A breaker that has just opened at `start`.
    func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker()
        for i in 1...10 { #expect(breaker.failed(now: start) == (i == 10 ? .opened : nil)) }
        return breaker
    }

    @Test func `ten failures in a row open it, nine and a success do not`() {
        var breaker = CircuitBreaker()
        for _ in 1...9 { #expect(breaker.failed(now: start) == nil) }
        #expect(breaker.succeeded(concurrency: 4, now: start) == nil)
        #expect(breaker.failed(now: start) == nil)
        #expect(breaker.state == .closed)
        #expect(breaker.allowance(of: 4, inFlight: 0, now: start) == 4)
        #expect(opened().state == .open(until: start + .seconds(1)))
    }

    @Test func `half of at least twenty failing opens it`() {
        var breaker = CircuitBreaker()
        for i in 1...10 {
            #expect(breaker.succeeded(concurrency: 4, now: start) == nil)
            #expect(breaker.failed(now: start) == (i == 10 ? .opened : nil))
        }
    }

    @Test func `a fifth failing never opens it`() {
        var breaker = CircuitBreaker()
        for i in 0..<500 {
            let now = start + .milliseconds(Int64(i) * 100)
            if i % 5 == 0 {
                #expect(breaker.failed(now: now) == nil)
            } else {
                #expect(breaker.succeeded(concurrency: 4, now: now) == nil)
            }
        }
    }

    @Test func `open lets nothing pass, then exactly one probe`() {
        var breaker = opened()
        #expect(breaker.allowance(of: 4, inFlight: 0, now: start + .milliseconds(999)) == 0)
        #expect(breaker.allowance(of: 4, inFlight: 0, now: start + .seconds(1)) == 1)
        breaker.sent()
        #expect(breaker.state == .probing)
        #expect(breaker.allowance(of: 4, inFlight: 1, now: start + .seconds(9)) == 1)
    }

    @Test func `no probe leaves while requests from before the opening are on their way`() {
        var breaker = opened()
        #expect(breaker.allowance(of: 4, inFlight: 3, now: start + .seconds(5)) == 0)
        #expect(breaker.failed(now: start) == nil)
        #expect(breaker.succeeded(concurrency: 4, now: start) == nil)
        #expect(breaker.state == .open(until: start + .seconds(1)))
    }

    @Test func `each failed probe doubles the wait, up to ten seconds`() {
        var breaker = opened()
        var now = start + .seconds(1)
        for wait in [2, 4, 8, 10, 10] {
            #expect(breaker.allowance(of: 4, inFlight: 0, now: now) == 1)
            breaker.sent()
            #expect(breaker.failed(now: now) == nil)
            #expect(breaker.retryAt == now + .seconds(Int64(wait)))
            now = now + .seconds(Int64(wait))
        }
    }

    @Test func `it closes slowly: one more at once with each success`() {
        var breaker = opened()
        let now = start + .seconds(1)
        _ = breaker.allowance(of: 4, inFlight: 0, now: now)
        breaker.sent()
        for allowed in 1...4 {
            #expect(breaker.succeeded(concurrency: 4, now: now) == (allowed == 5 ? .closed : nil))
            #expect(breaker.allowance(of: 4, inFlight: 0, now: now) == allowed)
        }
        #expect(breaker.succeeded(concurrency: 4, now: now) == .closed)
        #expect(breaker.state == .closed)
    }

    @Test func `a failure while it recovers halves what is allowed; with one allowed it opens again`() {
        var breaker = opened()
        let now = start + .seconds(1)
        _ = breaker.allowance(of: 4, inFlight: 0, now: now)
        breaker.sent()
        for _ in 1...4 { _ = breaker.succeeded(concurrency: 4, now: now) }
        #expect(breaker.state == .recovering(allowed: 4))
        for allowed in [2, 1] {
            #expect(breaker.failed(now: now) == nil)
            #expect(breaker.state == .recovering(allowed: allowed))
        }
        #expect(breaker.failed(now: now) == nil)
        #expect(breaker.state == .open(until: now + .seconds(1)))
    }

    @Test func `a 400 speaks of one message, a 500, a 401 and a timeout of the endpoint`() {
        for status in [400, 409, 413, 415, 422, 200] {
            #expect(!AttemptOutcome.answered(status: status, retryAfter: nil).speaksOfEndpoint)
        }
        for status in [301, 401, 403, 404, 429, 500, 502, 503] {
            #expect(AttemptOutcome.answered(status: status, retryAfter: nil).speaksOfEndpoint)
        }
        #expect(AttemptOutcome.failed(.timeout).speaksOfEndpoint)
    }
}

@Suite struct RateLimiterTests {
    @Test(arguments: [(10, 1), (50, 1), (1000, 1), (100, 60)])
    func `no second sees more than the rate and a tenth`(count: Int, seconds: Int) {
        var limiter = RateLimiter(.init(count: count, per: .seconds(Int64(seconds))))
        var now = Instant(seconds: 1000)
        let start = now
        var sent: [Instant] = []
        while sent.count < 300 {
            if let at = limiter.take(now: now) {
                #expect(at > now)
                now = at
            } else {
                sent.append(now)
            }
        }
        let perSecond = Double(count) / Double(seconds)
        for (i, first) in sent.enumerated() {
            let within = sent[i...].prefix { $0 - first < .seconds(1) }.count
            #expect(Double(within) <= max(2, perSecond * 1.1 + 1))
        }
        let took = Double((now - start).wholeMicroseconds) / 1e6
        // The bucket is full at first: a tenth of a second's worth goes at once.
        #expect(took > (298 - perSecond / 10) / perSecond && took < 301 / perSecond)
    }

    @Test func `a clock set back does not stop deliveries`() {
        var limiter = RateLimiter(.init(count: 1, per: .seconds(1)))
        let now = Instant(seconds: 100_000)
        #expect(limiter.take(now: now) == nil)
        let back = now - .seconds(3600)
        #expect(limiter.take(now: back) == back + .seconds(1))
        #expect(limiter.take(now: back + .seconds(1)) == nil)
    }
}
