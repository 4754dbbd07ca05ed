import Telephony

/// One `[lookup]` or `[lookup:NAME]` section, checked: what a dialplan's question becomes, and which parts of the CRM's
/// answer go back as channel variables.
///
/// ```ini
/// [lookup]
/// url = https://crm.example.com/contacts?phone=${number}
/// bearer = ${CRM_TOKEN}
/// set.CRM_NAME = contact.name
/// set.__CRM_VIP = contact.vip
/// default.CRM_NAME = unknown
/// ```
public struct LookupConfiguration: Sendable {
    /// One channel variable.
    public struct Variable: Sendable, Equatable {
        /// As the dialplan gets it, with the underscores that make it inherited.
        public var name: String
        /// Without control characters where it comes from the CRM or the configuration; may be empty, which sets an
        /// empty variable.
        public var value: String
        /// Also a request's parameter: `LookupQuestion.parameters` are such pairs.
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }
    /// A variable and where in the answer its value stands.
    struct Mapping: Sendable, Equatable {
        /// The variable with its underscores, as `__CRM_VIP` of `set.__CRM_VIP`; those of `default.` count only where
        /// there is no `set.`.
        var name: String
        /// Nil: only its default is ever set.
        var path: JSONPath?
        /// `default.NAME`; nil leaves the variable as it was where the answer has no value for it.
        var fallback: String?
    }

    /// What stands after `lookup:`; empty for `[lookup]`.
    public let name: String
    /// Line of the section, for messages.
    public let line: Int
    /// `GET`, or `POST` where there is a `body`, unless the section says otherwise.
    var method = "GET"
    /// Scheme, host and port, as `https://crm.example.com`: never a template, so that no caller decides who is asked.
    var origin: String
    /// Path and query.
    var target: LookupTemplate
    /// Nil: the request has none, as with each GET.
    var body: LookupTemplate?
    /// Sent with a body only; also decides how values in it are escaped.
    var contentType = ContentType.json
    /// `header.NAME` lines, in their order. An `Accept` among them takes the place of `application/json`.
    var headers: [(name: String, value: String)]
    /// The token's request goes the way of the question: over `connection`, and only to addresses in `allow`.
    var authorization: EndpointConfiguration.Authorization
    /// Authorities, certificate and proxy of the CRM's requests.
    var connection: EndpointConfiguration.Connection
    /// Checked at each connect, after the name look-up.
    var allow = AddressPolicy.any
    /// `timeout` as written; nil: `usualTimeout`, or what the channel can wait where that is less.
    public internal(set) var timeout: Duration?
    /// Questions at once; one more is answered `ERROR`, for a channel cannot queue.
    var concurrency = 16
    /// How long an answer is good for the next question of the same words; nil: never.
    var cache: Duration?
    /// Where there is a value, the number is known; nil: where any of the variables has one.
    var found: JSONPath?
    /// In the order the channel gets them: `set.` lines, then `default.` lines that have none. At most `mostVariables`.
    var mappings: [Mapping] = []

    /// How long a CRM may take where the section does not say.
    public static let usualTimeout: Duration = .seconds(2)
    /// Variables one lookup may set: each costs the channel a round trip.
    static let mostVariables = 32

    /// The section's title.
    public var title: String { name.isEmpty ? "lookup" : "lookup:\(name)" }
    /// What the dialplan gets where the CRM tells nothing: every variable that has a default.
    public var defaults: [Variable] {
        mappings.compactMap { mapping in mapping.fallback.map { Variable(mapping.name, $0) } }
    }

    /// Every key a section may hold; those that end in a dot stand for any name behind it.
    public static let keys = [
        "url", "method", "content_type", "body", "header.", "bearer", "oauth2_token_url", "oauth2_client_id",
        "oauth2_client_secret", "oauth2_scope", "client_certificate", "client_key", "ca_file", "proxy", "allow",
        "timeout", "concurrency", "cache", "number_format", "country_code", "national_prefix",
        "international_prefix", "national_digits", "found", "set.", "default.",
    ]
    /// Keys whose values may be templates: `${name}` of small letters stays as it is there.
    public static func isTemplate(key: String) -> Bool { key == "url" || key == "body" }

