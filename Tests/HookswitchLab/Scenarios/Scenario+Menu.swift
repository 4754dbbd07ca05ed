extension Scenario {
    /// Menus, announcements and voicemail: the PBX itself answers.
    static let menus: [Scenario] = [
        Scenario(
            "ivr_only", "menu", "The customer listens to a 3 s prompt, the PBX hangs up.",
            steps: [.dial(.customer, "5007"), .up(.customer), .ended(.customer)],
            calls: [
                inbound("5007", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration, $0.answeredBy) = (2...3, 0...0, 2...4, .some(nil))
                    ($0.agents, $0.hungUpBy, $0.cause) = ([], ["system"], [16])
                }
            ]),
        Scenario(
            "ivr_then_dial", "menu", "Menu; the customer presses 1 after 2 s, Alice answers after 1 s, they talk 3 s.",
            steps: [
                .dial(.customer, "5008"), .up(.customer), .wait(2), .press(.customer, "1"), .called(.alice), .wait(1),
                .answer(.alice), .wait(3), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5008", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.answeredBy) = (5...7, 2.7...3.5, "1001")
                    ($0.agents, $0.hungUpBy, $0.cause) = (["1001"], ["caller"], [16])
                }
            ]),
        Scenario(
            "ivr_nobody_home", "menu", "The PBX answers, then Alice's phone rings out after 3 s.",
            steps: [.dial(.customer, "5036"), .called(.alice), .ended(.customer)],
            calls: [
                inbound("5036", "NO_ANSWER").with {
                    ($0.billsec, $0.duration, $0.hungUpBy) = (2...4, 3...4, ["system"])
                }
            ]),
        Scenario(
            "ivr_hangup_in_menu", "menu", "The customer hangs up after 2 s in the menu.",
            steps: [.dial(.customer, "5008"), .up(.customer), .wait(2), .hangUp(.customer)],
            calls: [
                inbound("5008", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.answeredBy, $0.hungUpBy) = (1...2, 0...0, .some(nil), ["caller"])
                }
            ]),
        Scenario(
            "ivr_wrong_key", "menu", "The customer presses 9, which is nothing, then 1; Alice answers; 2 s talk.",
            steps: [
                .dial(.customer, "5008"), .up(.customer), .wait(1.5), .press(.customer, "9"), .wait(3),
                .press(.customer, "1"), .answer(.alice), .wait(2), .hangUp(.alice), .ended(.customer),
            ],
            calls: [
                inbound("5008", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.hungUpBy) = (1.7...2.6, "1001", ["callee"])
                }
            ]),
        Scenario(
            "ivr_timeout", "menu", "The customer presses nothing; after the menu's time the PBX hangs up.",
            steps: [.dial(.customer, "5008"), .up(.customer), .ended(.customer)],
            calls: [
                inbound("5008", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.answeredBy, $0.hungUpBy) = (5...7, 0...0, .some(nil), ["system"])
                }
            ]),
        Scenario(
            "ivr_to_queue", "menu", "The customer presses 2 for the queue; Alice answers after 1 s; 2 s talk.",
            steps: [
                .dial(.customer, "5008"), .up(.customer), .wait(1.5), .press(.customer, "2"), .called(.alice), .wait(1),
                .answer(.alice), .wait(2), .hangUp(.customer), .ended(.alice),
            ],
            calls: [
                inbound("5008", "ANSWERED").with {
                    ($0.talk, $0.answeredBy, $0.hungUpBy) = (1.7...2.6, "1001", ["caller"])
                    $0.queue = .init("support", "ANSWERED", wait: 0.8...2)
                }
            ]),
        Scenario(
            "vm_real", "menu", "Alice does not answer in 3 s; the customer speaks 3 s to the voicemail and hangs up.",
            steps: [
                .dial(.customer, "5020"), .called(.alice), .up(.customer), .wait(3), .hangUp(.customer),
            ],
            calls: [
                inbound("5020", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.duration) = (2...4, 0...0, 6...7)
                    ($0.answeredBy, $0.hungUpBy, $0.recordings) = (.some(nil), ["caller"], nil)
                }
            ]),
        Scenario(
            "vm_hangs_up_at_beep", "menu", "The customer hangs up as soon as the voicemail answers.",
            steps: [.dial(.customer, "5020"), .up(.customer), .wait(0.2), .hangUp(.customer)],
            calls: [
                inbound("5020", "ANSWERED").with {
                    ($0.billsec, $0.talk, $0.answeredBy, $0.hungUpBy) = (0...1, 0...0, .some(nil), ["caller"])
                    $0.recordings = nil
                }
            ], cdrDiffers: "the CDR runs on until the voicemail has put the message away"),
    ]
}
