import AsteriskWire
import Daemon
import Diagnostics
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

/// A call is answered and ends while the manager cannot be reached; what it did then stands in Asterisk's own files alone.
@Suite("A gap in the stream that Asterisk's own files fill") struct GapFileTests {
    /// One call of this moment: a trunk's channel dials a phone before the gap, the rest happens in it.
    private struct CallNow {
        let began: Instant
        let trunk: String
        let phone: String

        /// - Parameter ago: how long ago it began.
        init(ago: Duration = .zero) {
            began = GapFileTests.now - ago
            (trunk, phone) = ("\(began.seconds).1", "\(began.seconds).2")
        }

        /// The channel headers of both, as Asterisk writes them.
        private func channel(_ prefix: String, _ name: String, _ number: String, _ id: String, _ state: Int) -> String {
            """
            \(prefix)Channel: \(name)
            \(prefix)ChannelState: \(state)
            \(prefix)CallerIDNum: \(number)
            \(prefix)Context: from-trunk
            \(prefix)Exten: 5001
            \(prefix)Priority: 1
            \(prefix)Uniqueid: \(id)
            \(prefix)Linkedid: \(trunk)

            """
        }
        var events: String {
            let time = "Timestamp: \(began.seconds).\(String(began.microseconds % 1_000_000 + 1_000_000).dropFirst())\n"
            let (caller, callee) = (
                channel("", "PJSIP/trunk-00000001", "15551230001", trunk, 4),
                channel("", "PJSIP/1001-00000002", "1001", phone, 0)
            )
            let dest = channel("Dest", "PJSIP/1001-00000002", "1001", phone, 0)
            return "Event: Newchannel\nPrivilege: call,all\n\(time)\(caller)\n"
                + "Event: Newchannel\nPrivilege: call,all\n\(time)\(callee)\n"
                + "Event: DialBegin\nPrivilege: call,all\n\(time)\(caller)\(dest)DialString: 1001\n\n"
        }

        /// What `CoreShowChannels` says of both while they talk.
        var listed: [String] {
            [
                channel("", "PJSIP/trunk-00000001", "15551230001", trunk, 6),
                channel("", "PJSIP/1001-00000002", "1001", phone, 6),
            ].map { $0 + "Duration: 00:00:03\nBridgeId: 7d1c1b52-2a53-4c6f-9c5e-0d6f0a3c9a11" }
        }
        /// The event `Cdr`, of the trunk's channel or of another with that id, the linked id mapped as in the sample of
        /// cdr_manager.conf.
        func cdrEvent(until end: Instant, of id: String? = nil) -> String {
            let (start, end) = (GapFileTests.second(began), GapFileTests.second(end))
            return """
                Event: Cdr
                Privilege: cdr,all
                AccountCode:
                Source: 15551230001
                Destination: 5001
                DestinationContext: from-trunk
                CallerID:
                Channel: PJSIP/trunk-00000001
                DestinationChannel: PJSIP/1001-00000002
                LastApplication: Dial
                LastData: PJSIP/1001
                StartTime: \(start)
                AnswerTime: \(start)
                EndTime: \(end)
                Duration: 4
                BillableSeconds: 4
                Disposition: ANSWERED
                AMAFlags: DOCUMENTATION
                UniqueID: \(id ?? trunk)
                UserField:
                LinkedID: \(trunk)


                """
        }

