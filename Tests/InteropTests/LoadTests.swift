import HookswitchLab
import TestGround
import Testing

@Suite("Many calls on real Asterisk", .serialized)
struct LoadTests {
    /// An Asterisk with the shipped files, and a daemon beside it.
    private func withLane(
        _ tree: LabTree, _ name: String, _ body: (Lane, HookswitchProcess) throws -> Void
    ) throws {
        let agiPort = Loopback.freePort()
        let lane = try Lane(
            tree: tree, name: name, fastAGIPort: agiPort,
            shippedFolder: HookswitchLab.repository + "/asterisk-conf", sendsAudio: false)
        defer { lane.stop() }
        let daemon = HookswitchProcess(
            program: HookswitchLab.repository + "/.build/debug/hookswitch",
            folder: lane.asterisk.folder + "/hookswitch", managers: [("pbx", lane.asterisk.managerPort)],
            fastAGIPort: agiPort)
        try daemon.start()
        defer { daemon.stop() }
        try daemon.awaitLog("calls in progress are known")
        try body(lane, daemon)
    }

    @Test("calls that overlap are told once each, with the seconds their phones saw", arguments: [50, 500])
    func overlapping(count: Int) throws {
        try withLane(.forky, "load\(count)") { lane, daemon in
            let run = try LoadRun.run(lane: lane, daemon: daemon, count: count)
            #expect(run.faults.isEmpty, "\(run.faults.prefix(5))")
        }
    }

    @Test("a daemon killed while 50 calls are up tells each of them once", arguments: LabTree.allCases)
    func killedDaemon(tree: LabTree) throws {
        try withLane(tree, "kill") { lane, daemon in
            let run = try LoadRun.run(lane: lane, daemon: daemon, count: 50) {
                daemon.kill9()
                try daemon.start()
                try daemon.awaitLog("calls in progress are known", times: 2)
            }
            #expect(run.faults.isEmpty, "\(run.faults.prefix(5))")
        }
    }
}
