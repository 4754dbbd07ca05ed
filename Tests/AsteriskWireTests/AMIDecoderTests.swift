import AsteriskWire
import Foundation
import HookswitchTestKit
import Telephony
import TestGround
import Testing

@Suite("AMI decoder")
struct AMIDecoderTests {
    /// Messages written by hand after asterisk-facts: banner, response, list, repeated keys, odd values, lone CR and LF.
    static let stream = Array(
        """
        Asterisk Call Manager/11.0.0\r\n\
        Response: Success\r\nActionID: login1\r\nMessage: Authentication accepted\r\n\r\n\
        Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 1\r\n\r\n\
        Event: Newchannel\r\nPrivilege: call,all\r\nTimestamp: 1795227460.996054\r\nChannel: PJSIP/a-1\r\n\
        CallerIDName: two: colons, and \\"quotes\\"\r\nAccountCode: \r\nNoColonHere\r\nUniqueid: 1795227460.0\r\n\
        Linkedid: 1795227460.0\r\nChanVariable: lead_id=a=b:c\r\nChanVariable: __x=\r\n\r\n\
        Event: Cdr\r\nPrivilege: cdr,all\r\nCallerID: "lone \\\r\\\n line" <1>\r\nUniqueID: 1795227460.0\r\n\r\n\
        Response: Follows\r\nPrivilege: Command\r\nOutput: one\r\nOutput: two\r\n--END COMMAND--\r\n\r\n\
        Event: OriginateResponse\r\nPrivilege: call,all\r\nResponse: Failure\r\nUniqueid: <unknown>\r\n\r\n
        """.utf8)

    static func decode(_ pieces: [[UInt8]], limits: AMILimits = AMILimits()) throws -> [AMIEvent] {
        var decoder = AMIDecoder(limits: limits)
        var events: [AMIEvent] = []
        for piece in pieces { try decoder.feed(piece) { events.append(AMIEvent($0)) } }
        return events
    }

    @Test("the hand-written stream comes out message by message")
    func whole() throws {
        let events = try AMIDecoderTests.decode([AMIDecoderTests.stream])
        #expect(events.count == 7)
        #expect(events[1]["Response"] == "Success" && events[1]["ActionID"] == "login1")
        let channel = events[3]
        #expect(channel["CallerIDName"] == #"two: colons, and \"quotes\""#)
        #expect(channel["AccountCode"] == "")
        #expect(channel.all("ChanVariable") == ["lead_id=a=b:c", "__x="])
        #expect(channel["NoColonHere"] == nil)
        #expect(events[4]["CallerID"] == "\"lone \\\r\\\n line\" <1>")
        #expect(events[5].all("Output") == ["one", "two"])
        #expect(events[6].name == "OriginateResponse" && events[6]["Response"] == "Failure")
        // Each offset is where the message really begins.
        for event in events.dropFirst() {
            let start = AMIDecoderTests.stream[Int(event.offset)...].prefix(9)
            #expect(start.starts(with: "Event: ".utf8) || start.starts(with: "Response:".utf8))
        }
    }

    @Test("byte by byte gives the same messages")
    func byteByByte() throws {
        let whole = try AMIDecoderTests.decode([AMIDecoderTests.stream])
        #expect(try AMIDecoderTests.decode(AMIDecoderTests.stream.map { [$0] }) == whole)
    }

    @Test("cut in two at every byte gives the same messages")
    func everyCut() throws {
        let stream = AMIDecoderTests.stream
        let whole = try AMIDecoderTests.decode([stream])
        for cut in 0...stream.count {
            let pieces = [Array(stream[..<cut]), Array(stream[cut...])]
            #expect(try AMIDecoderTests.decode(pieces) == whole, "cut at \(cut)")
        }
    }

    @Test("cut in three at random gives the same messages", arguments: [7, 8, 9] as [UInt64])
    func threeCuts(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let stream = AMIDecoderTests.stream
        let whole = try AMIDecoderTests.decode([stream])
        for _ in 0..<500 {
            let cuts = [
                Int.random(in: 0...stream.count, using: &random), Int.random(in: 0...stream.count, using: &random),
            ].sorted()
            let pieces = [Array(stream[..<cuts[0]]), Array(stream[cuts[0]..<cuts[1]]), Array(stream[cuts[1]...])]
            #expect(try AMIDecoderTests.decode(pieces) == whole, "seed \(seed), cuts \(cuts)")
        }
    }