        /// `Master.csv`, with a column for the linked id.
        func cdr(until end: Instant) -> String {
            let (start, end) = (GapFileTests.second(began), GapFileTests.second(end))
            return """
                accountcode,src,dst,dcontext,clid,channel,dstchannel,lastapp,lastdata,start,answer,end,duration,billsec,\
                disposition,amaflags,uniqueid,linkedid
                ,15551230001,5001,from-trunk,,PJSIP/trunk-00000001,PJSIP/1001-00000002,Dial,PJSIP/1001,\(start),\(end),\
                \(end),0,0,ANSWERED,DOCUMENTATION,\(trunk),\(trunk)

                """
        }
        /// `cel_custom`'s file: answered, connected and ended by the phone at `end`. The first two rows are older than the gap, the
        /// last five tell of the end.
        func cel(until end: Instant) -> [String] {
            func row(_ event: String, _ at: Instant, isPhone: Bool, _ application: String = "", _ extra: String = "")
                -> String
            {
                let micros = String(at.microseconds % 1_000_000 + 1_000_000).dropFirst()
                let number = isPhone ? "1001" : "15551230001"
                let name = isPhone ? "PJSIP/1001-00000002" : "PJSIP/trunk-00000001"
                let exten = isPhone && event == "CHAN_START" ? "s" : "5001"
                let quoted = extra.replacingOccurrences(of: "\"", with: "\"\"")
                return [
                    event, "\(GapFileTests.second(at)).\(micros)", "", number, "", "", exten, "from-trunk", name,
                    application,
                    "", "", isPhone ? phone : trunk, trunk, "", "", quoted,
                ].map { "\"\($0)\"" }.joined(separator: ",") + "\n"
            }
            let bridge = #"{"bridge_id":"7d1c1b52-2a53-4c6f-9c5e-0d6f0a3c9a11","bridge_technology":"simple_bridge"}"#
            let hangup = #"{"hangupcause":16,"hangupsource":"PJSIP/1001-00000002","dialstatus":"ANSWER"}"#
            return [
                row("CHAN_START", began, isPhone: false), row("CHAN_START", began + .milliseconds(1), isPhone: true),
                row("ANSWER", end, isPhone: true, "AppDial"), row("ANSWER", end, isPhone: false, "Dial"),
                row("BRIDGE_ENTER", end, isPhone: true, "AppDial", bridge),
                row("BRIDGE_ENTER", end, isPhone: false, "Dial", bridge),
                row("BRIDGE_EXIT", end, isPhone: true, "AppDial", bridge),
                row("BRIDGE_EXIT", end, isPhone: false, "Dial", bridge),
                row("HANGUP", end, isPhone: true, "AppDial", hangup), row("CHAN_END", end, isPhone: true, "AppDial"),
                row("HANGUP", end, isPhone: false, "", hangup), row("CHAN_END", end, isPhone: false),
                row("LINKEDID_END", end, isPhone: false),
            ]
        }
    }

