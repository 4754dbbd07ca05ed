import Delivery
import Diagnostics
import EventLoop
import FastAGI
import Storage

extension Configuration {
    /// Reads and checks a file.
    /// - Throws: with everything that is wrong in it.
    public static func load(
        _ path: String, environment: ConfigurationEnvironment = .process
    ) throws(ConfigurationError) -> Configuration {
        try Configuration(parsing: bytes(of: path, environment), file: path, environment: environment)
    }

    /// Reads `[general]` alone, for verbs that look into the store: they need neither secrets nor their environment variables.
    public static func loadGeneral(
        _ path: String, environment: ConfigurationEnvironment = .process
    ) throws(ConfigurationError) -> General {
        let ini = try sections(of: bytes(of: path, environment), path)
        var loader = Loader(file: path, environment: environment)
        for section in ini.sections where section.title == "general" { loader.read(section) }
        guard loader.problems.isEmpty else { throw ConfigurationError(loader.problems) }
        return loader.general
    }

    /// The names of the `[webhook:NAME]` sections, in the order of the file, whatever stands in them.
    public static func webhookNames(
        _ path: String, environment: ConfigurationEnvironment = .process
    ) throws(ConfigurationError) -> [String] {
        try sections(of: bytes(of: path, environment), path).sections
            .filter { $0.title.hasPrefix("webhook:") }.map { String($0.title.dropFirst(8)) }
    }

    /// Checks the bytes of a file.
    /// - Parameter file: its name, for messages.
    public init(
        parsing bytes: [UInt8], file: String, environment: ConfigurationEnvironment
    ) throws(ConfigurationError) {
        let ini = try Configuration.sections(of: bytes, file)
        var loader = Loader(file: file, environment: environment)
        for section in ini.sections { loader.read(section) }
        self = try loader.finished()
        for section in ini.sections {
            settings[section.title, default: []] += section.settings.map { [$0.key, $0.value] }
        }
    }

    private static func bytes(
        of path: String, _ environment: ConfigurationEnvironment
    ) throws(ConfigurationError) -> [UInt8] {
        switch environment.contents(path) {
        case .success(let bytes): return bytes
        case .failure(let error):
            throw ConfigurationError([
                .init(
                    file: path, problem: "cannot be read: \(error.reason)",
                    hint: "name yours with --config FILE; asterisk-conf/hookswitch.conf is one to begin with")
            ])
        }
    }

    private static func sections(of bytes: [UInt8], _ file: String) throws(ConfigurationError) -> INIFile {
        do throws(INIFile.Mistake) { return try INIFile(parsing: bytes) } catch {
            throw ConfigurationError([
                .init(file: file, line: error.line, problem: error.problem, hint: error.hint)
            ])
        }
    }

    /// Puts a configuration together section by section.
    private struct Loader {
        let file: String
        let environment: ConfigurationEnvironment
        var problems: [ConfigurationError.Problem] = []
        private var titles: [String: Int] = [:]
        private(set) var general = General()
        private var pbxs: [PBX] = []
        private var systemsNamed: Set<String> = []
        private var fastAGI: FastAGI?
        private var recordings = Recordings()
        private var backfill = Backfill()
        private var endpoints: [EndpointConfiguration] = []
        private var lookups: [LookupConfiguration] = []

        init(file: String, environment: ConfigurationEnvironment) {
            (self.file, self.environment) = (file, environment)
        }

        /// A number without a unit means seconds: who writes `keep_calls = 365` must not lose his calls by that.
        private static func keeping(_ key: String, _ reader: inout SectionReader) -> Duration? {
            reader.duration(
                key, .seconds(3600) ... .seconds(1_000_000 * 86400), hint: "at least 1h, as 90d: d means days")
        }
        private static let single = ["general", "fastagi", "recordings", "backfill", "lookup"]
        private static let named = ["pbx", "webhook", "lookup"]
        private static let kinds = single + named.filter { !single.contains($0) }

