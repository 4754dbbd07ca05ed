import Telephony

/// One endpoint, checked: everything a `[webhook:NAME]` section says, as typed values.
///
/// `init(name:entries:)` reads the section; `keys` lists what it may hold. Secrets are in here: do not print it (its
/// description is the name).
public struct EndpointConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// How requests prove who sends them, beside the signature.
    public enum Authorization: Sendable, Equatable {
        /// No `Authorization` but one that `header.Authorization` sets.
        case none
        /// `bearer`: a token that never changes, sent as `Authorization: Bearer TOKEN` (RFC 6750, 2.1).
        case bearer(String)
        /// The `oauth2_` keys: a token fetched when needed and renewed by `TokenSource`.
        case clientCredentials(OAuth2Client)
    }
    /// Where and as whom to get an OAuth 2 token (RFC 6749, 4.4).
    public struct OAuth2Client: Sendable, Equatable {
        /// Where tokens are asked for, absolute; reached as the endpoint is, and only at addresses in `allow`.
        public var tokenURL: String
        /// Sent form-encoded in HTTP Basic, as RFC 6749, 2.3.1 has it.
        public var clientID: String
        /// The password beside it; never shown.
        public var clientSecret: String
        /// As the authorization server names scopes, blanks between; nil asks for none, which gives what the server
        /// deems usual.
        public var scope: String?
    }
    /// Files and addresses of the connection.
    public struct Connection: Sendable, Equatable {
        /// PEM file of authorities trusted instead of the system's.
        public var authorityFile: String?
        /// PEM files for mutual TLS.
        public var certificateFile: String?
        /// The certificate's private key; nil where it stands in `certificateFile`. Not without that.
        public var keyFile: String?
        /// `http://`, `https://`, `socks5://` or `socks5h://`, may hold a password; nil: none, whatever the environment
        /// says. Never beside an `allow`, which cannot see through it.
        public var proxy: String?
    }

    /// What stands after `webhook:`; messages in the outbox belong to it, so a section with a new name begins with
    /// none.
    public let name: String
    /// The section's lines as they were read, by key: what two readings of it are told apart by.
    let lines: [String: String]
    /// What it is told of; never empty.
    public internal(set) var events: Set<EventType> = [.callComplete]
    /// `POST`, `PUT`, `PATCH` or `GET`; `GET` by itself with the preset `vicidial_get` alone.
    public internal(set) var method = "POST"
    /// Whose form the messages have where there is no `body`; also the usual events, retries and signature.
    public internal(set) var preset = Preset.hookswitch
    /// Of one attempt, look-up and connection included: 100 ms to 5 min.
    public internal(set) var timeout: Duration = .seconds(10)
    /// The waits of `retry`, else the preset's.
    public internal(set) var retry = RetryPolicy.standard
    /// Requests in flight at once, 1 to 64.
    public internal(set) var concurrency = 4
    /// Nil: no limit but `concurrency`.
    public internal(set) var rate: RateLimiter.Rate?
    /// Addresses it may be reached at, asked at each connect.
    public internal(set) var allow = AddressPolicy.any
    /// Signs with each of them, so that a receiver can change over; Twilio's and Yeastar's presets take one. Empty:
    /// unsigned.
    public internal(set) var secrets: [SigningSecret] = []
    /// One way at most; two in a section are refused.
    public internal(set) var authorization = Authorization.none
    /// How TLS and the proxy are set up, the same for every request.
    public internal(set) var connection = Connection()
    /// False: nothing is written to the outbox for it.
    public internal(set) var isEnabled = true
    /// Age of the oldest pending message at which an alert is raised.
    public internal(set) var alertAge: Duration = .seconds(3600)

    /// Where to; `format.target` has its path and query where fields stand in them.
    var url: EndpointURL
    /// `header.NAME` lines, in their order.
    var headers: [(name: String, value: String)] = []
    /// `when`; nil wants every call. Alerts are not asked about.
    var filter: Filter?
    /// Body, path, query and content type, compiled.
    var format: MessageFormat

    /// The URL as configured; templates unfilled.
    public var urlText: String { url.text }
    /// The media type requests carry.
    public var contentType: String { format.contentType }
    /// Whether both are the same section with the same lines, in whatever order and wherever in the file. Not whether the files that
    /// it names hold the same.
    func isSame(as other: EndpointConfiguration) -> Bool { name == other.name && lines == other.lines }

    /// The name alone: everything else may be a secret.
    public var description: String { name }
    /// The section's title, for the same reason.
    public var debugDescription: String { "[webhook:\(name)]" }

    /// Every key a section may hold; `header.` and `disposition.` stand for any name behind the dot.
    public static let keys = [
        "url", "events", "method", "content_type", "body", "preset", "secret", "header.", "timeout", "retry",
        "concurrency", "rate", "allow", "when", "enabled", "bearer", "oauth2_token_url", "oauth2_client_id",
        "oauth2_client_secret", "oauth2_scope", "client_certificate", "client_key", "ca_file", "proxy",
        "number_format", "country_code", "national_prefix", "international_prefix", "national_digits", "disposition.",
        "recording_url",
        "time_zone", "account", "alert_age",
    ]
    /// Keys whose values may be templates: `${name}` of small letters stays as it is there, `${NAME}` of capitals is the
    /// environment's.
    public static func isTemplate(key: String) -> Bool { key == "url" || key == "body" || key == "recording_url" }
}