    private static var now: Instant { Instant(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000)) }
    /// Asterisk's `2026-11-21 02:17:40`, in UTC.
    private static func second(_ time: Instant) -> String {
        time.rfc3339.prefix(19).replacingOccurrences(of: "T", with: " ")
    }

    /// Runs a daemon that has the file `rows.csv` in its folder for CEL, empty so far, and knows that no call is in progress.
    private func runWithCEL(
        host: String = "127.0.0.1", sections: String = "",
        _ body: @escaping @Sendable (TestFolder, DaemonFixture, ScriptedAsterisk) async throws -> Void
    ) throws {
        let folder = try TestFolder()
        try folder.write("rows.csv", [])
        let cel = "cel = \(folder.path)/rows.csv"
        try DaemonFixture.runWithManager(folder, host: host, pbx: cel, sections: sections) { fixture, asterisk in
            _ = try await fixture.logged("calls in progress are known")
            try await body(folder, fixture, asterisk)
        }
    }

    @Test("the record is one, with what was heard and what the file says", arguments: ["cdr", "cel"])
    func filled(_ kind: String) throws {
        let folder = try TestFolder()
        let sink = WebhookSink()
        defer { sink.stop() }
        let file = "\(folder.path)/rows.csv"
        try folder.write("rows.csv", [])
        let sections = "[webhook:crm]\nurl = \(sink.url)\nevents = call.started, call.complete\n"
        let host = kind == "cdr" ? "127.61.2.2" : "127.61.2.3"
        try DaemonFixture.runWithManager(folder, host: host, pbx: "\(kind) = \(file)", sections: sections) {
            fixture, asterisk in
            _ = try await fixture.logged("calls in progress are known")
            let call = CallNow()
            try await asterisk.emit(call.events)
            try await fixture.wait("the call's beginning") { !sink.requests.isEmpty }
            asterisk.close()
            _ = try await fixture.logged("no manager connection")
            let end = GapFileTests.now
            let rows = kind == "cdr" ? call.cdr(until: end) : call.cel(until: end).joined()
            try folder.write("rows.csv", Array(rows.utf8))
            let again = try ScriptedAsterisk(host: asterisk.host, port: asterisk.port, on: fixture.loop)
            try await fixture.wait("the record") { try await !fixture.records().isEmpty }
            let record = try #require(try await fixture.records().first)
            again.close()
            #expect(record["uniqueid"]?.string == call.trunk && record["completeness"]?.string == "partial")
            #expect(record["sources"]?.array?.compactMap(\.string) == ["ami", kind])
            #expect(record["caller"]?["number"]?.string == "15551230001")
            #expect(record["disposition"]?.string == "ANSWERED")
            #expect(record["answered_by"]?["number"]?.string == "1001")
            // Who ended it is in no CDR.
            #expect(record["hungup_by"]?.string == (kind == "cel" ? "callee" : nil))
        }
        let lines = try String(contentsOfFile: "\(folder.path)/calls.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 1, "one line a call")
    }

    @Test("rows that Asterisk writes after the file was read are read as well")
    func lateRows() throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        let sections = "[webhook:crm]\nurl = \(sink.url)\nevents = call.started\n"
        try runWithCEL(host: "127.61.2.4", sections: sections) { folder, fixture, asterisk in
            let call = CallNow()
            try await asterisk.emit(call.events)
            try await fixture.wait("the call's beginning") { !sink.requests.isEmpty }
            asterisk.close()
            _ = try await fixture.logged("no manager connection")
            let rows = call.cel(until: GapFileTests.now)
            try folder.write("rows.csv", Array(rows.dropLast(5).joined().utf8))
            let again = try ScriptedAsterisk(host: asterisk.host, port: asterisk.port, on: fixture.loop)
            _ = try await fixture.logged("Asterisk's own files were read")
            try folder.write("rows.csv", Array(rows.joined().utf8))
            try await fixture.wait("the record") { try await !fixture.records().isEmpty }
            again.close()
            let records = try await fixture.records()
            #expect(records.count == 1)
            #expect(records[0]["sources"]?.array?.compactMap(\.string) == ["ami", "cel"])
            #expect(records[0]["answered_by"]?["number"]?.string == "1001")
            #expect(records[0]["hungup_by"]?.string == "callee" && records[0]["completeness"]?.string == "partial")
        }
    }

    @Test("a call that began in the gap and is not over in the file is told when it is")
    func notOverYet() throws {
        try runWithCEL { folder, fixture, asterisk in
            asterisk.cut()
            let call = CallNow()
            let rows = call.cel(until: call.began + .seconds(30))
            try folder.write("rows.csv", Array(rows.dropLast(5).joined().utf8))
            _ = try await fixture.logged("Asterisk's own files were read")
            try folder.write("rows.csv", Array(rows.joined().utf8))
            try await fixture.wait("the record") { try await !fixture.records().isEmpty }
            let records = try await fixture.records()
            #expect(records.count == 1 && records[0]["uniqueid"]?.string == call.trunk)
            #expect(records[0]["hungup_by"]?.string == "callee" && records[0]["duration"]?.double == 30)
            // No event of it was heard, and that is said.
            #expect(records[0]["completeness"]?.string == "partial")
            #expect(records[0]["sources"]?.array?.compactMap(\.string) == ["cel"])
            #expect(records[0]["notes"]?.array?.isEmpty == false)
        }
    }

    @Test("a call that a CDR alone told of, the stream being up: the CEL file says more, and is asked first")
    func strayRow() throws {
        try runWithCEL { folder, fixture, asterisk in
            // The manager user may see CDRs and nothing else by now.
            let call = CallNow()
            try folder.write("rows.csv", Array(call.cel(until: call.began + .seconds(4)).joined().utf8))
            try await asterisk.emit(call.cdrEvent(until: call.began + .seconds(4)))
            try await fixture.wait("the record") { try await !fixture.records().isEmpty }
            let records = try await fixture.records()
            #expect(records.count == 1 && records[0]["uniqueid"]?.string == call.trunk)
            #expect(records[0]["hungup_by"]?.string == "callee" && records[0]["completeness"]?.string == "partial")
            #expect(records[0]["sources"]?.array?.compactMap(\.string).contains("cel") == true)
        }
    }

    @Test("a call that the CEL file shows no end of is asked after before it is told as over")
    func aliveUnheard() throws {
        try runWithCEL { folder, fixture, asterisk in
            asterisk.cut()
            // It begins just as the live channels have been listed, and the manager user sees no calls.
            let call = CallNow()
            try folder.write("rows.csv", Array(call.cel(until: call.began).dropLast(7).joined().utf8))
            let lists = { asterisk.actions.count { $0["Action"] == "CoreShowChannels" } }
            try await fixture.wait("the first list") { lists() == 2 }
            asterisk.script.channels = call.listed
            try await fixture.wait("another list") { lists() > 2 }
            _ = try await fixture.wait("the call") {
                fixture.daemon.counters.counter("calls.open", label: "main").value == 1
            }
            #expect(try await fixture.records().isEmpty)
        }
    }

    @Test("one that the last reading of a gap finds without an end is no more over than one that the first finds")
    func aliveAtTheLastReading() throws {
        try runWithCEL { folder, fixture, asterisk in
            asterisk.cut()
            // Asterisk wrote no end of it: the files are read again and again.
            let cutOff = CallNow()
            let rows = cutOff.cel(until: cutOff.began + .seconds(1)).dropLast(7)
            try folder.write("rows.csv", Array(rows.joined().utf8))
            let readings = { fixture.recorder.entries(saying: "Asterisk's own files were read").count }
            try await fixture.wait("the last reading but one") { readings() == 3 }
            let alive = CallNow()
            asterisk.script.channels = alive.listed
            let more = rows + alive.cel(until: alive.began + .seconds(1)).dropLast(7)
            try folder.write("rows.csv", Array(more.joined().utf8))
            try await fixture.wait("the record") { try await !fixture.records().isEmpty }
            #expect(try await fixture.records().map { $0["uniqueid"]?.string } == [cutOff.trunk])
            try await fixture.wait("the call in progress") {
                fixture.daemon.counters.counter("calls.open", label: "main").value == 1
            }
            #expect(try await fixture.records().count == 1)
        }
    }

    @Test(
        "to a user who sees CDRs only one tells of a channel that left in mid-call: who is there is asked before it is told"
    )
    func rowInMidCall() throws {
        let folder = try TestFolder()
        try DaemonFixture.runWithManager(folder) { fixture, asterisk in
            _ = try await fixture.logged("calls in progress are known")
            let open = fixture.daemon.counters.counter("calls.open", label: "main")
            let call = CallNow()
            asterisk.script.channels = call.listed
            // As of a Local channel that is optimised away when the phone answers.
            try await asterisk.emit(call.cdrEvent(until: call.began, of: "\(call.began.seconds).3"))
            try await fixture.wait("the call") {
                let records = try await fixture.records()
                return open.value == 1 || !records.isEmpty
            }
            #expect(try await fixture.records().isEmpty)
            asterisk.script.channels = []
            try await asterisk.emit(call.cdrEvent(until: call.began + .seconds(4)))
            try await fixture.wait("the record") { try await !fixture.records().isEmpty }
            let records = try await fixture.records()
            #expect(records.count == 1 && records[0]["linkedid"]?.string == call.trunk)
            #expect(records[0]["answered_by"]?["number"]?.string == "1001")
            #expect(records[0]["sources"]?.array?.compactMap(\.string) == ["ami", "cdr"])
        }
    }

    @Test("calls missed after a first start that told none are told; older ones are no business of ours")
    func beforeTheFirstRecord() throws {
        let folder = try TestFolder()
        let file = "\(folder.path)/rows.csv"
        let old = CallNow(ago: .seconds(60))
        try folder.write("rows.csv", Array(old.cel(until: old.began + .seconds(30)).joined().utf8))
        try DaemonFixture.runWithManager(folder, pbx: "cel = \(file)") { fixture, _ in
            _ = try await fixture.logged("calls in progress are known")
        }
        let call = CallNow()
        let rows = old.cel(until: old.began + .seconds(30)) + call.cel(until: call.began + .seconds(4))
        try folder.write("rows.csv", Array(rows.joined().utf8))
        try DaemonFixture.runWithManager(folder, pbx: "cel = \(file)") { fixture, _ in
            try await fixture.wait("the record") { try await !fixture.records().isEmpty }
            let records = try await fixture.records()
            #expect(records.compactMap { $0["uniqueid"]?.string } == [call.trunk])
        }
    }
}
