import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

/// A manager user that may see little: the stream carries one kind of event alone, and each call is told all the same, once.
@Suite("A stream of one kind of event") struct PoorStreamTests {
    static let names = [
        "in_answered_caller_hangs", "in_busy_486", "in_noanswer_timeout", "in_cancel_before_answer", "queue_answered",
        "out_phone_dials", "xfer_blind_refer",
    ]
    static let captures = ["16", "22"].flatMap { version in names.map { "\(version)/\($0)" } }

    /// Those events of a capture, as they came.
    private func events(_ name: String, of capture: String) throws -> String {
        let path = "\(HookswitchTestKit.captures)/\(capture)/ami.ami"
        let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        return text.components(separatedBy: "\r\n\r\n").filter { $0.hasPrefix("Event: \(name)\r\n") }
            .map { $0 + "\r\n\r\n" }.joined()
    }

    /// The call that a human stated of a capture.
    private func stated(_ capture: String) throws -> JSONValue {
        let path = "\(HookswitchTestKit.captures)/\(capture)/expected.json"
        let expected = try JSONValue(parsing: String(contentsOfFile: path, encoding: .utf8))
        let calls = try #require(expected["calls"]?.array)
        #expect(calls.count == 1)
        return calls[0]
    }

    @Test("calls are told that only CDRs tell, or only CEL", arguments: captures, ["Cdr", "CEL"])
    func told(_ capture: String, _ event: String) throws {
        let bytes = try events(event, of: capture)
        let call = try stated(capture)
        #expect(!bytes.isEmpty)
        let folder = try TestFolder()
        try DaemonFixture.runWithManager(folder) { fixture, asterisk in
            _ = try await fixture.logged("calls in progress are known")
            try await asterisk.emitRaw(bytes)
            try await fixture.wait("the record") { try await !fixture.records().isEmpty }
            // The same rows once more, as after a reconnect in batch mode, add nothing.
            if event == "Cdr" { try await asterisk.emitRaw(bytes) }
        }
        let records = try EventLoop().run {
            try await StoreReader(folder: folder.state).calls(matching: CallFilter(limit: nil)).map {
                try JSONValue(parsing: $0.recordJSON)
            }
        }
        #expect(records.count == 1)
        let record = try #require(records.first)
        #expect(record["sources"]?.array?.compactMap(\.string) == [event.lowercased()])
        #expect(record["caller"]?["number"]?.string == call["caller"]?.string)
        #expect(record["direction"]?.string == call["direction"]?.string)
        // A CDR has no word for a caller who gives up.
        let disposition = call["disposition"]?.string
        let isToldByCDR = disposition == "ANSWERED" || disposition == "BUSY" || disposition == "NO_ANSWER"
        if event == "CEL" || isToldByCDR { #expect(record["disposition"]?.string == disposition) }
        if event == "Cdr" {
            #expect(record["completeness"]?.string == "partial" && record["notes"]?.array?.isEmpty == false)
        }
    }
}
