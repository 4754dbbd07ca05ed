import Foundation
import HookswitchTestKit
import Storage
import Telephony
import TestGround
import Testing

/// Kills a writing process at random moments and compares what it had said with what is found.
@Suite struct CrashTests {
    /// `StorageTool`, which the package builds next to the test program.
    static let tool: URL = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("StorageTool")
    }()

    /// Runs the writer until it is killed, some time after its first answer; its lines.
    func killed(folder: String, seed: Int, after: Duration) throws -> [String] {
        let process = Process()
        process.executableURL = CrashTests.tool
        process.arguments = ["crash", folder, String(seed)]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var output = pipe.fileHandleForReading.availableData
        let deadline = ContinuousClock.now + after
        while ContinuousClock.now < deadline {
            let more = pipe.fileHandleForReading.availableData
            if more.isEmpty { break }
            output.append(more)
        }
        kill(process.processIdentifier, SIGKILL)
        output.append(pipe.fileHandleForReading.readDataToEndOfFile())
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Fifty in each run of the suite; more by `HOOKSWITCH_KILLS`, for the long drill.
    static let kills = Int(ProcessInfo.processInfo.environment["HOOKSWITCH_KILLS"] ?? "") ?? 50

    @Test func killsLoseNothingThatWasAnsweredAndKeepTheOrderOfEveryCall() async throws {
        let scratch = try Scratch()
        var generator = SeededGenerator(seed: 0x4B11)
        var waited: Set<String> = []
        var committed: Set<String> = []
        var delivered: Set<String> = []
        /// The last sequence sent of each endpoint and call.
        var last: [String: Int] = [:]
        let order = ["started": 1, "ended": 2, "complete": 3]

        func sent(_ endpoint: String, _ message: String) throws {
            let dot = try #require(message.lastIndex(of: "."))
            let key = "\(endpoint) \(message[..<dot])"
            let sequence = try #require(order[String(message[message.index(after: dot)...])])
            let before = last[key] ?? 0
            // The same again after a crash or a retry, or the next; never one left out, never one back.
            #expect(sequence == before || sequence == before + 1, "\(message) to \(endpoint) after \(before)")
            #expect(!delivered.contains("\(endpoint) \(message)"), "\(message) was delivered before")
            last[key] = sequence
        }
        for round in 1...CrashTests.kills {
            let wait = Duration.milliseconds(Int.random(in: 0...60, using: &generator))
            let lines = try killed(folder: scratch.state, seed: round, after: wait)
            #expect(!lines.isEmpty, "round \(round) did something")
            for line in lines {
                let words = line.split(separator: " ").map(String.init)
                switch words[0] {
                case "W": waited.insert(words[1])
                case "C": committed.insert(words[1])
                case "S": try sent(words[1], words[2])
                case "D": delivered.insert("\(words[1]) \(words[2])")
                default: Issue.record("round \(round): \(line)")
                }
            }
        }

        let log = scratch.state + "/calls.jsonl"
        let store = try CallStore(.init(folder: scratch.state, callsLog: CallsLogOptions(path: log)))
        #expect(try await store.check() == [])
        let open = Set(try await store.openCalls().map(\.id))
        var stored: Set<String> = []
        for call in try await store.query.calls(matching: .init(limit: nil)) {
            let record = try JSONValue(parsing: call.recordJSON)
            let id = try #require(record["id"]?.string)
            stored.insert(id)
            #expect(open.contains(id) == (record["notes"]?[0]?.string == "waits"), "what waits is marked, nothing else")
        }
        #expect(committed.union(waited).isSubset(of: stored))
        #expect(open.isSubset(of: stored) && open.isDisjoint(with: committed))
        let whole = stored.subtracting(open)
        let lines = try scratch.lines(of: log).map { try JSONValue(parsing: $0)["id"]?.string ?? "" }
        #expect(Set(lines) == whole, "a line for each whole call")
        #expect(lines.count == whole.count, "and one")
        let list = try await store.query.deliveries(matching: .init(limit: nil))
        let complete = list.filter { $0.event == "complete" }
        #expect(complete.count == 2 * whole.count, "a whole record exactly where its messages are")
        #expect(Set(complete.map(\.callID)) == whole)
        for message in list where delivered.contains("\(message.endpoint) \(message.messageID)") {
            #expect(message.state == .delivered, "\(message.messageID)")
        }
        // What is left is sent now, in order, and then nothing is left.
        for endpoint in ["crm", "warehouse"] {
            while true {
                let now = CallStore.wallClock()
                let claim = try await store.claim(endpoint, now: now)
                if claim.entries.isEmpty { break }
                for entry in claim.entries {
                    try sent(endpoint, entry.messageID)
                    #expect(entry.body == Array("\(entry.callID) \(entry.event)".utf8))
                }
                try await store.finish(
                    claim.entries.map {
                        AttemptResult(
                            entry: $0.id, attempt: Attempt(at: now, duration: .zero, status: 200), verdict: .delivered)
                    })
            }
        }
        for status in try await store.endpoints() {
            #expect((status.ready, status.waiting, status.dead) == (0, 0, 0))
            #expect(status.delivered == list.count { $0.endpoint == status.name })
        }
        #expect(last.values.filter { $0 == 3 }.count == complete.count)
        await store.close()
    }
}
