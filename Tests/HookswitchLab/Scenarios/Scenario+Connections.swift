extension Scenario {
    /// The plainest and the hardest stories with `chan_sip`, which 16 still has: the same phones, the same facts.
    static let legacySIP: [Scenario] = [
        "in_answered_caller_hangs", "in_answered_agent_hangs", "in_busy_486", "in_noanswer_timeout",
        "in_cancel_before_answer", "in_hold_resume", "internal_call", "out_phone_dials", "out_customer_busy",
        "out_agent_gives_up", "ivr_then_dial", "ringgroup_second_answers", "forward_302", "pickup_directed",
        "pickup_group", "park_retrieve", "xfer_blind_refer", "xfer_blind_busy", "xfer_att_refer", "xfer_att_dtmf",
        "out_click2call_pjsip", "out_click2call_customer_busy", "queue_answered", "queue_local_member",
        "queue_xfer_blind",
        "rec_dialplan", "rec_transferred",
    ].map { name in
        var scenario = (plain + menus + groups + transfers + clickToCall + queues + recordings).first {
            $0.name == name
        }!
        scenario.name = "sip_" + name
        scenario.family = "chan_sip"
        (scenario.setting, scenario.versions) = (.legacySIP, [16])
        return scenario
    }

    /// Alice calls a number that a carrier reached by IAX2 brings back to this very PBX, where it rings Bob: two calls, one that
    /// leaves and one that comes in.
    private static func throughCarrier(
        _ name: String, _ story: String, prefix: String = "2", _ steps: [Step], leaves: StatedFacts, comes: StatedFacts
    ) -> Scenario {
        Scenario(
            name, "iax2", story, steps: [.dial(.alice, prefix + carried), .called(.bob)] + steps,
            calls: [leaves, comes], cdrDiffers: "two calls", setting: .iax)
    }
    private static let carried = "15559876501"

    private static func leaving(_ disposition: String, prefix: String = "2") -> StatedFacts {
        StatedFacts("outbound", from: "1001", to: carried, prefix + carried, disposition: disposition).with {
            ($0.agent, $0.transfers, $0.recordings) = ("1001", [], [])
            if disposition != "ANSWERED" { ($0.billsec, $0.talk) = (0...0, 0...0) }
        }
    }
    private static func coming(_ disposition: String) -> StatedFacts {
        inbound(carried, disposition, from: "18005550100")
    }

    /// Trunks and manager connections of other kinds; `cdr.conf` each way.
    static let connections: [Scenario] =
        [
            throughCarrier(
                "iax_answered", "Bob answers after 1 s, they talk 3 s, Alice hangs up.",
                [.wait(1), .answer(.bob), .up(.alice), .wait(3), .hangUp(.alice), .ended(.bob)],
                leaves: leaving("ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 4...5)
                    ($0.agents, $0.hungUpBy, $0.cause) = (["1001"], ["caller"], [16])
                },
                comes: coming("ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 4...5)
                    ($0.answeredBy, $0.agents, $0.hungUpBy, $0.cause) = ("1002", ["1002"], ["caller"], [16])
                }),
            throughCarrier(
                "iax_called_hangs", "Bob answers after 1 s and hangs up 2 s later.",
                [.wait(1), .answer(.bob), .up(.alice), .wait(2), .hangUp(.bob), .ended(.alice)],
                leaves: leaving("ANSWERED").with {
                    ($0.billsec, $0.agents, $0.hungUpBy) = (1...2, ["1001"], ["callee"])
                },
                comes: coming("ANSWERED").with {
                    ($0.billsec, $0.answeredBy, $0.hungUpBy) = (1...2, "1002", ["callee"])
                }),
            throughCarrier(
                "iax_unanswered", "Bob does not answer; the PBX gives up after 3 s.", prefix: "3",
                [.ended(.alice), .ended(.bob)],
                leaves: leaving("NO_ANSWER", prefix: "3").with { ($0.duration, $0.agents) = (3...4, []) },
                comes: coming("CANCELED").with { ($0.duration, $0.hungUpBy) = (2...4, ["caller"]) }),
            throughCarrier(
                "iax_cancelled", "Alice gives up after 2 s of ringing.",
                [.wait(2), .hangUp(.alice), .ended(.bob)],
                leaves: leaving("CANCELED").with { ($0.duration, $0.hungUpBy) = (2...3, ["caller"]) },
                comes: coming("CANCELED").with { ($0.duration, $0.hungUpBy) = (2...3, ["caller"]) }),
            throughCarrier(
                "iax_busy", "Bob's phone is busy.", [.refuse(.bob, 486), .ended(.alice)],
                leaves: leaving("BUSY").with { ($0.duration, $0.agents) = (0...1, []) },
                comes: coming("BUSY").with { $0.duration = 0...1 }),
        ]
        + [
            copy("manager_tls", .managerTLS, of: "in_answered_caller_hangs"),
            copy("manager_tls_queue", .managerTLS, of: "queue_answered"),
            copy("cdr_late_end", .cdrLateEnd, of: "in_answered_agent_hangs"),
            copy("cdr_late_end_unanswered", .cdrLateEnd, of: "in_noanswer_timeout"),
            copy("cdr_answered_only", .cdrAnsweredOnly, of: "in_answered_agent_hangs"),
            copy("cdr_answered_only_transfer", .cdrAnsweredOnly, of: "xfer_blind_refer"),
            copy("cdr_off_unanswered", .cdrUnansweredOff, of: "in_noanswer_timeout"),
            copy("cdr_off_click2call_away", .cdrUnansweredOff, of: "out_click2call_agent_away"),
            Scenario(
                "xfer_att_silent", "transfer",
                "Alice tries to consult Bob, who does not answer; she gives up and takes the customer back for 2 s.",
                steps: [
                    .dial(.customer, "5001"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .wait(1),
                    .hold(.alice), .dial(.alice, "1002"), .called(.bob), .wait(2), .hangUp(.alice, line: 2),
                    .ended(.bob), .resume(.alice, line: 1), .wait(2), .hangUp(.customer), .ended(.alice, line: 1),
                ],
                calls: [
                    inbound("5001", "ANSWERED").with {
                        ($0.answeredBy, $0.agents, $0.hungUpBy) = ("1001", ["1001"], ["caller"])
                    },
                    StatedFacts("internal", from: "1001", to: "1002", disposition: "CANCELED").with {
                        ($0.billsec, $0.hungUpBy) = (0...0, ["caller"])
                    },
                ]),
        ]

    /// The same story under another setting.
    private static func copy(_ name: String, _ setting: Setting, of other: String) -> Scenario {
        var scenario = (plain + queues + transfers + clickToCall).first { $0.name == other }!
        (scenario.name, scenario.family, scenario.setting) = (name, "connection", setting)
        // Where such calls are left out of Asterisk's own files there is nothing to compare with.
        if setting == .cdrAnsweredOnly { scenario.cdrDiffers = scenario.cdrDiffers ?? "kept by other rules" }
        return scenario
    }
}
