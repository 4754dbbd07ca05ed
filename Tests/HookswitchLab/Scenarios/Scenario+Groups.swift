extension Scenario {
    /// Ring groups, hunts, forwarding, Local chains, pickup, parking and conferences.
    static let groups: [Scenario] = [
        Scenario(
            "ringgroup_second_answers", "group", "Alice and Bob ring together, Bob answers after 2 s.",
            steps: [
                .dial(.customer, "5003"), .called(.alice), .called(.bob), .wait(2), .answer(.bob), .ended(.alice),
                .wait(3), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5003", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 5...6)
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.cause) = ("1002", ["1002"], ["caller"], [16])
                }
            ]),
        Scenario(
            "ringgroup_nobody", "group", "Alice and Bob ring together for 4 s, nobody answers.",
            steps: [.dial(.customer, "5038"), .called(.alice), .ended(.customer)],
            calls: [inbound("5038", "NO_ANSWER").with { ($0.duration, $0.hungUpBy) = (4...5, ["system"]) }]),
        Scenario(
            "ringgroup_one_busy", "group", "Alice is busy, Bob answers.",
            steps: [
                .dial(.customer, "5003"), .refuse(.alice, 486), .called(.bob), .wait(1), .answer(.bob), .wait(2),
                .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5003", "ANSWERED").with { ($0.answeredBy, $0.hungUpBy) = ("1002", ["callee"]) }
            ]),
        Scenario(
            "ringgroup_all_busy", "group", "Alice and Bob are both busy.",
            steps: [.dial(.customer, "5003"), .refuse(.alice, 486), .refuse(.bob, 486), .ended(.customer)],
            calls: [inbound("5003", "BUSY").with { $0.duration = 0...1 }]),
        Scenario(
            "hunt_second", "group", "Alice rings 3 s, then Bob, who answers after 1 s.",
            steps: [
                .dial(.customer, "5004"), .called(.alice), .called(.bob), .wait(1), .answer(.bob), .wait(3),
                .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5004", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 7...8)
                    ($0.answeredBy, $0.hungUpBy) = ("1002", ["callee"])
                }
            ]),
        Scenario(
            "desk_and_mobile", "group", "Alice's desk phone and a mobile outside ring; the mobile takes the call.",
            steps: [
                .dial(.customer2, "5039"), .called(.alice), .called(.customer), .wait(1), .answer(.customer), .wait(2),
                .hangUp(.customer2), .ended(.customer),
            ],
            calls: [
                inbound("5039", "ANSWERED", from: Party.customer2.rawValue).with {
                    ($0.billsec, $0.hungUpBy) = (1...2, ["caller"])
                }
            ]),
        Scenario(
            "forward_302", "group", "Alice's phone forwards (302) to Bob, who answers after 1 s.",
            steps: [
                .dial(.customer, "5001"), .forward(.alice, to: "1002"), .called(.bob), .wait(1), .answer(.bob),
                .wait(3), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.answeredBy) = (2...3, 2.7...3.5, "1002")
                    ($0.hungUpBy, $0.cause, $0.transfers) = (["caller"], [16], nil)
                }
            ], cdrDiffers: "four rows"),
        Scenario(
            "forward_302_unanswered", "group",
            "Alice's phone forwards to Bob, who does not answer; the customer gives up.",
            steps: [
                .dial(.customer, "5001"), .forward(.alice, to: "1002"), .called(.bob), .wait(2), .hangUp(.customer),
                .ended(.bob),
            ],
            calls: [
                inbound("5001", "CANCELED").with { ($0.hungUpBy, $0.transfers) = (["caller"], nil) }
            ], cdrDiffers: "several rows"),
        Scenario(
            "followme", "group", "FollowMe calls Bob, who takes the call by pressing 1.",
            steps: [
                .dial(.customer, "5017"), .called(.bob), .wait(1), .answer(.bob), .wait(3.5), .press(.bob, "1"),
                .wait(4), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5017", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.transfers) = ("1002", ["1002"], ["caller"], nil)
                }
            ], cdrDiffers: "rows for the Local channel"),
        Scenario(
            "local_opt", "group",
            "The customer reaches Alice through a Local channel that is optimised away; 3 s talk.",
            steps: begin("5012") + [.wait(3), .hangUp(.customer), .ended(.alice)],
            calls: [throughLocal("5012")], cdrDiffers: "rows for the Local channel"),
        Scenario(
            "local_no_opt", "group", "The customer reaches Alice through a Local channel that stays; 3 s talk.",
            steps: begin("5018") + [.wait(3), .hangUp(.customer), .ended(.alice)],
            calls: [throughLocal("5018")], cdrDiffers: "rows for the Local channel"),
        Scenario(
            "local_2hop", "group", "The customer reaches Alice through two Local channels; 3 s talk.",
            steps: begin("5026") + [.wait(3), .hangUp(.customer), .ended(.alice)],
            calls: [throughLocal("5026")], cdrDiffers: "rows for the Local channels"),
        Scenario(
            "local_busy", "group", "Alice, behind a Local channel, is busy.",
            steps: [.dial(.customer, "5012"), .refuse(.alice, 486), .ended(.customer)],
            calls: [inbound("5012", "BUSY").with { $0.duration = 0...1 }], cdrDiffers: "rows for the Local channel"),
        Scenario(
            "pickup_directed", "group", "Alice's phone rings; Bob takes the call by Pickup().",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .dial(.bob, "4010"), .up(.bob), .ended(.alice),
                .wait(3), .hangUp(.customer), .ended(.bob),
            ],
            calls: [pickedUp], cdrDiffers: "rows for who picked up"),
        Scenario(
            "pickup_group", "group", "Alice's phone rings; Bob takes the call with *8.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .dial(.bob, "*8"), .up(.bob), .ended(.alice),
                .wait(3), .hangUp(.customer), .ended(.bob),
            ],
            calls: [pickedUp], cdrDiffers: "rows for who picked up"),
        Scenario(
            "park_retrieve", "group",
            "Alice parks the customer (#72); Bob dials the slot 3 s later; 3 s talk; Bob hangs up.",
            steps: begin("5021") + [
                .wait(2), .press(.alice, "#72"), .ended(.alice), .wait(3), .dial(.bob, "701"), .up(.bob), .wait(3),
                .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5021", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.agent) = ("1001", ["1001", "1002"], "1002")
                    ($0.hungUpBy, $0.park, $0.transfers) = (["callee", "agent"], 2.5...9, [.init("park", ok: true)])
                }
            ], cdrDiffers: "four rows"),
        Scenario(
            "park_timeout", "group", "Nobody retrieves the customer within 4 s; he comes back to Alice, who answers.",
            steps: begin("5037") + [
                .wait(2), .press(.alice, "#72"), .ended(.alice), .called(.alice), .wait(1), .answer(.alice), .wait(2),
                .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5037", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                    ($0.park, $0.transfers) = (3...6, nil)
                }
            ], cdrDiffers: "several rows"),
        Scenario(
            "park_hangup", "group", "The customer hangs up while he is parked.",
            steps: begin("5021") + [
                .wait(2), .press(.alice, "#72"), .ended(.alice), .wait(2), .hangUp(.customer),
            ],
            calls: [
                inbound("5021", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                    ($0.park, $0.transfers) = (1.5...8, nil)
                }
            ], cdrDiffers: "several rows"),
        Scenario(
            "conference_3", "group", "Two customers and Bob meet in a conference and leave one by one.",
            steps: [
                .dial(.customer, "5009"), .up(.customer), .wait(1), .dial(.bob, "4000"), .up(.bob), .wait(1),
                .dial(.customer2, "5009"), .up(.customer2), .wait(3), .hangUp(.customer2), .wait(1),
                .hangUp(.bob), .wait(1), .hangUp(.customer),
            ],
            calls: [
                inbound("5009", "ANSWERED").with {
                    ($0.billsec, $0.duration, $0.hungUpBy) = (6...8, 6...8, ["caller"])
                    ($0.answeredBy, $0.agents, $0.talk) = (nil, nil, nil)
                },
                StatedFacts("internal", from: "1002", to: "4000", disposition: "ANSWERED").with {
                    ($0.billsec, $0.hungUpBy) = (4...6, ["caller"])
                },
                inbound("5009", "ANSWERED", from: Party.customer2.rawValue).with {
                    ($0.billsec, $0.duration, $0.hungUpBy) = (2...4, 2...4, ["caller"])
                    ($0.answeredBy, $0.agents, $0.talk) = (nil, nil, nil)
                },
            ]),
        Scenario(
            "page_two", "group",
            "The customer's call pages Alice and Bob, who both answer; 2 s; the customer hangs up.",
            steps: [
                .manner(.alice, .answers(after: 0.2)), .manner(.bob, .answers(after: 0.2)), .dial(.customer, "5030"),
                .up(.alice), .up(.bob), .wait(2), .hangUp(.customer), .ended(.alice), .ended(.bob),
            ],
            calls: [
                inbound("5030", "ANSWERED").with {
                    ($0.hungUpBy, $0.answeredBy, $0.agents, $0.talk) = (["caller"], nil, nil, nil)
                }
            ], cdrDiffers: "a row for each phone"),
    ]

    private static func throughLocal(_ did: String) -> StatedFacts {
        inbound(did, "ANSWERED").with {
            ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.6, 4...5)
            ($0.answeredBy, $0.agents, $0.hungUpBy, $0.cause) = ("1001", ["1001"], ["caller"], [16])
        }
    }

    private static let pickedUp = inbound("5001", "ANSWERED").with {
        ($0.billsec, $0.talk, $0.answeredBy, $0.agents) = (2...3, 2.7...3.6, "1002", ["1002"])
        ($0.hungUpBy, $0.transfers) = (["caller"], nil)
    }
}
