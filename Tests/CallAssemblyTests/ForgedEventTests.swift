import AsteriskWire
import Daemon
import Telephony
import Testing

@testable import CallAssembly

/// A stranger's text inside a real event, as PJSIP lets it through (seen on 16.28 and 22.10): the caller number and the
/// extension are written raw, the number up to 79 bytes.
@Suite("Forged events")
struct ForgedEventTests {
    /// A real Newchannel whose caller number is `number`.
    private static func newchannel(_ number: String, uniqueid: String) -> String {
        "Event: Newchannel\r\nPrivilege: call,all\r\nTimestamp: 1795227461.500000\r\nChannel: PJSIP/trunk-000000ff\r\n"
            + "ChannelState: 4\r\nChannelStateDesc: Ring\r\nCallerIDNum: \(number)\r\nCallerIDName: <unknown>\r\n"
            + "ConnectedLineNum: <unknown>\r\nConnectedLineName: <unknown>\r\nLanguage: en\r\nAccountCode: \r\n"
            + "Context: from-trunk\r\nExten: 5001\r\nPriority: 1\r\nUniqueid: \(uniqueid)\r\nLinkedid: \(uniqueid)\r\n\r\n"
    }

    /// The stream of an answered call with `text` written in the middle of its talk.
    private static func stream(with text: String) throws -> (bytes: [UInt8], victim: CallRecord) {
        let capture = try #require(Capture.all.first { $0.name == "in_answered_caller_hangs" && $0.version == "22" })
        let stream = capture.stream
        let victim = try #require(capture.replay().calls.first).record
        let marker = Array("Event: HangupRequest\r\n".utf8)
        let at = try #require(stream.indices.first { stream[$0...].starts(with: marker) })
        return (Array(stream[..<at]) + Array(text.utf8) + Array(stream[at...]), victim)
    }

    private static func replay(_ bytes: [UInt8]) -> CaptureReplay.Summary {
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        return replay.run(bytes)
    }

    @Test("a Hangup of another call's channel inside a caller number ends nothing and asks for a resync")
    func hangupInCallerNumber() throws {
        let fake = "1\r\n\r\nEvent: Hangup\r\nPrivilege: call,all\r\nUniqueid: 1795227460.0"
        #expect(fake.utf8.count <= 79)
        let (bytes, victim) = try ForgedEventTests.stream(
            with: ForgedEventTests.newchannel(fake, uniqueid: "1795227461.9"))
        let summary = ForgedEventTests.replay(bytes)
        #expect(summary.calls.first { $0.record.id == victim.id }?.record == victim)
        // Head without ids, tail with two.
        #expect(summary.refused.count == 2)
        #expect(summary.refused.contains { $0.reason.contains("without its channel's ids") })
        #expect(summary.refused.contains { $0.reason.contains("twice") })
    }

    @Test("a forged event that borrows the real one's ids lacks what stands before the caller number")
    func borrowedIDs() throws {
        let fake = "1\r\n\r\nEvent: Hangup\r\nPrivilege: call,all\r\nTimestamp: 1795227461.5"
        #expect(fake.utf8.count <= 79)
        let (bytes, victim) = try ForgedEventTests.stream(
            with: ForgedEventTests.newchannel(fake, uniqueid: "1795227461.9"))
        let summary = ForgedEventTests.replay(bytes)
        #expect(summary.calls.map(\.record.id) == [victim.id])
        #expect(summary.refused.count == 2)
    }

    @Test("an Event block inside AppData and caller names of other events is no event")
    func insideValues() throws {
        // Newexten's AppData is written raw; the fold does not read the event, and what follows has no genuine shape.
        let inside =
            "Event: Newexten\r\nPrivilege: dialplan,all\r\nTimestamp: 1795227461.500000\r\nChannel: PJSIP/trunk-00000000\r\n"
            + "Uniqueid: 1795227460.0\r\nLinkedid: 1795227460.0\r\nApplication: NoOp\r\nAppData: x\r\n\r\n"
            + "Event: Hangup\r\nUniqueid: 1795227460.0\r\nLinkedid: 1795227460.0\r\nCause: 16\r\n\r\n"
        let (bytes, victim) = try ForgedEventTests.stream(with: inside)
        let summary = ForgedEventTests.replay(bytes)
        #expect(summary.calls.map(\.record) == [victim])
        #expect(summary.refused.count == 1)
    }

    @Test("a complete forged Hangup of a channel that is in a bridge is not believed")
    func completeForgery() throws {
        let fake =
            "Event: Hangup\r\nPrivilege: call,all\r\nTimestamp: 1795227461.500000\r\nChannel: PJSIP/trunk-00000000\r\n"
            + "ChannelState: 6\r\nUniqueid: 1795227460.0\r\nLinkedid: 1795227460.0\r\nCause: 16\r\nCause-txt: x\r\n\r\n"
        let (bytes, victim) = try ForgedEventTests.stream(with: fake)
        let summary = ForgedEventTests.replay(bytes)
        #expect(summary.calls.map(\.record) == [victim])
        #expect(summary.refused.first?.reason == "Hangup of a channel that is in a bridge")
    }

