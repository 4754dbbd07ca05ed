extension Scenario {
    /// What `make demo` shows, in this order; all through the Asterisk files Hookswitch ships.
    public static let demo: [Scenario] =
        [
            Scenario(
                "demo_answered_recorded", "demo",
                "A customer calls, Alice answers after 1 s; both talk 3 s and are recorded; the customer hangs up.",
                steps: [
                    .dial(.customer, "5011", name: Array("\"Zoë Müller\"".utf8)), .called(.alice), .wait(1),
                    .answer(.alice), .up(.customer), .wait(3), .hangUp(.customer), .ended(.alice),
                ],
                calls: [
                    inbound("5011", "ANSWERED").with {
                        ($0.billsec, $0.talk, $0.duration) = (2...3, 2.7...3.5, 4...5)
                        ($0.answeredBy, $0.agents, $0.hungUpBy, $0.cause) = ("1001", ["1001"], ["caller"], [16])
                        ($0.recordings, $0.recordingState) = ([".wav"], "ready")
                        ($0.callerName, $0.variables) = ("Zoë Müller", ["lead_id": "88001234"])
                    }
                ])
        ]
        + [
            "in_busy_486", "in_noanswer_timeout", "in_cancel_before_answer", "ivr_then_dial", "out_click2call_pjsip",
            "queue_answered", "xfer_att_refer",
        ].compactMap { name in all.first { $0.name == name } }
}
