import Daemon
import Foundation
import Telephony
import Testing

@testable import CallAssembly

/// What is said to have decided a field is there for a reader to look at: an event of the stream, or a row of the file.
@Suite("Evidence is in what was heard") struct EvidenceTests {
    /// A field that is said in one word stands in its event in that word.
    ///
    /// The rest is derived (who answered, how it came out, which side hung up): the event is there, and is of the right time.
    private static func word(_ evidence: FieldEvidence, _ record: CallRecord) -> String? {
        switch evidence.field {
        case "uniqueid": "Uniqueid: \(record.uniqueID)\r\n"
        case "linkedid": "inkedid: \(record.linkedID)\r\n"
        case "queue" where evidence.event == "QueueCallerJoin": record.queue.map { "Queue: \($0.name)\r\n" }
        case "hangup_cause" where evidence.reason == "cause of the main party's channel":
            "Cause: \(record.hangupCause.rawValue)\r\n"
        case "variables": record.variables[evidence.reason].map { "\(evidence.reason)=\(wire($0))" }
        case "ref_id": record.refID
        case "accountcode": record.accountCode
        case "userfield": record.userField
        case "callee" where record.callee.name == nil: record.callee.number
        default: nil
        }
    }
    /// As manager events write a value.
    private static func wire(_ value: String) -> String {
        value.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
    }

    @Test("each deciding event is in the manager stream where the evidence says, of that name, time and value")
    func stream() throws {
        for capture in Capture.all {
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            let stream = capture.stream
            for call in replay.run(stream, marks: capture.marks).calls {
                #expect(Set(call.evidence.map(\.field)).isSuperset(of: EvidenceTests.always), "\(capture.name)")
                for evidence in call.evidence {
                    guard evidence.event != FieldEvidence.notSeen else {
                        #expect(evidence.offset == nil, "\(capture.name): \(evidence)")
                        continue
                    }
                    let offset = try #require(evidence.offset, "\(capture.name): \(evidence)")
                    let message = EvidenceTests.message(stream, Int(offset))
                    let isCEL = evidence.event.hasPrefix("CEL ")
                    let isNamed =
                        isCEL
                        ? message.hasPrefix("Event: CEL\r\n")
                            && message.contains("EventName: \(evidence.event.dropFirst(4))\r\n")
                        : message.hasPrefix("Event: \(evidence.event)\r\n")
                    #expect(isNamed, "\(capture.name): \(evidence) is \(message.prefix(60))")
                    if !isCEL, let stamp = message.firstMatch(of: /\r\nTimestamp: (\d+)\.(\d{6})\r\n/) {
                        let time = Int64(stamp.1)! * 1_000_000 + Int64(stamp.2)!
                        #expect(evidence.at.microseconds == time, "\(capture.name): \(evidence)")
                    }
                    if let word = EvidenceTests.word(evidence, call.record) {
                        #expect(message.contains(word), "\(capture.name): \(evidence) has no \(word)")
                    }
                }
            }
        }
    }
    /// Every call has these.
    private static let always: Set<String> = [
        "uniqueid", "linkedid", "direction", "disposition", "caller", "callee", "started_at", "ended_at", "hungup_by",
        "hangup_cause", "sources",
    ]
    private static func message(_ stream: [UInt8], _ offset: Int) -> String {
        let end = stream[offset...].firstRange(of: [13, 10, 13, 10])?.lowerBound ?? stream.count
        return String(decoding: stream[offset..<min(end + 2, stream.count)], as: UTF8.self)
    }

