import AsteriskWire
import Telephony
import TestGround
import Testing

/// Where messages and their lines end, beside a search that goes byte by byte: lone CRs and LFs are data, wherever they stand in
/// the blocks that are looked at together.
@Suite("Lines of manager messages")
struct AMILineTests {
    private static let end: [UInt8] = [13, 10]

    /// Up to 40 bytes with everything in them that could be taken for a line's end, but none.
    private static func value(_ random: inout SeededGenerator) -> [UInt8] {
        let pieces = ["a", "bc", "\r", "\n", "\n\r", ": ", "\n\rEvent: X", "Variable: lead_id"]
        var bytes: [UInt8] = []
        let length = Int.random(in: 0...40, using: &random)
        while bytes.count < length {
            // Swift takes CR LF for one character: the pieces are put together as bytes.
            for byte in pieces.randomElement(using: &random)!.utf8 where byte != 10 || bytes.last != 13 {
                bytes.append(byte)
            }
        }
        return bytes
    }

    /// Messages as a plain search for CR LF CR LF cuts them.
    private static func cut(_ stream: [UInt8]) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        var rest = stream[...]
        while !rest.isEmpty {
            if rest.starts(with: end) {
                rest = rest.dropFirst(2)
                continue
            }
            guard let at = rest.indices.first(where: { rest[$0...].starts(with: end + end) }) else { break }
            messages.append(Array(rest[..<(at + 4)]))
            rest = rest[(at + 4)...]
        }
        return messages
    }

    @Test(
        "a message ends at its first empty line and nowhere else", arguments: 0..<100 as Range<UInt64>
    )
    func messages(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let stream = (0..<Int.random(in: 0...300, using: &random)).map { _ in
            ([13, 10, 13, 10, 97, 98, 99] as [UInt8]).randomElement(using: &random)!
        }
        var decoder = AMIDecoder()
        var messages: [[UInt8]] = []
        try decoder.feed(stream) { message in messages.append(message.withBytes { Array($0) }) }
        #expect(messages == AMILineTests.cut(stream))
    }

    @Test(
        "each header has its value, whatever stands in the others'",
        arguments: 0..<100 as Range<UInt64>)
    func headers(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let known = [
            AMIHeader.channel, .callerIDNum, .callerIDName, .connectedLineName, .exten, .context, .queue, .cause,
            .uniqueid,
            .causeText, .transferTargetUniqueid, .secondTransfererUniqueid, .bridgeVideoSourceMode, .appData,
        ].shuffled(using: &random).prefix(Int.random(in: 0...14, using: &random))
        let values = known.map { _ in AMILineTests.value(&random) }
        let other = AMILineTests.value(&random)
        let isSecond = Bool.random(using: &random)
        let twice = Bool.random(using: &random) ? known.first : nil
        var lines: [[UInt8]] = [Array("Event: Hangup".utf8)]
        if isSecond { lines.append(Array("Privilege: call,all".utf8)) }
        lines.append(Array("Nobody-knows: ".utf8) + other)
        if !isSecond { lines.append(Array("Privilege: call,all".utf8)) }
        for (header, value) in zip(known, values) { lines.append(Array("\(header.rawValue): ".utf8) + value) }
        if let twice { lines.append(Array("\(twice.rawValue):".utf8)) }
        let message = Array(lines.joined(separator: AMILineTests.end)) + AMILineTests.end + AMILineTests.end
        var decoder = AMIDecoder()
        var count = 0
        // Twice: the second is compared with the lines of the first.
        try decoder.feed(message + message) { message in
            count += 1
            var found: [[UInt8]?] = []
            for header in known { found.append(message.string(header).map { Array($0.utf8) }) }
            let (hasPrivilege, repeated) = (message.hasPrivilegeSecond, message.repeatedHeader)
            #expect(found == values)
            #expect(hasPrivilege == isSecond)
            #expect(repeated == twice)
            let hasAnother = message.has(.destChannel)
            #expect(!hasAnother)
        }
        #expect(count == 2)
    }

    @Test(
        "a header is found wherever it stands, whatever stood there in the messages before",
        arguments: 0..<60 as Range<UInt64>)
    func shapes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let known = AMIHeader.allCases.filter { $0 != .event }.shuffled(using: &random)
        var order = known.map(\.rawValue)
        var messages: [[(name: String, value: String)]] = []
        for _ in 0..<40 {
            // Mostly the same ones in the same order, as Asterisk writes them; now and then one moves, is missing, or comes twice.
            if Bool.random(using: &random) {
                order.swapAt(Int.random(in: 0..<20, using: &random), Int.random(in: 0..<20, using: &random))
            }
            var names = Array(order.prefix([2, 18, 20, 90, 130].randomElement(using: &random)!))
            if Int.random(in: 0..<4, using: &random) == 0 {
                names.remove(at: Int.random(in: 0..<names.count, using: &random))
            }
            for name in ["Nobody-knows", "ChanVariable", names.randomElement(using: &random)!]
            where Int.random(in: 0..<4, using: &random) == 0 {
                names.insert(name, at: Int.random(in: 0...names.count, using: &random))
            }
            let event = Bool.random(using: &random) ? "Hangup" : "Newstate"
            messages.append(
                [("Event", event)] + names.map { ($0, "v\(Int.random(in: 0..<1_000_000, using: &random))") })
        }
        let stream = Array(
            messages.map { $0.map { "\($0.name): \($0.value)\r\n" }.joined() + "\r\n" }.joined().utf8)
        var decoder = AMIDecoder()
        var next = 0
        var from = 0
        while from < stream.count {
            let to = min(stream.count, from + Int.random(in: 1...8000, using: &random))
            try decoder.feed(Array(stream[from..<to])) { message in
                let lines = messages[next]
                next += 1
                // Some messages are not asked at all: their lines are not looked for.
                if Int.random(in: 0..<3, using: &random) == 0 { return }
                var wrong: [String] = []
                for header in AMIHeader.allCases
                where message.string(header) != lines.first(where: { $0.name == header.rawValue })?.value {
                    wrong.append(header.rawValue)
                }
                #expect(wrong.isEmpty)
                var repeated: String?
                for (i, line) in lines.enumerated()
                where known.contains(where: { $0.rawValue == line.name }) && line.name != "Variable"
                    && lines[..<i].contains(where: { $0.name == line.name })
                {
                    repeated = line.name
                }
                let told = message.repeatedHeader?.rawValue
                #expect(told == repeated)
                let hasPrivilege = message.hasPrivilegeSecond
                #expect(hasPrivilege == (lines[1].name == "Privilege"))
                let hasVariables = message.hasVariables
                #expect(hasVariables == lines.contains { $0.name == "ChanVariable" })
            }
            from = to
        }
        #expect(next == messages.count)
    }

    @Test(
        "a variable nobody wants is told from its line, whatever its value",
        arguments: 0..<100 as Range<UInt64>)
    func variables(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let name = ["lead_id", "__lead_id", "dead_id", "lead_ie", "SIPDOMAIN", "x"].randomElement(using: &random)!
        let head =
            "Event: VarSet\r\nPrivilege: dialplan,all\r\nChannel: PJSIP/1001-1\r\nUniqueid: 1795227460.1\r\n"
            + "Linkedid: 1795227460.1\r\nVariable: \(name)\r\nValue: "
        let value = AMILineTests.value(&random)
        var decoder = AMIDecoder()
        var translator = CallEventTranslator(variables: ["lead_id"])
        var events: [CallEvent?] = []
        try decoder.feed(Array(head.utf8) + value + AMILineTests.end + AMILineTests.end) { message in
            events.append(translator.event(message, arrival: Instant(seconds: 1)))
        }
        #expect(events.count == 1)
        let told = events.first??.variables
        if name.hasSuffix("lead_id") {
            #expect(
                told == [
                    CallEvent.Variable(
                        channel: UniqueID("1795227460.1"), name: "lead_id",
                        value: String(decoding: value, as: UTF8.self))
                ])
        } else {
            #expect(told == nil)
        }
    }
}
