import Glibc
import HookswitchLab
import Telephony

/// Runs lab scenarios by hand; the tests run the same ones.
///
///     hookswitch-lab list
///     hookswitch-lab run [--tree forky|bullseye] [--lanes N] [--save FOLDER] [--hookswitch PATH] [--daemon] [--keep]
///                      [--repeat N] [NAME|FAMILY…]
///     hookswitch-lab outage [--tree T] [--daemons N] [--calls N] [--over SECONDS] [--lasting SECONDS] [--each N] [--seed N]
///                           [--what cut|kill|stop|asterisk|permission|filter|mixed] [--files cdr|cel|both|none]
///                           [--no-handler]
///                           [--hookswitch PATH] [--keep]
///                    every daemon suffers that, N times each, while the same calls go on; records are held against the phones;
///                    mixed is what the tests do with eight daemons: of the rest only tree, seed, hookswitch and keep count
///     hookswitch-lab boot [--tree forky|bullseye]       an idle Asterisk, until interrupted
@main
enum LabTool {
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let verb = arguments.isEmpty ? "help" : arguments.removeFirst()
        switch verb {
        case "list":
            for scenario in Scenario.all {
                say("\(scenario.family)\t\(scenario.name)\t\(scenario.story)")
            }
        case "run": run(&arguments)
        case "outage": outage(&arguments)
        case "boot": boot(&arguments)
        default:
            say(
                "hookswitch-lab list | run [--tree T] [--lanes N] [--save F] [--keep] [NAME…] | outage … | boot [--tree T]"
            )
            exit(verb == "help" ? 0 : 2)
        }
    }

    static func option(_ name: String, _ arguments: inout [String]) -> String? {
        guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
        defer { arguments.removeSubrange(index...(index + 1)) }
        return arguments[index + 1]
    }

    static func run(_ arguments: inout [String]) {
        let trees = option("--tree", &arguments).map { [LabTree(rawValue: $0)!] } ?? LabTree.allCases
        let lanes = option("--lanes", &arguments).flatMap { Int($0) } ?? 4
        let save = option("--save", &arguments)
        let times = option("--repeat", &arguments).flatMap { Int($0) } ?? 1
        let program = option("--hookswitch", &arguments) ?? HookswitchLab.repository + "/.build/debug/hookswitch"
        var runner = ScenarioRunner(lanes: lanes, program: program, saveFolder: save)
        if let index = arguments.firstIndex(of: "--keep") {
            arguments.remove(at: index)
            runner.keepsFolders = true
        }
        if let index = arguments.firstIndex(of: "--daemon") {
            arguments.remove(at: index)
            runner.runsDaemon = true
        }
        let names = Set(arguments)
        let chosen = Scenario.all.filter { names.isEmpty || names.contains($0.name) || names.contains($0.family) }
        let repeated = (0..<times).flatMap { _ in chosen }
        let results = runner.run(repeated, trees: trees) { say($0) }
        let wrong = results.filter { !$0.faults.isEmpty }
        say("\(results.count) runs, \(wrong.count) wrong, \(results.map(\.heldFacts).reduce(0, +)) facts held")
        exit(wrong.isEmpty ? 0 : 1)
    }

    static func outage(_ arguments: inout [String]) {
        let trees = option("--tree", &arguments).map { [LabTree(rawValue: $0)!] } ?? LabTree.allCases
        let program = option("--hookswitch", &arguments) ?? HookswitchLab.repository + "/.build/debug/hookswitch"
        let daemons = option("--daemons", &arguments).flatMap { Int($0) } ?? 20
        let calls = option("--calls", &arguments).flatMap { Int($0) } ?? 50
        let over = option("--over", &arguments).flatMap { Double($0) } ?? 75
        let lasting = option("--lasting", &arguments).flatMap { Double($0) } ?? 30
        let each = option("--each", &arguments).flatMap { Int($0) } ?? 1
        let seed = option("--seed", &arguments).flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
        let what = option("--what", &arguments) ?? "cut"
        let files = option("--files", &arguments).map { Outage.Files(rawValue: $0)! } ?? .both
        let plan = CallCrowd.Plan(count: calls, seconds: over, lasting: 0.1...(over / 2), seed: seed)
        let outages = Outage.scattered(
            daemons: ["asterisk", "permission", "filter"].contains(what) ? 1 : daemons, each: each, over: over,
            lasting: lasting, seed: seed
        ) { daemon in
            switch what {
            case "kill": .killDaemon(daemon)
            case "stop": .stopDaemon(daemon)
            case "asterisk": .killAsterisk
            case "permission": .permission
            case "filter": .filter
            default: .cut(daemon: daemon)
            }
        }
        let keepsFolder = arguments.contains("--keep")
        var isRight = true
        for tree in trees {
            do {
                let run =
                    what == "mixed"
                    ? try OutageRun.mixed(
                        tree: tree, name: "outage", program: program, seed: seed, keepsFolder: keepsFolder)
                    : try OutageRun.run(
                        tree: tree, name: "outage", program: program, plan: plan, daemons: daemons, outages: outages,
                        files: files, attachesHandler: !arguments.contains("--no-handler"), keepsFolder: keepsFolder)
                for fault in run.faults { say(fault) }
                isRight = isRight && run.faults.isEmpty
                let count = run.records.reduce(0) { $0 + $1.count }
                say(
                    "\(tree.major): \(run.crowd.calls.count) calls, \(run.records.count) daemons, outages \(what), seed \(seed): "
                        + "\(count) records, \(run.partialCount) partial, \(run.faults.count) wrong")
            } catch {
                say(error)
                isRight = false
            }
        }
        exit(isRight ? 0 : 1)
    }

    static func boot(_ arguments: inout [String]) {
        let tree = LabTree(rawValue: option("--tree", &arguments) ?? "forky")!
        do {
            let lane = try Lane(tree: tree, name: "boot")
            say("\(lane.asterisk.folder) sip \(lane.asterisk.sipPort) manager \(lane.asterisk.managerPort)")
            for complaint in lane.asterisk.complaints { say(complaint) }
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGINT)
            sigaddset(&signals, SIGTERM)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
            var which: Int32 = 0
            sigwait(&signals, &which)
            lane.stop()
        } catch {
            say(error)
            exit(1)
        }
    }

    /// Prints a line at once, also into a pipe.
    static func say(_ text: some Any) {
        print(text)
        fflush(nil)
    }
}
