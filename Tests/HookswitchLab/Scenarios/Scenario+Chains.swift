extension Scenario {
    private static func moved(
        _ did: String, _ kinds: [String], agents: [String], hungUpBy: [String?] = ["caller"], from: Party = .customer
    ) -> StatedFacts {
        inbound(did, "ANSWERED", from: from.rawValue).with {
            ($0.transfers, $0.answeredBy, $0.agents) = (kinds.map { .init($0, ok: true) }, "1001", agents)
            ($0.agent, $0.hungUpBy) = (agents.last, hungUpBy)
        }
    }

    /// Transfers to every kind of place, one after another, and by either side; pickups and parking in odd company.
    static let chains: [Scenario] = [
        Scenario(
            "chain_of_four", "chain",
            "Alice sends the customer to Bob, Bob consults Carol and joins, Carol sends him to Dave.",
            steps: begin() + [
                .wait(1), .transfer(.alice, to: "1002"), .answer(.bob), .wait(1), .hold(.bob), .dial(.bob, "1003"),
                .answer(.carol), .up(.bob), .wait(1), .join(.bob, line: 1, into: 2), .ended(.bob, line: 1), .wait(1),
                .transfer(.carol, to: "1004"), .answer(.dave), .wait(2), .hangUp(.dave), .ended(.customer),
            ],
            calls: [
                moved(
                    "5001", ["blind", "attended", "blind"], agents: ["1001", "1002", "1003", "1004"],
                    hungUpBy: ["agent"])
            ], cdrDiffers: rows),
        Scenario(
            "xfer_att_outbound", "chain", "Alice calls a customer, consults Bob and joins both; the customer hangs up.",
            steps: [
                .dial(.alice, "915559876543"), .called(.customer), .wait(1), .answer(.customer), .up(.alice), .wait(2),
                .hold(.alice, line: 1), .dial(.alice, "1002"), .answer(.bob), .up(.alice), .wait(2),
                .join(.alice, line: 1, into: 2), .ended(.alice, line: 1), .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                StatedFacts("outbound", from: "1001", to: "15559876543", "915559876543", disposition: "ANSWERED").with {
                    ($0.agents, $0.agent, $0.hungUpBy) = (["1001", "1002"], "1002", ["callee"])
                    ($0.transfers, $0.talk, $0.hold) = ([.init("attended", ok: true)], 3.5...5, 1.5...3.4)
                    $0.answeredBy = "15559876543"
                }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_att_to_queue", "chain", "Alice consults a queue, where Bob answers, and joins customer and Bob.",
            steps: begin() + [
                .wait(1), .hold(.alice), .manner(.alice, .refuses(status: 486)), .dial(.alice, "4040"),
                .called(.bob), .answer(.bob), .wait(1), .join(.alice, line: 1, into: 2), .wait(2), .hangUp(.customer),
                .ended(.bob),
            ],
            calls: [moved("5001", ["attended"], agents: ["1001", "1002"])], cdrDiffers: rows),
        Scenario(
            "xfer_att_to_waiting_queue", "chain",
            "Alice calls a queue and joins the customer to it while he waits there; then Bob answers; 2 s talk.",
            steps: begin() + [
                .wait(1), .hold(.alice), .manner(.alice, .refuses(status: 486)), .dial(.alice, "4040"), .up(.alice),
                .called(.bob), .wait(1), .join(.alice, line: 1, into: 2), .wait(1), .answer(.bob), .wait(2),
                .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                moved("5001", ["attended"], agents: ["1001", "1002"]).with {
                    $0.queue = .init("support", "ANSWERED", wait: 1.7...5)
                }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_att_to_conference", "chain",
            "Carol is in a conference; Alice calls it and joins the customer to it; the customer hangs up.",
            steps: [.dial(.carol, "4000"), .up(.carol)] + begin() + [
                .wait(1), .hold(.alice), .dial(.alice, "4000"), .up(.alice), .wait(1),
                .join(.alice, line: 1, into: 2), .ended(.alice, line: 1), .wait(2), .hangUp(.customer), .wait(0.5),
                .hangUp(.carol),
            ],
            calls: [
                inside("1003", "4000"),
                moved("5001", ["attended"], agents: ["1001", "1003"]),
            ], cdrDiffers: rows),
        Scenario(
            "xfer_att_to_announcement", "chain", "Alice calls a 3 s announcement and joins the customer to it.",
            steps: begin() + [
                .wait(1), .hold(.alice), .dial(.alice, "4030"), .up(.alice), .wait(0.5),
                .join(.alice, line: 1, into: 2), .ended(.alice, line: 1), .ended(.customer),
            ],
            calls: [
                moved("5001", ["attended"], agents: ["1001"], hungUpBy: ["system"]).with { $0.talk = 0.7...2.2 }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_att_outside", "chain", "Alice consults a number outside and joins both outside parties.",
            steps: begin(from: .customer2) + [
                .wait(1), .hold(.alice), .dial(.alice, "915559876543"), .called(.customer), .wait(1),
                .answer(.customer), .up(.alice), .wait(1), .join(.alice, line: 1, into: 2), .ended(.alice, line: 1),
                .wait(2), .hangUp(.customer), .ended(.customer2),
            ],
            calls: [
                moved("5001", ["attended"], agents: ["1001"], hungUpBy: ["agent", "callee"], from: .customer2)
            ], cdrDiffers: rows),
        Scenario(
            "xfer_blind_to_voicemail", "chain", "Alice sends the customer to a voicemail box; he speaks 2 s.",
            steps: begin() + [.wait(2), .transfer(.alice, to: "4050"), .ended(.alice), .wait(2), .hangUp(.customer)],
            calls: [
                moved("5001", ["blind"], agents: ["1001"]).with { ($0.talk, $0.recordings) = (1.7...2.6, nil) }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_blind_to_conference", "chain", "Alice sends the customer to a conference where Carol is.",
            steps: [.dial(.carol, "4000"), .up(.carol)] + begin() + [
                .wait(1), .transfer(.alice, to: "4000"), .ended(.alice), .wait(2), .hangUp(.carol), .wait(0.5),
                .hangUp(.customer),
            ],
            calls: [inside("1003", "4000"), moved("5001", ["blind"], agents: ["1001", "1003"])], cdrDiffers: rows),
        Scenario(
            "xfer_blind_to_menu", "chain", "Alice sends the customer to a menu; he presses 1 and is with Alice again.",
            steps: begin() + [
                .wait(1), .transfer(.alice, to: "4065"), .ended(.alice), .wait(1.5), .press(.customer, "1"),
                .called(.alice), .wait(1), .answer(.alice), .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [moved("5001", ["blind"], agents: ["1001"]).with { $0.talk = 2.5...4 }], cdrDiffers: rows),
        Scenario(
            "xfer_blind_to_parking", "chain", "Alice sends the customer to 700; Bob fetches him from 701; 2 s talk.",
            steps: begin() + [
                .wait(1), .transfer(.alice, to: "700"), .ended(.alice), .wait(2), .dial(.bob, "701"), .up(.bob),
                .wait(2), .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                moved("5001", ["park"], agents: ["1001", "1002"], hungUpBy: ["callee", "agent"]).with {
                    ($0.park, $0.transfers) = (1.5...6, nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_internal_by_callee", "chain", "Alice calls Bob, who sends her to Carol.",
            steps: [
                .dial(.alice, "1002"), .answer(.bob), .up(.alice), .wait(2), .transfer(.bob, to: "1003"),
                .called(.carol), .answer(.carol), .wait(2), .hangUp(.alice), .ended(.carol),
            ],
            calls: [
                inside("1001", "1002").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1002", ["1002", "1003"], ["caller"])
                    ($0.transfers, $0.talk) = ([.init("blind", ok: true)], 3.5...4.6)
                }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_internal_by_caller", "chain", "Alice calls Bob and sends him to Carol; Bob and Carol talk 2 s.",
            steps: [
                .dial(.alice, "1002"), .answer(.bob), .up(.alice), .wait(2), .transfer(.alice, to: "1003"),
                .called(.carol), .answer(.carol), .wait(2), .hangUp(.bob), .ended(.carol),
            ],
            calls: [
                inside("1001", "1002").with {
                    ($0.answeredBy, $0.hungUpBy, $0.transfers) = ("1002", ["callee"], [.init("blind", ok: true)])
                    $0.duration = 4...5
                }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_outside_to_outside", "chain", "Alice calls a customer and sends him to another number outside.",
            steps: [
                .dial(.alice, "615559876543"), .called(.customer3), .answer(.customer3), .up(.alice), .wait(2),
                .transfer(.alice, to: "915550002222"), .called(.customer), .wait(1), .answer(.customer), .wait(2),
                .hangUp(.customer3), .ended(.customer),
            ],
            calls: [
                StatedFacts("outbound", from: "1001", to: "15559876543", "615559876543", disposition: "ANSWERED").with {
                    ($0.agents, $0.agent, $0.hungUpBy) = (["1001"], "1001", ["callee"])
                    ($0.transfers, $0.answeredBy, $0.billsec) = ([.init("blind", ok: true)], "15559876543", 4...6)
                }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_target_forwards", "chain", "Alice sends the customer to Bob, whose phone forwards (302) to Carol.",
            steps: begin() + [
                .wait(1), .transfer(.alice, to: "1002"), .forward(.bob, to: "1003"), .answer(.carol), .wait(2),
                .hangUp(.customer), .ended(.carol),
            ],
            calls: [moved("5001", ["blind"], agents: ["1001", "1003"]).with { $0.transfers = nil }], cdrDiffers: rows),
        Scenario(
            "two_calls_of_one_agent", "chain",
            "Alice talks with one customer, holds him, takes a second call, and goes back to the first.",
            steps: begin() + [
                .wait(1), .dial(.customer2, "5001"), .called(.alice), .hold(.alice, line: 1), .answer(.alice),
                .up(.customer2), .wait(2), .hold(.alice, line: 2), .resume(.alice, line: 1), .wait(1),
                .hangUp(.customer), .ended(.alice, line: 1), .resume(.alice, line: 2), .wait(1),
                .hangUp(.alice, line: 2), .ended(.customer2),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.hold) = ("1001", ["1001"], ["caller"], 1.8...3)
                },
                inbound("5001", "ANSWERED", from: Party.customer2.rawValue).with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.hold) = ("1001", ["1001"], ["callee"], 0.8...2)
                },
            ]),
        Scenario(
            "pickup_of_group", "chain", "Alice and Bob ring; Carol takes the call with *8; 2 s talk; Carol hangs up.",
            steps: [
                .dial(.customer, "5003"), .called(.alice), .called(.bob), .wait(1), .dial(.carol, "*8"), .up(.carol),
                .ended(.alice), .ended(.bob), .wait(2), .hangUp(.carol), .ended(.customer),
            ],
            calls: [
                inbound("5003", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (1.7...2.6, "1003", ["1003"], ["callee"])
                }
            ], cdrDiffers: rows),
        Scenario(
            "pickup_of_queue", "chain", "A queue calls Alice; Carol takes the call with *8; 2 s talk.",
            steps: [
                .dial(.customer, "5005"), .called(.alice), .wait(1), .dial(.carol, "*8"), .up(.carol), .ended(.alice),
                .wait(2), .hangUp(.customer), .ended(.carol),
            ],
            calls: [
                inbound("5005", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (1.7...2.6, "1003", ["1003"], ["caller"])
                    $0.queue = .init("support", "ANSWERED", wait: 0.8...2)
                }
            ], cdrDiffers: rows),
        Scenario(
            "pickup_by_channel", "chain", "Alice's phone rings; Bob takes the call by PickupChan().",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .dial(.bob, "4068"), .up(.bob), .ended(.alice),
                .wait(2), .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (1.7...2.6, "1002", ["1002"], ["callee"])
                }
            ], cdrDiffers: rows),
        Scenario(
            "pickup_and_transfer", "chain", "Bob picks Alice's call up and sends the customer to Carol.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .dial(.bob, "*8"), .up(.bob), .wait(1),
                .transfer(.bob, to: "1003"), .answer(.carol), .wait(2), .hangUp(.carol), .ended(.customer),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.agent) = ("1002", ["1002", "1003"], "1003")
                    ($0.hungUpBy, $0.transfers) = (["agent"], [.init("blind", ok: true)])
                }
            ], cdrDiffers: rows),
        Scenario(
            "park_twice", "chain", "Alice parks the customer, Bob fetches him and parks him again; Carol fetches him.",
            steps: begin("5231") + [
                .wait(1), .press(.alice, "#72"), .ended(.alice), .wait(1), .dial(.bob, "701"), .up(.bob), .wait(1),
                .transfer(.bob, to: "700"), .ended(.bob), .wait(1), .dial(.carol, "701"), .up(.carol), .wait(2),
                .hangUp(.customer), .ended(.carol),
            ],
            calls: [
                moved("5231", ["park", "park"], agents: ["1001", "1002", "1003"]).with {
                    ($0.transfers, $0.park) = (nil, 2...12)
                }
            ], cdrDiffers: rows),
        Scenario(
            "park_and_transfer", "chain", "Alice parks, Bob fetches and sends the customer to Carol, who hangs up.",
            steps: begin("5231") + [
                .wait(1), .press(.alice, "#72"), .ended(.alice), .wait(1), .dial(.bob, "701"), .up(.bob), .wait(1),
                .transfer(.bob, to: "1003"), .answer(.carol), .wait(2), .hangUp(.carol), .ended(.customer),
            ],
            calls: [
                moved("5231", [], agents: ["1001", "1002", "1003"], hungUpBy: ["agent"]).with { $0.transfers = nil }
            ], cdrDiffers: rows),
        Scenario(
            "hold_for_ever", "chain", "Alice holds the customer and never comes back; the PBX is told to end it.",
            steps: begin() + [
                .wait(1), .hold(.alice), .wait(3), .action(["Action: Hangup", "Channel: {customer}"]),
                .ended(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.talk, $0.hold, $0.agents, $0.hungUpBy) = (0.8...1.6, 2.6...3.5, ["1001"], ["system"])
                }
            ]),
        Scenario(
            "customer_holds", "chain", "The customer puts Alice on hold for 2 s, and she hangs up.",
            steps: begin() + [.wait(1), .hold(.customer), .wait(2), .hangUp(.alice), .ended(.customer)],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.talk, $0.hold, $0.agents, $0.hungUpBy) = (0.8...1.6, 1.7...2.5, ["1001"], ["callee"])
                }
            ]),
    ]
}
