import Glibc
public import Telephony

/// The daemon under test, run as a user runs it: a configuration file, a state folder, the program.
public final class HookswitchProcess: @unchecked Sendable {
    /// Holds the configuration, the state, the logs.
    public let folder: String
    private let program: String
    // Invariant: set by `start`, used by the one thread that owns this.
    private var process: ChildProcess?

    /// The configuration file's path.
    public var configuration: String { folder + "/hookswitch.conf" }
    /// Where the daemon logs.
    public var log: String { folder + "/log" }
    /// The record of each call, one line each.
    public var callsLog: String { folder + "/calls.jsonl" }

    /// Writes the configuration; nothing runs yet.
    /// - Parameters:
    ///   - managers: Name of each Asterisk and its manager port.
    ///   - authority: Connects over TLS, trusting that PEM file; nil: plainly.
    ///   - more: Further sections, as they stand in the file.
    public init(
        program: String, folder: String, managers: [(name: String, port: UInt16)], fastAGIPort: UInt16,
        recordings: String? = nil, authority: String? = nil, username: String = "hookswitch",
        secret: String = AsteriskConfiguration.secret,
        more: String = ""
    ) {
        (self.program, self.folder) = (program, folder)
        makeFolder(folder + "/state")
        var text = """
            [general]
            name = lab
            state_dir = \(folder)/state
            calls_log = \(folder)/calls.jsonl

            [fastagi]
            listen = 127.0.0.1:\(fastAGIPort)


            """
        if let recordings { text += "[recordings]\ndirectory = \(recordings)\nsettle = 1s\n\n" }
        for manager in managers {
            text += """
                [pbx:\(manager.name)]
                ami = \(authority == nil ? "tcp" : "tls")://127.0.0.1:\(manager.port)
                \(authority.map { "tls_ca = \($0)" } ?? "")
                username = \(username)
                secret = \(secret)
                trunks = PJSIP/trunk*, SIP/trunk*, IAX2/*
                variables = lead_id, campaign_id, vendor_lead_code


                """
        }
        writeFile(configuration, text + more)
    }

    /// Starts the daemon and waits until it says, as a service does, that it is ready.
    public func start() throws(LabError) {
        process = try ChildProcess([program, "run", "--config", configuration], output: log)
    }

    /// Waits until a text stands in the log, `times` times.
    public func awaitLog(_ text: String, times: Int = 1, seconds: Double = 15) throws(LabError) {
        let deadline = monotonicSeconds() + seconds
        while monotonicSeconds() < deadline {
            if (readText(log) ?? "").components(separatedBy: text).count > times { return }
            if let status = process?.wait() { throw LabError("hookswitch ended with \(status)", readText(log) ?? "") }
            pause(0.02)
        }
        throw LabError("hookswitch did not say \(text)", readText(log) ?? "")
    }

    /// How often a text stands in the log.
    public func count(of text: String) -> Int { (readText(log) ?? "").components(separatedBy: text).count - 1 }

    /// One other verb of the program with the same configuration.
    public func verb(_ arguments: [String]) throws(LabError) -> (status: Int32, output: String, errors: String) {
        try ChildProcess.run(
            [program] + arguments + ["--config", configuration], environment: ["COLUMNS": "100"])
    }

    /// Ends it gracefully.
    /// - Returns: its exit code.
    @discardableResult
    public func stop() -> Int32? { process?.stop(within: 10) }

    /// Ends it as a power cut would.
    public func kill9() {
        process?.signal(SIGKILL)
        process?.wait(seconds: 5)
    }

    /// Waits until that many records are written, one of each of the callers among them, and no recording among them is still being
    /// written.
    ///
    /// 45 s at most: a record waits 30 s for a recording that never comes, as of a call so short that MixMonitor made no file.
    public func awaitRecords(_ count: Int, from callers: Set<String> = []) -> [JSONValue] {
        let deadline = monotonicSeconds() + 45
        while true {
            let records = records
            let isSettled = !records.contains { record in
                record["recordings"]?.array?.contains { $0["state"]?.string == "pending" } == true
            }
            let isWhole =
                records.count >= count
                && callers.isSubset(of: records.compactMap { $0["caller"]?["number"]?.string })
            if (isWhole && isSettled) || monotonicSeconds() > deadline { return records }
            pause(0.05)
        }
    }

    /// The records written so far, oldest first; of two lines for one call (before and after its recording has
    /// settled) the later one counts.
    public var records: [JSONValue] {
        var records: [JSONValue] = []
        var places: [String: Int] = [:]
        for line in (readText(callsLog) ?? "").split(separator: "\n") {
            guard let record = try? JSONValue(parsing: String(line)), let id = record["id"]?.string else { continue }
            if let place = places[id] {
                records[place] = record
            } else {
                places[id] = records.count
                records.append(record)
            }
        }
        return records
    }
}
