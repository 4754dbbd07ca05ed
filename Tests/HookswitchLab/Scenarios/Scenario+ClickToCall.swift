extension Scenario {
    /// Facts of a click-to-call by Alice to the customer.
    private static func clicked(_ disposition: String, to callee: String = "15559876543") -> StatedFacts {
        StatedFacts("outbound", from: "1001", to: callee, disposition: disposition).with {
            ($0.agent, $0.transfers, $0.recordings) = ("1001", [], [])
            if disposition != "ANSWERED" { ($0.billsec, $0.talk) = (0...0, 0...0) }
        }
    }

    private static func originate(_ channel: String, to number: String, timeout: Int = 20) -> Step {
        .action([
            "Action: Originate", "Channel: \(channel)", "Context: click2call", "Exten: \(number)", "Priority: 1",
            "CallerID: 15559876543", "Timeout: \(timeout * 1000)", "Variable: __lead_id=4711",
            "Variable: __campaign_id=OUT1", "Async: true",
        ])
    }

    /// The CRM's button: the agent's phone first, then the customer.
    static let clickToCall: [Scenario] = [
        Scenario(
            "out_click2call_pjsip", "click-to-call",
            "Alice's phone rings, she answers after 1 s; the customer answers after 2 s, talks 3 s and hangs up.",
            steps: [
                originate("PJSIP/1001", to: "15559876543"), .called(.alice), .wait(1), .answer(.alice),
                .called(.customer), .wait(2), .answer(.customer), .wait(3), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                clicked("ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 5...7)
                    ($0.agents, $0.hungUpBy, $0.cause) = (["1001"], ["callee"], [16])
                    $0.variables = ["lead_id": "4711", "campaign_id": "OUT1"]
                }
            ], cdrDiffers: "the CDR counts from the agent's answer"),
        Scenario(
            "out_click2call_local", "click-to-call", "The same through a Local channel that stays.",
            steps: [
                originate("Local/1001@agents/n", to: "15559876543"), .called(.alice), .wait(1), .answer(.alice),
                .called(.customer), .wait(2), .answer(.customer), .wait(3), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                clicked("ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 5...7)
                    ($0.agents, $0.hungUpBy, $0.cause) = (["1001"], ["callee"], [16])
                    $0.variables = ["lead_id": "4711"]
                }
            ], cdrDiffers: "several rows: one for each half of the Local channel"),
        Scenario(
            "out_click2call_local_optimised", "click-to-call", "The same through a Local channel that goes away.",
            steps: [
                originate("Local/1001@agents", to: "15559876543"), .called(.alice), .wait(1), .answer(.alice),
                .called(.customer), .wait(2), .answer(.customer), .wait(3), .hangUp(.alice), .ended(.customer),
            ],
            calls: [
                clicked("ANSWERED").with {
                    ($0.billsec, $0.talk) = (2...3, 2.7...3.5)
                    ($0.agents, $0.hungUpBy, $0.cause) = (["1001"], ["caller"], [16])
                }
            ], cdrDiffers: "several rows: one for each half of the Local channel"),
        Scenario(
            "out_click2call_agent_away", "click-to-call",
            "Alice does not pick up within 4 s; the customer is never called.",
            steps: [originate("PJSIP/1001", to: "15559876543", timeout: 4), .called(.alice), .ended(.alice)],
            calls: [
                clicked("NO_ANSWER").with {
                    $0.disposition = ["NO_ANSWER", "FAILED", "CANCELED"]
                    ($0.duration, $0.hungUpBy) = (3...5, ["system"])
                }
            ], cdrDiffers: "by default no CDR is written for it at all"),
        Scenario(
            "out_click2call_agent_busy", "click-to-call", "Alice's phone is busy; the customer is never called.",
            steps: [originate("PJSIP/1001", to: "15559876543"), .refuse(.alice, 486), .wait(0.3)],
            calls: [
                clicked("BUSY").with {
                    $0.disposition = ["NO_ANSWER", "FAILED", "BUSY", "CANCELED"]
                    $0.duration = 0...1
                }
            ], cdrDiffers: "by default no CDR is written for it at all"),
        Scenario(
            "out_click2call_customer_busy", "click-to-call", "Alice answers, the customer is busy.",
            steps: [
                originate("PJSIP/1001", to: "15559876543"), .called(.alice), .wait(1), .answer(.alice),
                .refuse(.customer, 486), .ended(.alice),
            ],
            calls: [clicked("BUSY").with { ($0.duration, $0.cause, $0.agents) = (1...2, [17], []) }],
            cdrDiffers: "the CDR counts from the agent's answer"),
        Scenario(
            "out_click2call_customer_away", "click-to-call",
            "Alice answers, the customer does not within 4 s; the dialplan hangs up.",
            steps: [
                originate("PJSIP/1001", to: "*15559876543"), .called(.alice), .answer(.alice), .called(.customer),
                .ended(.alice),
            ],
            calls: [
                clicked("NO_ANSWER").with {
                    ($0.callee, $0.duration) = (["15559876543", "*15559876543"], 4...5)
                    ($0.hungUpBy, $0.agents) = (["system"], [])
                }
            ], cdrDiffers: "the CDR counts from the agent's answer"),
        Scenario(
            "out_click2call_agent_gives_up", "click-to-call", "Alice hangs up while the customer's phone rings.",
            steps: [
                originate("PJSIP/1001", to: "15559876543"), .called(.alice), .answer(.alice), .called(.customer),
                .wait(2), .hangUp(.alice), .ended(.customer),
            ],
            calls: [clicked("CANCELED").with { ($0.duration, $0.hungUpBy, $0.agents) = (2...3, ["caller"], []) }],
            cdrDiffers: "the CDR counts from the agent's answer"),
        Scenario(
            "out_originate_application", "click-to-call",
            "A campaign calls the customer and plays a 3 s message; no agent takes part.",
            steps: [
                .action([
                    "Action: Originate", "Channel: PJSIP/15559876543@trunk", "Application: Playback",
                    "Data: {sounds}/tone3", "CallerID: 18005550100", "Timeout: 20000", "Async: true",
                ]), .called(.customer), .wait(1), .answer(.customer), .ended(.customer),
            ],
            calls: [
                StatedFacts("outbound", from: "*", to: "15559876543", disposition: "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.agents, $0.hungUpBy) = (2...3, 0...0, [], ["system"])
                }
            ]),
    ]
}
