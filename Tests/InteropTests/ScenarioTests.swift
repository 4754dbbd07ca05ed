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
        let results = runner.run(Scenario.all, trees: LabTree.allCases) { print($0) }
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