    @Test("control characters in names and numbers never reach a record")
    func controlCharacters() throws {
        let name =
            "Event: Newchannel\r\nPrivilege: call,all\r\nTimestamp: 1795227470.000000\r\nChannel: PJSIP/trunk-1\r\n"
        let text =
            name
            + "ChannelState: 4\r\nCallerIDNum: 1555\u{1}123\r\nCallerIDName: A\\r\\nB\u{7F}\r\nAccountCode: \r\nContext: c\r\n"
            + "Exten: 50\u{2}01\r\nPriority: 1\r\nUniqueid: 1795227470.50\r\nLinkedid: 1795227470.50\r\n\r\n"
        let summary = ForgedEventTests.replay(Array(text.utf8))
        let json = try #require(summary.calls.first).record.json
        #expect(!json.contains { $0 < 0x20 || $0 == 0x7F })
        #expect(!String(decoding: json, as: UTF8.self).contains(#"\u00"#))
    }

    @Test(
        "events without a Timestamp are refused only while the option is on; after a reload without it they count again"
    )
    func timestampsSwitchedOff() throws {
        var translator = CallEventTranslator()
        func translate(_ text: String) -> CallEvent.Body? {
            var decoder = AMIDecoder()
            var body: CallEvent.Body?
            try? decoder.feed(Array(text.utf8)) { body = translator.event($0, arrival: Instant(seconds: 9))?.body }
            return body
        }
        func isDamaged(_ body: CallEvent.Body?) -> Bool { if case .damaged = body { true } else { false } }
        let with =
            "Event: Hold\r\nPrivilege: call,all\r\nTimestamp: 1795227470.0\r\nChannel: a\r\nUniqueid: 1.0\r\nLinkedid: 1.0\r\n\r\n"
        let without = "Event: Hold\r\nPrivilege: call,all\r\nChannel: a\r\nUniqueid: 1.0\r\nLinkedid: 1.0\r\n\r\n"
        #expect(!isDamaged(translate(without)))
        #expect(!isDamaged(translate(with)))
        for _ in 0..<7 { #expect(isDamaged(translate(without))) }
        #expect(!isDamaged(translate(without)))
    }

    /// Two plain calls, the second of which an event shows under another linked id.
    private static func fold(_ first: [CallEvent], _ second: [CallEvent]) -> [CallRecord] {
        var fold = FoldRun()
        fold.apply(first + second)
        fold.finishAll()
        return fold.records
    }

    @Test("a linked id of a call that has been told gives no second record of its id")
    func toldLinkedID() throws {
        let (old, new) = (
            SyntheticCall(number: 1, at: Instant(seconds: 1_795_300_000)),
            SyntheticCall(number: 2, at: Instant(seconds: 1_795_300_100))
        )
        var late = new.caller
        late.channel.linkedID = old.caller.channel.linkedID
        let records = ForgedEventTests.fold(old.events, [CallEvent(at: new.at, body: .newChannel(late))])
        #expect(records.map(\.id) == ["pbx1-1795300000.2", "pbx1-1795300100.4"])
        #expect(records[1].notes.contains("its linked id 1795300000.2 is that of a call told before"))
    }

    @Test("an event that names two calls' channels puts them together and is then told of what they became")
    func twoCalls() throws {
        let (one, two) = (
            SyntheticCall(number: 1, at: Instant(seconds: 1_795_300_000)),
            SyntheticCall(number: 2, at: Instant(seconds: 1_795_300_000))
        )
        let (a, b) = (one.caller, two.caller)
        // The second channel shows the first call's linked id with this very event, and the first the second's.
        let (x, y) = (
            CallEvent.Channel(uniqueID: b.channel.uniqueID, linkedID: b.channel.linkedID),
            CallEvent.Channel(uniqueID: a.channel.uniqueID, linkedID: b.channel.linkedID)
        )
        var phone = a
        phone.channel = CallEvent.Channel(uniqueID: a.channel.uniqueID, linkedID: b.channel.linkedID)
        let bodies: [CallEvent.Body] = [
            .dialBegin(source: x, at: nil, destination: phone, dialString: nil), .pickup(by: x, target: y),
            .unParkedCall(x, retriever: y), .localBridge(one: x, two: y),
        ]
        for body in bodies {
            let records = ForgedEventTests.fold(
                [one.events[0], two.events[0]], [CallEvent(at: one.at + .seconds(1), body: body)])
            #expect(records.count == 1 && records[0].linkedID == a.channel.linkedID, "\(body)")
        }
    }
}
