public import EventLoop
import Storage
public import Telephony

/// Sends one event to one endpoint at once, past outbox and retries: what `test-webhook` and `check` do.
public enum WebhookProbe {
    /// What was sent and what came back.
    public struct Answer: Sendable {
        public var method: String
        public var url: String
        /// Names and values as sent, but for those that hold a secret, whose value is `***`.
        public var headers: [String]
        public var requestBody: [UInt8]
        public var isDelivered: Bool
        public var status: Int?
        /// Label of what went wrong, as attempts have it; nil where delivered.
        public var error: String?
        /// libcurl's words, where it has some.
        public var detail: String
        /// The first 4 KiB of the answer.
        public var body: [UInt8]
        public var duration: Duration
        /// What to do about it; empty where delivered.
        public var hint: String
    }

    /// A finished inbound call, plainly marked as a sample, that started `now` less a minute.
    public static func sample(system: String, now: Instant) -> CallRecord {
        let started = now - .seconds(60)
        let unique = UniqueID("\(started.seconds).0")
        var record = CallRecord(
            id: CallRecord.id(system: system, linkedID: LinkedID(unique)), system: system, uniqueID: unique,
            linkedID: LinkedID(unique), direction: .inbound, disposition: .answered,
            caller: .init(number: "15005550006", name: "Hookswitch sample"), callee: .init(number: "15005550001"),
            startedAt: started, endedAt: now, hangupCause: .normalClearing)
        let agent = CallRecord.Party(number: "1001", name: "Sample Agent", channel: ChannelName("PJSIP/1001-00000001"))
        record.answeredAt = started + .seconds(6)
        (record.answeredBy, record.agent, record.agents) = (agent, agent, [agent])
        (record.talk, record.ring, record.hungUpBy) = (.seconds(54), .seconds(6), .caller)
        record.sources = [.ami]
        record.notes = ["a sample sent by test-webhook, not a call"]
        return record
    }

    /// Sends and waits for the answer, no longer than the endpoint's timeout (twice that where a token is needed first).
    ///
    /// Must be called by a task that runs on the loop.
    public static func send(
        _ event: WebhookEvent, to endpoint: EndpointConfiguration, on loop: EventLoop, version: String,
        now: @escaping @Sendable () -> Instant
    ) async -> Answer {
        let transport = EndpointTransport(
            connection: endpoint.connection, policy: endpoint.allow, timeout: endpoint.timeout, concurrency: 1,
            userAgent: "hookswitch/\(version)", loop: loop)
        defer { transport.close() }
        let began = now()
        let entry = OutboxEntry(
            id: 0, draft: endpoint.draft(of: event, recordJSON: nil, dueAt: began), createdAt: began)
        var token: String?
        if case .clientCredentials(let client) = endpoint.authorization {
            let tokens = TokenSource(client, transport: transport, now: now)
            let (got, answer) = await withCheckedContinuation { continuation in
                tokens.token { continuation.resume(returning: ($0, $1)) }
            }
            token = got
            if got == nil, let answer {
                let detail = "no token from \(client.tokenURL): " + (answer.status.map(String.init) ?? answer.detail)
                return Answer(
                    method: "POST", url: client.tokenURL, headers: [], requestBody: [], isDelivered: false,
                    status: answer.status, error: TransportFailure.token.rawValue, detail: detail, body: answer.body,
                    duration: now() - began,
                    hint: "check oauth2_token_url, oauth2_client_id and oauth2_client_secret")
            }
        }
        let request = RequestBuilder(endpoint).request(for: entry, attempt: 1, token: token, now: began)
        let response = await withCheckedContinuation { continuation in
            transport.send(request) { continuation.resume(returning: $0) }
        }
        return Answer(
            method: request.method, url: request.url, headers: request.headers.map { shown($0, endpoint) },
            requestBody: Array(request.body), isDelivered: response.outcome.isSuccess, status: response.status,
            error: response.errorLabel, detail: response.detail, body: response.body, duration: now() - began,
            hint: hint(response, endpoint))
    }

    private static func shown(_ line: String, _ endpoint: EndpointConfiguration) -> String {
        let name = line.prefix { $0 != ":" }
        let isSecret = name == "Authorization" || endpoint.headers.contains { $0.name == name }
        return isSecret ? "\(name): ***" : line
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
        case .failed(.tls): "check the receiver's certificate; for a private authority set ca_file"
        case .failed(.addressNotAllowed): "the host's address is none of allow: add its network, or correct url"
        case .failed(.proxy): "check proxy"
        case .failed(.malformedAnswer): "what answers is no web server, or https and http are mixed up in url"
        case .failed(.connectionLost): "the receiver ended the connection without an answer: see its log"
        case .failed(.token): "check the oauth2_ keys"
        case .failed(.stopped), .failed(.other): "see the words above"
        }
    }
}
