public import EventLoop
public import Storage
public import Telephony

/// Asks the CRM about a call that waits.
///
/// ```
/// question ─▶ kept answer? ──yes──────────────────────────────▶ answer
///                 │no
///                 ▼
///     breaker open, too many at once ─────────────────────────▶ failed, at once
///                 │
///                 ▼
///     one request, no retry, within the timeout ─▶ JSON ─▶ variables
/// ```
/// A channel waits meanwhile, so nothing is tried twice and nothing queues. A CRM that hangs is left alone after some
/// failures: then calls go on at once, and one of them finds out every few seconds whether it is back.
///
/// **Isolation**: the loop's thread only; `@unchecked Sendable` on that ground.
public final class CRMLookup: @unchecked Sendable {
    private let configuration: LookupConfiguration
    private let transport: EndpointTransport
    private let tokens: TokenSource?
    private let now: @Sendable () -> Instant
    /// Of a clock that nobody sets: the breaker, the token and the kept answers go by it.
    private let steady: @Sendable () -> Instant
    private let alerts: AlertGate
    private var breaker: CircuitBreaker
    private var inFlight = 0
    private var isClosed = false
    private var isFailing = false
    private var kept: [[UInt8]: (outcome: LookupOutcome, until: Instant)] = [:]
    /// The keys of `kept`, oldest first.
    private var order: [[UInt8]] = []

    /// Answers that are kept at most; the oldest goes first.
    static let mostKept = 1000
    /// Each failure has cost a caller the whole timeout: sooner than a webhook's.
    private static let limits: CircuitBreaker.Limits = {
        var limits = CircuitBreaker.Limits()
        limits.run = 5
        return limits
    }()

    /// - Parameters:
    ///   - budget: what a channel can wait; a longer timeout is cut to it.
    ///   - now: the wall clock, for what is told.
    ///   - uptime: a clock that nobody sets, for every wait.
    ///   - alerts: called on the loop when the CRM begins to fail, refuses the credentials, or is back.
    public init(
        _ configuration: LookupConfiguration, budget: Duration, on loop: EventLoop, version: String,
        now: @escaping @Sendable () -> Instant, uptime: @escaping @Sendable () -> Duration = CallStore.uptime,
        alerts: @escaping (Alert) -> Void
    ) {
        (self.configuration, self.now) = (configuration, now)
        let clock = SteadyClock(wall: now, uptime: uptime)
        let steady: @Sendable () -> Instant = { clock.now }
        self.steady = steady
        self.alerts = AlertGate(
            subject: configuration.title, on: loop, now: now, steady: steady, raise: alerts)
        breaker = CircuitBreaker(CRMLookup.limits)
        transport = EndpointTransport(
            connection: configuration.connection, policy: configuration.allow,
            timeout: min(configuration.timeout ?? LookupConfiguration.usualTimeout, budget),
            concurrency: configuration.concurrency, userAgent: "hookswitch/\(version)", loop: loop)
        if case .clientCredentials(let client) = configuration.authorization {
            tokens = TokenSource(client, transport: transport, now: steady)
        } else {
            tokens = nil
        }
    }

    /// Asks, and returns within the timeout (twice that where a token is needed first). On the loop.
    public func answer(_ question: LookupQuestion) async -> LookupOutcome {
        let target = configuration.target.rendered(question)
        let body = configuration.body?.rendered(question) ?? []
        let key = target + [0] + body
        if let outcome = keptAnswer(key) { return outcome }
        let time = steady()
        if isClosed { return .failed("the daemon stops") }
        guard breaker.allowance(of: configuration.concurrency, inFlight: inFlight, now: time) > inFlight else {
            return .failed(
                inFlight >= configuration.concurrency
                    ? "\(inFlight) questions are under way already"
                    : "the CRM failed just now and is asked again in a few seconds")
        }
        breaker.sent()
        inFlight += 1
        let response = await respond(String(decoding: target, as: UTF8.self), body)
        inFlight -= 1
        note(response)
        let outcome = LookupOutcome(response, for: configuration)
        keep(outcome, for: key)
        return outcome
    }

