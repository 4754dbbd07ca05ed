import Daemon
import Diagnostics
import EventLoop
import HookswitchTestKit
import Telephony
import Testing

@Suite("Lookups of the dialplan") struct LookupTests {
    /// Runs a request as Asterisk would and gives the commands it got.
    private static func run(_ request: String, _ fixture: DaemonFixture) async throws -> [String] {
        try await fixture.askFastAGI(
            """
            agi_network_script: \(request)
            agi_channel: PJSIP/trunk-00000011
            agi_uniqueid: 1795227945.26
            agi_callerid: +639171234567
            agi_calleridname: Ana
            agi_dnid: 5001
            """)
    }

    @Test("the CRM is asked, and its answer is set on the channel")
    func found() throws {
        let sink = WebhookSink { _ in .status(200, body: #"{"contact":{"name":"Ana Cruz"}}"#) }
        defer { sink.stop() }
        let folder = try TestFolder()
        let sections = """
            [fastagi]
            listen = 127.0.0.1:0
            deadline = 60s
            [lookup:billing]
            timeout = 45s
            url = \(sink.url)?phone=${number}&list=${param.list_id}
            set.CRM_NAME = contact.name
            """
        try DaemonFixture.run(folder, sections: sections) { fixture in
            let commands = try await LookupTests.run(
                "lookup/billing?number=0063917%201234567&list_id=7", fixture)
            #expect(
                commands == [
                    #"SET VARIABLE CRM_NAME "Ana Cruz""#, "SET VARIABLE HOOKSWITCH_LOOKUP FOUND",
                    "SET VARIABLE HOOKSWITCH_STATUS OK",
                ])
            #expect(sink.requests.map(\.target) == ["/hook?phone=%2B639171234567&list=7"])
        }
    }

    @Test("a frozen CRM: each channel gets its defaults long before the deadline, and calls are told meanwhile")
    func frozen() throws {
        let sink = WebhookSink { _ in .hang }
        defer { sink.stop() }
        let folder = try TestFolder()
        let sections = """
            [fastagi]
            listen = 127.0.0.1:0
            deadline = 60s
            [lookup]
            timeout = 500ms
            url = \(sink.url)?phone=${number}
            set.__CRM_VIP = vip
            default.CRM_VIP = 0
            """
        try DaemonFixture.run(folder, sections: sections) { fixture in
            let answers = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<40 {
                    group.addTask(executorPreference: fixture.loop) { try await LookupTests.run("lookup", fixture) }
                }
                // The report of a call that ends while they wait.
                #expect(
                    try await LookupTests.run("call-complete?role=caller", fixture)
                        == ["SET VARIABLE HOOKSWITCH_STATUS OK"])
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // The session's own deadline would have closed it without a word: that all spoke shows they were in time.
            #expect(answers.count == 40)
            for answer in answers {
                #expect(answer.first == "SET VARIABLE __CRM_VIP 0")
                #expect(
                    answer.suffix(2) == [
                        "SET VARIABLE HOOKSWITCH_LOOKUP TIMEOUT", "SET VARIABLE HOOKSWITCH_STATUS TIMEOUT",
                    ]
                        || answer.suffix(2) == [
                            "SET VARIABLE HOOKSWITCH_LOOKUP ERROR", "SET VARIABLE HOOKSWITCH_STATUS FAILED",
                        ])
            }
            try await fixture.wait("the alert") {
                fixture.recorder.entries(saying: "alert").contains { $0.metadata[.alertSubject] == .text("lookup") }
            }
            // More at once than [lookup] allows are not sent to a CRM that hangs.
            #expect(sink.requests.count < 40)
            try await fixture.wait("the record") { try await fixture.records().count == 1 }
        }
    }
}
