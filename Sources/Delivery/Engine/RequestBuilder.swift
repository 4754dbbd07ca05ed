import Storage
import Telephony

/// Makes the request of one attempt: URL, headers and signature.
struct RequestBuilder: Sendable {
    /// Whose requests these are.
    let configuration: EndpointConfiguration
    private let fixed: [String]
    private let usesStandardSignature: Bool

    /// Writes once the header lines that no message changes.
    init(_ configuration: EndpointConfiguration) {
        self.configuration = configuration
        fixed = HTTPRequest.lines(configuration.headers, configuration.authorization)
        usesStandardSignature = configuration.preset != .twilio && configuration.preset != .yeastar30012
    }

    /// - Parameters:
    ///   - attempt: 1 for the first.
    ///   - token: an OAuth 2 access token where one is used.
    func request(for entry: OutboxEntry, attempt: Int, token: String?, now: Instant) -> HTTPRequest {
        let (target, body) = MessageFormat.split(entry.body)
        let url = target.map { configuration.url.origin + $0 } ?? configuration.urlText
        let hasBody = configuration.method != "GET"
        var lines = fixed
        if hasBody { lines.append("Content-Type: \(entry.contentType)") }
        if let token { lines.append("Authorization: Bearer \(token)") }
        lines.append("webhook-id: \(entry.messageID)")
        let seconds = now.seconds
        lines.append("webhook-timestamp: \(seconds)")
        lines.append("hookswitch-attempt: \(attempt)")
        if let secret = configuration.secrets.first {
            let bytes = target == nil ? entry.body : Array(body)
            if usesStandardSignature {
                lines.append(
                    "webhook-signature: "
                        + WebhookSignature.header(
                            id: entry.messageID, timestamp: seconds, body: bytes, secrets: configuration.secrets))
            } else if configuration.preset == .twilio {
                lines.append(
                    "X-Twilio-Signature: "
                        + WebhookSignature.twilio(url: url, parameters: Escaping.formPairs(bytes), token: secret))
            } else {
                lines.append("X-Signature: " + WebhookSignature.yeastar(body: bytes, secret: secret))
            }
        }
        return HTTPRequest(method: configuration.method, url: url, headers: lines, body: body, hasBody: hasBody)
    }
}
