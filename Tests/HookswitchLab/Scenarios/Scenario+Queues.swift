extension Scenario {
    /// Queues: answered, left, refused, by every strategy.
    static let queues: [Scenario] =
        [
            Scenario(
                "queue_answered", "queue", "The customer waits, Alice answers after 1 s, 3 s talk, Alice hangs up.",
                steps: [
                    .dial(.customer, "5005"), .called(.alice), .wait(1), .answer(.alice), .wait(3), .hangUp(.alice),
                    .ended(.customer),
                ],
                calls: [
                    queued("5005", "support", "ANSWERED", wait: 0.8...2, by: "1001").with {
                        ($0.billsec, $0.talk, $0.hungUpBy, $0.cause) = (3...5, 2.7...3.5, ["callee"], [16])
                    }
                ]),
            Scenario(
                "queue_caller_hangs", "queue", "The same, but the customer hangs up.",
                steps: [
                    .dial(.customer, "5005"), .called(.alice), .wait(1), .answer(.alice), .wait(3), .hangUp(.customer),
                    .ended(.alice),
                ],
                calls: [
                    queued("5005", "support", "ANSWERED", wait: 0.8...2, by: "1001").with {
                        ($0.billsec, $0.talk, $0.hungUpBy) = (3...5, 2.7...3.5, ["caller"])
                    }
                ]),
            Scenario(
                "queue_abandoned", "queue", "The customer gives up after 3 s in the queue.",
                steps: [.dial(.customer, "5005"), .called(.alice), .wait(3), .hangUp(.customer), .ended(.alice)],
                calls: [
                    queued("5005", "support", "ABANDONED", wait: 2.7...3.6, by: nil).with {
                        ($0.disposition, $0.duration, $0.hungUpBy) = (["NO_ANSWER", "CANCELED"], 3...4, ["caller"])
                    }
                ], cdrDiffers: "NO ANSWER with seconds that were waited"),
            Scenario(
                "queue_timeout", "queue", "Nobody takes the call within 4 s; a 1 s prompt; the PBX hangs up.",
                steps: [.dial(.customer, "5006"), .called(.alice), .ended(.customer)],
                calls: [
                    queued("5006", "vip", "TIMEOUT", wait: 3.5...5, by: nil).with {
                        ($0.disposition, $0.hungUpBy) = (["NO_ANSWER"], ["system"])
                    }
                ], cdrDiffers: "a second row says ANSWERED for the prompt"),
            Scenario(
                "queue_full", "queue", "One customer waits in a queue of one; the next is told it is full.",
                steps: [
                    .dial(.customer2, "5022"), .called(.alice), .wait(1), .dial(.customer, "5022"), .up(.customer),
                    .ended(.customer), .wait(0.5), .hangUp(.customer2),
                ],
                calls: [
                    queued("5022", "small", "ABANDONED", wait: 1.5...5, by: nil).with {
                        $0.caller = Party.customer2.rawValue
                        $0.disposition = ["NO_ANSWER", "CANCELED"]
                    },
                    queued("5022", "small", "FULL", wait: 0...0.3, by: nil).with {
                        ($0.disposition, $0.hungUpBy) = (["NO_ANSWER", "BUSY"], ["system"])
                    },
                ]),
            Scenario(
                "queue_empty", "queue", "Nobody is a member of the queue; a 1 s prompt; the PBX hangs up.",
                steps: [.dial(.customer, "5023"), .up(.customer), .ended(.customer)],
                calls: [
                    queued("5023", "nobody", "EMPTY", wait: 0...0.3, by: nil).with {
                        ($0.disposition, $0.hungUpBy) = (["NO_ANSWER", "FAILED"], ["system"])
                    }
                ], cdrDiffers: "a row says ANSWERED for the prompt"),
            Scenario(
                "queue_exit_key", "queue", "The customer presses 1 to leave the queue and reaches Bob.",
                steps: [
                    .dial(.customer, "5024"), .called(.alice), .wait(2), .press(.customer, "1"), .answer(.bob),
                    .wait(2), .hangUp(.customer), .ended(.bob),
                ],
                calls: [
                    queued("5024", "leaving", "EXIT", wait: 1.5...3.5, by: "1002").with {
                        ($0.disposition, $0.hungUpBy) = (["ANSWERED"], ["caller"])
                    }
                ], cdrDiffers: "rows for the queue and for the dial"),
            Scenario(
                "queue_rna_second", "queue", "Alice does not answer (4 s), Bob does after 1 s more.",
                steps: [
                    .dial(.customer, "5005"), .called(.alice), .called(.bob), .wait(1), .answer(.bob), .wait(3),
                    .hangUp(.customer), .ended(.bob),
                ],
                calls: [
                    queued("5005", "support", "ANSWERED", wait: 4.5...8, by: "1002").with { $0.hungUpBy = ["caller"] }
                ], cdrDiffers: "a row for each member that rang"),
            Scenario(
                "queue_busy_member", "queue", "Alice's phone is busy, Bob answers.",
                steps: [
                    .dial(.customer, "5005"), .refuse(.alice, 486), .called(.bob), .answer(.bob), .wait(2),
                    .hangUp(.customer), .ended(.bob),
                ],
                calls: [
                    queued("5005", "support", "ANSWERED", wait: 0...6, by: "1002").with { $0.hungUpBy = ["caller"] }
                ], cdrDiffers: "a row for each member that rang"),
            Scenario(
                "queue_member_paused", "queue", "Alice has paused; Bob is called at once.",
                steps: [
                    .action(["Action: QueuePause", "Interface: PJSIP/1001", "Paused: true", "Reason: lunch"]),
                    .dial(.customer, "5005"), .called(.bob), .answer(.bob), .wait(2), .hangUp(.bob), .ended(.customer),
                    .action(["Action: QueuePause", "Interface: PJSIP/1001", "Paused: false"]),
                ],
                calls: [
                    queued("5005", "support", "ANSWERED", wait: 0...1.5, by: "1002").with { $0.hungUpBy = ["callee"] }
                ]),
            Scenario(
                "queue_local_member", "queue", "The member is a Local channel that leads to Alice's phone.",
                steps: [
                    .dial(.customer, "5025"), .called(.alice), .wait(1), .answer(.alice), .wait(3), .hangUp(.alice),
                    .ended(.customer),
                ],
                calls: [
                    queued("5025", "remote", "ANSWERED", wait: 0.8...2, by: "1001").with {
                        ($0.talk, $0.hungUpBy) = (2.7...3.6, ["callee"])
                    }
                ], cdrDiffers: "rows for both halves of the Local channel"),
            Scenario(
                "queue_two", "queue", "After 3 s in one queue the customer goes to the next, where Alice answers.",
                steps: [
                    .dial(.customer, "5027"), .called(.alice), .ended(.alice), .called(.alice), .wait(1),
                    .answer(.alice), .wait(2), .hangUp(.customer), .ended(.alice),
                ],
                calls: [
                    queued("5027", "support", "ANSWERED", wait: 0...8, by: "1001").with { $0.hungUpBy = ["caller"] }
                ], cdrDiffers: "rows for both queues"),
            Scenario(
                "queue_xfer_blind", "queue", "Alice takes the call from the queue and sends it to Carol.",
                steps: [
                    .dial(.customer, "5005"), .called(.alice), .wait(1), .answer(.alice), .wait(2),
                    .transfer(.alice, to: "1003"), .answer(.carol), .wait(2), .hangUp(.customer), .ended(.carol),
                ],
                calls: [
                    queued("5005", "support", "ANSWERED", wait: 0.8...2, by: "1001").with {
                        ($0.agents, $0.agent, $0.transfers) = (["1001", "1003"], "1003", [.init("blind", ok: true)])
                        ($0.hungUpBy, $0.talk) = (["caller"], 3.5...5)
                    }
                ], cdrDiffers: "rows for each leg of the transfer"),
            Scenario(
                "queue_xfer_att", "queue", "Alice takes the call from the queue, consults Carol and joins both.",
                steps: [
                    .dial(.customer, "5005"), .called(.alice), .wait(1), .answer(.alice), .wait(2), .hold(.alice),
                    .dial(.alice, "1003"), .answer(.carol), .up(.alice), .wait(2), .join(.alice, line: 1, into: 2),
                    .ended(.alice, line: 1), .wait(2), .hangUp(.customer), .ended(.carol),
                ],
                calls: [
                    queued("5005", "support", "ANSWERED", wait: 0.8...2, by: "1001").with {
                        ($0.agents, $0.agent, $0.transfers) = (["1001", "1003"], "1003", [.init("attended", ok: true)])
                        $0.hungUpBy = ["caller"]
                    }
                ], cdrDiffers: "several rows under two linkedids"),
            Scenario(
                "queue_recorded", "queue", "A call through a queue, recorded from before the queue.",
                steps: [
                    .dial(.customer, "5034"), .called(.alice), .wait(1), .answer(.alice), .wait(2), .hangUp(.customer),
                    .ended(.alice),
                ],
                calls: [
                    queued("5034", "support", "ANSWERED", wait: 0.8...2, by: "1001").with {
                        ($0.recordings, $0.recordingState) = (["/queue-"], "ready")
                    }
                ]),
        ] + QueueStrategy.allCases.enumerated().map(byStrategy)

    private static func queued(
        _ did: String, _ queue: String, _ result: String, wait: ClosedRange<Double>, by agent: String?
    ) -> StatedFacts {
        inbound(did, agent == nil ? "NO_ANSWER" : "ANSWERED").with {
            ($0.queue, $0.answeredBy) = (.init(queue, result, wait: wait), .some(agent))
            $0.agents = agent.map { [$0] } ?? []
            if agent == nil { $0.billsec = nil }
        }
    }

    /// Alice refuses whenever she is called; whatever the strategy, Bob ends up with the call.
    private static func byStrategy(_ index: Int, _ strategy: QueueStrategy) -> Scenario {
        Scenario(
            "queue_strategy_\(strategy.rawValue)", "queue",
            "Strategy \(strategy.rawValue): Alice's phone is busy whenever it is called, Bob answers after 1 s.",
            steps: [
                .manner(.alice, .refuses(status: 486)), .dial(.customer, "506\(index)"), .called(.bob), .wait(1),
                .answer(.bob), .wait(2), .hangUp(.customer), .ended(.bob),
            ],
            calls: [
                queued("506\(index)", "s-\(strategy.rawValue)", "ANSWERED", wait: 0.5...15, by: "1002").with {
                    ($0.talk, $0.hungUpBy) = (1.7...2.6, ["caller"])
                }
            ], cdrDiffers: "a row for each member that rang")
    }
}
