import CallAssembly
import Daemon
import Delivery
import Diagnostics
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

@Suite("Daemon") struct DaemonTests {
    private static let capture = "\(HookswitchTestKit.captures)/22/in_answered_caller_hangs/ami.ami"

    @Test("a call on the wire becomes one record, one line of calls.jsonl and one webhook with the same content")
    func endToEnd() throws {
        let bytes = try #require(try singleConnection(DaemonTests.capture))
        let folder = try TestFolder()
        let sink = WebhookSink()
        defer { sink.stop() }
        let sections = """
            [webhook:crm]
            url = \(sink.url)
            events = call.started, call.answered, call.ended, call.complete
            """
        let recorder = try DaemonFixture.runWithManager(folder, sections: sections) { fixture, asterisk in
            _ = try await fixture.logged("calls in progress are known")
            try await asterisk.emitRaw(String(decoding: bytes, as: UTF8.self))
            try await fixture.wait("webhooks") { sink.requests.count >= 4 }
            let records = try await fixture.records()
            #expect(records.count == 1)
            let record = try #require(records.first)
            #expect(record["disposition"]?.string == "ANSWERED")
            #expect(record["hungup_by"]?.string == "caller")
            #expect(record["caller"]?["number"]?.string == "15551230001")
            let told = try sink.requests.map { try JSONValue(parsing: $0.body) }
            #expect(
                told.map { $0["type"]?.string } == ["call.started", "call.answered", "call.ended", "call.complete"])
            #expect(told[3]["data"] == record)
            // While it goes on nobody knows how it ends; what is known is said.
            for (i, name) in [(0, nil as String?), (1, "ANSWERED")] {
                #expect(told[i]["data"]?["disposition"]?.string == name)
                for field in ["ended_at", "hungup_by", "hangup_cause"] {
                    #expect(told[i]["data"]?[field]?.isNull == true, "\(field) of \(told[i])")
                }
                #expect(told[i]["data"]?["caller"]?["number"]?.string == "15551230001")
            }
            #expect(told[2]["data"]?["ended_at"]?.string == record["ended_at"]?.string)
            return fixture.recorder
        }
        #expect(recorder.lines.allSatisfy { !$0.contains("15551230001") })
        let line = try String(contentsOfFile: "\(folder.path)/calls.jsonl", encoding: .utf8)
        #expect(line.split(separator: "\n").count == 1)
    }

    @Test("every capture tells through the daemon what it tells in a replay", arguments: ["16", "22"])
    func captures(_ version: String) throws {
        let root = "\(HookswitchTestKit.captures)/\(version)"
        let names = try FileManager.default.contentsOfDirectory(atPath: root).sorted()
        var compared = 0
        for name in names {
            let path = "\(root)/\(name)/ami.ami"
            guard FileManager.default.fileExists(atPath: path), let bytes = try singleConnection(path) else { continue }
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            let expected = replay.run([UInt8](try Data(contentsOf: URL(filePath: path)))).calls
                .filter { call in !call.record.notes.contains { $0.contains("the stream ended") } }
            let found = try records(of: bytes, count: expected.count)
            compared += expected.count
            let wanted = try expected.map { try normalized($0.record) }.sorted()
            #expect(found == wanted, "\(version)/\(name)")
        }
        #expect(compared >= 40)
    }

    /// Sends a stream to a daemon of its own; its records, recordings left out as no files are there.
    private func records(of bytes: [UInt8], count: Int) throws -> [String] {
        let folder = try TestFolder()
        let sections = "[recordings]\ndirectory = \(folder.path)/none\n"
        try DaemonFixture.runWithManager(folder, sections: sections) { fixture, asterisk in
            _ = try await fixture.logged("calls in progress are known")
            try await asterisk.emitBytes(bytes)
            if count > 0 { try await fixture.wait("\(count) records") { try await fixture.records().count >= count } }
        }
        return try EventLoop().run {
            let store = StoreReader(folder: folder.state)
            return try await store.calls(matching: CallFilter(limit: nil)).map { stored in
                let record = try #require(CallRecord(json: try JSONValue(parsing: stored.recordJSON)))
                return try normalized(record)
            }.sorted()
        }
    }

    @Sendable private func normalized(_ record: CallRecord) throws -> String {
        var record = try #require(CallRecord(json: try JSONValue(parsing: record.json)))
        for i in record.recordings.indices { record.recordings[i].state = .pending }
        return String(decoding: record.json, as: UTF8.self)
    }

    @Test("what was pending at a stop is delivered after the next start, under the same id")
    func pendingAfterRestart() throws {
        let bytes = try #require(try singleConnection(DaemonTests.capture))
        let folder = try TestFolder()
        // At an address of its own, so that nobody else takes its port between the two.
        let failing = WebhookSink(host: "127.61.2.6") { _ in .status(503) }
        let section = "[webhook:crm]\nurl = \(failing.url)\nretry = 1s, 1s, 1s, 1s, 1s, 1s\n"
        let first = try DaemonFixture.runWithManager(folder, sections: section) { fixture, asterisk in
            _ = try await fixture.logged("calls in progress are known")
            try await asterisk.emitBytes(bytes)
            try await fixture.wait("a failed attempt") { !failing.requests.isEmpty }
            return try #require(failing.requests.first?.headers["webhook-id"])
        }
        failing.stop()
        let working = WebhookSink(host: failing.host, port: failing.port)
        defer { working.stop() }
        try DaemonFixture.run(folder, sections: section) { fixture in
            try await fixture.wait("the delivery") { !working.requests.isEmpty }
            #expect(working.requests[0].headers["webhook-id"] == first)
        }
    }
}