    /// Reads a section.
    /// - Throws: at the first thing that is wrong, with the line it is on and what is allowed.
    public init(
        name: String, line: Int, entries: [EndpointConfiguration.Entry]
    ) throws(DeliveryConfigurationError) {
        (self.name, self.line) = (name, line)
        let title = name.isEmpty ? "lookup" : "lookup:\(name)"
        let reader = EntryReader(section: title, entries: entries)
        try reader.check(keys: LookupConfiguration.keys)
        guard let address = reader.entry("url") else {
            throw DeliveryConfigurationError(
                code: .missingKey, section: title, key: "url", line: 0, problem: "is missing",
                hint: "say whom to ask: url = https://crm.example.com/contacts?phone=${number}")
        }
        let url = try reader.value(address) { value throws(ValueError) in try EndpointURL(configuration: value) }
        let numbers = try reader.numbers(style: .e164)
        origin = url.origin
        target = try reader.value(address) { _ throws(ValueError) in
            try LookupTemplate(url.target, in: .url, numbers: numbers)
        }
        headers = try reader.headers()
        authorization = try reader.authorization(headers: headers)
        method = try reader.method() ?? (reader.entry("body") == nil ? "GET" : "POST")
        allow =
            try reader.read("allow") { value throws(ValueError) in try AddressPolicy(configuration: value) } ?? allow
        connection = try reader.connection(allow: allow)
        try readBody(reader, numbers)
        timeout = try reader.duration("timeout", from: .milliseconds(50), to: .seconds(60))
        cache = try reader.duration("cache", from: .seconds(1), to: .seconds(86400))
        concurrency =
            try reader.read("concurrency") { value throws(ValueError) in
                try ConfigurationText.integer(value, in: 1...256)
            } ?? concurrency
        found = try reader.read("found") { value throws(ValueError) in try JSONPath(value) }
        try readMappings(reader)
    }

    private mutating func readBody(
        _ reader: EntryReader, _ numbers: NumberFormat
    ) throws(DeliveryConfigurationError) {
        guard let entry = reader.entry("body") else {
            if let entry = reader.entry("content_type") {
                throw reader.error(entry, .conflict, "there is no body to be of that type", "add body = ...")
            }
            return
        }
        guard method != "GET" else {
            throw reader.error(entry, .conflict, "a GET has no body", "write method = POST, or put it into url")
        }
        contentType = try reader.read("content_type", EntryReader.mediaType) ?? contentType
        let place = ContentType.place(contentType)
        body = try reader.value(entry) { text throws(ValueError) in
            try LookupTemplate(text, in: place, numbers: numbers)
        }
    }

    /// `set.NAME = path` and `default.NAME = value`, put together by the name without its underscores.
    private mutating func readMappings(_ reader: EntryReader) throws(DeliveryConfigurationError) {
        for entry in reader.entries where entry.key.hasPrefix("set.") {
            let name = try LookupConfiguration.variableName(entry, reader)
            let path = try reader.value(entry) { value throws(ValueError) in try JSONPath(value) }
            mappings.append(Mapping(name: name, path: path))
        }
        for entry in reader.entries where entry.key.hasPrefix("default.") {
            let name = try LookupConfiguration.variableName(entry, reader)
            let bare = name.drop { $0 == "_" }
            let value = printable(ConfigurationText.trimmed(entry.value))
            if let i = mappings.firstIndex(where: { $0.name.drop { $0 == "_" } == bare }) {
                mappings[i].fallback = value
            } else {
                mappings.append(Mapping(name: name, path: nil, fallback: value))
            }
        }
        guard mappings.count <= LookupConfiguration.mostVariables else {
            throw reader.error(
                reader.entries[0], .badValue, "more than \(LookupConfiguration.mostVariables) variables are set",
                "each costs the channel a round trip; ask for fewer")
        }
        guard found != nil || mappings.contains(where: { $0.path != nil }) else {
            throw DeliveryConfigurationError(
                code: .missingKey, section: title, key: "set.", line: 0, problem: "nothing of the answer is used",
                hint: "add set.CRM_NAME = contact.name, or found = contact.id")
        }
    }

    /// A variable's name, never a dialplan function's.
    private static func variableName(
        _ entry: EndpointConfiguration.Entry, _ reader: EntryReader
    ) throws(DeliveryConfigurationError) -> String {
        let name = String(entry.key.drop { $0 != "." }.dropFirst())
        guard InsideWitness.isVariableName(name) else {
            throw reader.error(
                entry, .badValue, "is not a channel variable's name", "letters, digits and underscores: set.CRM_NAME")
        }
        guard !name.uppercased().drop(while: { $0 == "_" }).hasPrefix("HOOKSWITCH_") else {
            throw reader.error(entry, .conflict, "is set by Hookswitch itself", "choose another name")
        }
        return name
    }
}
