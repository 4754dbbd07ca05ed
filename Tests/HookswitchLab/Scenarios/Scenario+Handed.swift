extension Scenario {
    /// The customer's call is the application's, which has answered it.
    private static let held: [Step] = [
        .dial(.customer, "5321"), .ari("POST", "/channels/{customer}/answer"), .up(.customer), .wait(1),
    ]
    /// Alice answers after a second, and the application puts both into a room of its own.
    private static let aliceJoins: [Step] = [
        .called(.alice), .wait(1), .answer(.alice), .ari("POST", "/bridges/room?type=mixing"),
        .ari("POST", "/bridges/room/addChannel?channel={customer}"),
        .ari("POST", "/bridges/room/addChannel?channel={alice}"),
    ]
    /// The application clears up after the customer has gone.
    private static let aliceIsLetGo: [Step] = [
        .wait(0.3), .ari("DELETE", "/channels/{alice}"), .ended(.alice), .ari("DELETE", "/bridges/room"),
    ]
    private static let withAlice = inbound("5321", "ANSWERED").with {
        ($0.answeredBy, $0.agents, $0.hungUpBy, $0.talk) = ("1001", ["1001"], ["caller"], 2.5...3.8)
    }
    private static func application(
        _ name: String, _ story: String, steps: [Step], calls: [StatedFacts]
    ) -> Scenario {
        Scenario(
            name, "application outside", story, steps: steps, calls: calls, cdrDiffers: rows, setting: .application)
    }

    /// Calls that something else than Dial() joins.
    static let handed: [Scenario] = [
        application(
            "ari_originated",
            "An application outside answers the customer, calls Alice on his behalf and bridges them; 3 s; the customer hangs up.",
            steps: held + [
                .ari("POST", "/channels?endpoint=PJSIP/1001&app=lab&originator={customer}&callerId=15551230001")
            ] + aliceJoins + [.wait(3), .hangUp(.customer)] + aliceIsLetGo,
            calls: [withAlice]),
        application(
            "ari_originated_alone",
            "The same, but the application does not say on whose behalf it calls Alice.",
            steps: held + [.ari("POST", "/channels?endpoint=PJSIP/1001&app=lab&callerId=15551230001")] + aliceJoins
                + [.wait(3), .hangUp(.customer)] + aliceIsLetGo,
            calls: [withAlice]),
        application(
            "ari_own_ids", "The same, and the application gives Alice's channel an id of its own.",
            steps: held + [
                .ari("POST", "/channels/desk-7f3a?endpoint=PJSIP/1001&app=lab&originator={customer}")
            ] + aliceJoins + [.wait(3), .hangUp(.customer)] + aliceIsLetGo,
            calls: [withAlice]),
        application(
            "ari_create_and_dial", "The application makes Alice's channel first and dials it then, as Dial() would.",
            steps: held + [
                .ari("POST", "/channels/create?endpoint=PJSIP/1001&app=lab&originator={customer}"),
                .ari("POST", "/channels/{alice}/dial?caller={customer}&timeout=20"),
            ] + aliceJoins + [.wait(3), .hangUp(.customer)] + aliceIsLetGo,
            calls: [withAlice]),
        application(
            "ari_agent_away",
            "Alice does not answer the application's call within 3 s; the customer hangs up after 2 s more.",
            steps: held + [
                .ari("POST", "/channels?endpoint=PJSIP/1001&app=lab&originator={customer}&timeout=3"), .called(.alice),
                .ended(.alice), .wait(2), .hangUp(.customer),
            ],
            calls: [
                inbound("5321", "NO_ANSWER", "CANCELED").with {
                    ($0.hungUpBy, $0.billsec) = (["caller"], 5...8)
                }
            ]),
        application(
            "ari_click_to_call",
            "The application calls Alice, then the customer for her, and bridges them; 3 s; the customer hangs up.",
            steps: [
                .ari("POST", "/channels?endpoint=PJSIP/1001&app=lab&callerId=15559876543"), .called(.alice), .wait(1),
                .answer(.alice), .up(.alice),
                .ari(
                    "POST", "/channels?endpoint=PJSIP/15559876543@trunk&app=lab&originator={alice}&callerId=18005550100"
                ),
                .called(.customer), .wait(2), .answer(.customer), .ari("POST", "/bridges/room?type=mixing"),
                .ari("POST", "/bridges/room/addChannel?channel={customer}"),
                .ari("POST", "/bridges/room/addChannel?channel={alice}"), .wait(3), .hangUp(.customer),
            ] + aliceIsLetGo,
            calls: [
                StatedFacts("outbound", from: "1001", to: "15559876543", disposition: "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("15559876543", ["1001"], ["callee"])
                    ($0.talk, $0.billsec) = (2.5...3.8, 3...4)
                }
            ]),
        application(
            "ari_handed_on", "The application lets Alice go after 2 s and calls Bob, who talks 2 s and hangs up.",
            steps: held + [.ari("POST", "/channels?endpoint=PJSIP/1001&app=lab&originator={customer}")] + aliceJoins + [
                .wait(2), .ari("DELETE", "/channels/{alice}"), .ended(.alice),
                .ari("POST", "/channels?endpoint=PJSIP/1002&app=lab&originator={customer}"), .called(.bob), .wait(1),
                .answer(.bob), .ari("POST", "/bridges/room/addChannel?channel={bob}"), .wait(2), .hangUp(.bob),
                .wait(0.3),
                .ari("DELETE", "/channels/{customer}"), .ended(.customer), .ari("DELETE", "/bridges/room"),
            ],
            calls: [
                inbound("5321", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.agent) = ("1001", ["1001", "1002"], "1002")
                    ($0.hungUpBy, $0.talk, $0.transfers) = (["agent", "callee"], 3.5...5.2, nil)
                }
            ]),
        application(
            "ari_recorded_and_heard",
            "The application records the room, plays a tone into it and listens in on the customer.",
            steps: held + [.ari("POST", "/channels?endpoint=PJSIP/1001&app=lab&originator={customer}")] + aliceJoins + [
                .ari("POST", "/bridges/room/record?name=talk&format=wav"),
                .ari("POST", "/channels/{customer}/snoop?spy=both&app=lab&snoopId=ear"), .wait(3), .hangUp(.customer),
            ] + aliceIsLetGo,
            calls: [withAlice]),
        application(
            "ari_voice_bot", "The application lets the customer talk with a machine beyond an RTP channel for 3 s.",
            steps: held + [
                .ari("POST", "/channels/externalMedia?app=lab&external_host=127.0.0.1:9&format=ulaw&channelId=machine"),
                .ari("POST", "/bridges/room?type=mixing"), .ari("POST", "/bridges/room/addChannel?channel={customer}"),
                .ari("POST", "/bridges/room/addChannel?channel=machine"), .wait(3), .hangUp(.customer), .wait(0.3),
                .ari("DELETE", "/channels/machine"), .ari("DELETE", "/bridges/room"),
            ],
            calls: [
                inbound("5321", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.talk) = (.some(nil), [], ["caller"], 0...0)
                }
            ]),
        application(
            "ari_then_dialplan",
            "The application sends the customer on into the dialplan, which dials Alice; 2 s talk.",
            steps: held + [
                .ari("POST", "/channels/{customer}/continue?context=from-internal&extension=1001&priority=1"),
                .called(.alice), .wait(1), .answer(.alice), .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5321", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.talk) = ("1001", ["1001"], ["caller"], 1.7...2.6)
                }
            ]),
        Scenario(
            "queue_gosub", "queue",
            "Alice hears a 1 s prompt of the queue's own (membergosub), then they talk 2 s; she hangs up.",
            steps: [
                .dial(.customer, "5322"), .up(.customer), .called(.alice), .wait(1), .answer(.alice), .wait(3),
                .hangUp(.alice), .ended(.customer),
            ],
            calls: [
                inbound("5322", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["callee", "agent"])
                    ($0.talk, $0.queue) = (1.6...2.6, .init("screened", "ANSWERED", wait: 0.8...2.5))
                }
            ]),
        Scenario(
            "retry_dial", "group",
            "Alice does not answer within 3 s; after a prompt she is dialled again (RetryDial) and answers; 2 s.",
            steps: [
                .dial(.customer, "5323"), .called(.alice), .ended(.alice), .called(.alice), .wait(1), .answer(.alice),
                .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5323", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.talk) = ("1001", ["1001"], ["caller"], 1.7...2.6)
                }
            ], cdrDiffers: rows),
        Scenario(
            "fax_number", "application",
            "A customer who is no fax machine calls the fax number and hangs up after 3 s.",
            steps: [.dial(.customer, "5324"), .up(.customer), .wait(3), .hangUp(.customer)],
            calls: [
                inbound("5324", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.talk) = (.some(nil), [], ["caller"], 0...0)
                }
            ]),
        Scenario(
            "bridge_add", "application", "A customer hears music; Bob's dialplan puts Bob into his bridge (BridgeAdd).",
            steps: [
                .dial(.customer, "5304"), .up(.customer), .wait(1), .dial(.alice, "4304"), .up(.alice), .wait(2),
                .dial(.bob, "4321"), .up(.bob), .wait(2), .hangUp(.alice), .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                inbound("5304", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.transfers) = ("1001", ["1001", "1002"], ["caller"], nil)
                }
            ], cdrDiffers: rows),
        Scenario(
            "action_cancel_transfer", "supervision",
            "A program starts an attended transfer for Alice, Bob answers, the program takes it back; 2 s talk.",
            steps: [
                .dial(.customer, "5021"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .wait(1),
                .action(["Action: Atxfer", "Channel: {alice}", "Context: from-internal", "Exten: 1002"]),
                .called(.bob), .answer(.bob), .wait(1), .action(["Action: CancelAtxfer", "Channel: {alice}"]),
                .ended(.bob), .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5021", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.transfers) = ("1001", ["1001"], ["caller"], [])
                }
            ], cdrDiffers: rows),
        Scenario(
            "action_kick", "supervision",
            "A program throws Alice out of the talk after 2 s (BridgeKick); the call is over.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .wait(2),
                .action(["Action: BridgeKick", "Channel: {alice}"]), .ended(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.talk) = ("1001", ["1001"], ["system"], 1.7...2.6)
                }
            ]),
    ]
}
