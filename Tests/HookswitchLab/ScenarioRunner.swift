import Glibc
public import Telephony
import TestGround

/// Runs scenarios on real Asterisk, several instances side by side, and checks what Hookswitch tells of them.
public struct ScenarioRunner: Sendable {
    /// How many Asterisks run at once; a scenario mostly waits, so more than there are cores is fine.
    public var lanes: Int
    /// The `hookswitch` program that replays the streams.
    public var program: String
    /// Where streams and facts are saved, one folder a run; nil saves nothing.
    public var saveFolder: String?
    /// Runs the daemon beside each Asterisk, with the files Hookswitch ships, and checks what it writes as well.
    public var runsDaemon = false
    /// Keeps the instances' folders to be looked at.
    public var keepsFolders = false

    /// Streams are replayed; nothing else is checked until `runsDaemon` is set.
    public init(lanes: Int, program: String, saveFolder: String? = nil) {
        (self.lanes, self.program, self.saveFolder) = (lanes, program, saveFolder)
    }

    /// What came of one scenario on one version.
    public struct Result: Sendable {
        /// Which one.
        public let scenario: Scenario
        /// On which Asterisk.
        public let tree: LabTree
        /// What was told otherwise than stated, a line each; empty: all is right.
        public let faults: [String]
        /// Stated facts that were told so, calls and Asterisk's own CDR included.
        public let heldFacts: Int
    }

    /// Runs all; returns when all are done. `report` gets a line for each as it ends, from any thread.
    public func run(
        _ scenarios: [Scenario], trees: [LabTree], report: @escaping @Sendable (String) -> Void
    ) -> [Result] {
        let work = WorkList(scenarios, trees: trees)
        for lane in 0..<lanes {
            startThread("lab-lane-\(lane)") {
                var stays = 0
                while let (tree, setting) = work.claimPlace() {
                    stays += 1
                    // A folder of its own each time: one that is kept would show the next daemon the last one's log.
                    drive("lane\(lane).\(stays)-\(setting.rawValue)", tree, setting, work, report)
                }
                work.laneEnded()
            }
        }
        return work.awaitAll(lanes: lanes)
    }

    private func drive(
        _ name: String, _ tree: LabTree, _ setting: Scenario.Setting, _ work: WorkList,
        _ report: @Sendable (String) -> Void
    ) {
        let lane: Lane
        var daemon: HookswitchProcess?
        defer { daemon?.stop() }
        do {
            let agiPort = Loopback.freePort()
            lane = try Lane(
                tree: tree, name: name, setting: setting, fastAGIPort: agiPort,
                shippedFolder: runsDaemon ? HookswitchLab.repository + "/asterisk-conf" : nil)
            if runsDaemon {
                daemon = HookswitchProcess(
                    program: program, folder: lane.asterisk.folder + "/hookswitch",
                    managers: [("pbx", lane.asterisk.configuration.managerTLSPort ?? lane.asterisk.managerPort)],
                    fastAGIPort: agiPort, recordings: lane.asterisk.folder + "/spool/monitor",
                    authority: setting == .managerTLS ? LabAuthority.certificate(in: lane.asterisk.folder) : nil)
                try daemon?.start()
                try daemon?.awaitLog("calls in progress are known")
            }
        } catch {
            report("\(tree.major) \(name) did not start: \(error)")
            while let scenario = work.next(tree, setting) {
                work.add(Result(scenario: scenario, tree: tree, faults: ["no Asterisk: \(error)"], heldFacts: 0))
            }
            return
        }
        while let scenario = work.next(tree, setting) {
            let started = epochSeconds()
            let toldBefore = daemon?.records.count ?? 0
            let run = lane.drive(scenario)
            var faults: [String] = []
            var liveFaults: [String] = []
            var held = 0
            let stem = "\(lane.asterisk.folder)/\(scenario.name)"
            writeFile(stem + ".ami", run.stream)
            writeFile(stem + ".ts", run.index)
            do {
                let check = RecordCheck(run, records: try replay(stem + ".ami"))
                (faults, held) = (check.faults, check.heldFacts)
                if let daemon {
                    let told = daemon.awaitRecords(toldBefore + scenario.calls.count).dropFirst(toldBefore)
                    let live = RecordCheck(run, records: Array(told))
                    held += live.heldFacts
                    liveFaults = live.faults.filter { !faults.contains($0) }.map { "daemon: \($0)" }
                }
            } catch {
                faults = (run.failure.map { [$0] } ?? []) + ["\(error)"]
            }
            var isKnown = false
            if let issue = scenario.openIssue {
                if !faults.isEmpty || !liveFaults.isEmpty {
                    report("\(tree.major) \(scenario.name): known: \(issue)")
                    isKnown = true
                    if !issue.hasPrefix("live: ") { faults = [] }
                    liveFaults = []
                } else {
                    report("\(tree.major) \(scenario.name): right now; its open issue can go: \(issue)")
                }
            }
            faults += liveFaults
            if let saveFolder { save(run, to: "\(saveFolder)/\(scenario.name)-\(tree.major)") }
            work.add(Result(scenario: scenario, tree: tree, faults: faults, heldFacts: held))
            let seconds = (epochSeconds() - started).rounded()
            let verdict =
                faults.isEmpty ? "\(isKnown ? "known to be wrong, otherwise " : "")right, \(held) facts" : "WRONG"
            report("\(tree.major) \(scenario.name) (\(Int(seconds)) s): \(verdict)")
            for fault in faults { report("     \(fault)") }
        }
        lane.stop(keepFolder: keepsFolders)
    }

