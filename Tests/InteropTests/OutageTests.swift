import HookswitchLab
import Telephony
import Testing

/// Calls that are up while something breaks: as many records as calls, none twice, each right, `partial` where something was
/// missed. The phones' own account is the ledger. Longer runs: `hookswitch-lab outage`.
@Suite("Outages on real Asterisk", .serialized)
struct OutageTests {
    private static let program = HookswitchLab.repository + "/.build/debug/hookswitch"

    /// Both versions side by side: they mostly wait.
    private func onBoth(
        _ name: String, _ body: @escaping @Sendable (LabTree) throws -> OutageRun
    ) async throws -> [(LabTree, OutageRun)] {
        try await withThrowingTaskGroup(of: (LabTree, OutageRun).self) { group in
            for tree in LabTree.allCases {
                group.addTask { (tree, try await OutageRun.onThread("\(name)-\(tree.major)") { try body(tree) }) }
            }
            var runs: [(LabTree, OutageRun)] = []
            for try await run in group { runs.append(run) }
            return runs
        }
    }

    @Test("manager connections cut, daemons killed and stopped at random moments of 50 overlapping calls")
    func broken() async throws {
        let runs = try await onBoth("outage") { tree in
            let seed = UInt64.random(in: 0..<1_000_000)
            // Four that are cut for 3 s, two that are killed, one that is restarted in mid-setup of one call or another, one left alone.
            var outages = Outage.scattered(daemons: 4, each: 2, over: 16, lasting: 3, seed: seed) { .cut(daemon: $0) }
            outages += Outage.scattered(daemons: 2, each: 2, over: 16, lasting: 1, seed: seed + 1) {
                .killDaemon($0 + 4)
            }
            outages += Outage.scattered(daemons: 1, each: 8, over: 16, lasting: 0.05, seed: seed + 2) { _ in
                .stopDaemon(6)
            }
            print("lab: outages of seed \(seed)")
            return try OutageRun.run(
                tree: tree, name: "outage-\(tree.major)", program: OutageTests.program,
                plan: .init(count: 50, seconds: 16, lasting: 0.1...8, seed: seed), daemons: 8, outages: outages)
        }
        for (tree, run) in runs {
            #expect(run.faults.isEmpty, "\(tree): \(run.faults.prefix(8))")
            #expect(run.records.allSatisfy { $0.count == 50 })
            #expect(run.records[7].allSatisfy { $0["completeness"]?.string == "full" })
            #expect(run.partialCount > 0)
        }
    }

    @Test(
        "the manager socket cut for 30 s at 20 random moments of 50 overlapping calls, what was missed read from the files"
    )
    func cut() async throws {
        let runs = try await onBoth("cut") { tree in
            let seed = UInt64.random(in: 0..<1_000_000)
            print("lab: cuts of seed \(seed)")
            // Each cut is of a daemon of its own, which watches all the calls.
            return try OutageRun.run(
                tree: tree, name: "cut-\(tree.major)", program: OutageTests.program,
                plan: .init(count: 50, seconds: 60, lasting: 0.1...30, seed: seed), daemons: 20,
                outages: Outage.scattered(daemons: 20, each: 1, over: 75, lasting: 30, seed: seed) {
                    .cut(daemon: $0)
                }, files: .both, attachesHandler: false)
        }
        for (tree, run) in runs {
            #expect(run.faults.isEmpty, "\(tree): \(run.faults.prefix(8))")
            #expect(run.records.count == 20 && run.records.allSatisfy { $0.count == 50 })
            #expect(run.partialCount > 0)
        }
    }

    @Test(
        "rights taken away, then ends filtered out, in the middle of 30 calls: what was not seen is read from Asterisk's files"
    )
    func restricted() async throws {
        let runs = try await onBoth("rights") { tree in
            let seed = UInt64.random(in: 0..<1_000_000)
            print("lab: rights of seed \(seed)")
            return try OutageRun.run(
                tree: tree, name: "rights-\(tree.major)", program: OutageTests.program,
                plan: .init(count: 30, seconds: 14, lasting: 0.5...6, seed: seed),
                outages: [Outage(.permission, at: 3, lasting: 4), Outage(.filter, at: 10, lasting: 3)], files: .both,
                attachesHandler: false)
        }
        for (tree, run) in runs {
            #expect(run.faults.isEmpty, "\(tree): \(run.faults.prefix(8))")
            #expect(run.partialCount > 0)
        }
    }

    @Test("Asterisk killed in the middle of 30 calls: each is told once, before and after")
    func killedAsterisk() async throws {
        let runs = try await onBoth("crash") { tree in
            try OutageRun.run(
                tree: tree, name: "crash-\(tree.major)", program: OutageTests.program,
                plan: .init(count: 30, seconds: 10, lasting: 0.5...6, seed: UInt64.random(in: 0..<1_000_000)),
                outages: [Outage(.killAsterisk, at: 5, lasting: 1)])
        }
        for (tree, run) in runs {
            #expect(run.faults.isEmpty, "\(tree): \(run.faults.prefix(8))")
            #expect(run.partialCount > 0)
        }
    }
}
