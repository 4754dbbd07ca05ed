import Glibc
import TestGround

/// One Asterisk with its phones and its recorded stream: scenarios run in it one after another.
///
/// Used by one thread at a time.
public final class Lane: @unchecked Sendable {
    /// Runs until `stop`.
    public let asterisk: AsteriskInstance
    /// What it was booted with; scenarios of another setting need another lane.
    public let setting: Scenario.Setting
    /// One for each party; customers share the trunk.
    let phones: [Party: SIPPhone]
    /// Takes the manager's stream from the first moment on.
    let recorder: StreamRecorder
    private var actions: ManagerActions?
    private var application: ARIClient?

    /// Boots an instance and connects everything.
    public init(
        tree: LabTree, name: String, setting: Scenario.Setting = .standard, fastAGIPort: UInt16 = 4573,
        shippedFolder: String? = nil, attachesHandler: Bool = false, sendsAudio: Bool = true,
        morePorts: [UInt16] = []
    ) throws(LabError) {
        self.setting = setting
        var phones: [Party: SIPPhone] = [:]
        for party in Party.allCases {
            phones[party] = SIPPhone(name: party.rawValue, server: 0, sendsAudio: sendsAudio)
        }
        self.phones = phones
        var ports: [String: UInt16] = ["trunk": phones[.customer]!.port, "trunk2": phones[.customer3]!.port]
        for party in Party.allCases where party.isInside { ports[party.rawValue] = phones[party]!.port }
        asterisk = try AsteriskInstance(
            tree: tree, name: name, phonePorts: ports, fastAGIPort: fastAGIPort, shippedFolder: shippedFolder)
        asterisk.configuration.attachesHandler = attachesHandler
        asterisk.configuration.moreAGIPorts = morePorts
        asterisk.configuration.adaptsShippedFiles = true
        switch setting {
        case .standard: break
        case .noTimestamps: asterisk.configuration.timestampEvents = false
        case .cdrUnansweredOff:
            (asterisk.configuration.cdrUnanswered, asterisk.configuration.cdrEndBeforeHExten) = (false, false)
        case .systemName: asterisk.configuration.systemName = "pbx-west.example-1"
        case .legacySIP:
            asterisk.configuration.legacySIPPort = Loopback.freePort(stream: false)
            asterisk.configuration.phonePorts["trunk2"] = phones[.customer2]!.port
        case .iax:
            asterisk.configuration.iaxPorts = (Loopback.freePort(stream: false), Loopback.freePort(stream: false))
        case .managerTLS: asterisk.configuration.managerTLSPort = Loopback.freePort()
        case .cdrLateEnd: asterisk.configuration.cdrEndBeforeHExten = false
        case .cdrAnsweredOnly:
            (asterisk.configuration.cdrUnanswered, asterisk.configuration.cdrEndBeforeHExten) = (false, true)
        case .application: asterisk.configuration.webPort = Loopback.freePort()
        case .keysHeard: asterisk.configuration.hearsKeys = true
        }
        for phone in phones.values { phone.setServer(asterisk.configuration.legacySIPPort ?? asterisk.sipPort) }
        recorder = StreamRecorder(port: asterisk.managerPort)
        try asterisk.start()
        try recorder.awaitConnection()
        if let port = asterisk.configuration.webPort { application = try ARIClient(port: port) }
    }

    /// Stops Asterisk and the phones, and removes the instance's folder unless it is kept to be looked at.
    public func stop(keepFolder: Bool = false) {
        application?.stop()
        recorder.stop()
        asterisk.stop()
        for phone in phones.values { phone.stop() }
        if !keepFolder { asterisk.remove() }
    }

    /// What one run of a scenario left behind.
    public struct Run: Sendable {
        /// What was driven.
        public let scenario: Scenario
        /// On which Asterisk.
        public let tree: LabTree
        /// The step that did not come true; nil when all did.
        public let failure: String?
        /// Epoch seconds, by the machine's clock, which is Asterisk's as well.
        public let startedAt: Double
        /// What the manager sent meanwhile, connections one after another.
        public let stream: [UInt8]
        /// When: a line a read, as `events.ts` has it.
        public let index: String
        /// What the phones saw and did, in order of time.
        public let sightings: [Sighting]
        /// What `cdr_custom` wrote meanwhile, by column name.
        public let cdrRows: [[String: String]]
    }

