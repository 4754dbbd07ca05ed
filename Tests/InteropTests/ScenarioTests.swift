import HookswitchLab
import Testing

@Suite("Scenarios on real Asterisk", .serialized)
struct ScenarioTests {
    /// Each scenario runs once on each version: its stream goes through `replay`, and a daemon with the shipped Asterisk
    /// files watches it live. Both must tell what was stated before the run.
    @Test("every call is told right, by replay and by the daemon, on 16 and on 22")
    func all() throws {
        var runner = ScenarioRunner(lanes: 8, program: HookswitchLab.repository + "/.build/debug/hookswitch")
        runner.runsDaemon = true
        var results = runner.run(Scenario.all, trees: LabTree.allCases) { print($0) }
        // Phones that act on the second need a machine that lets them: what came out wrong while eight ran side by side is
        // placed once more on its own, and that run counts.
        runner.lanes = 1
        for i in results.indices where !results[i].faults.isEmpty {
            print(
                "lab: once more, alone: \(results[i].scenario.name) on \(results[i].tree.major): \(results[i].faults)")
            if let again = runner.run([results[i].scenario], trees: [results[i].tree], report: { print($0) }).first {
                results[i] = again
            }
        }
        for result in results where !result.faults.isEmpty {
            Issue.record(
                "\(result.scenario.name) on Asterisk \(result.tree.major): \(result.faults.joined(separator: "; "))")
        }
        let expected = LabTree.allCases.map { tree in
            Scenario.all.count { $0.versions.contains(tree.major) }
        }
        #expect(results.count == expected.reduce(0, +), "a scenario did not run")
        print("lab: \(results.count) runs, \(results.map(\.heldFacts).reduce(0, +)) facts held")
    }
}