        mutating func read(_ section: INIFile.Section) {
            if let first = titles.updateValue(section.line, forKey: section.title) {
                report(section, "the section is there twice", "the first is in line \(first); put the two together")
            }
            var reader = SectionReader(file: file, section: section, environment: environment)
            let parts = section.title.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let kind = String(parts.first ?? "")
            if parts.count == 2 {
                let name = String(parts[1])
                guard Loader.named.contains(kind) else { return reportUnknown(section, kind) }
                guard Loader.isName(name) else {
                    return report(section, "\"\(name)\" is not a name", "use letters, digits, - _ and ., up to 64")
                }
                switch kind {
                case "pbx": readPBX(name, &reader)
                case "lookup": readLookup(name, &reader)
                default: readWebhook(name, &reader)
                }
            } else {
                switch kind {
                case "general": readGeneral(&reader)
                case "fastagi": readFastAGI(&reader)
                case "recordings": readRecordings(&reader)
                case "backfill": readBackfill(&reader)
                case "lookup": readLookup("", &reader)
                case "pbx", "webhook": return report(section, "has no name", "write [\(kind):NAME]")
                default: return reportUnknown(section, kind)
                }
            }
            reader.finish()
            problems += reader.problems
        }

        private mutating func readGeneral(_ reader: inout SectionReader) {
            if let name = reader.text("name") {
                if Loader.isName(name) {
                    general.name = name
                } else {
                    reader.report(
                        reader.line(of: "name"), "name", "\"\(name)\" is not a name",
                        "use letters, digits, - _ and ., up to 64: it is part of every record's id")
                }
            }
            general.stateDirectory = reader.value("state_dir", ConfigurationValue.path) ?? general.stateDirectory
            if let log = reader.text("calls_log") {
                if log == "none" {
                    general.callsLog = nil
                } else {
                    general.callsLog = reader.value("calls_log", ConfigurationValue.path)
                }
            }
            general.callsLogBytes = reader.value("calls_log_size", ConfigurationValue.bytes) ?? general.callsLogBytes
            general.rotatesCallsLogDaily = reader.value("calls_log_daily", ConfigurationText.flag) ?? false
            general.logFile = reader.value("log_file", ConfigurationValue.path)
            general.alertCommand = reader.value("alert_command", ConfigurationValue.path)
            let kept = general.retention
            general.retention = Retention(
                calls: Loader.keeping("keep_calls", &reader) ?? kept.calls,
                delivered: Loader.keeping("keep_delivered", &reader) ?? kept.delivered,
                dead: Loader.keeping("keep_dead", &reader) ?? kept.dead)
            if let level = reader.value(
                "log_level",
                { (text) throws(ConfigurationValue.Mistake) in try ConfigurationValue.word(text, LogLevel.self) })
            {
                general.logLevel = level
            }
            if let format = reader.value(
                "log_format",
                { (text) throws(ConfigurationValue.Mistake) in try ConfigurationValue.word(text, LogFormat.self) })
            {
                general.logFormat = format
            }
        }

        private mutating func readPBX(_ name: String, _ reader: inout SectionReader) {
            let ami = reader.value("ami", ConfigurationValue.managerAddress)
            let username = reader.required("username", hint: "the [section] of it in Asterisk's manager.conf")
            let secret = reader.secret(hint: "the secret of that user in Asterisk's manager.conf")
            var pbx = PBX(
                name: name, system: "", ami: ami ?? PBX.ManagerAddress(host: "127.0.0.1", port: 5038, isTLS: false),
                username: username ?? "", secret: secret ?? "", line: reader.section.line)
            if let system = reader.text("system") {
                if Loader.isName(system) {
                    pbx.system = system
                    systemsNamed.insert(name)
                } else {
                    reader.report(
                        reader.line(of: "system"), "system", "\"\(system)\" is not a name",
                        "use letters, digits, - _ and ., up to 64: it is part of every record's id")
                }
            }
            pbx.trunks = reader.list("trunks", Loader.channelPattern) ?? []
            pbx.internal = reader.list("internal", ConfigurationValue.dialPattern) ?? []
            pbx.variables = reader.list("variables", Loader.variableName)
            pbx.cdr = reader.value("cdr", ConfigurationValue.path)
            pbx.cel = reader.value("cel", ConfigurationValue.path)
            pbx.certificateAuthorities = reader.value("tls_ca", ConfigurationValue.path)
            if let file = pbx.certificateAuthorities { reader.check(.authorities, file, of: "tls_ca") }
            pbx.certificateName = reader.text("tls_name")
            pbx.asteriskConfiguration = reader.value("asterisk_conf", ConfigurationValue.path)
            pbx.verifiesCertificate = reader.value("tls_verify", ConfigurationText.flag) ?? true
            pbxs.append(pbx)
        }

