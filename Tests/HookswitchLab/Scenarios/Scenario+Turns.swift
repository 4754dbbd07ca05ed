extension Scenario {
    private static func consulted(_ keys: String, then: [Step], _ name: String, _ story: String, _ facts: StatedFacts)
        -> Scenario
    {
        Scenario(
            "atxfer_key_\(name)", "turn", story,
            steps: begin("5021") + [
                .wait(1), .press(.alice, "*2"), .wait(1), .press(.alice, "1002"), .called(.bob), .answer(.bob),
                .wait(2), .press(.alice, keys),
            ] + then, calls: [facts], cdrDiffers: rows)
    }

    /// Calls that take another turn than was meant: consultations ended by key, calls that come back, parties who leave
    /// in the middle of something.
    static let turns: [Scenario] = [
        consulted(
            "*2", then: [.ended(.alice), .wait(2), .hangUp(.customer), .ended(.bob)], "complete",
            "Alice consults Bob with *2 and connects him with *2; customer and Bob talk 2 s.",
            inbound("5021", "ANSWERED").with {
                ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001", "1002"], ["caller"])
                $0.transfers = [.init("attended", ok: true)]
            }),
        consulted(
            "*1", then: [.ended(.bob), .wait(2), .hangUp(.customer), .ended(.alice)], "abort",
            "Alice consults Bob with *2 and takes the customer back with *1; they talk 2 s.",
            inbound("5021", "ANSWERED").with {
                ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                $0.hold = 2...6
            }),
        consulted(
            "*3", then: [.wait(3), .hangUp(.alice), .wait(2), .hangUp(.customer), .ended(.bob)], "three_way",
            "Alice consults Bob and makes it a talk of three with *3 for 3 s; she leaves; the others talk 2 s.",
            inbound("5021", "ANSWERED").with {
                ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001", "1002"], ["caller"])
                $0.transfers = nil
            }),
        consulted(
            "*4", then: [.wait(1.5), .hangUp(.alice), .wait(2), .hangUp(.customer), .ended(.bob)], "swap",
            "Alice consults Bob, goes back to the customer with *4 for 1 s and hangs up to connect both.",
            inbound("5021", "ANSWERED").with {
                ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001", "1002"], ["caller"])
                $0.transfers = [.init("attended", ok: true)]
            }),
        Scenario(
            "consult_customer_leaves", "turn",
            "While Alice consults Bob on her second line the customer hangs up; Alice and Bob talk on for 2 s.",
            steps: begin() + [
                .wait(1), .hold(.alice), .dial(.alice, "1002"), .answer(.bob), .up(.alice), .wait(1),
                .hangUp(.customer), .wait(2), .hangUp(.bob), .ended(.alice, line: 2),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                    ($0.talk, $0.hold) = (0.8...1.6, 0.8...2)
                },
                inside("1001", "1002").with { ($0.answeredBy, $0.hungUpBy, $0.talk) = ("1002", ["callee"], 2.5...4) },
            ], cdrDiffers: rows),
        Scenario(
            "consult_agent_drops_all", "turn", "Alice holds the customer, consults Bob and hangs up on both.",
            steps: begin() + [
                .wait(1), .hold(.alice), .dial(.alice, "1002"), .answer(.bob), .up(.alice), .wait(1),
                .hangUp(.alice, line: 2), .ended(.bob), .hangUp(.alice, line: 1), .ended(.customer),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["callee"])
                },
                inside("1001", "1002").with { ($0.answeredBy, $0.hungUpBy) = ("1002", ["caller"]) },
            ], cdrDiffers: rows),
        Scenario(
            "xfer_comes_back", "turn",
            "Alice sends the customer to Bob, who does not answer within 3 s; the call comes back to her; 2 s talk.",
            steps: begin() + [
                .wait(1), .transfer(.alice, to: "4055"), .called(.bob), .ended(.bob), .called(.alice), .wait(1),
                .answer(.alice), .wait(2), .hangUp(.alice), .ended(.customer),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.agent) = ("1001", ["1001"], "1001")
                    ($0.hungUpBy, $0.transfers, $0.talk) = (["callee", "agent"], [.init("blind")], 2.6...3.8)
                }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_customer_leaves_at_once", "turn", "Alice sends the customer on; he hangs up while Bob's phone rings.",
            steps: begin() + [
                .wait(1), .transfer(.alice, to: "1002"), .called(.bob), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                    $0.transfers = [.init("blind", ok: false)]
                }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_by_key_outbound", "turn", "Alice calls a customer and sends him to Bob with the keys ##.",
            steps: [
                .dial(.alice, "815559876543"), .called(.customer), .wait(1), .answer(.customer), .up(.alice), .wait(1),
                .press(.alice, "##"), .wait(1), .press(.alice, "1002"), .called(.bob), .answer(.bob), .wait(2),
                .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                StatedFacts("outbound", from: "1001", to: "15559876543", "815559876543", disposition: "ANSWERED").with {
                    ($0.agents, $0.agent, $0.hungUpBy) = (["1001", "1002"], "1002", ["agent"])
                    ($0.transfers, $0.answeredBy) = ([.init("blind", ok: true)], "15559876543")
                }
            ], cdrDiffers: rows),
        Scenario(
            "queue_then_voicemail", "turn",
            "Nobody takes the call within 4 s in the queue; the customer speaks 2 s to a voicemail.",
            steps: [
                .dial(.customer, "5234"), .called(.alice), .ended(.alice), .wait(2.5), .hangUp(.customer),
            ],
            calls: [
                inbound("5234", "ANSWERED", "NO_ANSWER").with {
                    ($0.queue, $0.hungUpBy) = (.init("vip", "TIMEOUT", wait: 3.5...5), ["caller"])
                    ($0.answeredBy, $0.agents, $0.talk) = (.some(nil), [], 0...0)
                    ($0.billsec, $0.recordings) = (5...8, nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "queue_rings_all", "turn",
            "A queue rings Alice and Bob at once; Bob answers; Alice's phone stops; 2 s talk.",
            steps: [
                .dial(.customer, "5235"), .called(.alice), .called(.bob), .wait(1), .answer(.bob), .ended(.alice),
                .wait(2), .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5235", "ANSWERED").with {
                    ($0.queue, $0.talk) = (.init("s-ringall", "ANSWERED", wait: 0.8...2), 1.7...2.6)
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1002", ["1002"], ["callee"])
                }
            ], cdrDiffers: rows),
        Scenario(
            "queue_pulled_by_supervisor", "turn",
            "A waiting customer is taken out of the queue by a manager action and sent to Carol; 2 s talk.",
            steps: [
                .dial(.customer, "5005"), .called(.alice), .wait(2),
                .action([
                    "Action: Redirect", "Channel: {customer}", "Context: from-internal", "Exten: 1003", "Priority: 1",
                ]), .called(.carol), .ended(.alice), .answer(.carol), .wait(2), .hangUp(.customer), .ended(.carol),
            ],
            calls: [
                inbound("5005", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1003", ["1003"], ["caller"])
                    ($0.queue, $0.transfers) = (.init("support", "EXIT", wait: 1.7...2.8), nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "queue_local_xfer_att", "turn",
            "Alice, a queue's member behind a Local channel that stays, consults Carol and joins customer and Carol.",
            steps: [
                .dial(.customer, "5025"), .called(.alice), .wait(1), .answer(.alice), .wait(1), .hold(.alice),
                .dial(.alice, "1003"), .answer(.carol), .up(.alice), .wait(1), .join(.alice, line: 1, into: 2),
                .ended(.alice, line: 1), .wait(2), .hangUp(.carol), .ended(.customer),
            ],
            calls: [
                inbound("5025", "ANSWERED").with {
                    ($0.queue, $0.answeredBy) = (.init("remote", "ANSWERED", wait: 0.8...2), "1001")
                    ($0.agents, $0.agent, $0.hungUpBy) = (["1001", "1003"], "1003", ["agent"])
                    $0.transfers = [.init("attended", ok: true)]
                }
            ], cdrDiffers: rows),
        Scenario(
            "local_n_xfer_blind", "turn", "Alice, behind a Local channel that stays, sends the customer to Bob.",
            steps: begin("5018") + [
                .wait(1), .transfer(.alice, to: "1002"), .answer(.bob), .wait(2), .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5018", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.agent) = ("1001", ["1001", "1002"], "1002")
                    ($0.hungUpBy, $0.transfers) = (["agent"], [.init("blind", ok: true)])
                }
            ], cdrDiffers: rows),
        Scenario(
            "console_originate", "turn",
            "An operator connects Alice with a customer from the console: no answer to the origination is told.",
            steps: [
                .command("channel originate PJSIP/1001 extension 15559876543@click2call"), .called(.alice), .wait(1),
                .answer(.alice), .called(.customer), .wait(1), .answer(.customer), .wait(2), .hangUp(.customer),
                .ended(.alice),
            ],
            calls: [
                StatedFacts("outbound", from: "1001", to: "15559876543", disposition: "ANSWERED").with {
                    ($0.agents, $0.agent, $0.hungUpBy, $0.talk) = (["1001"], "1001", ["callee"], 1.7...2.6)
                    $0.answeredBy = "15559876543"
                }
            ], cdrDiffers: rows),
        Scenario(
            "conference_kicked", "turn",
            "A customer is alone with Bob in a conference; the moderator's program kicks him.",
            steps: [
                .dial(.customer, "5009"), .up(.customer), .dial(.bob, "4000"), .up(.bob), .wait(2),
                .action(["Action: ConfbridgeKick", "Conference: 100", "Channel: {customer}"]), .ended(.customer),
                .wait(0.5), .hangUp(.bob),
            ],
            calls: [
                inbound("5009", "ANSWERED").with {
                    ($0.agents, $0.hungUpBy, $0.talk, $0.answeredBy) = (["1002"], ["system"], 1.7...2.8, nil)
                },
                inside("1002", "4000").with { $0.hungUpBy = ["caller"] },
            ], cdrDiffers: rows),
        Scenario(
            "internal_hold", "turn", "Alice calls Bob; Bob holds her for 2 s and takes her back.",
            steps: [
                .dial(.alice, "1002"), .answer(.bob), .up(.alice), .wait(1), .hold(.bob), .wait(2), .resume(.bob),
                .wait(1), .hangUp(.bob), .ended(.alice),
            ],
            calls: [
                inside("1001", "1002").with {
                    ($0.talk, $0.hold, $0.hungUpBy, $0.billsec) = (1.6...3, 1.7...2.5, ["callee"], 3...5)
                }
            ]),
        Scenario(
            "internal_busy_then_voicemail", "turn", "Alice calls Bob, who declines; the call simply ends.",
            steps: [.dial(.alice, "1002"), .called(.bob), .wait(1), .refuse(.bob, 486), .ended(.alice)],
            calls: [inside("1001", "1002", "BUSY").with { ($0.cause, $0.billsec, $0.agents) = ([17], 0...0, []) }]),
        Scenario(
            "timestamps_off_transfer", "turn", "timestampevents=no: a blind transfer, timed by arrival.",
            steps: begin() + [
                .wait(2), .transfer(.alice, to: "1002"), .called(.bob), .wait(1), .answer(.bob), .wait(2),
                .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001", "1002"], ["caller"])
                    ($0.transfers, $0.talk, $0.billsec) = ([.init("blind", ok: true)], 3.5...4.8, 4...6)
                }
            ], cdrDiffers: rows, setting: .noTimestamps),
        Scenario(
            "timestamps_off_queue", "turn", "timestampevents=no: a call through a queue, timed by arrival.",
            steps: [
                .dial(.customer, "5005"), .called(.alice), .wait(1), .answer(.alice), .wait(2), .hangUp(.alice),
                .ended(.customer),
            ],
            calls: [
                inbound("5005", "ANSWERED").with {
                    ($0.queue, $0.answeredBy) = (.init("support", "ANSWERED", wait: 0.8...2), "1001")
                    ($0.hungUpBy, $0.talk) = (["callee"], 1.7...2.6)
                }
            ], setting: .noTimestamps),
    ]
}
