import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

/// The program itself, whose n-th connect fails, the manager's and the webhooks' alike, for every n until a run meets none.
@Suite("The n-th connect of the whole daemon", .timeLimit(.minutes(20))) struct DaemonConnectFaultTests {
    private static let calls = 3
    private static let types = ["call.ended", "call.complete"]

    /// The capture's one call as of a minute ago: under an id of its own, with each time in it moved alike.
    private static func call(_ number: Int, startedAt start: Int) throws -> (begin: String, rest: String) {
        let path = "\(HookswitchTestKit.captures)/22/in_answered_caller_hangs/ami.ami"
        let bytes = try #require(try singleConnection(path))
        var text = String(decoding: bytes, as: UTF8.self)
        for second in 0..<10 {
            text = text.replacingOccurrences(of: "\(1_795_227_460 + second).", with: "\(start + 20 * number + second).")
        }
        // The second channel is announced: until then there is one to be listed.
        let first = try #require(text.range(of: "Event: Newchannel"))
        let second = try #require(text.range(of: "Event: Newchannel", range: first.upperBound..<text.endIndex))
        return (String(text[first.lowerBound..<second.lowerBound]), String(text[second.lowerBound...]))
    }

    /// A run whose connects `nth` to `nth + times - 1` fail; how many it asked for and how many failed.
    private func run(_ nth: Int, _ times: Int, _ error: Int32, on loop: EventLoop) async throws -> (Int, Int) {
        let folder = try TestFolder()
        let sink = WebhookSink { _ in .status(200, headers: ["Connection: close"]) }
        let asterisk = try ScriptedAsterisk(on: loop)
        let start = Int(Date().timeIntervalSince1970) - 60
        defer {
            sink.stop()
            asterisk.close()
        }
        let settings = folder.settings(
            ami: "tcp://127.0.0.1:\(asterisk.port)", general: folder.logFile,
            sections: """
                [webhook:crm]
                url = \(sink.url)
                timeout = 300s
                events = \(DaemonConnectFaultTests.types.joined(separator: ", "))
                retry = \(Array(repeating: "20ms", count: 30).joined(separator: ", "))
                """)
        try folder.write("hs.conf", Array(settings.utf8))
        let process = Process()
        process.executableURL = ProcessTests.program.deletingLastPathComponent().appending(path: "daemon-drill")
        process.arguments = ["\(folder.path)/hs.conf", "connect", "\(nth)", "\(times)", "\(error)"]
        try folder.write("said", [])
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: "\(folder.path)/said"))
        try process.run()
        let what = "n = \(nth), \(times) times"
        do {
            for number in 0..<DaemonConnectFaultTests.calls {
                let (begin, rest) = try DaemonConnectFaultTests.call(number, startedAt: start)
                func lists() -> Int { folder.log.components(separatedBy: "calls in progress are known").count - 1 }
                // Each call begins on one connection and ends on the next.
                try await wait(loop, folder, "\(what): login \(2 * number)") { lists() > 2 * number }
                try await asterisk.emit(begin)
                let from = try #require(begin.range(of: "Event: Newchannel"))
                // As Asterisk lists it: without the class and the time that events have.
                let headers = begin[from.upperBound...].components(separatedBy: "\r\n\r\n")[0].components(
                    separatedBy: "\r\n"
                ).filter { !$0.isEmpty && !$0.hasPrefix("Privilege:") && !$0.hasPrefix("Timestamp:") }
                asterisk.script.channels = [(headers + ["Duration: 00:00:01"]).joined(separator: "\n")]
                asterisk.cut()
                try await wait(loop, folder, "\(what): login \(2 * number + 1)") { lists() > 2 * number + 1 }
                asterisk.script.channels = []
                try await asterisk.emit(rest)
                try await wait(loop, folder, "\(what): the webhooks of call \(number)") {
                    sink.requests.count >= (number + 1) * DaemonConnectFaultTests.types.count
                }
                if number + 1 < DaemonConnectFaultTests.calls { asterisk.cut() }
            }
        } catch {
            kill(process.processIdentifier, SIGKILL)
            throw error
        }
        process.terminate()
        // Not on the thread of the manager it logs off from.
        try await wait(loop, folder, "\(what): the end") { !process.isRunning }
        #expect(process.terminationStatus == 0)
        try await compare(folder, sink, what)
        let said = try String(contentsOfFile: "\(folder.path)/said", encoding: .utf8)
        let words = said.split(whereSeparator: \.isWhitespace)
        try #require(words.count == 4, "\(said)")
        return (try #require(Int(words[1])), try #require(Int(words[3])))
    }

    /// What the store, the log of calls and the receiver have.
    private func compare(_ folder: TestFolder, _ sink: WebhookSink, _ what: String) async throws {
        let store = StoreReader(folder: folder.state)
        let records = try await store.calls(matching: CallFilter(limit: nil))
        #expect(records.count == DaemonConnectFaultTests.calls, "\(what)")
        let lines = try String(contentsOfFile: "\(folder.path)/calls.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(lines.count == DaemonConnectFaultTests.calls, "\(what)")
        var told: [String: [String]] = [:]
        for request in sink.requests {
            let json = try JSONValue(parsing: request.body)
            told[try #require(json["data"]?["id"]?.string), default: []].append(json["type"]?.string ?? "")
        }
        for record in records {
            let json = try JSONValue(parsing: record.recordJSON)
            let id = try #require(json["id"]?.string)
            #expect(
                json["disposition"]?.string == "ANSWERED",
                "\(what): \(String(decoding: record.recordJSON, as: UTF8.self)) \(folder.log)")
            #expect(told[id] == DaemonConnectFaultTests.types, "\(what): \(id)")
            let ids = try await store.deliveries(ofCall: id).map { delivery in
                #expect(delivery.state == .delivered, "\(what): \(id)")
                return delivery.messageID
            }
            let got = sink.requests.compactMap { $0.headers["webhook-id"] }.filter(ids.contains)
            #expect(got == ids, "\(what): \(id)")
        }
        #expect(told.count == records.count, "\(what)")
    }

    private func wait(_ loop: EventLoop, _ folder: TestFolder, _ what: String, _ condition: () -> Bool) async throws {
        let end = ContinuousClock.now + Patience.limit
        while ContinuousClock.now < end {
            if condition() { return }
            try await loop.sleep(for: .milliseconds(5))
        }
        throw NotInTime(what: "\(what); the log: \(folder.log)")
    }

    @Test("is refused, times out, or fails three times in a row: each call is told once, with all it has to tell")
    func everyConnect() throws {
        let loop = try EventLoop()
        try loop.run {
            let errors = [ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH]
            var nth = 1
            while true {
                let (asked, failed) = try await run(nth, nth % 2 == 0 ? 3 : 1, errors[nth % 3], on: loop)
                if asked < nth {
                    #expect(failed == 0)
                    break
                }
                #expect(failed >= 1)
                nth += 1
            }
            // Six connections to the manager and six messages.
            #expect(nth > 12)
        }
    }
}