    @Test("each truncation gives the messages before it and nothing more")
    func truncations() throws {
        let stream = AMIDecoderTests.stream
        let whole = try AMIDecoderTests.decode([stream])
        for end in 0..<stream.count {
            let events = try AMIDecoderTests.decode([Array(stream[..<end])])
            #expect(events == Array(whole.prefix(events.count)), "truncated at \(end)")
        }
    }

    @Test("a message over the limit ends the stream with where and how much is allowed")
    func tooLong() throws {
        let limits = AMILimits(messageBytes: 200, lineBytes: 100, headers: 8)
        let endless = Array(("Event: X\r\n" + String(repeating: "a", count: 400)).utf8)
        for pieces in [[endless], endless.map { [$0] }] {
            do {
                _ = try AMIDecoderTests.decode(pieces, limits: limits)
                Issue.record("an endless message passed")
            } catch let error as AMIDecodeError {
                #expect(error.code == .messageTooLong && error.limit == 200 && error.offset == 0)
            }
        }
    }

    @Test("a greeting may be as long as a line, wherever it is cut; a longer one is refused")
    func longGreeting() throws {
        let limits = AMILimits(messageBytes: 400, lineBytes: 100, headers: 8)
        let rest = "Event: FullyBooted\r\nPrivilege: system,all\r\n\r\n"
        for (length, isAllowed) in [(99, true), (100, true), (101, false), (300, false)] {
            let start = "Asterisk Call Manager/"
            let greeting = start + String(repeating: "1", count: length - start.utf8.count - 2) + "\r\n"
            let bytes = Array((greeting + rest).utf8)
            for cut in 0...bytes.count {
                let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
                let events = Result { try AMIDecoderTests.decode(pieces, limits: limits) }
                #expect((try? events.get().count) == (isAllowed ? 2 : nil), "\(length) bytes cut at \(cut)")
            }
            let single = Result { try AMIDecoderTests.decode(bytes.map { [$0] }, limits: limits) }
            #expect((try? single.get().count) == (isAllowed ? 2 : nil), "\(length) bytes, one at a time")
        }
    }

    @Test("a line and a header count over the limit are refused when the headers are read")
    func lineAndHeaders() throws {
        func read(_ text: String, _ limits: AMILimits) throws -> Bool {
            var decoder = AMIDecoder(limits: limits)
            var found = false
            try decoder.feed(Array(text.utf8)) { found = $0.has(.uniqueid) }
            return found
        }
        let many = "Event: Hangup\r\n" + (0..<20).map { "H\($0): x\r\n" }.joined() + "\r\n"
        #expect(throws: AMIDecodeError.self) { try read(many, AMILimits(headers: 8)) }
        let long = "Event: Hangup\r\nX: " + String(repeating: "y", count: 300) + "\r\n\r\n"
        #expect(throws: AMIDecodeError.self) { try read(long, AMILimits(lineBytes: 100)) }
        #expect(try read("Event: Hangup\r\nUniqueid: 1.0\r\n\r\n", AMILimits(lineBytes: 100, headers: 8)))
    }

    @Test("text that is not UTF-8 is repaired")
    func latin1() throws {
        var bytes = Array("Event: Newchannel\r\nCallerIDName: Zo".utf8)
        bytes.append(0xEB)
        bytes += Array("\r\n\r\n".utf8)
        #expect(try AMIDecoderTests.decode([bytes])[0]["CallerIDName"] == "Zo\u{FFFD}")
    }

    @Test("every known header and event is found by its name")
    func everyName() throws {
        for header in AMIHeader.allCases where header != .event {
            var value: String?
            var decoder = AMIDecoder()
            try decoder.feed(Array("Event: X\r\n\(header.rawValue): here\r\n\r\n".utf8)) { value = $0.string(header) }
            #expect(value == "here", "\(header)")
        }
        for name in AMIEventName.allCases where name != .other {
            var kind: AMIMessage.Kind?
            var decoder = AMIDecoder()
            try decoder.feed(Array("Event: \(name.rawValue)\r\nA: b\r\n\r\n".utf8)) { kind = $0.kind }
            #expect(kind == .event(name))
        }
    }
}
