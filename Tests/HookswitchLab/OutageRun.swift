import Glibc
public import Telephony
import TestGround

/// Something that is broken on purpose while calls are up, and mended again.
public struct Outage: Sendable {
    /// What is broken.
    public enum Kind: Sendable, Equatable {
        /// The manager connection of one daemon is cut, and refused until it is mended.
        case cut(daemon: Int)
        /// One daemon is killed by `SIGKILL` and started again.
        case killDaemon(Int)
        /// One daemon is stopped as an operator would, and started again.
        case stopDaemon(Int)
        /// Asterisk is killed by `SIGKILL` and started again: its calls are over.
        case killAsterisk
        /// The manager user is given this line in place of its `read =`, and every daemon logs in anew; then it gets its own back.
        case restrict(String)

        /// Neither its calls' events nor their ends: CDRs are all that is left.
        public static let permission = Kind.restrict("read = system,cdr")
        /// Calls begin, but nobody is seen to leave.
        public static let filter = Kind.restrict(
            "read = system,call,agent,cdr\neventfilter = !^Event: (Hangup|HangupRequest|SoftHangupRequest|BridgeLeave)")
    }
    /// What is broken, and of whom.
    public var kind: Kind
    /// Seconds after the first call may be placed.
    public var at: Double
    /// How many seconds later it is mended.
    public var lasting: Double

    public init(_ kind: Kind, at: Double, lasting: Double) { (self.kind, self.at, self.lasting) = (kind, at, lasting) }

    /// Which of Asterisk's own files the daemons are given to fill gaps from.
    public enum Files: String, Sendable, CaseIterable {
        case cdr
        case cel
        case both
        /// Neither: a gap stays one.
        case none
    }

    /// Outages at random moments, `each` for every daemon, one after another for the same daemon.
    public static func scattered(
        daemons: Int, each: Int, over seconds: Double, lasting: Double, seed: UInt64, kind: (Int) -> Kind
    ) -> [Outage] {
        var random = SeededGenerator(seed: seed &+ 1)
        let share = seconds / Double(each)
        return (0..<daemons).flatMap { daemon in
            (0..<each).map { number in
                let latest = max(share * Double(number), share * Double(number + 1) - lasting)
                return Outage(
                    kind(daemon), at: Double.random(in: share * Double(number)...latest, using: &random),
                    lasting: lasting)
            }
        }
    }
}

/// A crowd of calls on one real Asterisk, watched by several real daemons, each of which suffers outages of its own.
public struct OutageRun: Sendable {
    /// What the phones saw.
    public let crowd: CallCrowd
    /// What each daemon told.
    public let records: [[JSONValue]]
    /// How much of the calls came to each daemon, by the caller's number.
    let extents: [[String: HeardConnection.Extent]]
    /// What they were given to fill the gaps from.
    public let files: Outage.Files