        private mutating func readFastAGI(_ reader: inout SectionReader) {
            let listen = reader.value("listen") { (text) throws(ConfigurationValue.Mistake) in
                try ConfigurationValue.listenAddress(text, defaultPort: 4573)
            }
            let permit = reader.list("permit", ConfigurationValue.network)
            guard let address = listen ?? SocketAddress(ip: "127.0.0.1", port: 4573) else { return }
            let loopback = ["127.0.0.0/8", "::1"].compactMap { NetworkPrefix($0) }
            var settings = FastAGI(listen: address, permit: permit ?? loopback)
            settings.deadline =
                reader.duration("deadline", .milliseconds(100) ... .seconds(60), hint: "allowed: 100ms to 60s")
                ?? settings.deadline
            fastAGI = settings
        }

        private mutating func readRecordings(_ reader: inout SectionReader) {
            recordings.directory = reader.value("directory", ConfigurationValue.path) ?? recordings.directory
            recordings.mountedAt = reader.value("mounted_at", ConfigurationValue.path)
            recordings.settle = reader.value("settle", ConfigurationText.duration) ?? recordings.settle
            recordings.giveUp = reader.value("give_up", ConfigurationText.duration) ?? recordings.giveUp
        }

        private mutating func readBackfill(_ reader: inout SectionReader) {
            backfill.cdr = reader.value("cdr", ConfigurationValue.path)
            backfill.cel = reader.value("cel", ConfigurationValue.path)
        }

        /// `Delivery` knows the keys of an endpoint.
        private mutating func readWebhook(_ name: String, _ reader: inout SectionReader) {
            let entries = reader.everything(templates: EndpointConfiguration.isTemplate(key:))
            let endpoint = Loader.read(entries, &reader) { entries throws(DeliveryConfigurationError) in
                try EndpointConfiguration(name: name, entries: entries)
            }
            reader.checkCertificates(entries)
            if let endpoint { endpoints.append(endpoint) }
        }

        /// `Delivery` knows the keys of a lookup, too.
        private mutating func readLookup(_ name: String, _ reader: inout SectionReader) {
            let line = reader.section.line
            let entries = reader.everything(templates: LookupConfiguration.isTemplate(key:))
            let lookup = Loader.read(entries, &reader) { entries throws(DeliveryConfigurationError) in
                try LookupConfiguration(name: name, line: line, entries: entries)
            }
            reader.checkCertificates(entries)
            if let lookup { lookups.append(lookup) }
        }

        /// What `make` makes of a section, or nil and everything that is wrong with it. `make` stops at the first mistake: the line is
        /// told and left out, and the rest read again. What is missing only because of that is not told.
        private static func read<T>(
            _ entries: [EndpointConfiguration.Entry], _ reader: inout SectionReader,
            _ make: ([EndpointConfiguration.Entry]) throws(DeliveryConfigurationError) -> T
        ) -> T? {
            // Without an address nothing else would be looked at.
            let standIn = EndpointConfiguration.Entry("url", "http://localhost/")
            var left = reader.unresolved.contains("url") ? entries + [standIn] : entries
            var isFirst = reader.unresolved.isEmpty
            while true {
                do throws(DeliveryConfigurationError) {
                    let made = try make(left)
                    return isFirst ? made : nil
                } catch {
                    if isFirst || (error.code != .missingKey && error.code != .conflict) {
                        reader.report(
                            error.line > 0 ? error.line : reader.section.line, error.key, error.problem, error.hint)
                    }
                    isFirst = false
                    guard error.line > 0, let i = left.firstIndex(where: { $0.line == error.line }) else { return nil }
                    if left.remove(at: i).key == "url" { left.append(standIn) }
                }
            }
        }

