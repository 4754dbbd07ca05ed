extension Scenario {
    /// What a customer's number is.
    static let customer = Party.customer.rawValue

    /// Facts of a call from outside.
    static func inbound(_ did: String, _ disposition: String..., from caller: String = customer) -> StatedFacts {
        var facts = StatedFacts("inbound", from: caller, to: did, disposition: disposition[0])
        facts.disposition = disposition
        if !disposition.contains("ANSWERED") {
            (facts.billsec, facts.talk, facts.answeredBy, facts.agents) = (0...0, 0...0, .some(nil), [])
        }
        return facts.with {
            $0.transfers = []
            $0.recordings = []
        }
    }
    /// Facts of a call inside the house.
    static func inside(_ from: String, _ to: String, _ disposition: String = "ANSWERED") -> StatedFacts {
        StatedFacts("internal", from: from, to: to, disposition: disposition)
    }

    /// Somebody calls, and Alice answers after 1 s.
    static func begin(_ did: String = "5001", from: Party = .customer) -> [Step] {
        [.dial(from, did), .called(.alice), .wait(1), .answer(.alice), .up(from)]
    }

    /// In what Asterisk's CDRs mostly differ.
    static let rows = "several rows for one call"

    /// The plainest calls: answered, busy, refused, unanswered, cancelled, held, inside and to the outside.
    static let plain: [Scenario] = [
        Scenario(
            "in_answered_caller_hangs", "plain",
            "A customer calls, Alice answers after 1 s, they talk 3 s, the customer hangs up.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .wait(3),
                .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 4...5)
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.cause) = ("1001", ["1001"], ["caller"], [16])
                }
            ]),
        Scenario(
            "in_answered_agent_hangs", "plain", "The same, but Alice hangs up.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .wait(3),
                .hangUp(.alice), .ended(.customer),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 4...5)
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.cause) = ("1001", ["1001"], ["callee"], [16])
                }
            ]),
        Scenario(
            "in_busy_486", "plain", "Alice's phone says busy.",
            steps: [.dial(.customer, "5001"), .refuse(.alice, 486), .ended(.customer)],
            calls: [
                inbound("5001", "BUSY").with { ($0.duration, $0.cause) = (0...1, [17]) }
            ]),
        Scenario(
            "in_declined_603", "plain", "Alice declines the call.",
            steps: [.dial(.customer, "5001"), .called(.alice), .wait(1), .refuse(.alice, 603), .ended(.customer)],
            calls: [
                inbound("5001", "NO_ANSWER", "FAILED", "BUSY").with { ($0.duration, $0.cause) = (1...2, [21]) }
            ]),
        Scenario(
            "in_failed_503", "plain", "Alice's phone fails the call.",
            steps: [.dial(.customer, "5001"), .refuse(.alice, 503), .ended(.customer)],
            calls: [
                inbound("5001", "FAILED").with { ($0.duration, $0.cause) = (0...1, [34, 38, 41, 42]) }
            ]),
        Scenario(
            "in_not_found_404", "plain", "Alice's phone says that nobody of that name is there.",
            steps: [.dial(.customer, "5001"), .refuse(.alice, 404), .ended(.customer)],
            calls: [
                inbound("5001", "FAILED", "NO_ANSWER").with { ($0.duration, $0.cause) = (0...1, [1]) }
            ]),
        Scenario(
            "in_noanswer_timeout", "plain", "Alice's phone rings 4 s, Dial gives up, the dialplan hangs up.",
            steps: [.dial(.customer, "5002"), .called(.alice), .ended(.customer)],
            calls: [
                inbound("5002", "NO_ANSWER").with { ($0.duration, $0.hungUpBy) = (4...5, ["system"]) }
            ]),
        Scenario(
            "in_cancel_before_answer", "plain", "The customer gives up after 2 s of ringing.",
            steps: [.dial(.customer, "5001"), .ringing(.customer), .wait(2), .hangUp(.customer), .ended(.alice)],
            calls: [
                inbound("5001", "CANCELED").with { ($0.duration, $0.hungUpBy) = (2...3, ["caller"]) }
            ],
            cdrDiffers: "a CDR has no word for a caller who gave up: it says NO ANSWER"),
        Scenario(
            "in_cancel_at_once", "plain", "The customer gives up as soon as it rings.",
            steps: [.dial(.customer, "5001"), .ringing(.customer), .hangUp(.customer), .ended(.alice)],
            calls: [
                inbound("5001", "CANCELED").with { ($0.duration, $0.hungUpBy) = (0...0, ["caller"]) }
            ],
            cdrDiffers: "a CDR has no word for a caller who gave up: it says NO ANSWER"),
        Scenario(
            "in_invalid_did", "plain",
            "A customer dials a number the PBX does not have: refused with 404 before a channel exists.",
            steps: [.dial(.customer, "5999"), .ended(.customer)], calls: []),
        Scenario(
            "in_unknown_endpoint", "plain", "The dialplan dials a phone that is not configured.",
            steps: [.dial(.customer, "5040"), .ended(.customer)],
            calls: [inbound("5040", "FAILED").with { $0.duration = 0...1 }],
            cdrDiffers: "a CDR says NO ANSWER of a dial that could not be made"),
        Scenario(
            "in_zero_seconds", "plain", "Alice answers and the customer hangs up at once, well under a second.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .wait(0.1),
                .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (0...0, 0...0.6, 1...2)
                    ($0.answeredBy, $0.hungUpBy, $0.cause) = ("1001", ["caller"], [16])
                }
            ]),
        Scenario(
            "in_hold_resume", "plain", "Alice puts the customer on hold for 2 s and takes him back; 6 s in all.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .wait(2),
                .hold(.alice), .wait(2), .resume(.alice), .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (5...6, 3.6...4.6, 7...8)
                    ($0.answeredBy, $0.hungUpBy, $0.cause, $0.hold) = ("1001", ["caller"], [16], 1.8...2.6)
                }
            ]),
        Scenario(
            "in_hold_and_hang_up", "plain", "Alice puts the customer on hold, and he hangs up after 2 s of music.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .answer(.alice), .up(.customer), .wait(2),
                .hold(.alice), .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.talk) = (3...5, 1.7...2.6)
                    ($0.answeredBy, $0.hungUpBy, $0.hold) = ("1001", ["caller"], 1.7...2.6)
                }
            ]),
        Scenario(
            "in_dialplan_busy", "plain", "The dialplan itself says busy.",
            steps: [.dial(.customer, "5015"), .ended(.customer)],
            calls: [inbound("5015", "BUSY").with { ($0.cause, $0.hungUpBy) = ([17], ["system"]) }]),
        Scenario(
            "in_dialplan_congestion", "plain", "The dialplan itself says congestion.",
            steps: [.dial(.customer, "5016"), .ended(.customer)],
            calls: [inbound("5016", "FAILED").with { ($0.cause, $0.hungUpBy) = ([34], ["system"]) }]),
        Scenario(
            "dial_limit", "plain", "Dial's limit of 3 s ends the talk.",
            steps: [
                .dial(.customer, "5028"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .ended(.customer),
            ],
            calls: [
                inbound("5028", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.answeredBy, $0.hungUpBy) = (2...3, 2.7...3.6, "1001", ["system"])
                }
            ]),
        Scenario(
            "absolute_timeout", "plain", "TIMEOUT(absolute) ends the call 5 s after it began.",
            steps: [
                .dial(.customer, "5029"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .ended(.customer),
            ],
            calls: [
                inbound("5029", "ANSWERED").with {
                    ($0.billsec, $0.duration, $0.answeredBy, $0.hungUpBy) = (3...4, 4...6, "1001", ["system"])
                }
            ]),
        Scenario(
            "internal_call", "plain", "Alice calls Bob, they talk 3 s, Alice hangs up.",
            steps: [
                .dial(.alice, "1002"), .called(.bob), .wait(1), .answer(.bob), .up(.alice), .wait(3), .hangUp(.alice),
                .ended(.bob),
            ],
            calls: [
                StatedFacts("internal", from: "1001", to: "1002", disposition: "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 4...5)
                    ($0.answeredBy, $0.hungUpBy, $0.cause) = ("1002", ["caller"], [16])
                    ($0.transfers, $0.recordings) = ([], [])
                }
            ]),
        Scenario(
            "internal_unanswered", "plain", "Alice calls Bob, who does not answer; Alice gives up after 2 s.",
            steps: [.dial(.alice, "1002"), .ringing(.alice), .wait(2), .hangUp(.alice), .ended(.bob)],
            calls: [
                StatedFacts("internal", from: "1001", to: "1002", disposition: "CANCELED").with {
                    ($0.billsec, $0.duration, $0.answeredBy, $0.hungUpBy) = (0...0, 2...3, .some(nil), ["caller"])
                }
            ],
            cdrDiffers: "a CDR has no word for a caller who gave up: it says NO ANSWER"),
        Scenario(
            "out_phone_dials", "plain",
            "Alice dials a customer from her phone; the customer answers after 1 s and hangs up after 3 s.",
            steps: [
                .dial(.alice, "915559876543"), .called(.customer), .wait(1), .answer(.customer), .up(.alice), .wait(3),
                .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                StatedFacts("outbound", from: "1001", to: "15559876543", "915559876543", disposition: "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 4...5)
                    ($0.agents, $0.agent, $0.hungUpBy, $0.cause) = (["1001"], "1001", ["callee"], [16])
                }
            ]),
        Scenario(
            "out_customer_busy", "plain", "Alice dials a customer who is busy.",
            steps: [.dial(.alice, "915559876543"), .refuse(.customer, 486), .ended(.alice)],
            calls: [
                StatedFacts("outbound", from: "1001", to: "15559876543", "915559876543", disposition: "BUSY").with {
                    ($0.billsec, $0.duration, $0.agent, $0.cause) = (0...0, 0...1, "1001", [17])
                }
            ]),
        Scenario(
            "out_wrong_number", "plain", "Alice dials a number the outside does not have.",
            steps: [.dial(.alice, "915550000000"), .refuse(.customer, 404), .ended(.alice)],
            calls: [
                StatedFacts(
                    "outbound", from: "1001", to: "15550000000", "915550000000", disposition: "FAILED"
                ).with {
                    $0.disposition = ["FAILED", "NO_ANSWER"]
                    ($0.billsec, $0.agent, $0.cause) = (0...0, "1001", [1])
                }
            ]),
        Scenario(
            "out_agent_gives_up", "plain", "Alice dials a customer who does not answer, and gives up after 2 s.",
            steps: [.dial(.alice, "915559876543"), .ringing(.alice), .wait(2), .hangUp(.alice), .ended(.customer)],
            calls: [
                StatedFacts("outbound", from: "1001", to: "15559876543", "915559876543", disposition: "CANCELED").with {
                    ($0.billsec, $0.duration, $0.agent, $0.hungUpBy) = (0...0, 2...3, "1001", ["caller"])
                }
            ],
            cdrDiffers: "a CDR has no word for a caller who gave up: it says NO ANSWER"),
    ]
}