    /// Boots Asterisk with the files Hookswitch ships and hangup handlers that report to every daemon, and runs it all.
    /// - Parameters:
    ///   - daemons: How many watch the same calls.
    ///   - keepsFolder: Leaves the instance's folder to be looked at.
    public static func run(
        tree: LabTree, name: String, program: String, plan: CallCrowd.Plan, daemons count: Int = 1,
        outages: [Outage], files: Outage.Files = .cdr, attachesHandler: Bool = true, keepsFolder: Bool = false
    ) throws -> OutageRun {
        let ports = (0..<count).map { _ in Loopback.freePort() }
        let lane = try Lane(
            tree: tree, name: name, fastAGIPort: ports[0], shippedFolder: HookswitchLab.repository + "/asterisk-conf",
            attachesHandler: attachesHandler, sendsAudio: false, morePorts: Array(ports.dropFirst()))
        defer { lane.stop(keepFolder: keepsFolder) }
        let asterisk = lane.asterisk
        let relays = try (0..<count).map { _ throws(LabError) in try ManagerRelay(to: asterisk.managerPort) }
        defer { for relay in relays { relay.stop() } }
        let daemons = (0..<count).map { number in
            HookswitchProcess(
                program: program, folder: "\(asterisk.folder)/hookswitch\(number == 0 ? "" : "-\(number)")",
                managers: [("pbx", relays[number].port)], fastAGIPort: ports[number],
                more: asterisk.backfillSection(files))
        }
        defer { for daemon in daemons { daemon.stop() } }
        for daemon in daemons {
            try daemon.start()
            try daemon.awaitLog("calls in progress are known")
        }
        let damage = Damage(outages, asterisk: asterisk, relays: relays, daemons: daemons)
        damage.begin()
        var crowd = try CallCrowd.place(plan, in: lane)
        try damage.awaitMended()
        crowd = crowd.marking(killedAt: damage.asteriskKills)
        // A call that its phone heard nothing of may have a record, too: not any forty will do.
        let callers = crowd.calls.filter { $0.startedAt != nil }.map(\.number)
        let records = daemons.map { $0.awaitRecords(callers.count, from: Set(callers)) }
        let extents = relays.map { relay in
            Dictionary(uniqueKeysWithValues: crowd.calls.map { ($0.number, relay.extent(of: $0.number)) })
        }
        return OutageRun(crowd: crowd, records: records, extents: extents, files: files)
    }

    /// Manager connections cut, daemons killed and stopped at random moments of 50 calls: of eight daemons four are cut for 3 s, two
    /// are killed, one is restarted in mid-setup of one call or another, and the last is left alone.
    public static func mixed(
        tree: LabTree, name: String, program: String, seed: UInt64, keepsFolder: Bool = false
    ) throws -> OutageRun {
        var outages = Outage.scattered(daemons: 4, each: 2, over: 16, lasting: 3, seed: seed) { .cut(daemon: $0) }
        outages += Outage.scattered(daemons: 2, each: 2, over: 16, lasting: 1, seed: seed + 1) { .killDaemon($0 + 4) }
        outages += Outage.scattered(daemons: 1, each: 8, over: 16, lasting: 0.05, seed: seed + 2) { _ in
            .stopDaemon(6)
        }
        return try run(
            tree: tree, name: name, program: program,
            plan: .init(count: 50, seconds: 16, lasting: 0.1...8, seed: seed), daemons: 8, outages: outages,
            keepsFolder: keepsFolder)
    }

    /// Does that on a thread of its own, since it waits without giving way.
    public static func onThread(
        _ name: String, _ body: @escaping @Sendable () throws -> OutageRun
    ) async throws -> OutageRun {
        try await withCheckedThrowingContinuation { continuation in
            startThread(name) { continuation.resume(with: Result { try body() }) }
        }
    }

    /// What is wrong, one sentence each, the daemon's number first.
    public var faults: [String] {
        records.indices.flatMap { number in
            crowd.faults(
                in: records[number], heard: extents[number], readsCEL: files == .cel || files == .both
            ).map { "daemon \(number): \($0)" }
        }
    }

    /// How many of the records say that something was missed, over all daemons.
    public var partialCount: Int {
        records.reduce(0) { $0 + $1.count { $0["completeness"]?.string == "partial" } }
    }
}

extension CallCrowd {
    /// The same, with the calls that Asterisk's death ended.
    func marking(killedAt times: [Double]) -> CallCrowd {
        CallCrowd(
            calls: calls.map { call in
                var call = call
                call.wasKilled = times.contains { (call.startedAt ?? .infinity) < $0 && $0 < call.endedAt }
                return call
            })
    }
}

/// Does the damage of one run, each outage on a thread of its own.
private final class Damage: @unchecked Sendable {
    private let outages: [Outage]
    private let asterisk: AsteriskInstance
    private let relays: [ManagerRelay]
    private let daemons: [HookswitchProcess]
    private let monitor = Monitor()
    // Invariant: guarded by `monitor`.
    private var kills: [Double] = []
    private var left: Int
    private var failures: [LabError] = []

