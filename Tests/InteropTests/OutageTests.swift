import HookswitchLab
import Telephony
import Testing

/// Calls that are up while something breaks: as many records as calls, none twice, each right, `partial` where something was
/// missed. The phones' own account is the ledger. Longer runs: `hookswitch-lab outage`.
@Suite("Outages on real Asterisk", .serialized)
struct OutageTests {
    private static let program = HookswitchLab.repository + "/.build/debug/hookswitch"

    /// Runs it on both versions side by side, for they mostly wait, with a seed that is told; each call has its one right record then.
    @discardableResult
    private func onBoth(
        _ name: String, _ body: @escaping @Sendable (LabTree, _ seed: UInt64) throws -> OutageRun
    ) async throws -> [OutageRun] {
        try await withThrowingTaskGroup(of: (LabTree, OutageRun).self) { group in
            for tree in LabTree.allCases {
                let seed = UInt64.random(in: 0..<1_000_000)
                print("lab: \(name) on \(tree), seed \(seed)")
                group.addTask {
                    (tree, try await OutageRun.onThread("\(name)-\(tree.major)") { try body(tree, seed) })
                }
            }
            var runs: [OutageRun] = []
            for try await (tree, run) in group {
                #expect(run.faults.isEmpty, "\(tree): \(run.faults.prefix(8))")
                #expect(run.partialCount > 0)
                runs.append(run)
            }
            return runs
        }
    }

    @Test("manager connections cut, daemons killed and stopped at random moments of 50 overlapping calls")
    func broken() async throws {
        let runs = try await onBoth("outage") { tree, seed in
            try OutageRun.mixed(
                tree: tree, name: "outage-\(tree.major)", program: OutageTests.program, seed: seed)
        }
        for run in runs {
            #expect(run.records.allSatisfy { $0.count == 50 })
            #expect(run.records[7].allSatisfy { $0["completeness"]?.string == "full" })
        }
    }

    @Test(
        "the manager socket cut for 30 s at 20 random moments of 50 overlapping calls, what was missed read from the files"
    )
    func cut() async throws {
        let runs = try await onBoth("cut") { tree, seed in
            // Each cut is of a daemon of its own, which watches all the calls.
            try OutageRun.run(
                tree: tree, name: "cut-\(tree.major)", program: OutageTests.program,
                plan: .init(count: 50, seconds: 60, lasting: 0.1...30, seed: seed), daemons: 20,
                outages: Outage.scattered(daemons: 20, each: 1, over: 75, lasting: 30, seed: seed) {
                    .cut(daemon: $0)
                }, files: .both, attachesHandler: false)
        }
        for run in runs {
            #expect(run.records.count == 20 && run.records.allSatisfy { $0.count == 50 })
        }
    }

    @Test(
        "rights taken away, then ends filtered out, in the middle of 30 calls: what was not seen is read from Asterisk's files"
    )
    func restricted() async throws {
        try await onBoth("rights") { tree, seed in
            try OutageRun.run(
                tree: tree, name: "rights-\(tree.major)", program: OutageTests.program,
                plan: .init(count: 30, seconds: 14, lasting: 0.5...6, seed: seed),
                outages: [Outage(.permission, at: 3, lasting: 4), Outage(.filter, at: 10, lasting: 3)], files: .both,
                attachesHandler: false)
        }
    }

    @Test("Asterisk killed in the middle of 30 calls: each is told once, before and after")
    func killedAsterisk() async throws {
        try await onBoth("crash") { tree, seed in
            try OutageRun.run(
                tree: tree, name: "crash-\(tree.major)", program: OutageTests.program,
                plan: .init(count: 30, seconds: 10, lasting: 0.5...6, seed: seed),
                outages: [Outage(.killAsterisk, at: 5, lasting: 1)])
        }
    }
}
