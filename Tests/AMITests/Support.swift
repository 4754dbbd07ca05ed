import AsteriskWire
import EventLoop
import HookswitchTestKit

@testable import AMI

extension ScriptedAsterisk {
    /// A client's configuration for this server.
    func configuration() -> AMIConfiguration {
        AMIConfiguration(host: host, port: port, username: "hookswitch", secret: "secret")
    }
}

/// A client that runs, and what it reports and reads, in order.
final class Running: @unchecked Sendable {  // used on the loop's thread only
    let client: AMIClient
    /// Event names, `response` or `banner`, and each report's text, in the order they came.
    private(set) var story: [String] = []
    /// Names of the events that answered something the client asked, each time.
    private(set) var asked: [String] = []
    private(set) var offsets: [Int64] = []
    private(set) var raw: [UInt8] = []
    private let reports: AsyncStream<AMIReport>
    private var iterator: AsyncStream<AMIReport>.Iterator
    private var task: Task<Void, Never>?

    init(_ configuration: AMIConfiguration, on loop: EventLoop, random: @escaping () -> Double = { 0 }) {
        client = AMIClient(configuration, on: loop, random: random)
        let (stream, continuation) = AsyncStream.makeStream(of: AMIReport.self)
        reports = stream
        iterator = stream.makeAsyncIterator()
        task = Task(executorPreference: loop) { [unowned self] in
            var handler = AMIHandler(
                message: { [unowned self] message in
                    offsets.append(message.offset)
                    if case .event = message.kind, client.asked(for: message) { asked.append(message.eventName) }
                    switch message.kind {
                    case .banner: story.append("banner")
                    case .event: story.append(message.eventName)
                    default: story.append("response")
                    }
                },
                report: { [unowned self] report in
                    story.append("\(report)".prefix { $0 != "(" }.description)
                    continuation.yield(report)
                })
            handler.bytes = { [unowned self] in raw.append(contentsOf: $0) }
            await client.run(handler)
            continuation.finish()
        }
    }

    /// The next report that `choose` turns into something.
    nonisolated(nonsending) func next<T>(_ choose: (AMIReport) -> T?) async -> T? {
        while let report = await iterator.next(isolation: #isolation) {
            if let chosen = choose(report) { return chosen }
        }
        return nil
    }

    /// The reason of the next lost connection, and the wait before the next attempt.
    nonisolated(nonsending) func lost() async -> (error: AMIError, retryIn: Duration?)? {
        await next { if case .lost(let error, _, let wait) = $0 { (error, wait) } else { nil } }
    }

    /// Waits for the end of the next resync; its failures.
    nonisolated(nonsending) func resynced() async -> [AMIError]? {
        await next { if case .resyncEnded(let failures) = $0 { failures } else { nil } }
    }

    nonisolated(nonsending) func stop() async {
        client.stop()
        await task?.value
    }
}