    init(_ outages: [Outage], asterisk: AsteriskInstance, relays: [ManagerRelay], daemons: [HookswitchProcess]) {
        (self.outages, self.asterisk, self.relays, self.daemons) = (outages, asterisk, relays, daemons)
        left = outages.count
    }

    var asteriskKills: [Double] { monitor.locked { kills } }

    /// Outages of one thing follow each other on one thread; those of different things overlap.
    func begin() {
        var groups: [String: [Outage]] = [:]
        for outage in outages {
            let key =
                switch outage.kind {
                case .cut(let number), .killDaemon(let number), .stopDaemon(let number): "daemon \(number)"
                case .killAsterisk, .restrict: "asterisk"
                }
            groups[key, default: []].append(outage)
        }
        let beginning = monotonicSeconds()
        for (key, group) in groups {
            startThread("damage-\(key)") { [self] in
                for outage in group.sorted(by: { $0.at < $1.at }) {
                    pause(beginning + outage.at - monotonicSeconds())
                    do throws(LabError) { try perform(outage) } catch { monitor.locked { failures.append(error) } }
                    monitor.locked { left -= 1 }
                }
            }
        }
    }

    func awaitMended() throws(LabError) {
        let end: [LabError]? = monitor.wait(seconds: 180) { left == 0 ? failures : nil }
        guard let end else { throw LabError("an outage was not mended in time") }
        if let first = end.first { throw first }
    }

    private func perform(_ outage: Outage) throws(LabError) {
        let known = "calls in progress are known"
        switch outage.kind {
        case .cut(let number):
            let before = daemons[number].count(of: known)
            relays[number].cut()
            pause(outage.lasting)
            relays[number].mend()
            try daemons[number].awaitLog(known, times: before + 1, seconds: 40)
        case .killDaemon(let number), .stopDaemon(let number):
            let before = daemons[number].count(of: known)
            if outage.kind == .killDaemon(number) { daemons[number].kill9() } else { daemons[number].stop() }
            pause(outage.lasting)
            try daemons[number].start()
            try daemons[number].awaitLog(known, times: before + 1, seconds: 40)
        case .restrict(let line):
            let own = readText(asterisk.managerUserFile) ?? ""
            guard own.contains("\nread = ") else { throw LabError("no read = in \(asterisk.managerUserFile)") }
            try restrict(
                own.components(separatedBy: "\n").map { $0.hasPrefix("read = ") ? line : $0 }.joined(separator: "\n"))
            pause(outage.lasting)
            try restrict(own)
        case .killAsterisk:
            let before = daemons.map { $0.count(of: known) }
            monitor.locked { kills.append(epochSeconds()) }
            asterisk.kill9()
            pause(outage.lasting)
            try asterisk.restart()
            try awaitAll(known, before)
        }
    }

    /// Waits until each daemon says that once more.
    private func awaitAll(_ line: String, _ before: [Int]) throws(LabError) {
        var missing = Set(daemons.indices)
        let deadline = monotonicSeconds() + 40
        while !missing.isEmpty {
            missing = missing.filter { daemons[$0].count(of: line) <= before[$0] }
            guard monotonicSeconds() < deadline else { throw LabError("no \"\(line)\" of daemons \(missing.sorted())") }
            pause(0.02)
        }
    }

    /// Writes the manager user's file, has Asterisk read it and every daemon log in again: rights are those of the login.
    private func restrict(_ text: String) throws(LabError) {
        let known = "calls in progress are known"
        let before = daemons.map { $0.count(of: known) }
        writeFile(asterisk.managerUserFile, text)
        try asterisk.command("manager reload")
        for relay in relays { relay.cut() }
        pause(0.1)
        for relay in relays { relay.mend() }
        try awaitAll(known, before)
    }
}