    /// Drives a scenario and waits until Asterisk is quiet again.
    public func drive(_ scenario: Scenario) -> Run {
        let mark = recorder.mark
        let rowsBefore = asterisk.cdrRows.count
        let linesBefore = phones.mapValues { $0.seen.count }
        let startedAt = epochSeconds()
        var failure: String?
        for (number, step) in scenario.steps.enumerated() {
            do { try perform(step) } catch {
                failure = "step \(number + 1), \(step): \(error)"
                break
            }
        }
        if failure != nil {
            for phone in phones.values { try? phone.hangUp() }
            _ = try? asterisk.command("channel request hangup all")
        }
        do { try awaitQuiet() } catch {
            failure = failure ?? "\(error)"
            _ = try? asterisk.command("channel request hangup all")
            try? recorder.awaitQuiet(seconds: 5)
        }
        // CDR rows come up to a few milliseconds after the last Hangup, and are written after they are sent.
        pause(0.3)
        for phone in phones.values { phone.forget() }
        let (stream, index) = recorder.since(mark)
        var sightings: [Sighting] = []
        for (party, phone) in phones { sightings += phone.seen.dropFirst(linesBefore[party] ?? 0) }
        return Run(
            scenario: scenario, tree: asterisk.tree, failure: failure, startedAt: startedAt, stream: stream,
            index: index, sightings: sightings.sorted { $0.time < $1.time },
            cdrRows: Array(asterisk.cdrRows.dropFirst(rowsBefore)))
    }

    private func awaitQuiet() throws(LabError) {
        for _ in 0..<10 {
            if (try? recorder.awaitQuiet(seconds: 3)) != nil { return }
            if let told = try? asterisk.command("core show channels count"), told.contains("0 active channels") {
                return recorder.forgetChannels()
            }
        }
        try recorder.awaitQuiet(seconds: 1)
    }

    private func perform(_ step: Step) throws(LabError) {
        switch step {
        case .dial(let party, let number, let from, let name):
            var sender = from
            for other in Party.allCases where sender?.contains("{id:\(other)}") == true {
                guard let id = recorder.uniqueID(beginning: other.channelPrefix(setting)) else {
                    throw LabError("no channel")
                }
                sender = sender?.components(separatedBy: "{id:\(other)}").joined(separator: id)
            }
            try phones[party]!.dial(number, from: sender, display: name)
        case .answer(let party): try phones[party]!.answer()
        case .refuse(let party, let status): try phones[party]!.refuse(status)
        case .progress(let party): try phones[party]!.progress()
        case .forward(let party, let number): try phones[party]!.refuse(302, forwardTo: number)
        case .called(let party): try phones[party]!.awaitIncoming()
        case .ringing(let party): try phones[party]!.awaitRinging()
        case .up(let party): try phones[party]!.awaitUp()
        case .wait(let seconds): pause(seconds)
        case .hangUp(let party, let line): try phones[party]!.hangUp(line: line)
        case .ended(let party, let line): try phones[party]!.awaitEnd(line: line)
        case .hold(let party, let line): try phones[party]!.hold(true, line: line)
        case .resume(let party, let line): try phones[party]!.hold(false, line: line)
        case .press(let party, let keys): try phones[party]!.press(keys)
        case .transfer(let party, let number): try phones[party]!.transfer(to: number)
        case .join(let party, let line, let other): try phones[party]!.transfer(line: line, into: other)
        case .referred(let party, let status): try phones[party]!.awaitReferStatus(status)
        case .manner(let party, let manner): phones[party]!.setManner(manner)
        case .ari(let method, let path):
            var path = path
            for party in Party.allCases where path.contains("{\(party)}") {
                _ = try recorder.awaitChannel(beginning: party.channelPrefix(setting))
                let id = recorder.uniqueID(beginning: party.channelPrefix(setting)) ?? ""
                path = path.components(separatedBy: "{\(party)}").joined(separator: id)
            }
            guard let application else { throw LabError("no application", "the scenario needs its setting") }
            try application.request(method, path)
        case .command(let text): try asterisk.command(text)
        case .killAsterisk:
            asterisk.kill9()
            actions = nil
        case .restartAsterisk:
            actions = nil
            try asterisk.restart()
            try recorder.awaitConnection()
        case .action(let lines):
            var fields: [(String, String)] = []
            for line in lines {
                guard let colon = line.firstIndex(of: ":") else { throw LabError("not a header", line) }
                var value = String(line[line.index(after: colon)...]).trimmed
                for party in Party.allCases where value.contains("{\(party)}") {
                    let name = try recorder.awaitChannel(beginning: party.channelPrefix(setting))
                    value = value.components(separatedBy: "{\(party)}").joined(separator: name)
                }
                value = asterisk.configuration.inItsTechnology(value)
                value = value.components(separatedBy: "{monitor}").joined(separator: asterisk.folder + "/spool/monitor")
                value = value.components(separatedBy: "{sounds}").joined(separator: asterisk.folder + "/sounds")
                fields.append((String(line[..<colon]), value))
            }
            if actions == nil { actions = try ManagerActions(port: asterisk.managerPort) }
            try actions!.perform(fields)
        }
    }
}
