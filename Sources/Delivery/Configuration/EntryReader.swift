import Diagnostics
import Telephony

/// Reads the entries of one section, and turns what is wrong with one into an error that says where.
struct EntryReader {
    /// As it stands between the brackets.
    let section: String
    /// In the order of the file; a key is there once when `check` has passed.
    let entries: [EndpointConfiguration.Entry]

    /// An error about one entry, with its line.
    /// - Parameters:
    ///   - problem: what follows the key in a sentence, as `is there twice`; a value only where it cannot be a secret.
    ///   - hint: what to write instead.
    func error(
        _ entry: EndpointConfiguration.Entry, _ code: DeliveryConfigurationError.Code, _ problem: String,
        _ hint: String
    ) -> DeliveryConfigurationError {
        DeliveryConfigurationError(
            code: code, section: section, key: entry.key, line: entry.line, problem: problem, hint: hint)
    }

    /// Refuses unknown and repeated keys, and control characters anywhere.
    /// - Parameter keys: what the section may hold; one that ends in a dot stands for any name behind it.
    func check(keys: [String]) throws(DeliveryConfigurationError) {
        var seen: Set<String> = []
        let families = keys.filter { $0.hasSuffix(".") }
        for entry in entries {
            let isOfFamily = families.contains { entry.key.hasPrefix($0) && entry.key.utf8.count > $0.utf8.count }
            guard isOfFamily || (keys.contains(entry.key) && !families.contains(entry.key)) else {
                let hint =
                    NearestName.of(entry.key, among: keys).map { "did you mean \"\($0)\"?" }
                    ?? "known keys: \(keys.joined(separator: ", "))"
                throw error(entry, .unknownKey, "is not a key of a \(section.prefix { $0 != ":" })", hint)
            }
            guard seen.insert(entry.key.lowercased()).inserted else {
                throw error(entry, .repeatedKey, "is there twice", "keep one of them")
            }
            if entry.value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 && !(entry.key == "body" && $0 == 0x0A) }) {
                throw error(entry, .badValue, "holds a control character", "remove it")
            }
        }
    }

    /// `method`, of those a receiver may want.
    func method() throws(DeliveryConfigurationError) -> String? {
        try read("method") { value throws(ValueError) in
            try EntryReader.choice(value.uppercased(), of: ["POST", "PUT", "PATCH", "GET"]) { $0 }
        }
    }

    /// The line of a key, spelt exactly so; nil where the section does not have it.
    func entry(_ key: String) -> EndpointConfiguration.Entry? { entries.first { $0.key == key } }

    /// Reads one entry's value, blanks removed.
    /// - Throws: what `body` throws, with section, key and line.
    func value<T>(
        _ entry: EndpointConfiguration.Entry, _ body: (String) throws(ValueError) -> T
    ) throws(DeliveryConfigurationError) -> T {
        do {
            return try body(ConfigurationText.trimmed(entry.value))
        } catch {
            throw self.error(entry, error.code, error.problem, error.hint)
        }
    }
    /// The key's value, or nil where the section has no such key.
    func read<T>(
        _ key: String, _ body: (String) throws(ValueError) -> T
    ) throws(DeliveryConfigurationError) -> T? {
        guard let entry = entry(key) else { return nil }
        return try value(entry, body)
    }

    /// One of a few words, in the letters they are written with.
    /// - Parameter make: from a word that is in `names`; nil refuses it too.
    /// - Throws: with the nearest of the names.
    static func choice<T>(_ text: String, of names: [String], _ make: (String) -> T?) throws(ValueError) -> T {
        guard names.contains(text), let value = make(text) else {
            throw ValueError(problem: "\"\(text)\" is not known", hint: NearestName.hint(for: text, among: names))
        }
        return value
    }
    /// A media type as it may stand in a header's line.
    static func mediaType(_ text: String) throws(ValueError) -> String {
        guard text.contains("/"), text.utf8.allSatisfy({ $0 > 0x1F && $0 < 0x7F }) else {
            throw ValueError(problem: "\"\(text)\" is not a media type", hint: "write as application/json")
        }
        return text
    }
    /// Reads `events`: types with commas between.
    /// - Throws: on a type that does not exist, and where there is none.
    static func events(_ text: String) throws(ValueError) -> Set<EventType> {
        var events: Set<EventType> = []
        for word in ConfigurationText.list(text) {
            events.insert(
                try choice(word, of: EventType.allCases.map(\.rawValue)) { EventType(rawValue: $0) })
        }
        guard !events.isEmpty else {
            throw ValueError(problem: "no event is named", hint: "write call.complete, or enabled = no")
        }
        return events
    }
    /// Reads `retry`: the waits after the first attempt, as `5s, 30s, 2m`. `none` is the empty list: one attempt.
    /// - Throws: on what is no time, and on more than 100.
    static func retry(_ text: String) throws(ValueError) -> [Duration] {
        if text == "none" { return [] }
        var waits: [Duration] = []
        for word in ConfigurationText.list(text) { waits.append(try ConfigurationText.duration(word)) }
        guard !waits.isEmpty, waits.count <= 100 else {
            throw ValueError(problem: "names no wait, or more than 100", hint: "write as 5s, 30s, 2m; or none")
        }
        return waits
    }
    /// A time within bounds, both included; nil where the section has no such key.
    /// - Throws: `badValue` out of bounds, with what is allowed.
    func duration(_ key: String, from least: Duration, to most: Duration) throws(DeliveryConfigurationError)
        -> Duration?
    {
        try read(key) { text throws(ValueError) in
            let duration = try ConfigurationText.duration(text)
            guard duration >= least, duration <= most else {
                throw ValueError(problem: "\(text) is out of range", hint: "allowed: \(least) to \(most)")
            }
            return duration
        }
    }

    /// `header.NAME = value` lines. Those Hookswitch sets itself cannot be set.
    func headers() throws(DeliveryConfigurationError) -> [(name: String, value: String)] {
        let own = [
            "webhook-id", "webhook-timestamp", "webhook-signature", "hookswitch-attempt", "content-type",
            "content-length", "host", "transfer-encoding", "connection", "expect",
        ]
        var headers: [(name: String, value: String)] = []
        for entry in entries where entry.key.hasPrefix("header.") {
            let name = String(entry.key.dropFirst(7))
            let allowed = name.utf8.allSatisfy { b in
                (48...57).contains(b) || (97...122).contains(b | 0x20) || "!#$%&'*+-.^_`|~".utf8.contains(b)
            }
            guard allowed else {
                throw error(entry, .badValue, "is not a header's name", "letters, digits and hyphens: header.X-Api-Key")
            }
            if own.contains(name.lowercased()) {
                throw error(
                    entry, .conflict, "is set by Hookswitch itself",
                    name.lowercased() == "content-type" ? "use content_type" : "leave it out")
            }
            headers.append((name, ConfigurationText.trimmed(entry.value)))
        }
        return headers
    }

    /// The files and the proxy. That the files are there and can be read is not looked at here.
    /// - Parameter allow: what the section says, as a proxy makes it void.
    /// - Throws: on a path that is not absolute, a key without its certificate, a proxy beside an `allow`.
    func connection(allow: AddressPolicy) throws(DeliveryConfigurationError) -> EndpointConfiguration.Connection {
        var connection = EndpointConfiguration.Connection()
        func path(_ key: String) throws(DeliveryConfigurationError) -> String? {
            try read(key) { value throws(ValueError) in
                guard value.hasPrefix("/") else {
                    throw ValueError(problem: "\"\(value)\" is not an absolute path", hint: "begin it with /")
                }
                return value
            }
        }
        connection.authorityFile = try path("ca_file")
        connection.certificateFile = try path("client_certificate")
        connection.keyFile = try path("client_key")
        if connection.keyFile != nil, connection.certificateFile == nil, let entry = entry("client_key") {
            throw error(entry, .conflict, "has no client_certificate beside it", "add client_certificate = FILE")
        }
        connection.proxy = try read("proxy") { value throws(ValueError) in
            let schemes = ["http://", "https://", "socks5://", "socks5h://"]
            guard schemes.contains(where: { value.hasPrefix($0) }) else {
                throw ValueError(
                    problem: "has no known scheme", hint: "begin it with \(schemes.joined(separator: " or "))")
            }
            // User and password may stand in it; what is behind them is read as any address, and never shown with them.
            let place = value.drop { $0 != "/" }.dropFirst(2)
            _ = try EndpointURL(configuration: "http://" + (place.split(separator: "@").last ?? ""))
            return value
        }
        if connection.proxy != nil, !allow.isAny, let entry = entry("allow") {
            throw error(
                entry, .conflict, "cannot be checked behind a proxy",
                "the proxy looks names up and connects: restrict it there, and leave allow out here")
        }
        return connection
    }

    /// The one way the section has of proving who sends.
    /// - Parameter headers: the section's own, of which `Authorization` is a way too.
    /// - Throws: `conflict` where there are two ways, `missingKey` where OAuth 2 lacks one of its three.
    func authorization(
        headers: [(name: String, value: String)]
    ) throws(DeliveryConfigurationError) -> EndpointConfiguration.Authorization {
        let oauth = ["oauth2_token_url", "oauth2_client_id", "oauth2_client_secret", "oauth2_scope"].compactMap(entry)
        let ways = [
            headers.contains { $0.name.lowercased() == "authorization" } ? "header.Authorization" : nil,
            entry("bearer").map(\.key), oauth.first?.key,
        ].compactMap { $0 }
        if ways.count > 1, let last = ways.last.flatMap(entry) {
            throw error(last, .conflict, "and \(ways[0]) both set Authorization", "keep one of them")
        }
        if let token = try read(
            "bearer",
            { value throws(ValueError) in
                if value.isEmpty { throw ValueError(problem: "the token is empty", hint: "write bearer = ${TOKEN}") }
                return value
            })
        {
            return .bearer(token)
        }
        guard let first = oauth.first else { return .none }
        guard let url = entry("oauth2_token_url"), let id = entry("oauth2_client_id"),
            let secret = entry("oauth2_client_secret")
        else {
            throw error(
                first, .missingKey, "is not enough for OAuth 2",
                "oauth2_token_url, oauth2_client_id and oauth2_client_secret go together")
        }
        let address = try value(url) { value throws(ValueError) in try EndpointURL(configuration: value) }
        return .clientCredentials(
            .init(
                tokenURL: address.text, clientID: id.value, clientSecret: secret.value,
                scope: entry("oauth2_scope")?.value))
    }

    /// Body, content type and path.
    func format(
        preset: Preset, method: String, url: EndpointURL
    ) throws(DeliveryConfigurationError) -> MessageFormat {
        let isInQuery = method == "GET"
        let contentType = try read("content_type") { text throws(ValueError) in
            let value = try EntryReader.mediaType(text)
            if entry("body") == nil, preset != .hookswitch, !preset.contentTypes.contains(value) {
                throw ValueError(
                    code: .conflict, problem: "\(preset.rawValue) is not written as \(value)",
                    hint: "allowed: \(preset.contentTypes.joined(separator: ", "))")
            }
            if entry("body") == nil, preset == .hookswitch, value != ContentType.json, value != ContentType.form {
                throw ValueError(
                    code: .conflict, problem: "\(value) needs a body",
                    hint: "add body = ..., or use \(ContentType.json) or \(ContentType.form)")
            }
            return value
        }
        var format = MessageFormat(
            body: .standard, contentType: contentType ?? preset.contentType, isInQuery: isInQuery, values: ValueFormat()
        )
        format.values = try values(preset: preset)
        if let entry = entry("url"), url.target.contains("$") || url.target.lowercased().contains("--a--") {
            let style: Template.Style =
                preset == .smartflo || (!url.target.contains("${") && Template.looksLikeSmartflo(url.target))
                ? .smartflo : .plain
            format.target = try value(entry) { _ throws(ValueError) in
                try Template(url.target, in: .url, style: style)
            }
        }
        format.body = try body(preset: preset, isInQuery: isInQuery, contentType: format.contentType, url: url)
        return format
    }

    private func body(
        preset: Preset, isInQuery: Bool, contentType: String, url: EndpointURL
    ) throws(DeliveryConfigurationError) -> MessageFormat.Body {
        let place: Template.Place = isInQuery ? .url : ContentType.place(contentType)
        if let entry = entry("body") {
            let style: Template.Style =
                preset == .smartflo || Template.looksLikeSmartflo(entry.value) ? .smartflo : .plain
            return .template(
                try value(entry) { text throws(ValueError) in
                    if isInQuery { try EndpointURL.check(target: text) }
                    let template = try Template(text, in: place, style: style)
                    if place == .json { try template.checkJSON() }
                    return template
                })
        }
        do {
            switch preset {
            case .hookswitch: return .standard
            case .smartflo: return .template(try Template(SmartfloVariables.body, in: place, style: .smartflo))
            case .vicidialGet:
                // A pasted Dispo Call URL says itself what it wants.
                guard !url.target.lowercased().contains("--a--") else { return .preset(preset) }
                return .template(try Template(Preset.vicidialQuery, in: .url))
            default: return .preset(preset)
            }
        } catch {
            preconditionFailure("a preset's own template is wrong: \(error.problem)")
        }
    }

    /// `number_format` and the prefixes that go with it.
    func numbers(style: NumberFormat.Style) throws(DeliveryConfigurationError) -> NumberFormat {
        var numbers = NumberFormat()
        numbers.style =
            try read("number_format") { text throws(ValueError) in
                try EntryReader.choice(text, of: NumberFormat.Style.allCases.map(\.rawValue)) {
                    NumberFormat.Style(rawValue: $0)
                }
            } ?? style
        func digits(_ key: String, upTo most: Int) throws(DeliveryConfigurationError) -> String? {
            try read(key) { text throws(ValueError) in
                let bare = text.hasPrefix("+") ? String(text.dropFirst()) : text
                guard bare.utf8.count <= most, bare.utf8.allSatisfy({ (48...57).contains($0) }) else {
                    throw ValueError(problem: "\"\(text)\" is not a prefix", hint: "up to \(most) digits")
                }
                return bare
            }
        }
        numbers.countryCode = try digits("country_code", upTo: 3)
        numbers.nationalPrefix = try digits("national_prefix", upTo: 4) ?? numbers.nationalPrefix
        numbers.internationalPrefix = try digits("international_prefix", upTo: 5) ?? numbers.internationalPrefix
        numbers.nationalDigits = try read("national_digits") { text throws(ValueError) in
            guard let most = Int(text), (4...14).contains(most) else {
                throw ValueError(problem: "\"\(text)\" is not a number of digits", hint: "from 4 to 14")
            }
            return most
        }
        return numbers
    }

    private func values(preset: Preset) throws(DeliveryConfigurationError) -> ValueFormat {
        var values = ValueFormat()
        values.numbers = try numbers(style: .dialled)
        if let entry = entry("number_format"), preset == .hookswitch || preset == .cloudevents,
            self.entry("body") == nil
        {
            throw error(
                entry, .conflict, "does not change this body, which carries the record as it is",
                "use it with a template or another preset; a template has ${caller.e164} too")
        }
        if values.numbers.style == .e164, values.numbers.countryCode == nil, let entry = entry("number_format") {
            throw error(entry, .conflict, "e164 needs to know the country", "add country_code, as 63")
        }
        values.zone =
            try read("time_zone") { text throws(ValueError) in try TimeZoneChoice(configuration: text) } ?? .system
        values.account = entry("account").map { ConfigurationText.trimmed($0.value) }
        values.recordingURL = try read("recording_url") { text throws(ValueError) in
            _ = try EndpointURL(configuration: text)
            return try Template(text, in: .link)
        }
        values.dispositions = try dispositions()
        return values
    }

    /// `disposition.STATUS` and `disposition.CAMPAIGN.STATUS` lines.
    private func dispositions() throws(DeliveryConfigurationError) -> DispositionMap? {
        var map = DispositionMap()
        for entry in entries where entry.key.hasPrefix("disposition.") {
            let parts = entry.key.dropFirst(12).split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else {
                throw error(
                    entry, .badValue, "is not a disposition", "write disposition.SALE or disposition.CAMPAIGN.SALE")
            }
            map.set(
                ConfigurationText.trimmed(entry.value), status: parts[parts.count - 1],
                campaign: parts.count == 2 ? parts[0] : "")
        }
        return map.isEmpty ? nil : map
    }
}
