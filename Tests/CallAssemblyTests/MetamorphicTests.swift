import Daemon
import Foundation
import Telephony
import Testing

@testable import CallAssembly

/// What a call's record says must not depend on what has nothing to do with it: how devices are named, how long numbers
/// are, which classes of events ride along. Each change is made to the raw bytes of real streams.
@Suite("Changes of the stream that change no fact")
struct MetamorphicTests {
    /// Captures whose facts do not rest on the times of an index beside them.
    static let captures =
        Capture.all.filter { $0.version == "22" && !["ami_drop_reconnect", "crash_kill9"].contains($0.name) }
        + LabCaptureTests.names.map(LabCaptureTests.capture)

    /// A way to change a stream, and how the numbers it shows are read back.
    struct Change: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// What is done with each event: its lines, nil to leave it out.
        let event: @Sendable ([String]) -> [String]?
        /// Texts put in place of others, from the longest to the shortest.
        var texts: [(from: String, to: String)] = []
        /// How far seconds may differ.
        var tolerance = 0.0
        /// Beginning of the names of captures with a fact that only the events left out tell.
        var except: String? = nil
    }

    private static func without(_ names: String...) -> @Sendable ([String]) -> [String]? {
        { lines in names.contains { lines.first == "Event: \($0)" } ? nil : lines }
    }
    private static func withoutLine(_ prefix: String) -> @Sendable ([String]) -> [String]? {
        { lines in lines.filter { !$0.hasPrefix(prefix) } }
    }

    static let changes = [
        Change(testDescription: "without CEL", event: without("CEL")),
        Change(testDescription: "without class dialplan", event: without("VarSet", "Newexten")),
        Change(
            testDescription: "with the least classes",
            event: without(
                "CEL", "VarSet", "Newexten", "DTMFBegin", "DTMFEnd", "RTCPSent", "RTCPReceived", "TestEvent"),
            except: "feature_disconnect"),
        Change(testDescription: "without SIP's own codes", event: withoutLine("TechCause:")),
        Change(
            testDescription: "phones that are named, on a trunk of another technology",
            event: { $0 },
            texts: [
                ("PJSIP/trunk2-", "IAX2/provider-"), ("PJSIP/trunk-", "IAX2/provider-"),
                ("PJSIP/1001", "SIP/agent-one"), ("PJSIP/1002", "SIP/agent-two"), ("PJSIP/1003", "SIP/agent-three"),
                ("PJSIP/1004", "SIP/agent-four"), ("DialString: 1001\r", "DialString: agent-one\r"),
                ("DialString: 1002\r", "DialString: agent-two\r"),
            ]),
        Change(
            testDescription: "a systemname before each unique id",
            event: { lines in
                lines.map { line in
                    for name in ["Uniqueid", "Linkedid", "UniqueID", "LinkedID"] {
                        if let range = line.range(of: name + ": 1") {
                            return line.replacing("\(line[range])", with: "\(name): pbx-a.b-1")
                        }
                    }
                    return line
                }
            }),
        Change(
            testDescription: "numbers of other lengths", event: { $0 },
            texts: [
                ("15551230001", "+493012345678"), ("15551230002", "442071838752"), ("15559876543", "4420718387"),
                ("1001", "20101"), ("1002", "20102"), ("1003", "20103"), ("1004", "20104"),
            ]),
    ]

    @Test("the facts stay", arguments: changes)
    func factsStay(change: Change) throws {
        for capture in MetamorphicTests.captures {
            if let name = change.except, capture.name.hasPrefix(name) { continue }
            let stream = capture.bytes(capture.folder.path.contains("/lab/") ? "events.ami" : "ami.ami")
            let plain = try facts(stream)
            let changed = try facts(MetamorphicTests.apply(change, to: stream))
            let expected = plain.map { MetamorphicTests.replacing($0, change.texts) }
            #expect(changed == expected, "\(capture), \(change.testDescription)")
        }
    }

    @Test("a stream without any time still tells who spoke, and when to the second", arguments: captures)
    func withoutTimes(capture: Capture) throws {
        let stream = capture.bytes(capture.folder.path.contains("/lab/") ? "events.ami" : "ami.ami")
        let change = Change(testDescription: "", event: MetamorphicTests.withoutLine("Timestamp:"))
        func records(_ bytes: [UInt8]) -> [CallRecord] {
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            return replay.run(bytes).calls.map(\.record).sorted { $0.id < $1.id }
        }
        let (timed, untimed) = (records(stream), records(MetamorphicTests.apply(change, to: stream)))
        #expect(timed.map(\.id) == untimed.map(\.id))
        for (a, b) in zip(timed, untimed) {
            #expect(a.agents.map(\.number) == b.agents.map(\.number), "\(capture)")
            #expect(a.direction == b.direction && a.caller == b.caller && a.callee == b.callee, "\(capture)")
            let distance = a.startedAt - b.startedAt
            #expect(distance < .seconds(2) && distance > .seconds(-2), "\(capture): \(a.startedAt), \(b.startedAt)")
        }
    }

    /// What a record says, without what is named after the changed things.
    private func facts(_ stream: [UInt8]) throws -> [String] {
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let calls = replay.run(stream).calls.sorted {
            ($0.record.startedAt, $0.record.caller.number ?? "") < ($1.record.startedAt, $1.record.caller.number ?? "")
        }
        return calls.map { call in
            let r = call.record
            func numbers(_ parties: [CallRecord.Party]) -> String {
                parties.map { $0.number ?? "-" }.joined(separator: " ")
            }
            return """
                \(r.direction) \(r.disposition) from \(r.caller.number ?? "-") to \(r.callee.number ?? "-") \
                by \(numbers(r.answeredBy.map { [$0] } ?? [])) agents \(numbers(r.agents)) \
                agent \(r.agent?.number ?? "-") \
                \(r.startedAt) \(r.answeredAt.map { "\($0)" } ?? "-") \(r.endedAt) talk \(r.talk) hold \(r.hold) \
                park \(r.park) ring \(r.ring) \(r.hungUpBy.map { "\($0)" } ?? "-") \(r.hangupCause.rawValue) \
                queue \(r.queue.map { "\($0.name) \($0.result.map { "\($0)" } ?? "-") \($0.wait.map { "\($0)" } ?? "-")" } ?? "-") \
                transfers \(r.transfers.map { "\($0.kind) \($0.by ?? "-") \($0.to ?? "-") \($0.isOK)" }) \
                \(r.completeness) recordings \(r.recordings.count) legs \(r.legs.map { "\($0.role)" })
                """
        }
    }

    // Streams are handled as Latin-1 text: each byte is one character, and comes back as itself.
    private static func apply(_ change: Change, to stream: [UInt8]) -> [UInt8] {
        let text = String(String.UnicodeScalarView(stream.map { Unicode.Scalar($0) }))
        var out: [String] = []
        for message in text.components(separatedBy: "\r\n\r\n") {
            if let lines = change.event(message.components(separatedBy: "\r\n")) {
                out.append(lines.joined(separator: "\r\n"))
            }
        }
        return replacing(out.joined(separator: "\r\n\r\n"), change.texts).unicodeScalars.map { UInt8($0.value) }
    }

    /// Puts texts in place of others; a number only where it stands alone, not inside a longer one or a time.
    private static func replacing(_ text: String, _ pairs: [(from: String, to: String)]) -> String {
        func isPartOfNumber(_ byte: UInt8) -> Bool { (48...57).contains(byte) || byte == 0x2E }
        var bytes = Array(text.utf8)
        for (from, to) in pairs {
            let wanted = Array(from.utf8)
            let isNumber = wanted.allSatisfy(isPartOfNumber)
            var out: [UInt8] = []
            var at = 0
            while let range = bytes[at...].firstRange(of: wanted) {
                let isInside =
                    isNumber
                    && (range.lowerBound > 0 && isPartOfNumber(bytes[range.lowerBound - 1])
                        || range.upperBound < bytes.count && isPartOfNumber(bytes[range.upperBound]))
                out += bytes[at..<range.lowerBound] + (isInside ? wanted : Array(to.utf8))
                at = range.upperBound
            }
            bytes = out + bytes[at...]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
