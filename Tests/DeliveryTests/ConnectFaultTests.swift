import Foundation
import Glibc
import HookswitchTestKit
import Synchronization
import Telephony
import Testing

@testable import Delivery

/// Makes the n-th connection fail, for every n until a run meets none, and compares what both ends have.
@Suite(.timeLimit(.minutes(20))) struct ConnectFaultTests {
    static let types: [EventType] = [.callStarted, .callEnded, .callComplete]

    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var call = "connect"
        var error: Int32
        /// How many fail, one after another, from the n-th on.
        var times: Int32 = 1
        var label: String
        var testDescription: String { name }
    }

    /// In a process of its own, whose `connect(2)` says so. Each message has a connection of its own.
    @Test(arguments: [
        Fault(name: "the n-th connect is refused", error: ECONNREFUSED, label: "connection_refused"),
        Fault(name: "the n-th connect times out", error: ETIMEDOUT, label: "timeout"),
        Fault(name: "no network at the n-th connect", error: ENETUNREACH, label: "connection_refused"),
        Fault(name: "no port is left for the n-th connect", error: EADDRNOTAVAIL, label: "connection_refused"),
        Fault(
            name: "six connects from the n-th on are refused", error: ECONNREFUSED, times: 6,
            label: "connection_refused"),
        Fault(name: "no descriptor is left for the n-th", call: "socket", error: EMFILE, label: "connection_refused"),
    ])
    func `whichever connect fails, all arrives once and in order`(fault: Fault) async throws {
        let sink = WebhookSink { _ in .status(200, headers: ["Connection: close"]) }
        defer { sink.stop() }
        let count = 4
        var nth = 1
        while true {
            let what = "\(fault.name), n = \(nth)"
            let folder = TemporaryFolder()
            let before = sink.requests.count
            let (asked, failed) = try ConnectFaultTests.child(
                folder.path, sink.port, first: nth * count, count: count,
                ["\(fault.call)", "\(nth)", "\(fault.times)", "\(fault.error)"])
            let calls = (0..<count).map { "drill-\(1_795_000_000 + nth * count + $0).\(nth * count + $0)" }
            let ledgers = try await Ledgers(
                folder: folder.path, calls: calls, received: Array(sink.requests.dropFirst(before)))
            let sums = try ledgers.compare(ConnectFaultTests.types, what)
            // What never got a connection was never heard of at the other end, and stands in the sender's ledger.
            #expect(sums.repeats == 0, "\(what)")
            #expect(sums.failed.count == failed, "\(what)")
            #expect(sums.failed.allSatisfy { $0 == fault.label }, "\(what): \(sums.failed)")
            if asked < nth {
                #expect(failed == 0)
                break
            }
            #expect(failed >= 1, "\(what)")
            nth += 1
        }
        #expect(nth > count * ConnectFaultTests.types.count, "the fault was met at each connect")
    }

    /// Runs the drill to its end; how many sockets or connects it asked for, and how many of them failed.
    private static func child(
        _ folder: String, _ port: UInt16, first: Int, count: Int, _ fault: [String]
    ) throws -> (asked: Int, failed: Int) {
        let products = Bundle.module.bundleURL.deletingLastPathComponent()
        let output = try VerifierTests.run(
            products.appendingPathComponent("delivery-drill").path,
            [folder, "\(port)", "\(first)", "\(count)"] + fault)
        let lines = output.split(separator: "\n")
        try #require(lines.last == "empty", "the drill did not come to its end: \(output)")
        let words = try #require(lines.first { $0.hasPrefix("asked ") }).split(separator: " ")
        return (try #require(Int(words[1])), try #require(Int(words[3])))
    }

    /// What the n-th connection that is accepted comes to.
    enum Breakage: Sendable, CaseIterable {
        case resetUnread, resetWhenRead, closedWithoutAnswer, cutInTheAnswer, answeredTooLate, hung
    }

    @Test(arguments: Breakage.allCases)
    func `whichever connection breaks, nothing is lost and a repeat has its id`(breakage: Breakage) async throws {
        var nth = 0
        while true {
            let broken = nth
            let isAsked = Atomic(false)
            let sink = WebhookSink(
                plan: { request in
                    let fine = WebhookSink.Reply.status(200, headers: ["Connection: close"])
                    guard request.connection == broken else { return fine }
                    isAsked.store(true, ordering: .relaxed)
                    return switch breakage {
                    case .resetUnread: fine
                    case .resetWhenRead: .reset
                    case .closedWithoutAnswer: .close
                    case .cutInTheAnswer: .cutShort(200)
                    case .answeredTooLate: .after(.seconds(5), fine)
                    case .hung: .hang
                    }
                }, resets: { breakage == .resetUnread && $0 == broken })
            defer { sink.stop() }
            let isSlow = breakage == .answeredTooLate || breakage == .hung
            let crm = try endpoint(
                at: sink, telling: ConnectFaultTests.types, retry: "5ms", times: 30,
                ("timeout", isSlow ? "1s" : "60s"))
            let what = "\(breakage) of connection \(nth)"
            let sums = try await Ledgers.compare(
                afterTelling: calls(3), ConnectFaultTests.types, to: crm, at: sink, what)
            let isMet = sink.connectionCount > nth
            if !isSlow {
                #expect(sums.failed.count == (isMet ? 1 : 0), "\(what): \(sums.failed)")
                #expect(sums.repeats == (isMet && breakage != .resetUnread ? 1 : 0), "\(what)")
            } else if isAsked.load(ordering: .relaxed) {
                // A busy machine may be too late once more; then the two ledgers agree all the same. And it may be too late to ask on
                // this very connection.
                #expect(sums.failed.contains("timeout") && sums.repeats >= 1, "\(what)")
            }
            guard isMet else { break }
            nth += 1
        }
        #expect(nth >= 9)
    }
}
