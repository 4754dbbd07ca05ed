import Telephony
import Testing

@testable import Delivery

@Suite struct RetryPolicyTests {
    let now = Instant(seconds: 1_795_227_460)
    let policy = RetryPolicy(waits: [.seconds(5), .seconds(30)], jitter: 0)

    @Test(arguments: [200, 201, 202, 204, 299])
    func `any 2xx within the time is delivered`(status: Int) {
        #expect(
            policy.verdict(attempt: 1, outcome: .answered(status: status, retryAfter: nil), now: now, chance: 0)
                == .delivered)
    }

    @Test(arguments: [301, 302, 307, 308, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 199, 600])
    func `everything else is retried, redirects too`(status: Int) {
        #expect(
            policy.verdict(attempt: 1, outcome: .answered(status: status, retryAfter: nil), now: now, chance: 0)
                == .retry(after: .seconds(5)))
    }

    @Test func `410 disables the endpoint, on whatever attempt`() {
        #expect(
            policy.verdict(attempt: 3, outcome: .answered(status: 410, retryAfter: nil), now: now, chance: 0)
                == .endpointGone)
    }

    @Test func `when the waits are used up the message is a dead letter`() {
        for failure in TransportFailure.allCases {
            #expect(
                policy.verdict(attempt: 1, outcome: .failed(failure), now: now, chance: 0) == .retry(after: .seconds(5))
            )
            #expect(
                policy.verdict(attempt: 2, outcome: .failed(failure), now: now, chance: 0)
                    == .retry(after: .seconds(30)))
            #expect(policy.verdict(attempt: 3, outcome: .failed(failure), now: now, chance: 0) == .deadLetter)
        }
    }

    @Test func `the contract's list is ten waits from 5 s to 24 h`() {
        #expect(
            RetryPolicy.standard.waits.map { $0.components.seconds } == [
                5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200, 86400,
            ])
    }

    @Test func `Intellicall gets one attempt and three retries at 1, 2 and 4 seconds exactly`() {
        let waits = (1...4).map {
            RetryPolicy.intellicall.verdict(attempt: $0, outcome: .failed(.timeout), now: now, chance: 0.99)
        }
        #expect(
            waits == [
                .retry(after: .seconds(1)), .retry(after: .seconds(2)), .retry(after: .seconds(4)), .deadLetter,
            ])
    }

    @Test func `a section's own waits are as exact as its preset's`() throws {
        let own = try endpoint(("preset", "intellicall"), ("retry", "1s, 2s"))
        #expect(
            (1...3).map { own.retry.verdict(attempt: $0, outcome: .failed(.timeout), now: now, chance: 0.99) }
                == [.retry(after: .seconds(1)), .retry(after: .seconds(2)), .deadLetter])
        #expect(try endpoint(("retry", "1s, 2s")).retry.jitter == RetryPolicy.standard.jitter)
    }

    @Test func `jitter stays within a tenth to either side`() {
        let policy = RetryPolicy(waits: [.seconds(100)])
        func wait(_ chance: Double) -> Verdict {
            policy.verdict(attempt: 1, outcome: .failed(.timeout), now: now, chance: chance)
        }
        #expect(wait(0) == .retry(after: .seconds(90)))
        #expect(wait(0.5) == .retry(after: .seconds(100)))
        guard case .retry(let most) = wait(0.999) else { return }
        #expect(most > .seconds(109) && most < .seconds(110))
    }

    @Test(arguments: [429, 503])
    func `Retry-After is obeyed: never earlier, and no longer than a day`(status: Int) {
        let policy = RetryPolicy(waits: [.seconds(5)])
        func verdict(_ header: String) -> Verdict {
            policy.verdict(
                attempt: 1, outcome: .answered(status: status, retryAfter: RetryAfter(header)), now: now, chance: 0)
        }
        #expect(verdict("120") == .retry(after: .seconds(120)))
        #expect(verdict("1") == .retry(after: .seconds(4.5)))
        #expect(verdict("Sat, 21 Nov 2026 02:37:40 GMT") == .retry(after: .seconds(1200)))
        #expect(verdict("99999999999999999999") == .retry(after: .seconds(86400)))
        #expect(verdict("Sat, 21 Nov 2020 02:37:40 GMT") == .retry(after: .seconds(4.5)))
    }

    @Test func `Retry-After on any other status is not looked at`() {
        #expect(
            policy.verdict(
                attempt: 1, outcome: .answered(status: 500, retryAfter: RetryAfter("7200")), now: now, chance: 0)
                == .retry(after: .seconds(5)))
    }

    /// The three forms of RFC 9110, 5.6.7, with its own example.
    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func `all three forms of an HTTP date are read`(text: String) {
        #expect(RetryAfter(text) == .date(Instant(seconds: 784_111_777)))
    }

    @Test(arguments: [
        "", "soon", "-5", "Sunday, 06-Nov-9223372036854775807 08:49:37 GMT", "Sunday, 06-Nov-1994 08:49:37 GMT", "1.5",
        "Sun, 06 Nov 1994", "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT",
    ])
    func `what is neither seconds nor a date is ignored`(text: String) {
        #expect(RetryAfter(text) == nil)
    }
}