    @Test("what has a value has what decided it")
    func complete() {
        for capture in Capture.all {
            for call in capture.replay().calls {
                let (record, fields) = (call.record, call.evidence.map(\.field))
                func has(_ field: String, _ count: Int) {
                    let found = fields.count { $0 == field }
                    #expect(found >= count, "\(capture.name) \(record.id): \(field) has \(found)")
                    if count == 0 { #expect(found == 0, "\(capture.name) \(record.id): \(field) has \(found)") }
                }
                has("answered_at", record.answeredAt == nil ? 0 : 1)
                has("answered_by", record.answeredBy == nil ? 0 : 1)
                has("agents", record.agents.count)
                has("queue", record.queue == nil ? 0 : 1)
                has("transfers", record.transfers.count)
                has("recordings", record.recordings.count)
                has("variables", record.variables.count)
                has("ref_id", record.refID == nil ? 0 : 1)
                has("accountcode", record.accountCode == nil ? 0 : 1)
                has("userfield", record.userField == nil ? 0 : 1)
                has("completeness", record.completeness == .partial ? 1 : 0)
                has("sources", record.sources.count)
                for (n, leg) in record.legs.enumerated() {
                    has("legs[\(n)].started_at", 1)
                    has("legs[\(n)].ringing_at", leg.ringingAt == nil ? 0 : 1)
                    has("legs[\(n)].answered_at", leg.answeredAt == nil ? 0 : 1)
                    has("legs[\(n)].ended_at", leg.endedAt == nil ? 0 : 1)
                    has("legs[\(n)].hangup_cause", leg.cause == nil ? 0 : 1)
                    has("legs[\(n)].dial_status", leg.dialStatus == nil ? 0 : 1)
                    has("legs[\(n)].bridged", 2 * leg.bridged.count)
                }
                // A sum is the sum of its parts.
                for (field, sum) in [
                    ("talk_seconds", record.talk), ("ring_seconds", record.ring), ("hold_seconds", record.hold),
                    ("park_seconds", record.park),
                ] {
                    let marks = call.evidence.filter { $0.field == field }
                    guard marks.count < 32 else { continue }
                    let total = stride(from: 0, to: marks.count - 1, by: 2).reduce(Duration.zero) {
                        $0 + (marks[$1 + 1].at - marks[$1].at)
                    }
                    #expect(total == sum && marks.count % 2 == 0, "\(capture.name) \(record.id): \(field)")
                }
            }
        }
    }

    @Test("of a call that CEL tells alone, each is a row of it")
    func rows() {
        for capture in Capture.all {
            let bytes = capture.bytes("cel.csv")
            let text = String(decoding: bytes, as: UTF8.self)
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            for call in replay.run(log: bytes).calls {
                for evidence in call.evidence where evidence.event != FieldEvidence.notSeen {
                    let isRow = evidence.event.hasPrefix("CEL ") && text.contains(evidence.event.dropFirst(4))
                    #expect(isRow, "\(capture.name): \(evidence.field) by \(evidence.event)")
                }
            }
        }
    }

    @Test("a queue that a tag of the dialplan names is told by the tag, not by a hangup handler that never spoke")
    func tag() {
        let line = StoryLine("PJSIP/trunk-1", "15551230001", id: 1, exten: "5005")
        var tag = InsideWitness(
            occasion: .tag, path: .fastAGI, receivedAt: StoryLine.start + .seconds(1), uniqueID: line.channel.uniqueID,
            channel: line.name)
        (tag.linkedID, tag.queueName) = (line.channel.linkedID, "orders")
        let story: [(Int64, CallEvent.Body)] = [
            (0, .newChannel(line.snapshot(.ring))), (1, .witness(tag)), (5, .hangupRequest(line.channel, nil)),
            (5, line.ended()),
        ]
        var assembler = CallAssembler(AssemblyConfiguration(system: "pbx1"))
        var calls: [FinishedCall] = []
        func take(_ effect: AssemblyEffect) { if case .finished(let call) = effect { calls.append(call) } }
        for (second, body) in story {
            assembler.apply(CallEvent(at: StoryLine.start + .seconds(second), body: body), take)
        }
        assembler.finishAll(take)
        #expect(calls.map(\.record.queue?.name) == ["orders"])
        #expect(calls.first?.evidence.first { $0.field == "queue" }?.event == "tag")
    }

    @Test("of a call that CDRs tell alone, each is a CDR")
    func cdrs() {
        for capture in Capture.all {
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            for call in replay.run(log: capture.bytes("cdr_Full.csv")).calls {
                for evidence in call.evidence where evidence.event != FieldEvidence.notSeen {
                    #expect(evidence.event == "Cdr", "\(capture.name): \(evidence)")
                }
            }
        }
    }
}
