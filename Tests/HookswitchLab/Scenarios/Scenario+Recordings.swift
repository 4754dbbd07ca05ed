extension Scenario {
    private static func recorded(_ did: String, _ paths: [String], state: String? = "ready") -> StatedFacts {
        inbound(did, "ANSWERED").with {
            ($0.recordings, $0.recordingState, $0.answeredBy, $0.hungUpBy) = (paths, state, "1001", ["caller"])
        }
    }

    private static func mixMonitor(_ name: String) -> Step {
        .action(["Action: MixMonitor", "Channel: {customer}", "File: {monitor}/\(name).wav"])
    }

    /// Recordings: from the dialplan, in mid-call, paused, restarted, transferred, empty.
    static let recordings: [Scenario] = [
        Scenario(
            "rec_dialplan", "recording", "The dialplan records the call, bridged time only; 3 s talk.",
            steps: begin("5010") + [.wait(3), .hangUp(.customer), .ended(.alice)],
            calls: [
                recorded("5010", ["rec-15551230001-5010-"]).with {
                    ($0.billsec, $0.talk, $0.cause) = (2...3, 2.7...3.5, [16])
                }
            ]),
        Scenario(
            "rec_ami", "recording", "A supervisor records from second 1 to second 3, by manager actions.",
            steps: begin("5001") + [
                .wait(1), mixMonitor("ami-rec-1"), .wait(2),
                .action(["Action: StopMixMonitor", "Channel: {customer}"]), .wait(1), .hangUp(.customer),
                .ended(.alice),
            ],
            calls: [recorded("5001", ["ami-rec-1"])]),
        Scenario(
            "rec_restarted", "recording", "Recording is stopped and started again into a second file.",
            steps: begin("5001") + [
                mixMonitor("ami-rec-2"), .wait(1), .action(["Action: StopMixMonitor", "Channel: {customer}"]),
                .wait(0.5), mixMonitor("ami-rec-3"), .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [recorded("5001", ["ami-rec-2", "ami-rec-3"])]),
        Scenario(
            "rec_paused", "recording", "Recording is muted for a second while card numbers are spoken.",
            steps: begin("5010") + [
                .wait(1),
                .action(["Action: MixMonitorMute", "Channel: {customer}", "Direction: both", "State: 1"]), .wait(1),
                .action(["Action: MixMonitorMute", "Channel: {customer}", "Direction: both", "State: 0"]), .wait(1),
                .hangUp(.customer), .ended(.alice),
            ],
            calls: [recorded("5010", ["rec-15551230001-5010-"])]),
        Scenario(
            "rec_feature_code", "recording", "Alice starts recording with *3 after 1 s.",
            steps: begin("5035") + [
                .wait(1), .press(.alice, "*3"), .wait(3), .hangUp(.customer), .ended(.alice),
            ],
            calls: [recorded("5035", ["/auto-"])]),
        Scenario(
            "rec_two_legs", "recording", "Both legs are recorded, each into its own file.",
            steps: begin("5031") + [.wait(2), .hangUp(.customer), .ended(.alice)],
            calls: [recorded("5031", ["first-", "second-"])]),
        Scenario(
            "rec_transferred", "recording", "A recorded call is sent to Bob; one file holds it all.",
            steps: begin("5010") + [
                .wait(2), .transfer(.alice, to: "1002"), .answer(.bob), .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                recorded("5010", ["rec-15551230001-5010-"]).with {
                    ($0.transfers, $0.agents) = ([.init("blind", ok: true)], ["1001", "1002"])
                }
            ], cdrDiffers: "rows for each leg of the transfer"),
        Scenario(
            "rec_empty", "recording", "Recording of bridged time only, but nobody answers: the file holds no sound.",
            steps: [.dial(.customer, "5032"), .called(.alice), .ended(.customer)],
            calls: [
                inbound("5032", "NO_ANSWER").with { ($0.recordings, $0.recordingState) = (["empty-"], nil) }
            ]),
    ]
}
