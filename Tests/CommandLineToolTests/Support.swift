import Daemon
import Foundation
import Synchronization
import Telephony
import Testing

@testable import CommandLineTool
@testable import Storage

/// What a verb has written.
final class Written: Sendable {
    private let kept = Mutex<(out: [UInt8], error: [UInt8])>(([], []))
    func out(_ bytes: [UInt8]) { kept.withLock { $0.out += bytes } }
    func error(_ bytes: [UInt8]) { kept.withLock { $0.error += bytes } }
    var text: String { kept.withLock { String(decoding: $0.out, as: UTF8.self) } }
    var complaints: String { kept.withLock { String(decoding: $0.error, as: UTF8.self) } }
}

extension Console {
    /// A console in memory: fixed width, zone and clock.
    static func memory(
        _ written: Written, width: Int = 100, isTerminal: Bool = false, usesColour: Bool = false
    ) -> Console {
        Console(
            write: {
                written.out($0)
                return true
            }, writeError: { written.error($0) }, width: width, isTerminal: isTerminal, usesColour: usesColour,
            zone: .fixed(hours: 8), now: { instant("2026-11-21T10:00:00.000Z") })
    }
}

func instant(_ text: String) -> Instant { CivilTime(text)!.asUTC }

/// Compares with the file of that name beside the tests. With `HOOKSWITCH_SNAPSHOTS=write` set the file is written instead; the
/// change is then reviewed as a change of the contract.
func expectSnapshot(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Snapshots/\(name)")
    if ProcessInfo.processInfo.environment["HOOKSWITCH_SNAPSHOTS"] == "write" {
        try text.write(to: file, atomically: true, encoding: .utf8)
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(text == expected, sourceLocation: sourceLocation)
}

/// A call from outside that rang two phones, was taken by the second, and recorded.
func sampleCall() -> FinishedCall {
    func at(_ seconds: Double) -> Instant {
        instant("2026-11-21T02:05:20.123Z") + .milliseconds(Int64((seconds * 1000).rounded()))
    }
    var record = CallRecord(
        id: "pbx1-1795226720.0", system: "pbx1", uniqueID: UniqueID("1795226720.0"),
        linkedID: LinkedID("1795226720.0"), direction: .inbound, disposition: .answered,
        caller: .init(number: "+639171234567", name: "Juan dela Cruz"), callee: .init(number: "028555123"),
        startedAt: at(0), endedAt: at(14.2), hangupCause: HangupCause(rawValue: 16))
    let trunk = ChannelName("PJSIP/trunk-00000000")
    let first = ChannelName("PJSIP/1001-00000001")
    let second = ChannelName("PJSIP/1002-00000002")
    let ana = CallRecord.Party(number: "1002", name: "Ana", channel: second)
    record.answeredBy = ana
    record.agents = [ana]
    record.agent = ana
    record.answeredAt = at(4.1)
    record.talk = .milliseconds(10_050)
    record.ring = .seconds(3)
    record.hungUpBy = .caller
    record.recordings = [
        .init(
            path: "/var/spool/asterisk/monitor/1.wav", channel: trunk, startedAt: at(4.2), endedAt: at(14.2),
            state: .ready)
    ]
    record.sources = [.ami, .cdr]
    record.variables = ["lead_id": "4711"]
    record.notes = ["the answer time of 1001 was not seen"]
    var a = CallRecord.Leg(uniqueID: UniqueID("1795226720.0"), channel: trunk, role: .caller, startedAt: at(0))
    a.number = "+639171234567"
    a.name = "Juan dela Cruz"
    a.answeredAt = at(4.1)
    a.endedAt = at(14.2)
    a.cause = HangupCause(rawValue: 16)
    a.bridged = [.init(from: at(4.15), to: at(14.2), with: [second])]
    var b = CallRecord.Leg(uniqueID: UniqueID("1795226720.1"), channel: first, role: .rung, startedAt: at(0.5))
    b.number = "1001"
    b.ringingAt = at(1)
    b.endedAt = at(4.12)
    b.cause = HangupCause(rawValue: 26)
    b.isAnsweredElsewhere = true
    b.dialStatus = .cancel
    var c = CallRecord.Leg(uniqueID: UniqueID("1795226720.2"), channel: second, role: .agent, startedAt: at(0.5))
    c.number = "1002"
    c.name = "Ana"
    c.ringingAt = at(1.1)
    c.answeredAt = at(4.09)
    c.endedAt = at(14.21)
    c.cause = HangupCause(rawValue: 16)
    c.dialStatus = .answer
    c.bridged = [.init(from: at(4.14), to: at(14.19), with: [trunk])]
    record.legs = [a, b, c]
    return FinishedCall(
        record: record,
        evidence: [
            .init(field: "disposition", event: "DialEnd", at: at(4.09), offset: 5120, reason: "somebody was reached"),
            .init(
                field: "hungup_by", event: "HangupRequest", at: at(14.18), offset: 9001,
                reason: "first request after the last bridge came from the caller's channel"),
            .init(field: "legs[2].ringing_at", event: "DialState", at: at(1.1), offset: 3001, reason: ""),
            .init(field: "legs[2].answered_at", event: "Newstate", at: at(4.09), offset: 5008, reason: ""),
        ])
}

/// A message that was delivered at its second attempt.
func sampleDelivery() -> Delivery {
    let made = instant("2026-11-21T02:05:34.350Z")
    return Delivery(
        id: 7, messageID: "pbx1-1795226720.0.call.complete", endpoint: "crm", callID: "pbx1-1795226720.0",
        event: "call.complete", sequence: 5, state: .delivered, attemptCount: 2, createdAt: made, dueAt: nil,
        settledAt: made + .seconds(6), lastStatus: 200, lastError: nil, contentType: "application/json", size: 2411,
        attempts: [
            Attempt(
                at: made, duration: .milliseconds(12), status: 503, error: "http_5xx",
                response: Array("try\u{1B}[2J later\n".utf8)),
            Attempt(at: made + .seconds(6), duration: .milliseconds(9), status: 200),
        ])
}
