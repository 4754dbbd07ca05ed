import Telephony

extension EndpointConfiguration {
    /// One line of a section.
    public struct Entry: Sendable {
        /// Before the `=`, as written: `timeout`, `header.X-Api-Key`. The daemon has made `secret` of a `secret_file`.
        public var key: String
        /// Behind the `=`, with `${NAME}` of the environment filled in; blanks around it may still be there.
        public var value: String
        /// 1 for the file's first line; 0 where there is none.
        public var line: Int
        /// Without a line: of no file. The daemon gives each its own, and finds the wrong one by it.
        public init(_ key: String, _ value: String, line: Int = 0) {
            (self.key, self.value, self.line) = (key, value, line)
        }
    }

    /// Reads a section.
    /// - Throws: at the first thing that is wrong, with the line it is on and what is allowed.
    public init(name: String, entries: [Entry]) throws(DeliveryConfigurationError) {
        let reader = EntryReader(section: "webhook:\(name)", entries: entries)
        try reader.check(keys: EndpointConfiguration.keys)

        self.name = name
        lines = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, ConfigurationText.trimmed($0.value)) })
        guard let address = reader.entry("url") else {
            throw DeliveryConfigurationError(
                code: .missingKey, section: "webhook:\(name)", key: "url", line: 0, problem: "is missing",
                hint: "say where to send: url = https://crm.example.com/hooks/calls")
        }
        url = try reader.value(address) { value throws(ValueError) in try EndpointURL(configuration: value) }
        preset =
            try reader.read("preset") { value throws(ValueError) in
                try EntryReader.choice(value, of: Preset.allCases.map(\.rawValue)) { Preset(rawValue: $0) }
            } ?? .hookswitch
        method = try reader.method() ?? (preset == .vicidialGet ? "GET" : "POST")
        if preset.isOneEvent { events = [.callComplete] }
        if let list = try reader.read("events", EntryReader.events) { events = list }

        retry = preset.retry
        if let own = try reader.read("retry", EntryReader.retry) { retry.waits = own }
        timeout = try reader.duration("timeout", from: .milliseconds(100), to: .seconds(300)) ?? timeout
        alertAge = try reader.duration("alert_age", from: .seconds(1), to: .seconds(30 * 86400)) ?? alertAge
        concurrency =
            try reader.read("concurrency") { value throws(ValueError) in
                try ConfigurationText.integer(value, in: 1...64)
            } ?? concurrency
        rate = try reader.read("rate") { value throws(ValueError) in
            try RateLimiter.Rate(configuration: value)
        }
        allow =
            try reader.read("allow") { value throws(ValueError) in try AddressPolicy(configuration: value) } ?? allow
        isEnabled =
            try reader.read("enabled") { value throws(ValueError) in try ConfigurationText.flag(value) } ?? true
        filter = try reader.read("when") { value throws(ValueError) in try Filter(value) }
        secrets =
            try reader.read("secret") { value throws(ValueError) in
                var secrets: [SigningSecret] = []
                for text in ConfigurationText.list(value) { secrets.append(try SigningSecret(configuration: text)) }
                guard !secrets.isEmpty else {
                    throw ValueError(problem: "the secret is empty", hint: "make one: openssl rand -base64 24")
                }
                return secrets
            } ?? []
        if preset == .twilio || preset == .yeastar30012, secrets.count > 1, let entry = reader.entry("secret") {
            throw reader.error(
                entry, .conflict, "\(preset.rawValue) knows one secret", "name the one the receiver checks with")
        }
        headers = try reader.headers()
        connection = try reader.connection(allow: allow)
        authorization = try reader.authorization(headers: headers)
        format = try reader.format(preset: preset, method: method, url: url)
    }
}
