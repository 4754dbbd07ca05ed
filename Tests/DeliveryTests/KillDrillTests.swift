import Foundation
import HookswitchTestKit
import Telephony
import TestGround
import Testing

@testable import Delivery

/// A real child process, killed without warning at random moments under load, with ledgers at both ends.
///
/// `HOOKSWITCH_KILLS` is how often, 60 where it is not set.
@Suite(.timeLimit(.minutes(20))) struct KillDrillTests {
    /// Runs the child for so long (nil: to its end); the numbers of the calls it said were on disk, and whether it ended
    /// by itself with an empty outbox.
    /// - Parameter isAtWork: `killAfter` counts from its first commit, not from its start, which takes long on a busy machine.
    func child(
        folder: String, port: UInt16, first: Int, count: Int, killAfter: Duration?, isAtWork: Bool = false
    ) throws -> (Set<Int>, Bool) {
        let products = Bundle.module.bundleURL.deletingLastPathComponent()
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = products.appendingPathComponent("delivery-drill")
        process.arguments = [folder, "\(port)", "\(first)", "\(count)"]
        process.standardOutput = pipe
        try process.run()
        var begun = Data()
        if let killAfter {
            if isAtWork { begun = pipe.fileHandleForReading.availableData }
            // The moment is the test's subject: nothing is waited for.
            usleep(UInt32(killAfter.wholeMicroseconds))
            kill(process.processIdentifier, SIGKILL)
        }
        begun.append(try pipe.fileHandleForReading.readToEnd() ?? Data())
        let said = String(decoding: begun, as: UTF8.self)
        process.waitUntilExit()
        // The last line may have been cut by the kill: only whole ones count.
        let lines = said.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        let committed = lines.compactMap { $0.hasPrefix("committed ") ? Int($0.dropFirst(10)) : nil }
        return (Set(committed), lines.contains("empty"))
    }

    @Test func `killed at any moment: what was committed arrives, in order, and a repeat has the id of its first`()
        throws
    {
        let kills = ProcessInfo.processInfo.environment["HOOKSWITCH_KILLS"].flatMap { Int($0) } ?? 60
        var random = SeededGenerator(seed: 20_261_121)
        let sink = WebhookSink { $0.number % 17 == 0 ? .status(500) : .status(200) }
        defer { sink.stop() }
        let folder = TemporaryFolder()
        var committed: Set<Int> = []
        var next = 0
        // A busy machine is given longer, so that there is work to interrupt.
        var patience: Int64 = 1
        for round in 0..<kills {
            let wait = Duration.microseconds(Int64.random(in: 1000...120_000, using: &random) * patience)
            let (said, isEmpty) = try child(
                folder: folder.path, port: sink.port, first: next, count: 400, killAfter: wait,
                isAtWork: round % 4 != 0)
            #expect(!isEmpty || said.count == 400)
            committed.formUnion(said)
            patience = said.isEmpty ? min(patience * 2, 64) : max(patience / 2, 1)
            // A call committed but not said is offered again: the store knows it, and adds nothing.
            next = (said.max() ?? next - 1) + 1
        }
        let (said, isEmpty) = try child(folder: folder.path, port: sink.port, first: next, count: 7, killAfter: nil)
        #expect(isEmpty)
        committed.formUnion(said)

        let types = ["call.started", "call.ended", "call.complete"]
        var ids: [String: Set<String>] = [:]
        var latest: [String: Int] = [:]
        for request in sink.requests {
            let json = try JSONValue(parsing: request.body)
            let call = try #require(json["data"]?["id"]?.string)
            let place = try #require(types.firstIndex { $0 == json["type"]?.string })
            ids["\(call) \(place)", default: []].insert(request.headers["webhook-id"] ?? "")
            // Once a later event has come, no earlier one comes any more.
            #expect(place >= latest[call] ?? 0)
            latest[call] = place
        }
        #expect(committed.count > kills, "the drill hardly worked: \(committed.count) calls")
        for number in committed {
            for place in types.indices {
                let id = ids["drill-\(1_795_000_000 + number).\(number) \(place)"]
                #expect(id?.count == 1, "call \(number), \(types[place]): \(id?.count ?? 0) ids")
            }
        }
        let repeats = sink.requests.count - ids.count
        print(
            "kill drill: \(kills) kills, \(committed.count) calls, \(sink.requests.count) requests, \(repeats) repeats")
    }
}
