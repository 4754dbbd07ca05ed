extension Scenario {
    private static func answered(
        _ steps: [Step] = [], did: String = "5001", as name: [UInt8]? = nil, from: String? = nil
    )
        -> [Step]
    {
        [.dial(.customer, did, as: from, name: name), .called(.alice), .wait(1), .answer(.alice), .up(.customer)]
            + steps
            + [.wait(1), .hangUp(.customer), .ended(.alice)]
    }

    private static func named(_ name: String?, number: String = customer) -> StatedFacts {
        inbound("5001", "ANSWERED", from: number).with {
            ($0.callerName, $0.answeredBy, $0.hungUpBy, $0.billsec) = (name, "1001", ["caller"], 0...2)
        }
    }

    /// Names, variables, settings, reloads and crashes.
    static let odd: [Scenario] = [
        Scenario(
            "name_quotes", "odd", "A caller name with quotes, backslash, colon, comma and semicolon.",
            steps: answered(as: Array(#""O\"Neil: a\\b, c; d""#.utf8)), calls: [named(#"O"Neil: a\b, c; d"#)]),
        Scenario(
            "name_unicode", "odd", "A caller name with accents, CJK and an emoji.",
            steps: answered(as: Array("\"Zoë Müller 山田 📞\"".utf8)), calls: [named("Zoë Müller 山田 📞")]),
        Scenario(
            "name_latin1", "odd", "A caller name in Latin-1, which is no UTF-8.",
            steps: answered(as: [0x22, 0x4d, 0xfc, 0x6c, 0x6c, 0x65, 0x72, 0x22]), calls: [named("M\u{fffd}ller")]),
        Scenario(
            "number_plus", "odd", "A caller whose number has a plus.",
            steps: answered(from: "+15551230001"), calls: [named(nil, number: "+15551230001")]),
        Scenario(
            "number_anonymous", "odd", "A caller who hides his number.",
            steps: answered(as: Array("\"Anonymous\"".utf8), from: "anonymous"),
            calls: [named("Anonymous", number: "anonymous")]),
        Scenario(
            "forged_event", "odd",
            "While Bob talks with Carol, a stranger calls whose number holds a forged Hangup of Bob's channel.",
            steps: [
                .dial(.bob, "1003"), .answer(.carol), .up(.bob), .wait(1),
                .dial(
                    .customer, "5001",
                    as: "1%0D%0A%0D%0AEvent%3A%20Hangup%0D%0APrivilege%3A%20call,all%0D%0AUniqueid%3A%20{id:bob}"),
                .answer(.alice), .wait(1), .hangUp(.customer), .ended(.alice), .wait(2), .hangUp(.bob), .ended(.carol),
            ],
            calls: [
                StatedFacts("internal", from: "1002", to: "1003", disposition: "ANSWERED").with {
                    ($0.billsec, $0.answeredBy, $0.hungUpBy, $0.completeness) = (3...6, "1003", ["caller"], nil)
                }
            ], cdrDiffers: "its source is the forged text", allowsMore: true),
        Scenario(
            "vars_lead", "odd", "VICIdial-like variables, accountcode and userfield set in the dialplan.",
            steps: answered(did: "5013"),
            calls: [
                inbound("5013", "ANSWERED").with {
                    ($0.answeredBy, $0.hungUpBy, $0.cause) = ("1001", ["caller"], [16])
                    $0.variables = ["lead_id": "88001234", "campaign_id": "SPRING26", "vendor_lead_code": "VL-77:x=1"]
                    ($0.accountCode, $0.userField) = ("camp-spring", "uf;lead=88001234")
                }
            ]),
        Scenario(
            "reload_in_call", "odd", "Asterisk's whole configuration is reloaded in mid-call.",
            steps: answered([.wait(1), .command("core reload"), .wait(2)]),
            calls: [named(nil).with { $0.billsec = 3...5 }]),
        Scenario(
            "two_at_once", "odd", "Two calls that have nothing to do with each other overlap.",
            steps: [
                .dial(.customer, "5001"), .answer(.alice), .dial(.bob, "1003"), .answer(.carol), .wait(2),
                .hangUp(.customer), .ended(.alice), .wait(1), .hangUp(.bob), .ended(.carol),
            ],
            calls: [
                named(nil).with { $0.billsec = 1...3 },
                StatedFacts("internal", from: "1002", to: "1003", disposition: "ANSWERED").with {
                    ($0.billsec, $0.answeredBy) = (2...4, "1003")
                },
            ]),
        Scenario(
            "crash_kill9", "odd", "Asterisk is killed 2 s into the talk and comes back; nobody notices at first.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .wait(2),
                .killAsterisk, .wait(1), .restartAsterisk, .wait(1), .hangUp(.customer), .hangUp(.alice),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.duration, $0.answeredBy) = (1...7, 2...8, "1001")
                    ($0.hungUpBy, $0.completeness) = ([nil], "partial")
                }
            ], cdrDiffers: "a killed Asterisk writes none"),
        Scenario(
            "asterisk_stopped", "odd", "Asterisk is stopped in mid-call, as at an upgrade, and comes back.",
            steps: [
                .dial(.customer, "5001"), .called(.alice), .wait(1), .answer(.alice), .up(.customer), .wait(2),
                .command("core stop now"), .ended(.customer), .wait(1), .restartAsterisk, .wait(0.5),
            ],
            calls: [
                inbound("5001", "ANSWERED").with {
                    ($0.billsec, $0.answeredBy, $0.hungUpBy) = (1...3, "1001", ["system", nil])
                    $0.completeness = nil
                }
            ], cdrDiffers: "it may be lost with the instance"),
        Scenario(
            "no_timestamps", "odd", "timestampevents=no: the times are those of arrival.",
            steps: answered([.wait(2)]), calls: [named(nil).with { $0.billsec = 2...4 }], setting: .noTimestamps),
        Scenario(
            "cdr_settings_off", "odd", "cdr.conf with unanswered=no and endbeforehexten=no.",
            steps: answered([.wait(2)]), calls: [named(nil).with { $0.billsec = 2...4 }], setting: .cdrUnansweredOff),
        Scenario(
            "agent_login", "odd",
            "Alice has logged in with AgentLogin; a customer asks for her with AgentRequest. Her login is no part of his call, "
                + "though Asterisk gives his channel the linkedid of it.",
            steps: [
                .dial(.alice, "4020"), .up(.alice), .wait(7), .dial(.customer, "5033"), .up(.customer), .wait(4),
                .hangUp(.customer), .wait(1), .hangUp(.alice),
            ],
            calls: [
                StatedFacts("internal", from: "1001", to: "4020", disposition: "ANSWERED").with {
                    ($0.duration, $0.hungUpBy) = (11...13, ["caller"])
                },
                inbound("5033", "ANSWERED").with {
                    ($0.hungUpBy, $0.agents, $0.answeredBy) = (["caller"], ["1001"], "1001")
                },
            ], cdrDiffers: "rows for the agent and for the customer"),
    ]
}