        /// A lookup answers a FastAGI request, and within what that may take.
        private mutating func checkLookups() {
            for lookup in lookups {
                let budget = fastAGI.map { HookswitchRoutes.lookupBudget(of: $0.deadline) }
                var mistake: (key: String, problem: String, hint: String)?
                if let budget {
                    if let timeout = lookup.timeout, timeout > budget {
                        mistake = (
                            "timeout", "\(timeout) is more than a channel waits",
                            "at most \(budget), three quarters of deadline in [fastagi]"
                        )
                    }
                } else if titles["fastagi"] == nil {
                    mistake = ("", "there is no [fastagi] to ask by", "add [fastagi], which may be empty")
                }
                guard let mistake else { continue }
                problems.append(
                    .init(
                        file: file, line: lookup.line, section: lookup.title, key: mistake.key,
                        problem: mistake.problem, hint: mistake.hint))
            }
        }

        /// Puts the sections together.
        mutating func finished() throws(ConfigurationError) -> Configuration {
            checkLookups()
            if pbxs.isEmpty, titles.keys.allSatisfy({ !$0.hasPrefix("pbx:") }) {
                problems.append(
                    .init(file: file, problem: "no [pbx:NAME] section", hint: "one is needed for each Asterisk"))
            }
            for i in pbxs.indices where !systemsNamed.contains(pbxs[i].name) {
                pbxs[i].system = pbxs.count == 1 ? general.name : pbxs[i].name
            }
            var owners: [String: String] = [:]
            for pbx in pbxs {
                guard let other = owners.updateValue(pbx.name, forKey: pbx.system) else { continue }
                problems.append(
                    .init(
                        file: file, line: pbx.line, section: "pbx:\(pbx.name)", key: "system",
                        problem: "\"\(pbx.system)\" is the system of [pbx:\(other)] too",
                        hint: "two Asterisks with one name would share records; give each its own"))
            }
            guard problems.isEmpty else { throw ConfigurationError(problems.sorted { $0.line < $1.line }) }
            return Configuration(
                file: file, general: general, pbxs: pbxs, fastAGI: fastAGI, lookups: lookups,
                recordings: recordings, backfill: backfill, endpoints: endpoints)
        }

        private mutating func report(_ section: INIFile.Section, _ problem: String, _ hint: String) {
            problems.append(
                .init(file: file, line: section.line, section: section.title, problem: problem, hint: hint))
        }
        private mutating func reportUnknown(_ section: INIFile.Section, _ kind: String) {
            report(section, "unknown section", NearestName.hint(for: kind, among: Loader.kinds))
        }

        /// Letters, digits, `-`, `_` and `.`: safe in an id, a file name and a header.
        private static func isName(_ text: String) -> Bool {
            (1...64).contains(text.utf8.count)
                && text.utf8.allSatisfy {
                    (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                        || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
                }
        }
        private static func channelPattern(_ text: String) throws(ConfigurationValue.Mistake) -> String {
            guard text.contains("/"), !text.contains(" ") else {
                throw .init(problem: "\"\(text)\" is not a channel", hint: "write TECHNOLOGY/NAME, as PJSIP/trunk*")
            }
            return text
        }
        private static func variableName(_ text: String) throws(ConfigurationValue.Mistake) -> String {
            guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != UInt8(ascii: "$") && $0 != UInt8(ascii: "{") && $0 < 0x7F })
            else {
                throw .init(problem: "\"\(text)\" is not a variable's name", hint: "write it bare, as lead_id")
            }
            return text
        }
    }
}
