import Telephony

/// One endpoint, checked: everything a `[webhook:NAME]` section says, as typed values.
///
/// `init(name:entries:)` reads the section; `keys` lists what it may hold. Secrets are in here: do not print it (its
/// description is the name).
public struct EndpointConfiguration: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// How requests prove who sends them, beside the signature.
    public enum Authorization: Sendable, Equatable {
        case none
        case bearer(String)
        case clientCredentials(OAuth2Client)
    }
    /// Where and as whom to get an OAuth 2 token (RFC 6749, 4.4).
    public struct OAuth2Client: Sendable, Equatable {
        public var tokenURL: String
        public var clientID: String
        public var clientSecret: String
        public var scope: String?
    }
    /// Files and addresses of the connection.
    public struct Connection: Sendable, Equatable {
        /// PEM file of authorities trusted instead of the system's.
        public var authorityFile: String?
        /// PEM files for mutual TLS.
        public var certificateFile: String?
        public var keyFile: String?
        public var proxy: String?
    }

    public let name: String
    public internal(set) var events: Set<EventType> = [.callComplete]
    public internal(set) var method = "POST"
    public internal(set) var preset = Preset.hookswitch
    public internal(set) var timeout: Duration = .seconds(10)
    public internal(set) var retry = RetryPolicy.standard
    /// Requests in flight at once, 1 to 64.
    public internal(set) var concurrency = 4
    public internal(set) var rate: RateLimiter.Rate?
    public internal(set) var allow = AddressPolicy.any
    public internal(set) var secrets: [SigningSecret] = []
    public internal(set) var authorization = Authorization.none
    public internal(set) var connection = Connection()
    /// False: nothing is written to the outbox for it.
    public internal(set) var isEnabled = true
    /// Age of the oldest pending message at which an alert is raised.
    public internal(set) var alertAge: Duration = .seconds(3600)

    var url: EndpointURL
    /// `header.NAME` lines, in their order.
    var headers: [(name: String, value: String)] = []
    var filter: Filter?
    var format: MessageFormat

    /// The URL as configured; templates unfilled.
    public var urlText: String { url.text }
    /// The media type requests carry.
    public var contentType: String { format.contentType }
    public var description: String { name }
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
