extension Scenario {
    private static func spied(_ number: String, _ how: String) -> Scenario {
        Scenario(
            "spy_\(how)", "supervision", "Carol listens in on Alice's call (\(how)) for 2 s; she is no agent of it.",
            steps: begin() + [
                .wait(0.5), .dial(.carol, number), .up(.carol), .wait(2), .hangUp(.carol), .wait(0.5),
                .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (2.7...3.6, "1001", ["1001"], ["caller"])
                },
                inside("1003", number).with { ($0.hungUpBy, $0.agents) = (["caller"], []) },
            ])
    }
    private static func originate(_ channel: String, _ lines: String...) -> Step {
        .action(["Action: Originate", "Channel: \(channel)", "Timeout: 20000", "Async: true"] + lines)
    }

    /// Supervisors and programs: listening in, manager actions, calls that a program places.
    static let supervision: [Scenario] = [
        spied("4061", "silent"), spied("4062", "whisper"), spied("4063", "barge"),
        Scenario(
            "action_blind_transfer", "supervision", "The customer is sent to Bob by the manager action BlindTransfer.",
            steps: begin() + [
                .wait(1),
                .action(["Action: BlindTransfer", "Channel: {alice}", "Context: from-internal", "Exten: 1002"]),
                .called(.bob), .answer(.bob), .wait(2), .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001", "1002"], ["agent", "callee"])
                    $0.transfers = [.init("blind", ok: true)]
                }
            ], cdrDiffers: rows),
        Scenario(
            "action_attended_transfer", "supervision",
            "A program starts an attended transfer for Alice (Atxfer); Bob answers, Alice hangs up to connect.",
            steps: begin("5021") + [
                .wait(1),
                .action(["Action: Atxfer", "Channel: {alice}", "Context: from-internal", "Exten: 1002"]),
                .called(.bob), .answer(.bob), .wait(2), .hangUp(.alice), .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5021", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001", "1002"], ["caller"])
                    $0.transfers = [.init("attended", ok: true)]
                }
            ], cdrDiffers: rows),
        Scenario(
            "action_park", "supervision", "A program parks the customer; Bob fetches him from 701; 2 s talk.",
            steps: begin() + [
                .wait(1), .action(["Action: Park", "Channel: {customer}", "Timeout: 40000"]), .wait(2),
                .dial(.bob, "701"), .up(.bob), .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001", "1002"], ["caller"])
                    ($0.park, $0.transfers) = (1.5...4, [.init("park", ok: true)])
                }
            ], cdrDiffers: rows),
        Scenario(
            "action_redirect_both", "supervision", "A program sends customer and Alice into a conference; 2 s.",
            steps: begin() + [
                .wait(1),
                .action([
                    "Action: Redirect", "Channel: {customer}", "Context: from-internal", "Exten: 4000", "Priority: 1",
                    "ExtraChannel: {alice}", "ExtraContext: from-internal", "ExtraExten: 4000", "ExtraPriority: 1",
                ]), .wait(2), .hangUp(.customer), .wait(0.5), .hangUp(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.talk) = ("1001", ["1001"], 2.6...3.8)
                    $0.transfers = [.init("redirect", ok: true)]
                    $0.hungUpBy = ["caller", "callee"]
                }
            ], cdrDiffers: rows),
        Scenario(
            "action_redirect_to_phone", "supervision", "A program redirects the customer from Alice to Bob; 2 s talk.",
            steps: begin() + [
                .wait(1),
                .action([
                    "Action: Redirect", "Channel: {customer}", "Context: from-internal", "Exten: 1002", "Priority: 1",
                ]), .ended(.alice), .called(.bob), .wait(1), .answer(.bob), .wait(2), .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.agent) = ("1001", ["1001", "1002"], "1002")
                    ($0.hungUpBy, $0.transfers) = (["callee", "agent"], [.init("redirect", ok: true)])
                }
            ], cdrDiffers: rows),
        Scenario(
            "action_hangup_ringing", "supervision", "A program ends the call while Alice's phone rings.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(2),
                .action(["Action: Hangup", "Channel: {customer}"]), .ended(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5001", "NO_ANSWER", "CANCELED", "FAILED").with {
                    ($0.duration, $0.hungUpBy) = (2...3, ["system"])
                }
            ], cdrDiffers: rows),
        Scenario(
            "action_hangup_of_agent", "supervision", "A program ends Alice's channel; the call is over.",
            steps: begin() + [.wait(2), .action(["Action: Hangup", "Channel: {alice}"]), .ended(.customer)],
            calls: [inbound("5001", "ANSWERED").with { ($0.talk, $0.hungUpBy) = (1.7...2.6, ["system"]) }]),
        Scenario(
            "bridge_action", "supervision",
            "A customer hears music; a program bridges him with Bob, who makes an echo test; 2 s talk; Bob hangs up.",
            steps: [
                .dial(.customer, "5213"), .up(.customer), .wait(1), .dial(.bob, "4066"), .up(.bob), .wait(1),
                .action(["Action: Bridge", "Channel1: {customer}", "Channel2: {bob}"]), .wait(2), .hangUp(.bob),
                .wait(0.5), .hangUp(.customer),
            ],
            calls: [
                inbound("5213", "ANSWERED").with {
                    ($0.talk, $0.agents, $0.transfers) = (1.7...2.6, ["1002"], nil)
                    $0.answeredBy = "1002"
                }
            ], cdrDiffers: rows),
        Scenario(
            "callback_from_queue", "supervision",
            "A call back: the queue finds an agent first (Alice), then the customer is called; 2 s talk.",
            steps: [
                originate(
                    "Local/4040@from-internal", "Context: click2call", "Exten: 15559876543", "Priority: 1",
                    "CallerID: 15559876543"),
                .called(.alice), .wait(1), .answer(.alice), .called(.customer), .wait(1), .answer(.customer), .wait(2),
                .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                StatedFacts("outbound", from: "1001", to: "15559876543", disposition: "ANSWERED").with {
                    ($0.agents, $0.agent, $0.talk, $0.hungUpBy) = (["1001"], "1001", 1.7...2.6, ["callee"])
                    ($0.billsec, $0.answeredBy) = (1...2, "15559876543")
                }
            ], cdrDiffers: rows),
        Scenario(
            "callback_customer_first", "supervision",
            "A call back: the customer is called first, then waits in the queue for Alice; 2 s talk.",
            steps: [
                originate(
                    "PJSIP/15559876543@trunk", "Context: from-internal", "Exten: 4040", "Priority: 1",
                    "CallerID: 18005550100"),
                .called(.customer), .wait(1), .answer(.customer), .called(.alice), .wait(1), .answer(.alice), .wait(2),
                .hangUp(.alice), .ended(.customer),
            ],
            calls: [
                StatedFacts("outbound", from: "*", to: "15559876543", disposition: "ANSWERED").with {
                    ($0.agents, $0.agent, $0.talk) = (["1001"], "1001", 1.7...2.6)
                    ($0.billsec, $0.duration, $0.queue) = (2...4, 3...5, .init("support", "ANSWERED", wait: 0.8...2))
                    $0.answeredBy = "15559876543"
                }
            ], cdrDiffers: rows),
        Scenario(
            "callback_customer_busy", "supervision", "The customer is called first, but is busy.",
            steps: [
                originate(
                    "PJSIP/15559876543@trunk", "Context: from-internal", "Exten: 4040", "Priority: 1",
                    "CallerID: 18005550100"), .refuse(.customer, 486), .wait(0.5),
            ],
            calls: [
                StatedFacts("outbound", from: "*", to: "15559876543", disposition: "BUSY").with {
                    ($0.billsec, $0.talk, $0.agents, $0.cause) = (0...0, 0...0, [], [17])
                    $0.answeredBy = .some(nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "callback_customer_away", "supervision", "The customer is called first for 3 s, and does not answer.",
            steps: [
                .action([
                    "Action: Originate", "Channel: PJSIP/15559876543@trunk", "Context: from-internal", "Exten: 4040",
                    "Priority: 1", "Timeout: 3000", "Async: true", "CallerID: 18005550100",
                ]), .called(.customer), .ended(.customer),
            ],
            calls: [
                StatedFacts("outbound", from: "*", to: "15559876543", disposition: "NO_ANSWER").with {
                    ($0.billsec, $0.talk, $0.duration, $0.hungUpBy) = (0...0, 0...0, 2...4, ["system"])
                }
            ], cdrDiffers: rows),
        Scenario(
            "originate_local_to_phone", "supervision",
            "A program calls Bob through a Local channel and plays him a 3 s message.",
            steps: [
                originate("Local/1002@from-internal", "Application: Playback", "Data: {sounds}/tone3"), .called(.bob),
                .wait(1), .answer(.bob), .ended(.bob),
            ],
            calls: [
                StatedFacts("internal", from: "*", to: "1002", disposition: "ANSWERED").with {
                    ($0.duration, $0.hungUpBy) = (3...5, ["system"])
                }
            ], cdrDiffers: rows),
        Scenario(
            "originate_to_nobody", "supervision",
            "A program calls a phone that is not configured: no channel, no call.",
            steps: [
                originate("PJSIP/nobody-there", "Application: Playback", "Data: {sounds}/tone3"), .wait(0.5),
            ], calls: []),
        Scenario(
            "originate_two_phones", "supervision", "A program connects Alice with Bob: first her phone, then his.",
            steps: [
                originate("PJSIP/1001", "Context: from-internal", "Exten: 1002", "Priority: 1", "CallerID: 1002"),
                .called(.alice), .wait(1), .answer(.alice), .called(.bob), .wait(1), .answer(.bob), .wait(2),
                .hangUp(.bob), .ended(.alice),
            ],
            calls: [
                StatedFacts("internal", from: "1001", to: "1002", disposition: "ANSWERED").with {
                    ($0.answeredBy, $0.talk, $0.hungUpBy) = ("1002", 1.7...2.6, ["callee"])
                }
            ], cdrDiffers: rows),
    ]

    private static func session(_ disposition: String = "ANSWERED") -> StatedFacts {
        StatedFacts("internal", from: "1001", to: "8600051", disposition: disposition)
    }
    private static let login: [Step] = [
        originate(
            "PJSIP/1001", "Context: vicidial", "Exten: 8600051", "Priority: 1",
            "CallerID: S2611210915148600051 <1001>"),
        .called(.alice), .answer(.alice), .wait(1),
    ]
    private static let logout: [Step] = [.wait(0.5), .hangUp(.alice)]
    private static func dialled(_ more: String = "") -> Step {
        originate(
            "Local/915559876543@vicidial\(more)", "Context: vicidial", "Exten: 8369", "Priority: 1",
            "CallerID: V1121091514000012345 <18005550100>", "Variable: __lead_id=12345")
    }
    private static func reached(_ hungUpBy: [String?]) -> StatedFacts {
        StatedFacts("outbound", from: "*", to: "15559876543", "915559876543", disposition: "ANSWERED").with {
            ($0.agents, $0.agent, $0.hungUpBy) = (["1001"], "1001", hungUpBy)
            $0.answeredBy = "15559876543"
            $0.variables = ["lead_id": "12345"]
        }
    }

    /// As VICIdial works: each agent sits in a conference of his own, and customers are brought to him there.
    static let vicidial: [Scenario] = [
        Scenario(
            "vici_auto_dial", "vicidial",
            "The dialler calls a customer, who answers after 1 s and is brought into Alice's conference; he hangs up.",
            steps: login + [
                dialled(), .called(.customer), .wait(1), .answer(.customer), .wait(4), .hangUp(.customer),
            ] + logout,
            calls: [session(), reached(["callee"]).with { ($0.billsec, $0.talk) = (3...4, 1.7...3.3) }],
            cdrDiffers: rows),
        Scenario(
            "vici_auto_dial_n", "vicidial", "The same through a Local channel that stays; the dialler ends the call.",
            steps: login + [
                dialled("/n"), .called(.customer), .wait(1), .answer(.customer), .wait(4),
                .action(["Action: Hangup", "Channel: {customer}"]), .ended(.customer),
            ] + logout,
            calls: [session(), reached(["system"]).with { ($0.billsec, $0.talk) = (3...4, 1.7...3.3) }],
            cdrDiffers: rows),
        Scenario(
            "vici_no_answer", "vicidial", "The dialler calls a customer, who is busy.",
            steps: [dialled(), .refuse(.customer, 486), .wait(0.5)],
            calls: [
                StatedFacts("outbound", from: "*", to: "15559876543", "915559876543", disposition: "BUSY").with {
                    ($0.billsec, $0.talk, $0.agents, $0.cause) = (0...0, 0...0, [], [17])
                }
            ], cdrDiffers: rows),
        Scenario(
            "vici_inbound", "vicidial", "A customer calls in and is brought into Alice's conference; he hangs up.",
            steps: login + [.dial(.customer, "5251"), .up(.customer), .wait(3), .hangUp(.customer)] + logout,
            calls: [
                session(),
                inbound("5251", "ANSWERED").with {
                    ($0.agents, $0.agent, $0.talk, $0.hungUpBy) = (["1001"], "1001", 2.7...3.5, ["caller"])
                },
            ], cdrDiffers: rows),
        Scenario(
            "vici_redirected", "vicidial",
            "A customer hears music after a greeting and is then redirected into Alice's conference; the dialler hangs up.",
            steps: login + [
                .dial(.customer, "5250"), .up(.customer), .wait(2),
                .action([
                    "Action: Redirect", "Channel: {customer}", "Context: vicidial", "Exten: 8600051", "Priority: 1",
                ]), .wait(3), .action(["Action: Hangup", "Channel: {customer}"]), .ended(.customer),
            ] + logout,
            calls: [
                session(),
                inbound("5250", "ANSWERED").with {
                    ($0.agents, $0.agent, $0.talk, $0.hungUpBy) = (["1001"], "1001", 2.7...3.5, ["system"])
                    $0.transfers = nil
                },
            ], cdrDiffers: rows),
        Scenario(
            "vici_park_and_grab", "vicidial",
            "A customer in Alice's conference is sent to music for 2 s and fetched back.",
            steps: login + [
                .dial(.customer, "5251"), .up(.customer), .wait(2),
                .action([
                    "Action: Redirect", "Channel: {customer}", "Context: vicidial", "Exten: 8301", "Priority: 1",
                ]), .wait(2),
                .action([
                    "Action: Redirect", "Channel: {customer}", "Context: vicidial", "Exten: 8600051", "Priority: 1",
                ]), .wait(2), .hangUp(.customer),
            ] + logout,
            calls: [
                session(),
                inbound("5251", "ANSWERED").with {
                    ($0.agents, $0.talk, $0.hungUpBy) = (["1001"], 3.5...4.6, ["caller"])
                    ($0.transfers, $0.billsec) = (nil, 5...7)
                },
            ], cdrDiffers: rows),
        Scenario(
            "vici_three_way", "vicidial",
            "With a customer in her conference Alice has a third party called into it; first the third leaves.",
            steps: login + [
                .dial(.customer2, "5251"), .up(.customer2), .wait(2), dialled(), .called(.customer), .answer(.customer),
                .wait(3), .hangUp(.customer), .wait(1), .hangUp(.customer2),
            ] + logout,
            calls: [
                session(),
                inbound("5251", "ANSWERED", from: Party.customer2.rawValue).with {
                    ($0.agents, $0.talk, $0.hungUpBy) = (["1001"], 5...8, ["caller"])
                },
                reached(["callee"]),
            ], cdrDiffers: rows),
        Scenario(
            "vici_blind_transfer", "vicidial",
            "The customer in Alice's conference is redirected to Bob's phone; Bob hangs up.",
            steps: login + [
                .dial(.customer, "5251"), .up(.customer), .wait(2),
                .action([
                    "Action: Redirect", "Channel: {customer}", "Context: from-internal", "Exten: 1002", "Priority: 1",
                ]), .called(.bob), .answer(.bob), .wait(2), .hangUp(.bob), .ended(.customer),
            ] + logout,
            calls: [
                session(),
                inbound("5251", "ANSWERED").with {
                    ($0.agents, $0.agent, $0.talk) = (["1001", "1002"], "1002", 3.5...4.6)
                    ($0.hungUpBy, $0.transfers) = (["callee", "agent"], [.init("redirect", ok: true)])
                },
            ], cdrDiffers: rows),
        Scenario(
            "vici_recording", "vicidial",
            "A customer in Alice's conference is recorded by a Local channel that sits in it: no call of its own.",
            steps: login + [
                .dial(.customer, "5251"), .up(.customer), .wait(1),
                originate(
                    "Local/58600051@vicidial/n", "Context: vicidial", "Exten: 8309", "Priority: 1",
                    "CallerID: 20261121-091514_1001_all <8600051>"), .wait(2), .hangUp(.customer),
                .command("channel request hangup all"),
            ],
            calls: [
                session(),
                inbound("5251", "ANSWERED").with {
                    ($0.agents, $0.talk, $0.hungUpBy) = (["1001"], 2.7...4, ["caller"])
                    $0.recordings = ["/20261121-091514_1001_all.wav"]
                },
            ], cdrDiffers: rows),
        remoteAgent(
            "vici_agent_behind_local_n", "Alice's phone is brought into her conference by a Local channel that stays",
            "/n"),
        remoteAgent("vici_agent_behind_local", "The same, with a Local channel that may go", ""),
        Scenario(
            "vici_agent_behind_local_leaves", "vicidial",
            "Alice sits in her conference behind a Local channel; after 2 s of talk she hangs up, the customer 1 s later.",
            steps: remoteLogin("/n") + [
                .dial(.customer, "5251"), .up(.customer), .wait(2), .hangUp(.alice), .wait(1), .hangUp(.customer),
            ],
            calls: [
                session(),
                inbound("5251", "ANSWERED").with {
                    ($0.agents, $0.agent, $0.talk, $0.hungUpBy) = (["1001"], "1001", 1.7...2.5, ["caller"])
                    $0.billsec = 2...4
                },
            ], cdrDiffers: rows),
        manualDial(
            "vici_manual_dial_n", "Alice has the customer called into her conference by a Local channel that stays",
            "/n"),
        manualDial("vici_manual_dial", "The same, with a Local channel that may go", ""),
    ]

    private static func remoteLogin(_ more: String) -> [Step] {
        [
            originate(
                "Local/1001@from-internal\(more)", "Context: vicidial", "Exten: 8600051", "Priority: 1",
                "CallerID: S2611210915148600051 <8600051>"),
            .called(.alice), .answer(.alice), .wait(1),
        ]
    }

    /// An agent whose phone is rung through the dialplan, and so sits in the conference behind a Local channel.
    private static func remoteAgent(_ name: String, _ story: String, _ more: String) -> Scenario {
        Scenario(
            name, "vicidial", "\(story); a customer comes in, talks with her for 3 s and hangs up.",
            steps: remoteLogin(more) + [
                .dial(.customer, "5251"), .up(.customer), .wait(3),
                .hangUp(.customer),
            ] + logout,
            calls: [
                session(),
                inbound("5251", "ANSWERED").with {
                    ($0.agents, $0.agent, $0.talk, $0.hungUpBy) = (["1001"], "1001", 2.7...3.5, ["caller"])
                },
            ], cdrDiffers: rows)
    }

    /// What the agent's screen does for a number typed in: the conference is the first leg, the customer the second.
    private static func manualDial(_ name: String, _ story: String, _ more: String) -> Scenario {
        Scenario(
            name, "vicidial", "\(story); he answers after 1 s, they talk 3 s, he hangs up.",
            steps: login + [
                originate(
                    "Local/8600051@vicidial\(more)", "Context: vicidial", "Exten: 915559876543", "Priority: 1",
                    "CallerID: M1121091514000012345 <18005550100>", "Variable: __lead_id=12345"),
                .called(.customer), .wait(1), .answer(.customer), .wait(3), .hangUp(.customer),
            ] + logout,
            calls: [session(), reached(["callee"]).with { ($0.billsec, $0.talk) = (2...3, 2.7...3.5) }],
            cdrDiffers: rows)
    }
}
