import Telephony

/// One request as it goes out.
struct HTTPRequest {
    /// In capitals, as sent.
    var method: String
    /// Absolute.
    var url: String
    /// `Name: value` lines.
    var headers: [String]
    /// Copied before the request is sent. Empty is a body too, of length 0, where `hasBody`.
    var body: ArraySlice<UInt8>
    /// GET: nothing is sent behind the headers.
    var hasBody: Bool

    /// The header lines that a section names, and the one that proves who sends.
    /// - Parameter token: an OAuth 2 access token where one is used.
    static func lines(
        _ headers: [(name: String, value: String)], _ authorization: EndpointConfiguration.Authorization,
        token: String? = nil
    ) -> [String] {
        var lines = headers.map { "\($0.name): \($0.value)" }
        if case .bearer(let fixed) = authorization { lines.append("Authorization: Bearer \(fixed)") }
        if let token { lines.append("Authorization: Bearer \(token)") }
        return lines
    }
}

/// What came of it.
struct HTTPResponse {
    /// What the policy judges by.
    var outcome: AttemptOutcome
    /// The HTTP status, also of an answer that broke off later.
    var status: Int?
    /// The first bytes of the answer's body.
    var body: [UInt8]
    /// libcurl's words where it failed, for the log and `test-webhook`; no secrets are in them.
    var detail: String
    /// What is wrong with the receiver's certificate; nil where that was not what failed.
    var certificateFault: CertificateFault?
    /// What the section's proxy did, where the receiver was not reached because of it.
    var proxyFault: ProxyFault?

    /// Label for the attempt: nil where delivered.
    var errorLabel: String? {
        switch outcome {
        case .failed(let failure): failure.rawValue
        case .answered(200..<300, _): nil
        case .answered(300..<400, _): "redirect"
        case .answered(let status, _): status < 500 ? "http_4xx" : "http_5xx"
        }
    }
}
