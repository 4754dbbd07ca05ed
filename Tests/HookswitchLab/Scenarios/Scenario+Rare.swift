extension Scenario {
    /// What few dialplans do, but some do.
    static let rare: [Scenario] = [
        Scenario(
            "conference_recorded", "rare",
            "Customer and Bob are in a conference that records itself by a channel of its own; the customer hangs up first.",
            steps: [
                .dial(.customer, "5301"), .up(.customer), .wait(1), .dial(.bob, "4301"), .up(.bob), .wait(2),
                .hangUp(.customer), .wait(1), .hangUp(.bob),
            ],
            calls: [
                inbound("5301", "ANSWERED").with {
                    ($0.hungUpBy, $0.agents, $0.talk, $0.recordings) = (["caller"], ["1002"], 1.5...2.6, nil)
                },
                inside("1002", "4301").with { ($0.hungUpBy, $0.billsec) = (["caller"], 2...4) },
            ]),
        Scenario(
            "dial_F_agent_goes_on", "rare",
            "The customer hangs up after 2 s; Alice goes on alone to a 3 s prompt (Dial's F).",
            steps: begin("5302") + [.wait(2), .hangUp(.customer), .ended(.alice)],
            calls: [
                inbound("5302", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.talk) = ("1001", ["1001"], 1.7...2.6)
                    ($0.hungUpBy, $0.duration) = (["caller", "system"], 5...8)
                }
            ], cdrDiffers: rows),
        Scenario(
            "dial_g_second_dial", "rare",
            "Alice hangs up after 2 s and the dialplan goes on with Bob; 2 s talk; the customer hangs up.",
            steps: begin("5303") + [
                .wait(2), .hangUp(.alice), .called(.bob), .wait(1), .answer(.bob), .wait(2), .hangUp(.customer),
                .ended(.bob),
            ],
            calls: [
                inbound("5303", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.agent) = ("1001", ["1001", "1002"], "1002")
                    ($0.hungUpBy, $0.talk, $0.billsec) = (["caller"], 3.5...5, 4...6)
                }
            ], cdrDiffers: rows),
        Scenario(
            "bridge_application", "rare",
            "A customer hears music; Bob's dialplan bridges him with the customer (Bridge); 2 s talk; the customer hangs up.",
            steps: [
                .dial(.customer, "5304"), .up(.customer), .wait(1), .dial(.bob, "4304"), .up(.bob), .wait(2),
                .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5304", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.talk) = ("1002", ["1002"], 1.7...2.6)
                    ($0.hungUpBy, $0.transfers) = (["caller"], nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "channel_redirect", "rare",
            "Carol's dialplan sends the customer, who hears music, to Bob (ChannelRedirect); 2 s talk; Bob hangs up.",
            steps: [
                .dial(.customer, "5304"), .up(.customer), .wait(1), .dial(.carol, "4305"), .called(.bob), .wait(1),
                .answer(.bob), .wait(2), .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5304", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.talk) = ("1002", ["1002"], 1.7...2.6)
                    ($0.hungUpBy, $0.transfers) = (["callee", "agent"], nil)
                },
                inside("1003", "4305").with { $0.disposition = ["FAILED", "NO_ANSWER", "CANCELED"] },
            ], cdrDiffers: rows),
        Scenario(
            "queue_parked", "rare",
            "Alice takes the call from the queue and parks it (#72); Bob fetches it 2 s later; 2 s talk; Bob hangs up.",
            steps: begin("5306") + [
                .wait(1), .press(.alice, "#72"), .ended(.alice), .wait(2), .dial(.bob, "701"), .up(.bob), .wait(2),
                .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5306", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.agent) = ("1001", ["1001", "1002"], "1002")
                    ($0.queue, $0.park) = (.init("support", "ANSWERED", wait: 0.8...2), 1.5...8)
                    ($0.hungUpBy, $0.transfers) = (["agent", "callee"], nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "park_comes_back_elsewhere", "rare",
            "Nobody fetches the customer within 4 s; the dialplan sends him to Bob; 2 s talk; the customer hangs up.",
            steps: begin("5307") + [
                .wait(1), .press(.alice, "#72"), .ended(.alice), .called(.bob), .wait(1), .answer(.bob), .wait(2),
                .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5307", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.agent) = ("1001", ["1001", "1002"], "1002")
                    ($0.hungUpBy, $0.park, $0.transfers) = (["caller"], 3...6, nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "park_comes_back_unanswered", "rare",
            "The customer comes back from parking to Alice, who does not answer any more; he gives up after 2 s.",
            steps: begin("5037") + [
                .wait(1), .press(.alice, "#72"), .ended(.alice), .called(.alice), .wait(2), .hangUp(.customer),
                .ended(.alice),
            ],
            calls: [
                inbound("5037", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                    ($0.park, $0.transfers) = (3...6, nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_att_to_parking", "rare",
            "Alice calls the parking and joins the customer to it; Bob fetches him from 701; 2 s talk; Bob hangs up.",
            steps: begin() + [
                .wait(1), .hold(.alice), .dial(.alice, "700"), .up(.alice), .wait(1), .join(.alice, line: 1, into: 2),
                .ended(.alice, line: 1), .wait(2), .dial(.bob, "701"), .up(.bob), .wait(2), .hangUp(.bob),
                .ended(.customer),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.agent) = ("1001", ["1001", "1002"], "1002")
                    ($0.hungUpBy, $0.park, $0.transfers) = (["agent", "callee"], 1.5...8, nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "queue_agent_pool", "rare",
            "Alice has logged in with AgentLogin and is a queue's member; a customer reaches her through the queue; 3 s.",
            steps: [
                .dial(.alice, "4020"), .up(.alice), .wait(7), .dial(.customer, "5308"), .up(.customer), .wait(4),
                .hangUp(.customer), .wait(1), .hangUp(.alice),
            ],
            calls: [
                inside("1001", "4020").with { $0.hungUpBy = ["caller"] },
                inbound("5308", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                    $0.queue = .init("pool", "ANSWERED", wait: 0...3)
                },
            ], cdrDiffers: rows),
        Scenario(
            "forward_and_back", "rare",
            "Alice's phone forwards (302) to Bob, Bob's forwards back to Alice, who answers now; 2 s talk.",
            steps: [
                .dial(.customer, "5001"), .forward(.alice, to: "1002"), .forward(.bob, to: "1001"), .called(.alice),
                .answer(.alice), .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.talk) = ("1001", ["1001"], 1.7...2.6)
                    ($0.hungUpBy, $0.transfers) = (["caller"], nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "xfer_blind_nowhere", "rare",
            "Alice sends the customer to a number that is not there: refused; they talk on for 2 s.",
            steps: begin() + [
                .wait(1), .transfer(.alice, to: "7777"), .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                    ($0.talk, $0.transfers) = (2.6...3.6, nil)
                }
            ]),
        Scenario(
            "atxfer_key_customer_leaves", "rare",
            "While Alice consults Bob with *2 the customer hangs up; she talks on with Bob for 2 s.",
            steps: begin("5021") + [
                .wait(1), .press(.alice, "*2"), .wait(1), .press(.alice, "1002"), .called(.bob), .answer(.bob),
                .wait(1), .hangUp(.customer), .wait(2), .hangUp(.bob), .ended(.alice),
            ],
            calls: [
                inbound("5021", "ANSWERED").with {
                    ($0.answeredBy, $0.agents) = ("1001", ["1001"])
                    ($0.talk, $0.transfers) = (0.8...2.4, nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "originate_by_dialplan", "rare",
            "The customer's dialplan has Bob called and plays him a 3 s prompt (Originate); he answers; the customer hears another.",
            steps: [
                .manner(.bob, .answers(after: 0.5)), .dial(.customer, "5309"), .up(.bob), .ended(.customer),
                .ended(.bob),
            ],
            calls: [
                inbound("5309", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.talk) = (.some(nil), [], ["system"], 0...0)
                },
                StatedFacts("internal", from: "*", to: "1002", disposition: "ANSWERED"),
            ], cdrDiffers: rows),
        Scenario(
            "early_media_then_nobody", "rare",
            "The customer hears music before any answer while Alice's phone rings 3 s, then a prompt; nobody ever answers.",
            steps: [.dial(.customer, "5311"), .called(.alice), .ended(.customer)],
            calls: [
                inbound("5311", "NO_ANSWER").with { $0.hungUpBy = ["system"] }
            ]),
    ]
}