    /// What the CRM's address says to somebody who asks about nobody.
    public struct Reach: Sendable, Equatable {
        /// The HTTP status; nil where there was no answer. A 404 or 405 to `OPTIONS` says as well as a 200 that
        /// somebody is there.
        public var status: Int?
        /// Label of what went wrong; nil where there was an answer.
        public var error: String?
        /// libcurl's words; empty where there was an answer.
        public var detail: String
        /// What is wrong with its certificate, where that is what failed.
        public var certificateFault: CertificateFault?
        /// What the proxy did, where that kept the question from the CRM.
        public var proxyFault: ProxyFault?
        /// Of the request, and of getting the token before it where the section wants one.
        public var duration: Duration
    }

    /// Asks the CRM's host with `OPTIONS`, credentials included and no number: whether it is there. On the loop.
    public func reach() async -> Reach {
        let began = now()
        let response = await send { [configuration] token in
            HTTPRequest(
                method: "OPTIONS", url: configuration.origin + "/",
                headers: HTTPRequest.lines(configuration.headers, configuration.authorization, token: token), body: [],
                hasBody: false)
        }
        var error: String?
        if case .failed(let failure) = response.outcome { error = failure.rawValue }
        return Reach(
            status: response.status, error: error, detail: response.detail, certificateFault: response.certificateFault,
            proxyFault: response.proxyFault, duration: now() - began)
    }

    /// Ends what is under way. Call before letting go.
    public func close() {
        isClosed = true
        transport.close()
        alerts.close()
    }

    // MARK: The request

    private func respond(_ target: String, _ body: [UInt8]) async -> HTTPResponse {
        await send { [configuration] token in
            var lines = HTTPRequest.lines(configuration.headers, configuration.authorization, token: token)
            if !configuration.headers.contains(where: { $0.name.lowercased() == "accept" }) {
                lines.append("Accept: application/json")
            }
            if configuration.body != nil { lines.append("Content-Type: \(configuration.contentType)") }
            return HTTPRequest(
                method: configuration.method, url: configuration.origin + target, headers: lines, body: body[...],
                hasBody: configuration.method != "GET")
        }
    }

    /// Makes one request, with a token where the section wants one.
    private func send(_ request: (_ token: String?) -> HTTPRequest) async -> HTTPResponse {
        let (sent, answer) = await transport.exchange(tokens, keeping: EndpointTransport.longAnswer, request)
        // That no token came in time is told as the CRM's own lateness: the call goes on in the same way.
        return sent != nil || answer.outcome == .failed(.timeout) ? answer : answer.withoutToken
    }

    /// Tells the breaker, and a person where that is due.
    private func note(_ response: HTTPResponse) {
        let time = steady()
        let isTrouble: Bool
        switch response.outcome {
        case .answered(404, _), .answered(410, _): isTrouble = false
        case .failed(.stopped): return
        default: isTrouble = response.outcome.speaksOfEndpoint
        }
        let words = response.status.map { "it answered \($0)" } ?? response.detail
        if case .answered(let status, _) = response.outcome, status == 401 || status == 403 {
            alerts.alert(.unauthorized, "\(words): the credentials of [\(configuration.title)] are refused")
        } else if isTrouble, !isFailing {
            alerts.alert(.endpointFailing, "the first failure: \(words); calls go on without an answer")
        }
        let change =
            isTrouble
            ? breaker.failed(now: time) : breaker.succeeded(concurrency: configuration.concurrency, now: time)
        if change == .opened {
            alerts.alert(.breakerOpen, "it keeps failing (\(words)); it is asked every few seconds")
        }
        if isFailing, !isTrouble { alerts.alert(.endpointRecovered, "it answers again") }
        isFailing = isTrouble
    }

    // MARK: Answers that are kept

    private func keptAnswer(_ key: [UInt8]) -> LookupOutcome? {
        guard let entry = kept[key], steady() < entry.until else { return nil }
        return entry.outcome
    }

    private func keep(_ outcome: LookupOutcome, for key: [UInt8]) {
        guard let lifetime = configuration.cache else { return }
        switch outcome {
        case .late, .failed: return
        case .found, .notFound: break
        }
        if kept.updateValue((outcome, steady() + lifetime), forKey: key) == nil { order.append(key) }
        if order.count > CRMLookup.mostKept { kept[order.removeFirst()] = nil }
    }
}
