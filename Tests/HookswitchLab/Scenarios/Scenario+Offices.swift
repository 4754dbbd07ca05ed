extension Scenario {
    private static let end: [Step] = [.hangUp(.customer), .ended(.alice)]

    private static func dialled(_ disposition: String..., by: String = "1001") -> StatedFacts {
        StatedFacts("outbound", from: by, to: "15559876543", "615559876543", disposition: disposition[0]).with {
            $0.disposition = disposition
            ($0.agent, $0.transfers, $0.recordings) = (by, [], [])
            if disposition[0] != "ANSWERED" { ($0.billsec, $0.talk, $0.agents) = (0...0, 0...0, []) }
        }
    }

    /// Alice calls out, and the dialplan gives her channel the company's caller id before it dials.
    private static func shownAs(_ name: String, _ prefix: String, _ how: String) -> Scenario {
        Scenario(
            name, "office", "The customer is shown the company when Alice calls him: \(how); 2 s talk.",
            steps: [
                .dial(.alice, prefix + "15559876543"), .called(.customer), .wait(1), .answer(.customer), .up(.alice),
                .wait(2),
                .hangUp(.alice), .ended(.customer),
            ],
            calls: [
                dialled("ANSWERED").with {
                    ($0.callerName, $0.callee) = ("Alice", [prefix + "15559876543"])
                    ($0.talk, $0.agents, $0.hungUpBy, $0.answeredBy) = (1.7...2.6, ["1001"], ["caller"], "15559876543")
                }
            ])
    }

    /// Generated dialplans: routines before and behind each Dial, members behind Local channels, trunks tried in turn.
    static let offices: [Scenario] =
        [
            Scenario(
                "office_answered", "office", "Through three routines and a recording to Alice; 3 s talk; she hangs up.",
                steps: begin("5201") + [.wait(3), .hangUp(.alice), .ended(.customer)],
                calls: [
                    inbound("5201", "ANSWERED").with {
                        ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 4...5)
                        ($0.answeredBy, $0.agents, $0.hungUpBy, $0.cause) = ("1001", ["1001"], ["callee"], [16])
                        $0.recordings = ["/office/in-"]
                    }
                ]),
            Scenario(
                "office_voicemail", "office",
                "Alice does not answer within 5 s; the customer speaks 2 s to her voicemail and hangs up.",
                steps: [
                    .dial(.customer, "5201"), .called(.alice), .ended(.alice), .up(.customer), .wait(2),
                    .hangUp(.customer),
                ],
                calls: [
                    inbound("5201", "ANSWERED").with {
                        ($0.billsec, $0.talk, $0.duration) = (1...3, 0...0, 7...8)
                        ($0.answeredBy, $0.agents, $0.hungUpBy, $0.recordings) = (.some(nil), [], ["caller"], nil)
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_busy", "office", "Alice is busy and the dialplan says so to the customer.",
                steps: [.dial(.customer, "5201"), .refuse(.alice, 486), .ended(.customer)],
                calls: [
                    inbound("5201", "BUSY").with {
                        ($0.duration, $0.hungUpBy, $0.cause, $0.recordings) = (0...3, ["system", "callee"], [17], nil)
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_group", "office", "Alice and Bob ring behind Local channels that stay; Bob answers; 3 s talk.",
                steps: [
                    .dial(.customer, "5202"), .called(.alice), .called(.bob), .wait(1), .answer(.bob), .ended(.alice),
                    .wait(3), .hangUp(.customer), .ended(.bob),
                ],
                calls: [
                    inbound("5202", "ANSWERED").with {
                        ($0.billsec, $0.talk, $0.answeredBy, $0.agents) = (2...3, 2.7...3.5, "1002", ["1002"])
                        ($0.hungUpBy, $0.cause, $0.recordings) = (["caller"], [16], ["/office/rg-"])
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_group_agent_hangs", "office", "The same; Alice takes it and hangs up.",
                steps: [
                    .dial(.customer, "5202"), .called(.alice), .called(.bob), .answer(.alice), .ended(.bob), .wait(2),
                    .hangUp(.alice), .ended(.customer),
                ],
                calls: [
                    inbound("5202", "ANSWERED").with {
                        ($0.talk, $0.answeredBy, $0.agents) = (1.7...2.6, "1001", ["1001"])
                        ($0.hungUpBy, $0.cause, $0.recordings) = (["callee"], [16], nil)
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_group_nobody", "office", "Alice and Bob ring behind Local channels for 6 s; nobody answers.",
                steps: [.dial(.customer, "5202"), .called(.alice), .called(.bob), .ended(.customer), .ended(.bob)],
                calls: [
                    inbound("5202", "NO_ANSWER").with {
                        ($0.duration, $0.hungUpBy, $0.recordings) = (5...7, ["system"], nil)
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_group_gives_up", "office", "Alice and Bob ring behind Local channels; the customer gives up.",
                steps: [
                    .dial(.customer, "5202"), .called(.alice), .called(.bob), .wait(2), .hangUp(.customer),
                    .ended(.bob),
                    .ended(.alice),
                ],
                calls: [
                    inbound("5202", "CANCELED").with {
                        ($0.duration, $0.hungUpBy, $0.recordings) = (2...3, ["caller"], nil)
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_followme_desk", "office",
                "Alice's desk phone and her mobile outside ring through chains of Local channels; the desk phone takes it.",
                steps: [
                    .dial(.customer2, "5203"), .called(.alice), .called(.customer), .wait(1), .answer(.alice),
                    .ended(.customer), .wait(2), .hangUp(.customer2), .ended(.alice),
                ],
                calls: [
                    inbound("5203", "ANSWERED", from: Party.customer2.rawValue).with {
                        ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (1.7...2.6, "1001", ["1001"], ["caller"])
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_followme_mobile", "office", "The same; the mobile takes it.",
                steps: [
                    .dial(.customer2, "5203"), .called(.alice), .called(.customer), .wait(1), .answer(.customer),
                    .ended(.alice), .wait(2), .hangUp(.customer), .ended(.customer2),
                ],
                calls: [
                    inbound("5203", "ANSWERED", from: Party.customer2.rawValue).with {
                        ($0.talk, $0.answeredBy, $0.hungUpBy) = (1.7...2.6, "15559876543", ["callee"])
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_queue", "office",
                "A queue whose members are Local channels that stay; Alice answers after 1 s.",
                steps: [
                    .dial(.customer, "5204"), .called(.alice), .wait(1), .answer(.alice), .wait(3), .hangUp(.alice),
                    .ended(.customer),
                ],
                calls: [
                    inbound("5204", "ANSWERED").with {
                        ($0.queue, $0.talk) = (.init("office", "ANSWERED", wait: 0.8...2), 2.7...3.6)
                        ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["callee"])
                        ($0.cause, $0.recordings) = ([16], ["/office/q-"])
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_queue_302", "office", "The same; Alice's phone forwards (302) to Carol, who answers.",
                steps: [
                    .dial(.customer, "5204"), .forward(.alice, to: "1003"), .called(.carol), .wait(1), .answer(.carol),
                    .wait(2), .hangUp(.customer), .ended(.carol),
                ],
                calls: [
                    inbound("5204", "ANSWERED").with {
                        ($0.queue, $0.talk) = (.init("office", "ANSWERED", wait: 0.8...3), 1.7...2.6)
                        ($0.answeredBy, $0.agents, $0.hungUpBy, $0.recordings) = ("1003", ["1003"], ["caller"], nil)
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_queue_next_member", "office", "Alice does not answer within 6 s, then Bob does.",
                steps: [
                    .dial(.customer, "5204"), .called(.alice), .ended(.alice), .called(.bob), .wait(1), .answer(.bob),
                    .wait(2), .hangUp(.bob), .ended(.customer),
                ],
                calls: [
                    inbound("5204", "ANSWERED").with {
                        ($0.queue, $0.talk) = (.init("office", "ANSWERED", wait: 6.5...10), 1.7...2.6)
                        ($0.answeredBy, $0.agents, $0.hungUpBy, $0.recordings) = ("1002", ["1002"], ["callee"], nil)
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_queue_abandoned", "office",
                "The customer gives up while Alice's phone rings behind a Local channel.",
                steps: [.dial(.customer, "5204"), .called(.alice), .wait(3), .hangUp(.customer), .ended(.alice)],
                calls: [
                    inbound("5204", "CANCELED", "NO_ANSWER").with {
                        ($0.queue, $0.hungUpBy) = (.init("office", "ABANDONED", wait: 2.7...3.6), ["caller"])
                        ($0.billsec, $0.recordings) = (2...4, nil)
                    }
                ], cdrDiffers: rows),
            Scenario(
                "queue_announcement_refused", "office",
                "Alice takes the call from the queue, but hangs up while it is announced to her; Bob takes it, hears the 3 s "
                    + "announcement and talks 2 s.",
                steps: [
                    .dial(.customer, "5205"), .answer(.alice), .wait(1), .hangUp(.alice),
                    .manner(.alice, .refuses(status: 486)),
                    .called(.bob), .answer(.bob), .wait(5), .hangUp(.customer), .ended(.bob),
                ],
                calls: [
                    inbound("5205", "ANSWERED").with {
                        $0.queue = .init("support", "ANSWERED", wait: 3.5...12)
                        ($0.talk, $0.answeredBy, $0.agents) = (1.5...2.8, "1002", ["1002"])
                        $0.hungUpBy = ["caller"]
                    }
                ], cdrDiffers: rows),
            Scenario(
                "queue_survey", "office",
                "Alice hangs up after 2 s of talk; the customer stays for a 3 s survey, then the PBX hangs up.",
                steps: [
                    .dial(.customer, "5227"), .called(.alice), .wait(1), .answer(.alice), .wait(2), .hangUp(.alice),
                    .ended(.customer),
                ],
                calls: [
                    inbound("5227", "ANSWERED").with {
                        ($0.queue, $0.talk) = (.init("support", "ANSWERED", wait: 0.8...2), 1.7...2.6)
                        ($0.billsec, $0.answeredBy, $0.agents, $0.hungUpBy) = (5...7, "1001", ["1001"], ["system"])
                    }
                ], cdrDiffers: rows),
            Scenario(
                "queue_survey_left", "office", "The same, but the customer hangs up in the survey.",
                steps: [
                    .dial(.customer, "5227"), .called(.alice), .wait(1), .answer(.alice), .wait(2), .hangUp(.alice),
                    .wait(1.5), .hangUp(.customer),
                ],
                calls: [
                    inbound("5227", "ANSWERED").with {
                        ($0.talk, $0.billsec, $0.answeredBy, $0.hungUpBy) = (1.7...2.6, 4...5, "1001", ["caller"])
                    }
                ], cdrDiffers: rows),
            Scenario(
                "office_three_menus", "office", "The customer goes through three menus (1, 2, 3) to Alice; 2 s talk.",
                steps: [
                    .dial(.customer, "5206"), .up(.customer), .wait(1.2), .press(.customer, "1"), .wait(1.2),
                    .press(.customer, "2"), .wait(1.5), .press(.customer, "3"), .called(.alice), .wait(1),
                    .answer(.alice),
                    .wait(2), .hangUp(.customer), .ended(.alice),
                ],
                calls: [
                    inbound("5206", "ANSWERED").with {
                        ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (1.7...2.6, "1001", ["1001"], ["caller"])
                        $0.billsec = 6...10
                    }
                ], cdrDiffers: rows),
            // Trunks
            shownAs("trunk_shown_as_company", "05", "name and number at once"),
            shownAs("trunk_shown_as_company_in_steps", "06", "its name first, then its number"),
            Scenario(
                "trunk_failover", "office",
                "The first trunk fails (503), over the second the customer answers; 2 s talk.",
                steps: [
                    .dial(.alice, "615559876543"), .refuse(.customer3, 503), .called(.customer), .wait(1),
                    .answer(.customer), .up(.alice), .wait(2), .hangUp(.alice), .ended(.customer),
                ],
                calls: [
                    dialled("ANSWERED").with {
                        ($0.billsec, $0.talk, $0.duration) = (1...2, 1.7...2.6, 3...4)
                        ($0.agents, $0.hungUpBy, $0.cause, $0.answeredBy) = (["1001"], ["caller"], [16], "15559876543")
                    }
                ], cdrDiffers: rows),
            Scenario(
                "trunk_both_fail", "office", "Both trunks fail; the dialplan says so.",
                steps: [
                    .dial(.alice, "615559876543"), .refuse(.customer3, 503), .refuse(.customer, 503), .ended(.alice),
                ],
                calls: [
                    dialled("FAILED").with { ($0.cause, $0.hungUpBy) = ([34, 38, 41, 42], ["system", "callee"]) }
                ],
                cdrDiffers: rows),
            Scenario(
                "trunk_failover_busy", "office", "The first trunk fails, over the second the customer is busy.",
                steps: [
                    .dial(.alice, "615559876543"), .refuse(.customer3, 503), .refuse(.customer, 486), .ended(.alice),
                ],
                calls: [dialled("BUSY").with { $0.cause = [17] }], cdrDiffers: rows),
            Scenario(
                "trunk_early_media_busy", "office", "The network plays an announcement (183) for 2 s, then says busy.",
                steps: [
                    .dial(.alice, "915559876543"), .progress(.customer), .wait(2), .refuse(.customer, 486),
                    .ended(.alice),
                ],
                calls: [
                    dialled("BUSY").with {
                        ($0.callee, $0.duration, $0.cause) = (["15559876543", "915559876543"], 2...3, [17])
                    }
                ]),
            Scenario(
                "trunk_early_media_answer", "office",
                "The network plays a tone (183) for 2 s, then the customer answers.",
                steps: [
                    .dial(.alice, "915559876543"), .progress(.customer), .wait(2), .answer(.customer), .up(.alice),
                    .wait(2), .hangUp(.customer), .ended(.alice),
                ],
                calls: [
                    dialled("ANSWERED").with {
                        ($0.callee, $0.duration) = (["15559876543", "915559876543"], 3...5)
                        ($0.billsec, $0.talk, $0.hungUpBy, $0.cause) = (1...2, 1.7...2.6, ["callee"], [16])
                        $0.agents = ["1001"]
                    }
                ]),
        ]
        + [
            (480, [18, 19, 20, 0], ["NO_ANSWER", "FAILED"]), (487, [127, 31, 0, 16, 18, 19], ["NO_ANSWER", "FAILED"]),
            (488, [58, 88, 127, 31, 47], ["FAILED"]), (500, [38, 41, 42, 127], ["FAILED"]), (600, [17], ["BUSY"]),
            (603, [21], ["FAILED", "NO_ANSWER", "BUSY"]),
        ].map(refusedOutside)

    private static func refusedOutside(_ status: Int, _ causes: [Int], _ dispositions: [String]) -> Scenario {
        Scenario(
            "out_refused_\(status)", "office", "The network refuses an outbound call with \(status).",
            steps: [
                .dial(.alice, "915559876543"), .called(.customer), .wait(1), .refuse(.customer, status), .ended(.alice),
            ],
            calls: [
                StatedFacts(
                    "outbound", from: "1001", to: "15559876543", "915559876543", disposition: dispositions[0]
                ).with {
                    ($0.disposition, $0.cause, $0.duration) = (dispositions, causes, 1...2)
                    ($0.billsec, $0.talk, $0.agents, $0.agent, $0.answeredBy) = (0...0, 0...0, [], "1001", .some(nil))
                }
            ], cdrDiffers: "a CDR has other words for it")
    }

    /// What Dial's options and single applications do to a call.
    static let applications: [Scenario] = [
        Scenario(
            "dial_g_goes_on", "application",
            "Alice hangs up after 2 s; the customer goes on to a 3 s prompt (Dial's g).",
            steps: begin("5207") + [.wait(2), .hangUp(.alice), .ended(.customer)],
            calls: [
                inbound("5207", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.answeredBy) = (4...6, 1.7...2.6, "1001")
                    ($0.agents, $0.hungUpBy, $0.cause) = (["1001"], ["system"], [16])
                }
            ], cdrDiffers: rows),
        Scenario(
            "dial_announced", "application",
            "Alice answers and hears a 3 s announcement first (Dial's A), then they talk 2 s.",
            steps: [.dial(.customer, "5208"), .called(.alice), .wait(1), .answer(.alice), .wait(5)] + end,
            calls: [
                inbound("5208", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (1.5...2.8, "1001", ["1001"], ["caller"])
                }
            ]),
        Scenario(
            "dial_announced_agent_leaves", "application", "Alice hangs up in the announcement: nobody is reached.",
            steps: [
                .dial(.customer, "5208"), .called(.alice), .wait(1), .answer(.alice), .wait(1), .hangUp(.alice),
                .ended(.customer),
            ],
            calls: [
                inbound("5208", "ANSWERED", "NO_ANSWER").with {
                    ($0.talk, $0.agents, $0.hungUpBy) = (0...0, [], ["callee", "system"])
                    $0.billsec = 0...2
                }
            ], cdrDiffers: rows),
        Scenario(
            "feature_disconnect_by_agent", "application", "Alice ends the call with the feature code *0.",
            steps: begin("5209") + [.wait(2), .press(.alice, "*0"), .ended(.customer)],
            calls: [
                inbound("5209", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.hungUpBy) = (1.7...3.2, "1001", ["callee"])
                }
            ], setting: .keysHeard),
        Scenario(
            "feature_disconnect_by_caller", "application", "The customer ends the call with the feature code *0.",
            steps: begin("5209") + [.wait(2), .press(.customer, "*0"), .ended(.alice), .ended(.customer)],
            calls: [
                inbound("5209", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.hungUpBy) = (1.7...3.2, "1001", ["caller"])
                }
            ], setting: .keysHeard),
        Scenario(
            "dial_limit_option_S", "application", "Dial's S(3) ends the talk 3 s after the answer.",
            steps: begin("5210") + [.ended(.customer)],
            calls: [
                inbound("5210", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.answeredBy, $0.hungUpBy) = (2...3, 2.7...3.6, "1001", ["system"])
                }
            ]),
        Scenario(
            "hunt_with_music", "application",
            "The PBX answers, Alice rings 5 s with music, then Bob, who answers after 1 s; 2 s talk.",
            steps: [
                .dial(.customer, "5211"), .called(.alice), .ended(.alice), .called(.bob), .wait(1), .answer(.bob),
                .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5211", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (7...9, 1.7...2.6, 7...9)
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1002", ["1002"], ["caller"])
                }
            ], cdrDiffers: rows),
        Scenario(
            "echo_test", "application", "The customer talks to himself for 3 s.",
            steps: [.dial(.customer, "5212"), .up(.customer), .wait(3), .hangUp(.customer)],
            calls: [
                inbound("5212", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.agents, $0.answeredBy) = (2...3, 0...0, [], .some(nil))
                    $0.hungUpBy = ["caller"]
                }
            ]),
        Scenario(
            "music_for_ever", "application", "The customer hears music until a supervisor ends it.",
            steps: [
                .dial(.customer, "5213"), .up(.customer), .wait(3), .action(["Action: Hangup", "Channel: {customer}"]),
                .ended(.customer),
            ],
            calls: [
                inbound("5213", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.agents, $0.hungUpBy) = (2...4, 0...0, [], ["system"])
                }
            ]),
        Scenario(
            "disa", "application", "The customer is given a dial tone and dials 1001; Alice answers; 2 s talk.",
            steps: [
                .dial(.customer, "5214"), .up(.customer), .wait(1), .press(.customer, "1001#"), .called(.alice),
                .wait(1), .answer(.alice), .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5214", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (1.7...2.6, "1001", ["1001"], ["caller"])
                }
            ], cdrDiffers: rows),
        Scenario(
            "page_three", "application", "The customer's call pages Alice, Bob and Carol, who can speak; he hangs up.",
            steps: [
                .manner(.alice, .answers(after: 0.2)), .manner(.bob, .answers(after: 0.4)),
                .manner(.carol, .answers(after: 0.6)), .dial(.customer, "5215"), .up(.alice), .up(.bob), .up(.carol),
                .wait(2), .hangUp(.customer), .ended(.alice), .ended(.bob), .ended(.carol),
            ],
            calls: [
                inbound("5215", "ANSWERED").with {
                    ($0.hungUpBy, $0.answeredBy, $0.talk) = (["caller"], "1001", 1.7...2.9)
                    $0.agents = ["1001", "1002", "1003"]
                }
            ], cdrDiffers: rows),
        Scenario(
            "waiting_room", "application",
            "The customer waits 2 s in a holding bridge; Alice's channel is bridged with his by a manager action.",
            steps: [
                .dial(.customer, "5216"), .up(.customer), .wait(2), .dial(.alice, "4066"), .up(.alice), .wait(0.5),
                .action(["Action: Bridge", "Channel1: {alice}", "Channel2: {customer}"]), .wait(2), .hangUp(.customer),
                .wait(0.5), .hangUp(.alice),
            ],
            calls: [
                inbound("5216", "ANSWERED").with {
                    ($0.talk, $0.agents, $0.hungUpBy, $0.transfers) = (1.6...2.6, ["1001"], ["caller"], nil)
                    $0.answeredBy = "1001"
                }
            ], cdrDiffers: rows),
        Scenario(
            "announcement_without_answer", "application",
            "An announcement is played before any answer, then the number is said to be unknown.",
            steps: [.dial(.customer, "5217"), .ended(.customer)],
            calls: [
                inbound("5217", "FAILED", "NO_ANSWER").with {
                    ($0.duration, $0.hungUpBy, $0.cause) = (0...2, ["system"], [1])
                }
            ], cdrDiffers: "a CDR has no word for it"),
        Scenario(
            "wait_then_congestion", "application", "The dialplan waits 1 s and hangs up with cause 34.",
            steps: [.dial(.customer, "5232"), .ended(.customer)],
            calls: [
                inbound("5232", "FAILED").with { ($0.duration, $0.hungUpBy, $0.cause) = (1...2, ["system"], [34]) }
            ],
            cdrDiffers: "a CDR has no word for it"),
        Scenario(
            "busy_then_mobile", "application", "Alice is busy; her mobile outside answers; 2 s talk.",
            steps: [
                .dial(.customer2, "5218"), .refuse(.alice, 486), .called(.customer), .wait(1), .answer(.customer),
                .wait(2), .hangUp(.customer2), .ended(.customer),
            ],
            calls: [
                inbound("5218", "ANSWERED", from: Party.customer2.rawValue).with {
                    ($0.talk, $0.answeredBy, $0.hungUpBy, $0.duration) = (1.7...2.6, "15559876543", ["caller"], 3...4)
                }
            ], cdrDiffers: rows),
        Scenario(
            "forward_to_outside", "application", "Alice's phone forwards (302) to a mobile outside, which answers.",
            steps: [
                .dial(.customer2, "5001"), .forward(.alice, to: "915559876543"), .called(.customer), .wait(1),
                .answer(.customer), .wait(2), .hangUp(.customer), .ended(.customer2),
            ],
            calls: [
                inbound("5001", "ANSWERED", from: Party.customer2.rawValue).with {
                    ($0.talk, $0.answeredBy, $0.hungUpBy, $0.duration) = (1.7...2.6, "15559876543", ["callee"], 3...4)
                }
            ], cdrDiffers: rows),
        Scenario(
            "forward_by_dialplan_outside", "application",
            "The dialplan sends the call outside through a Local channel.",
            steps: [
                .dial(.customer2, "5230"), .called(.customer), .wait(1), .answer(.customer), .wait(2),
                .hangUp(.customer2), .ended(.customer),
            ],
            calls: [
                inbound("5230", "ANSWERED", from: Party.customer2.rawValue).with {
                    ($0.talk, $0.billsec, $0.answeredBy) = (1.7...2.6, 1...2, "15559876543")
                    $0.hungUpBy = ["caller"]
                }
            ], cdrDiffers: rows),
        Scenario(
            "screened_accepted", "application", "Alice hears a prompt, presses 1 to take the call; 2 s talk.",
            steps: [
                .dial(.customer, "5223"), .called(.alice), .answer(.alice), .wait(1.5), .press(.alice, "1"), .wait(3),
                .hangUp(.alice), .ended(.customer),
            ],
            calls: [
                inbound("5223", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (1.7...3.4, "1001", ["1001"], ["callee"])
                }
            ]),
        Scenario(
            "screened_refused", "application", "Alice presses 2: she does not want the call. Bob takes it; 2 s talk.",
            steps: [
                .dial(.customer, "5223"), .called(.alice), .answer(.alice), .wait(1.5), .press(.alice, "2"),
                .called(.bob), .wait(1), .answer(.bob), .wait(2), .hangUp(.bob), .ended(.customer),
            ],
            calls: [
                inbound("5223", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (1.7...2.6, "1002", ["1002"], ["callee"])
                }
            ], cdrDiffers: rows),
        Scenario(
            "dial_into_conference", "application",
            "Customer and Alice are both sent into a conference when she answers (Dial's G); 2 s; the customer hangs up.",
            steps: begin("5225") + [.wait(3), .hangUp(.customer), .wait(0.5), .hangUp(.alice)],
            calls: [
                inbound("5225", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.talk) = ("1001", ["1001"], 1.7...3.4)
                    ($0.hungUpBy, $0.transfers) = (["caller", "callee"], nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "voicemail_when_busy", "application",
            "Alice is busy; the customer speaks 2 s to her voicemail and hangs up.",
            steps: [.dial(.customer, "5229"), .refuse(.alice, 486), .up(.customer), .wait(2), .hangUp(.customer)],
            calls: [
                inbound("5229", "ANSWERED").with {
                    ($0.talk, $0.billsec, $0.agents, $0.hungUpBy) = (0...0, 1...3, [], ["caller"])
                    ($0.answeredBy, $0.recordings) = (.some(nil), nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "parked_by_the_dialplan", "application",
            "The dialplan parks the customer; Alice fetches him from slot 701 after 2 s; 2 s talk.",
            steps: [
                .dial(.customer, "5220"), .up(.customer), .wait(2), .dial(.alice, "701"), .up(.alice), .wait(2),
                .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5220", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.agents, $0.hungUpBy) = (1.7...2.6, "1001", ["1001"], ["caller"])
                    ($0.park, $0.transfers) = (1...5, nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "internal_echo", "application", "Alice makes an echo test for 2 s.",
            steps: [.dial(.alice, "4066"), .up(.alice), .wait(2), .hangUp(.alice)],
            calls: [
                StatedFacts("internal", from: "1001", to: "4066", disposition: "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.agents, $0.hungUpBy) = (1...2, 0...0, [], ["caller"])
                }
            ]),
        Scenario(
            "page_from_inside", "application", "Alice pages Bob, Carol and Dave and says something for 2 s.",
            steps: [
                .manner(.bob, .answers(after: 0.2)), .manner(.carol, .answers(after: 0.3)),
                .manner(.dave, .answers(after: 0.4)), .dial(.alice, "4064"), .up(.bob), .up(.carol), .up(.dave),
                .wait(2), .hangUp(.alice), .ended(.bob), .ended(.carol), .ended(.dave),
            ],
            calls: [
                StatedFacts("internal", from: "1001", to: "4064", disposition: "ANSWERED").with {
                    ($0.answeredBy, $0.hungUpBy, $0.transfers) = ("1002", ["caller"], [])
                }
            ], cdrDiffers: rows),
        Scenario(
            "system_name", "application", "The plainest call on an Asterisk with a systemname.",
            steps: begin("5001") + [.wait(2)] + end,
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (1...2, 1.7...2.6, 3...4)
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.cause) = ("1001", ["1001"], ["caller"], [16])
                }
            ], setting: .systemName),
        Scenario(
            "system_name_transfer", "application", "An attended transfer on an Asterisk with a systemname.",
            steps: begin("5001") + [
                .wait(2), .hold(.alice), .dial(.alice, "1002"), .called(.bob), .wait(1), .answer(.bob), .up(.alice),
                .wait(2), .join(.alice, line: 1, into: 2), .ended(.alice, line: 1), .wait(3), .hangUp(.customer),
                .ended(.bob),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.agents, $0.agent) = (4.5...6, "1001", ["1001", "1002"], "1002")
                    ($0.hungUpBy, $0.transfers) = (["caller"], [.init("attended", ok: true)])
                }
            ], cdrDiffers: rows, setting: .systemName),
    ]
}
