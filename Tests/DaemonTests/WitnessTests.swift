import Daemon
import Diagnostics
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

@Suite("The witness from inside") struct WitnessTests {
    /// What Asterisk sends for `AGI(agi://host/call-complete?…)` in a hangup handler of the caller's channel.
    private static func environment(_ request: String, uniqueID: String) -> String {
        """
        agi_network: yes
        agi_network_script: \(request)
        agi_request: agi://127.0.0.1/\(request)
        agi_channel: PJSIP/trunk-00000011
        agi_language: en
        agi_type: PJSIP
        agi_uniqueid: \(uniqueID)
        agi_version: 22.10.0
        agi_callerid: 15551230001
        agi_calleridname: unknown
        agi_dnid: 5001
        agi_context: hookswitch-hangup
        agi_extension: s
        agi_priority: 2
        agi_enhanced: 0.0
        agi_accountcode:
        """
    }

    /// A file of the spool script.
    private static let spoolFile = Array(
        """
        hookswitch-spool 1 1795227953
        \(environment("hookswitch-spool", uniqueID: "1795227945.26"))
        agi_arg_1: \(values)

        end

        """.utf8)

    private static let values =
        "call-complete?role=caller&linkedid=1795227945.26&dialstatus=ANSWER&answeredtime=5&dialedtime=8"
        + "&cause=16&source=PJSIP/trunk-00000011&cdr_start=1795227945.100000&cdr_answer=1795227948.100000"
        + "&cdr_end=1795227953.100000&cdr_duration=8&cdr_billsec=5&cdr_disposition=ANSWERED"

    @Test("with no manager connection at all, a hangup handler's request is a call on disk")
    func fastAGI() throws {
        let folder = try TestFolder()
        try DaemonFixture.run(folder, sections: "[fastagi]\nlisten = 127.0.0.1:0\ndeadline = 60s\n") { fixture in
            let request = WitnessTests.environment(WitnessTests.values, uniqueID: "1795227945.26")
            let commands = try await fixture.askFastAGI(request)
            #expect(commands == ["SET VARIABLE HOOKSWITCH_STATUS OK"])
            try await fixture.wait("the record") { try await fixture.records().count == 1 }
            let record = try await fixture.records()[0]
            #expect(record["uniqueid"]?.string == "1795227945.26")
            #expect(record["sources"]?.array?.compactMap(\.string).contains("agi") == true)
        }
    }

    @Test("what the spool script left is taken up; what is no spool file is kept aside")
    func spool() throws {
        let folder = try TestFolder()
        try FileManager.default.createDirectory(
            atPath: "\(folder.state)/spool", withIntermediateDirectories: true)
        try folder.write("state/spool/1795227953-1.agi", WitnessTests.spoolFile)
        try folder.write("state/spool/1795227954-1.agi", Array("nonsense".utf8))
        try DaemonFixture.run(folder) { fixture in
            try await fixture.wait("the record") { try await fixture.records().count == 1 }
            _ = try await fixture.logged("a spool file cannot be read; it is kept aside")
            #expect(try await fixture.records()[0]["linkedid"]?.string == "1795227945.26")
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder.state)/spool")
        #expect(names.filter { $0.hasSuffix(".agi") }.isEmpty)
        #expect(FileManager.default.fileExists(atPath: "\(folder.state)/spool/refused/1795227954-1.agi"))
    }

    @Test("a spool file read again after a kill adds no second call")
    func spoolTwice() throws {
        let folder = try TestFolder()
        try FileManager.default.createDirectory(
            atPath: "\(folder.state)/spool", withIntermediateDirectories: true)
        try folder.write("state/spool/1795227953-1.agi", WitnessTests.spoolFile)
        for round in 1...2 {
            try DaemonFixture.run(folder) { fixture in
                let taken = fixture.daemon.counters.counter("calls.\(round == 1 ? "added" : "known")")
                try await fixture.wait("round \(round)") { taken.value == 1 }
                #expect(try await fixture.records().count == 1)
            }
        }
    }

    @Test(
        "with two Asterisks a report is the named one's; where nothing says whose, the record says that it is a guess")
    func severalAsterisks() throws {
        let folder = try TestFolder()
        let sections = """
            [pbx:south]
            ami = tcp://127.0.0.1:9
            username = hookswitch
            secret = secret
            [fastagi]
            listen = 127.0.0.1:0
            deadline = 60s
            """
        try DaemonFixture.run(folder, sections: sections) { fixture in
            for (id, system) in [("1795227945.26", "south"), ("1795227946.1", "")] {
                let request = WitnessTests.values.replacing("1795227945.26", with: id) + "&system=\(system)"
                _ = try await fixture.askFastAGI(WitnessTests.environment(request, uniqueID: id))
            }
            try await fixture.wait("the records") { try await fixture.records().count == 2 }
            let records = try await fixture.records()
            let named = try #require(records.first { $0["uniqueid"]?.string == "1795227945.26" })
            let guessed = try #require(records.first { $0["uniqueid"]?.string == "1795227946.1" })
            func saysGuess(_ record: JSONValue) -> Bool {
                (record["notes"]?.array ?? []).contains { $0.string?.contains("is a guess") ?? false }
            }
            #expect(named["id"]?.string == "south-1795227945.26" && !saysGuess(named))
            #expect(guessed["id"]?.string == "main-1795227946.1" && saysGuess(guessed))
            _ = try await fixture.logged("a report does not say which PBX it is of; the first is taken")
        }
    }
}
