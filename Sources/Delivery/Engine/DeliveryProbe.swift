public import EventLoop
public import Storage
public import Telephony

/// Sends one event to one endpoint, past the outbox and without a retry: for `test-webhook` and `check`.
///
/// The request is made exactly as a delivery's is: template, signature, authorization, address check.
public struct DeliveryProbe: Sendable {
    /// What was sent and what came back.
    public struct Outcome: Sendable, Equatable {
        /// Where to; of a template, filled in.
        public var url: String
        /// The section's, or `OPTIONS` where only the address was asked.
        public var method: String
        /// The headers without their values where those are secret.
        public var headers: [String]
        /// The bytes as sent; empty for GET and OPTIONS. Holds a caller's data where the event did.
        public var body: [UInt8]
        /// As the outbox would keep it: the start, status, label and the first bytes of the answer.
        public var attempt: Attempt
        /// libcurl's words where there was no answer.
        public var detail: String
        /// What is wrong with the receiver's certificate, where that is what failed.
        public var certificateFault: CertificateFault?
        /// What the proxy did, where that kept the request from the receiver.
        public var proxyFault: ProxyFault?
        /// Whether a delivery would count as delivered.
        public var isDelivered: Bool
        /// What to do about it; empty where delivered.
        public var hint: String
    }
    private let endpoint: EndpointConfiguration
    private let version: String

    /// Opens nothing. A disabled endpoint can be tried too.
    public init(_ endpoint: EndpointConfiguration, version: String) {
        (self.endpoint, self.version) = (endpoint, version)
    }

    /// Sends the event. On the loop.
    public func send(_ event: WebhookEvent, on loop: EventLoop, now: @escaping @Sendable () -> Instant) async -> Outcome
    {
        let made = now()
        let entry = OutboxEntry(id: 0, draft: endpoint.draft(of: event, recordJSON: nil, dueAt: made))
        return await ask(on: loop, now: now) { [endpoint] token in
            RequestBuilder(endpoint).request(for: entry, attempt: 1, token: token, now: made)
        }
    }

    /// Asks the endpoint's address with `OPTIONS`, credentials included and nothing else: whether it is there, without telling it of
    /// any call. On the loop.
    public func reach(on loop: EventLoop, now: @escaping @Sendable () -> Instant) async -> Outcome {
        await ask(on: loop, now: now) { [endpoint] token in
            // Templates stand behind the host; where one is, the host alone is asked.
            let isTemplate = endpoint.format.target != nil || endpoint.format.isInQuery
            return HTTPRequest(
                method: "OPTIONS", url: isTemplate ? endpoint.url.origin + "/" : endpoint.urlText,
                headers: HTTPRequest.lines(endpoint.headers, endpoint.authorization, token: token), body: [],
                hasBody: false)
        }
    }

    /// Makes one request, with a token where the endpoint wants one.
    private func ask(
        on loop: EventLoop, now: @escaping @Sendable () -> Instant, _ request: (_ token: String?) -> HTTPRequest
    ) async -> Outcome {
        let transport = EndpointTransport(
            connection: endpoint.connection, policy: endpoint.allow, timeout: endpoint.timeout, concurrency: 1,
            userAgent: "hookswitch/\(version)", loop: loop)
        defer { transport.close() }
        var tokens: TokenSource?
        if case .clientCredentials(let client) = endpoint.authorization {
            tokens = TokenSource(client, transport: transport, now: now)
        }
        var began = now()
        let (sent, answer) = await transport.exchange(tokens) { token in
            began = now()
            return request(token)
        }
        guard let sent else { return outcome(request(nil), answer.withoutToken, began, now()) }
        return outcome(sent, answer, began, now())
    }

    private func outcome(
        _ request: HTTPRequest, _ response: HTTPResponse, _ began: Instant, _ ended: Instant
    ) -> Outcome {
        Outcome(
            url: request.url, method: request.method, headers: request.headers.map(DeliveryProbe.shown),
            body: Array(request.body),
            attempt: Attempt(
                at: began, duration: ended - began, status: response.status, error: response.errorLabel,
                response: response.body),
            detail: response.detail, certificateFault: response.certificateFault,
            proxyFault: response.proxyFault, isDelivered: response.outcome.isSuccess && response.errorLabel == nil,
            hint: DeliveryProbe.hint(response, endpoint))
    }

    /// Headers that Hookswitch makes are shown; what the configuration or a token brings may be secret.
    private static func shown(_ line: String) -> String {
        let name = line.split(separator: ":", maxSplits: 1).first.map(String.init) ?? line
        let isOurs = name.hasPrefix("webhook-") || name == "hookswitch-attempt" || name == "Content-Type"
        return isOurs ? line : "\(name): (not shown)"
    }

    private static func hint(_ response: HTTPResponse, _ endpoint: EndpointConfiguration) -> String {
        switch response.outcome {
        case .answered(200..<300, _): ""
        case .answered(300..<400, _): "redirects are never followed: put the final address into url"
        case .answered(401, _), .answered(403, _):
            "the receiver refuses the credentials: check header., bearer and secret"
        case .answered(404, _): "the receiver has nothing at this path: check url"
        case .answered(405, _): "the receiver wants another method: check method"
        case .answered(410, _): "the receiver wants no more: 410 disables the endpoint; remove it or correct url"
        case .answered(415, _): "the receiver wants another type: check content_type"
        case .answered(429, _): "the receiver is asked too often: set rate"
        case .answered(let status, _):
            status < 500
                ? "the receiver refuses the message: see its answer" : "the receiver is in trouble: see its log"
        case .failed(.nameLookup): "the host of url has no address: check it, and this machine's name server"
        case .failed(.connectionRefused): "nothing answers at host and port of url: check them, and firewalls between"
        case .failed(.timeout): "no answer within \(endpoint.timeout): the receiver should answer first and work later"
        case .failed(.tls):
            response.certificateFault?.advice(section: "[webhook:\(endpoint.name)]")
                ?? "no TLS can be agreed: is it https that listens there, and a version of this decade?"
        case .failed(.addressNotAllowed): "the host's address is none of allow: add its network, or correct url"
        case .failed(.proxy): response.proxyFault?.advice(section: "[webhook:\(endpoint.name)]") ?? "check proxy"
        case .failed(.malformedAnswer): "what answers is no web server, or https and http are mixed up in url"
        case .failed(.connectionLost): "the receiver ended the connection without an answer: see its log"
        case .failed(.token): "check the oauth2_ keys"
        case .failed(.stopped), .failed(.other): "see the words above"
        }
    }
}
