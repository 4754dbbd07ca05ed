import Glibc
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import Testing

@testable import Delivery

/// Receivers in every kind of trouble, over real sockets, with the ledgers of both ends compared.
@Suite(.timeLimit(.minutes(20))) struct ReceiverDrillTests {
    private static let types: [EventType] = [.callStarted, .callEnded, .callComplete]

    enum Trouble: Sendable, CaseIterable {
        case hangs, answersAfterTheTimeout, closesInTheAnswer, sends100MB, redirects, isTooBusy, isDown

        /// What an attempt that met it is called; nil where it counts as delivered.
        var label: String? {
            switch self {
            case .hangs, .answersAfterTheTimeout: "timeout"
            case .closesInTheAnswer: "connection_lost"
            case .sends100MB: nil
            case .redirects: "redirect"
            case .isTooBusy: "http_4xx"
            case .isDown: "http_5xx"
            }
        }
        func reply(_ elsewhere: String) -> WebhookSink.Reply {
            switch self {
            case .hangs: .hang
            case .answersAfterTheTimeout: .after(.seconds(5), .status(200))
            case .closesInTheAnswer: .cutShort(200)
            case .sends100MB: .huge(200, bytes: 100_000_000)
            case .redirects: .status(307, headers: ["Location: \(elsewhere)"])
            case .isTooBusy: .status(429, headers: ["Retry-After: \(ReceiverDrillTests.httpDate(1))"])
            case .isDown: .status(503, headers: ["Retry-After: \(ReceiverDrillTests.httpDate(1))"])
            }
        }
    }

    /// An HTTP date, at least so many seconds from now. The C library's words, not ours.
    private static func httpDate(_ ahead: Int) -> String { httpDate(at: Glibc.time(nil) + ahead + 1) }
    private static func httpDate(at time: time_t) -> String {
        var time = time
        var broken = tm()
        gmtime_r(&time, &broken)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &broken)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test(arguments: Trouble.allCases)
    func `each fourth first attempt meets trouble; nothing is lost, and only what met it comes again, with its id`(
        trouble: Trouble
    ) async throws {
        let elsewhere = WebhookSink()
        let troubled = Mutex<Set<String>>([])
        let sink = WebhookSink { request in
            guard request.headers["hookswitch-attempt"] == "1", request.number % 4 == 0 else { return .status(200) }
            troubled.withLock { _ = $0.insert(request.headers["webhook-id"] ?? "") }
            return trouble.reply(elsewhere.url)
        }
        defer {
            sink.stop()
            elsewhere.stop()
        }
        let isTimed = trouble == .hangs || trouble == .answersAfterTheTimeout
        let crm = try endpoint(
            at: sink, telling: ReceiverDrillTests.types, retry: "10ms", times: 40,
            ("timeout", isTimed ? "2s" : "60s"))
        let sums = try await Ledgers.compare(
            afterTelling: calls(8), ReceiverDrillTests.types, to: crm, at: sink, "\(trouble)")
        let met = troubled.withLock { $0 }
        #expect(met.count >= 3)
        #expect(elsewhere.requests.isEmpty)
        if let label = trouble.label {
            #expect(sums.failed.allSatisfy { $0 == label })
            if isTimed {
                // On a busy machine one more may be late, so late that the receiver has never heard of it.
                #expect(sums.failed.count >= sums.repeats && sums.repeats >= met.count)
            } else {
                #expect(sums.failed.count == met.count && sums.repeats == met.count)
            }
        } else {
            #expect(sums.failed.isEmpty && sums.repeats == 0)
        }
    }

    /// At an address of its own, so that nobody else takes its port while it is down.
    @Test func `a receiver that dies at work and comes back has everything, each message under one id`() async throws {
        let host = "127.61.1.1"
        let first = WebhookSink(host: host)
        let crm = try endpoint(at: first, telling: ReceiverDrillTests.types, retry: "20ms", times: 90)
        let folder = TemporaryFolder()
        let all = calls(40)
        let back = Mutex<WebhookSink?>(nil)
        defer { back.withLock { $0 }?.stop() }
        try await Bench.run([crm], folder: folder) { bench in
            try await bench.commit(all, ReceiverDrillTests.types)
            await first.received(20)
            first.stop()
            await bench.witness.until { events, _ in events.contains { $0.error == "connection_refused" } }
            back.withLock { $0 = WebhookSink(host: host, port: first.port) }
            await bench.witness.untilDelivered(120)
        }
        let second = try #require(back.withLock { $0 })
        let ledgers = try await Ledgers(
            folder: folder.path, calls: all.map(\.id), received: first.requests + second.requests)
        try ledgers.compare(ReceiverDrillTests.types, "died")
        #expect(!second.requests.isEmpty && first.requests.count >= 20)
    }

    @Test(arguments: [429, 503])
    func `a Retry-After with a date is waited for, by everything that goes there`(status: Int) async throws {
        let asked = Mutex<(date: time_t, times: [Instant])>((0, []))
        let sink = WebhookSink { request in
            asked.withLock { asked in
                asked.times.append(CallStore.wallClock())
                guard request.number == 0 else { return .status(200) }
                asked.date = Glibc.time(nil) + 4
                return .status(status, headers: ["Retry-After: \(ReceiverDrillTests.httpDate(at: asked.date))"])
            }
        }
        defer { sink.stop() }
        let crm = try endpoint(at: sink, ("retry", "10ms, 10ms"), ("concurrency", "1"))
        let sums = try await Ledgers.compare(
            afterTelling: calls(5), [.callComplete], to: crm, at: sink, "\(status)")
        let (seconds, times) = asked.withLock { $0 }
        let date = Instant(seconds: Int64(seconds))
        #expect(times.count == 6)
        #expect(date - times[0] >= .seconds(3))
        // Two clocks are in it, of which one may be slewed meanwhile.
        for time in times.dropFirst() { #expect(time >= date - .milliseconds(2)) }
        #expect(times[5] - date < .seconds(60), "and not much longer")
        #expect(sums.failed.count == 1)
    }
}
