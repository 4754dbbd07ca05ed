import Glibc
import HookswitchLab
import Telephony

/// Runs lab scenarios by hand; the tests run the same ones.
///
///     hookswitch-lab list
///     hookswitch-lab run [--tree forky|bullseye] [--lanes N] [--save FOLDER] [--hookswitch PATH] [--daemon] [--keep] [NAME|FAMILY…]
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
        case "boot": boot(&arguments)
        default:
            say("hookswitch-lab list | run [--tree T] [--lanes N] [--save F] [--keep] [NAME…] | boot [--tree T]")
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
        let results = runner.run(chosen, trees: trees) { say($0) }
        let wrong = results.filter { !$0.faults.isEmpty }
        say("\(results.count) runs, \(wrong.count) wrong, \(results.map(\.heldFacts).reduce(0, +)) facts held")
        exit(wrong.isEmpty ? 0 : 1)
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