    /// What `hookswitch replay --json` tells of a saved stream.
    public func replay(_ path: String) throws -> [JSONValue] {
        let result = try ChildProcess.run([program, "replay", path, "--json"])
        guard result.status == 0 else {
            throw LabError("replay ended with \(result.status)", String(result.errors.prefix(300)))
        }
        return try result.output.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
    }

    private func save(_ run: Lane.Run, to folder: String) {
        makeFolder(folder)
        writeFile(folder + "/events.ami", run.stream)
        writeFile(folder + "/events.ts", run.index)
        writeFile(folder + "/record.json", run.scenario.factsJSON)
        let cdr = run.cdrRows.map { row in
            row.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        }
        writeFile(
            folder + "/origin.md",
            """
            # \(run.scenario.name) on Asterisk \(run.tree.major)

            \(run.scenario.story)

            Recorded by the lab (`hookswitch-lab run --save`) on Asterisk \(run.tree.asteriskVersion ?? "?"), all numbers
            made up, nothing anonymised. `record.json` was stated before the run. \
            \(run.scenario.cdrDiffers.map { "Asterisk's CDR differs: \($0)." } ?? "")

            What the phones saw, in seconds from the start:

            \(run.sightings.map { "- \(fixed($0.time - run.startedAt)) \($0)" }.joined(separator: "\n"))

            Asterisk's CDR:

            \(cdr.map { "- `\($0)`" }.joined(separator: "\n"))

            """)
    }

    private func fixed(_ seconds: Double) -> String {
        let milliseconds = Int((seconds * 1000).rounded())
        let rest = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: max(0, 3 - rest.utf8.count)))\(rest)"
    }
}

/// What is left to run, shared by the lanes.
private final class WorkList: @unchecked Sendable {
    private struct Place: Hashable {
        let tree: LabTree
        let setting: Scenario.Setting
    }
    private let monitor = Monitor()
    // Invariant: guarded by `monitor`.
    private var left: [Place: [Scenario]] = [:]
    private var results: [ScenarioRunner.Result] = []
    private var endedLanes = 0
    private var claims: [Place: Int] = [:]

    init(_ scenarios: [Scenario], trees: [LabTree]) {
        for tree in trees {
            // Longest families first would be better still; reversed keeps the plain ones for the end.
            for scenario in scenarios where scenario.versions.contains(tree.major) {
                left[Place(tree: tree, setting: scenario.setting), default: []].append(scenario)
            }
        }
    }

    /// Where a lane should boot next: where most is left for those already there.
    func claimPlace() -> (LabTree, Scenario.Setting)? {
        monitor.locked {
            let open = left.filter { !$0.value.isEmpty && (claims[$0.key] ?? 0) < $0.value.count }
            guard
                let place = open.max(by: {
                    $0.value.count / ((claims[$0.key] ?? 0) + 1) < $1.value.count / ((claims[$1.key] ?? 0) + 1)
                })?.key
            else { return nil }
            claims[place, default: 0] += 1
            return (place.tree, place.setting)
        }
    }

    func next(_ tree: LabTree, _ setting: Scenario.Setting) -> Scenario? {
        monitor.locked {
            let place = Place(tree: tree, setting: setting)
            guard left[place]?.isEmpty == false else { return nil }
            return left[place]!.removeFirst()
        }
    }

    func add(_ result: ScenarioRunner.Result) { monitor.locked { results.append(result) } }
    func laneEnded() { monitor.locked { endedLanes += 1 } }

    func awaitAll(lanes: Int) -> [ScenarioRunner.Result] {
        monitor.wait(seconds: 3600) { endedLanes == lanes ? results : nil } ?? results
    }
}
