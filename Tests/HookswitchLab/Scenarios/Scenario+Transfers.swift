extension Scenario {
    private static func transferred(
        _ did: String, _ kind: String, ok: Bool, agents: [String], hungUpBy: [String?] = ["caller"]
    ) -> StatedFacts {
        inbound(did, "ANSWERED").with {
            ($0.transfers, $0.answeredBy, $0.agents) = ([.init(kind, ok: ok)], "1001", agents)
            ($0.agent, $0.hungUpBy) = (agents.last, hungUpBy)
        }
    }

    private static let legRows = "one row for each leg of the transfer"

    /// Transfers by the phone's key and by feature codes, completed, failed and taken back.
    static let transfers: [Scenario] = [
        Scenario(
            "xfer_blind_refer", "transfer",
            "Alice talks 2 s and sends the customer to Bob with her transfer key; Bob answers after 1 s; 3 s talk.",
            steps: begin("5001") + [
                .wait(2), .transfer(.alice, to: "1002"), .called(.bob), .wait(1), .answer(.bob), .wait(3),
                .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                transferred("5001", "blind", ok: true, agents: ["1001", "1002"]).with {
                    ($0.billsec, $0.talk, $0.duration) = (5...7, 4.5...5.8, 6...8)
                }
            ], cdrDiffers: legRows),
        Scenario(
            "xfer_blind_dtmf", "transfer", "The same with the feature code ##.",
            steps: begin("5021") + [
                .wait(2), .press(.alice, "##"), .wait(1), .press(.alice, "1002"), .called(.bob), .wait(1),
                .answer(.bob), .wait(3), .hangUp(.customer), .ended(.bob),
            ],
            calls: [transferred("5021", "blind", ok: true, agents: ["1001", "1002"])], cdrDiffers: legRows),
        Scenario(
            "xfer_blind_target_hangs", "transfer", "A blind transfer; Bob, who took it, hangs up.",
            steps: begin("5001") + [
                .wait(1), .transfer(.alice, to: "1002"), .answer(.bob), .wait(2), .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                transferred(
                    "5001", "blind", ok: true, agents: ["1001", "1002"], hungUpBy: ["agent", "callee"])
            ], cdrDiffers: legRows),
        Scenario(
            "xfer_blind_busy", "transfer", "A blind transfer to Bob, who is busy: the customer is lost.",
            steps: begin("5001") + [
                .wait(2), .transfer(.alice, to: "1002"), .refuse(.bob, 486), .ended(.customer),
            ],
            calls: [
                transferred("5001", "blind", ok: false, agents: ["1001"], hungUpBy: ["system", "agent"]).with {
                    $0.talk = 1.7...2.6
                }
            ], cdrDiffers: legRows),
        Scenario(
            "xfer_blind_silent", "transfer", "A blind transfer to Bob, who does not answer; the customer gives up.",
            steps: begin("5001") + [
                .wait(2), .transfer(.alice, to: "1002"), .called(.bob), .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                transferred("5001", "blind", ok: false, agents: ["1001"]).with { $0.talk = 1.7...2.6 }
            ], cdrDiffers: legRows),
        Scenario(
            "xfer_blind_outside", "transfer",
            "Alice sends the customer on to a number outside, where somebody answers.",
            steps: begin("5001", from: .customer2) + [
                .wait(2), .transfer(.alice, to: "915559876543"), .called(.customer), .wait(1), .answer(.customer),
                .wait(2), .hangUp(.customer2), .ended(.customer),
            ],
            calls: [
                transferred("5001", "blind", ok: true, agents: ["1001"]).with {
                    $0.caller = Party.customer2.rawValue
                }
            ], cdrDiffers: legRows),
        Scenario(
            "xfer_blind_twice", "transfer", "Alice sends the customer to Bob, Bob sends him on to Carol.",
            steps: begin("5001") + [
                .wait(2), .transfer(.alice, to: "1002"), .answer(.bob), .wait(2), .transfer(.bob, to: "1003"),
                .answer(.carol), .wait(2), .hangUp(.customer), .ended(.carol),
            ],
            calls: [
                transferred("5001", "blind", ok: true, agents: ["1001", "1002", "1003"]).with {
                    ($0.transfers, $0.talk) = ([.init("blind", ok: true), .init("blind", ok: true)], 5...7)
                }
            ], cdrDiffers: legRows),
        Scenario(
            "xfer_blind_to_announcement", "transfer",
            "Alice sends the customer to a 3 s announcement; the PBX hangs up.",
            steps: begin("5001") + [.wait(2), .transfer(.alice, to: "4030"), .ended(.customer)],
            calls: [
                transferred("5001", "blind", ok: true, agents: ["1001"], hungUpBy: ["system"]).with {
                    $0.talk = 1.7...2.6
                }
            ], cdrDiffers: legRows),
        Scenario(
            "xfer_blind_to_queue", "transfer", "Alice sends the customer to a queue, where Bob answers.",
            steps: begin("5001") + [
                .wait(2), .manner(.alice, .refuses(status: 486)), .transfer(.alice, to: "4040"), .answer(.bob),
                .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                transferred("5001", "blind", ok: true, agents: ["1001", "1002"]).with {
                    $0.queue = .init("support", "ANSWERED", wait: 0...6)
                }
            ], cdrDiffers: legRows),
        Scenario(
            "xfer_att_refer", "transfer",
            "Alice talks 2 s, holds, calls Bob (2 s), joins both (REFER with Replaces); customer and Bob talk 3 s.",
            steps: begin("5001") + [
                .wait(2), .hold(.alice), .dial(.alice, "1002"), .called(.bob), .wait(1), .answer(.bob), .up(.alice),
                .wait(2), .join(.alice, line: 1, into: 2), .ended(.alice, line: 1), .wait(3), .hangUp(.customer),
                .ended(.bob),
            ],
            calls: [
                transferred("5001", "attended", ok: true, agents: ["1001", "1002"]).with {
                    $0.talk = 4.5...6
                }
            ], cdrDiffers: "several rows under two linkedids"),
        Scenario(
            "xfer_att_early", "transfer", "Alice joins the customer with Bob while Bob's phone still rings.",
            steps: begin("5001") + [
                .wait(2), .hold(.alice), .dial(.alice, "1002"), .ringing(.alice), .wait(1),
                .join(.alice, line: 1, into: 2), .ended(.alice, line: 1), .wait(1), .answer(.bob), .wait(3),
                .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                transferred("5001", "attended", ok: true, agents: ["1001", "1002"])
            ], cdrDiffers: "several rows under two linkedids"),
        Scenario(
            "xfer_att_taken_back", "transfer",
            "Alice consults Bob on her second line, he says no and hangs up; she takes the customer back for 2 s.",
            steps: begin("5001") + [
                .wait(1), .hold(.alice), .dial(.alice, "1002"), .called(.bob), .answer(.bob), .up(.alice), .wait(2),
                .hangUp(.bob), .ended(.alice, line: 2), .resume(.alice, line: 1), .wait(2), .hangUp(.customer),
                .ended(.alice, line: 1),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.hold) = ("1001", ["1001"], ["caller"], 1.7...2.8)
                },
                StatedFacts("internal", from: "1001", to: "1002", disposition: "ANSWERED").with {
                    ($0.answeredBy, $0.billsec, $0.hungUpBy) = ("1002", 1...2, ["callee"])
                },
            ]),
        Scenario(
            "xfer_att_consult_busy", "transfer",
            "Alice tries to consult Bob, who is busy, and takes the customer back.",
            steps: begin("5001") + [
                .wait(1), .hold(.alice), .dial(.alice, "1002"), .refuse(.bob, 486), .ended(.alice, line: 2),
                .resume(.alice, line: 1), .wait(2), .hangUp(.customer), .ended(.alice, line: 1),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                },
                StatedFacts("internal", from: "1001", to: "1002", disposition: "BUSY").with { $0.billsec = 0...0 },
            ]),
        Scenario(
            "xfer_att_dtmf", "transfer",
            "Alice talks 2 s, consults Bob with *2 for 2 s, hangs up to connect; customer and Bob talk 3 s.",
            steps: begin("5021") + [
                .wait(2), .press(.alice, "*2"), .wait(1), .press(.alice, "1002"), .called(.bob), .wait(1),
                .answer(.bob), .wait(2), .hangUp(.alice), .wait(3), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                transferred("5021", "attended", ok: true, agents: ["1001", "1002"])
            ], cdrDiffers: "seven rows"),
        Scenario(
            "xfer_att_dtmf_busy", "transfer", "Alice consults Bob with *2; he is busy; she talks on with the customer.",
            steps: begin("5021") + [
                .wait(1), .press(.alice, "*2"), .wait(1), .press(.alice, "1002"), .refuse(.bob, 486), .wait(4),
                .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5021", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                }
            ], cdrDiffers: "rows for the consultation too"),
        Scenario(
            "xfer_att_dtmf_taken_back", "transfer",
            "Alice consults Bob with *2, Bob hangs up; she talks on with the customer for 2 s.",
            steps: begin("5021") + [
                .wait(1), .press(.alice, "*2"), .wait(1), .press(.alice, "1002"), .answer(.bob), .wait(2),
                .hangUp(.bob), .wait(3), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5021", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                }
            ], cdrDiffers: "rows for the consultation too"),
        Scenario(
            "xfer_att_dtmf_early", "transfer",
            "Alice hangs up while Bob's phone still rings; Bob answers after 1 s more.",
            steps: begin("5021") + [
                .wait(1), .press(.alice, "*2"), .wait(1), .press(.alice, "1002"), .called(.bob), .wait(1),
                .hangUp(.alice), .wait(1), .answer(.bob), .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                transferred("5021", "attended", ok: true, agents: ["1001", "1002"])
            ], cdrDiffers: "several rows"),
        Scenario(
            "out_xfer_blind", "transfer", "Alice calls a customer and sends him to Bob with her transfer key.",
            steps: [
                .dial(.alice, "815559876543"), .called(.customer), .wait(1), .answer(.customer), .up(.alice), .wait(2),
                .transfer(.alice, to: "1002"), .answer(.bob), .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                StatedFacts("outbound", from: "1001", to: "15559876543", "815559876543", disposition: "ANSWERED").with {
                    ($0.agents, $0.agent, $0.hungUpBy) = (["1001", "1002"], "1002", ["callee"])
                    ($0.transfers, $0.talk) = ([.init("blind", ok: true)], 3.5...5)
                }
            ], cdrDiffers: legRows),
        Scenario(
            "ami_redirect", "transfer",
            "After 2 s of talk a supervisor redirects the customer to a 3 s announcement; Alice's leg ends.",
            steps: begin("5001") + [
                .wait(2),
                .action(["Action: Redirect", "Channel: {customer}", "Context: announce", "Exten: s", "Priority: 1"]),
                .ended(.alice), .ended(.customer),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.agents) = (4...6, 1.7...2.6, ["1001"])
                    ($0.answeredBy, $0.hungUpBy, $0.transfers) = ("1001", ["system"], nil)
                }
            ], cdrDiffers: legRows),
        Scenario(
            "ami_hangup", "transfer", "A supervisor ends the call by a manager action after 3 s.",
            steps: begin("5001") + [
                .wait(3), .action(["Action: Hangup", "Channel: {customer}", "Cause: 16"]), .ended(.customer),
                .ended(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.answeredBy, $0.hungUpBy) = (2...3, 2.7...3.5, "1001", ["system"])
                    $0.cause = [16]
                }
            ]),
    ]
}
