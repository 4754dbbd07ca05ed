import Telephony

/// An endpoint's OAuth 2 access token by client credentials, fetched when needed and renewed before it expires.
///
/// **Source**: RFC 6749, 4.4 (grant), 5.1 (answer), 2.3.1 (the client's password in HTTP Basic, form-encoded).
/// **Isolation**: the loop's thread only, as its transport; `@unchecked Sendable` on that ground.
final class TokenSource: @unchecked Sendable {
    private enum State {
        case none
        case fetching([(String?, HTTPResponse?) -> Void])
        case valid(String, renewAt: Instant)
    }
    private let client: EndpointConfiguration.OAuth2Client
    private let transport: EndpointTransport
    private let now: @Sendable () -> Instant
    private var state = State.none

    /// Asks for nothing yet.
    /// - Parameters:
    ///   - transport: the endpoint's own: its `allow`, authorities, proxy and timeout hold for the token's host too.
    ///   - now: a clock that nobody sets, which the token's end is reckoned by.
    init(
        _ client: EndpointConfiguration.OAuth2Client, transport: EndpointTransport,
        now: @escaping @Sendable () -> Instant
    ) {
        (self.client, self.transport, self.now) = (client, transport, now)
    }

    /// Gives a token that is still good, or the answer that was none, never both; at once where one is kept.
    func token(_ completion: @escaping (String?, HTTPResponse?) -> Void) {
        switch state {
        case .valid(let token, let renewAt) where now() < renewAt: completion(token, nil)
        case .fetching(let waiting): state = .fetching(waiting + [completion])
        case .none, .valid:
            state = .fetching([completion])
            fetch()
        }
    }
    /// The receiver refused the token: the next request gets a new one.
    func refuse(_ token: String) { if case .valid(token, _) = state { state = .none } }

    private func fetch() {
        var body = Array("grant_type=client_credentials".utf8)
        if let scope = client.scope {
            body.append(contentsOf: "&scope=".utf8)
            Escaping.appendForm(scope, to: &body)
        }
        var credentials: [UInt8] = []
        Escaping.appendForm(client.clientID, to: &credentials)
        credentials.append(UInt8(ascii: ":"))
        Escaping.appendForm(client.clientSecret, to: &credentials)
        let request = HTTPRequest(
            method: "POST", url: client.tokenURL,
            headers: [
                "Content-Type: \(ContentType.form)", "Accept: application/json",
                "Authorization: Basic \(Base64.encode(credentials))",
            ], body: body[...], hasBody: true)
        transport.send(request, keeping: EndpointTransport.longAnswer) { [self] response in received(response) }
    }

    private func received(_ response: HTTPResponse) {
        guard case .fetching(let waiting) = state else { return }
        let token = TokenSource.read(response)
        if let token {
            // Renewed a tenth before its end, at least 10 s: a token must not expire on its way.
            let usable = max(.seconds(1), token.lifetime - max(.seconds(10), token.lifetime / 10))
            state = .valid(token.text, renewAt: now() + usable)
        } else {
            state = .none
        }
        for completion in waiting { completion(token?.text, token == nil ? response : nil) }
    }

    /// The token of an answer and how long it lasts: five minutes where the answer does not say, from a second to a year
    /// whatever it says.
    static func read(_ response: HTTPResponse) -> (text: String, lifetime: Duration)? {
        guard response.outcome.isSuccess, let json = try? JSONValue(parsing: response.body),
            let text = json["access_token"]?.string, !text.isEmpty,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return nil }
        let seconds = json["expires_in"]?.double ?? json["expires_in"]?.string.flatMap { Double($0) } ?? 300
        return (text, .seconds(seconds.isFinite ? min(max(seconds, 1), 365 * 86400) : 300))
    }
}

extension EndpointTransport {
    /// Makes one request, with a token before it where `tokens` is one. A token that is refused is not used again.
    /// - Parameter request: called when it is to be sent.
    /// - Returns: what was sent, nil where no token could be had; and the answer, then that to the token's request.
    func exchange(
        _ tokens: TokenSource?, keeping kept: Int = EndpointTransport.keptLimit,
        _ request: (_ token: String?) -> HTTPRequest
    ) async -> (sent: HTTPRequest?, answer: HTTPResponse) {
        var token: String?
        if let tokens {
            let got: (token: String?, failure: HTTPResponse?) = await withCheckedContinuation { continuation in
                tokens.token { continuation.resume(returning: ($0, $1)) }
            }
            if let failure = got.failure { return (nil, failure) }
            token = got.token
        }
        let sent = request(token)
        // It may have been closed while the token was waited for.
        guard !isClosed else {
            return (sent, HTTPResponse(outcome: .failed(.stopped), status: nil, body: [], detail: "stopped"))
        }
        let answer: HTTPResponse = await withCheckedContinuation { continuation in
            send(sent, keeping: kept) { continuation.resume(returning: $0) }
        }
        if answer.status == 401, let token { tokens?.refuse(token) }
        return (sent, answer)
    }
}

extension HTTPResponse {
    /// What an answer that gave no token means for the request that needed one.
    var withoutToken: HTTPResponse {
        if outcome == .failed(.stopped) || proxyFault != nil { return self }
        let words =
            switch status {
            case 400?, 401?: "the token endpoint refused the client"
            case (200..<300)?: "the answer of the token endpoint has no access_token"
            case let status?: "no token could be had: its endpoint answered \(status)"
            case nil: "no token could be had: \(detail)"
            }
        return HTTPResponse(outcome: .failed(.token), status: nil, body: body, detail: words)
    }
}
