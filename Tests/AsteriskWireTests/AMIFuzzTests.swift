import AsteriskWire
import HookswitchTestKit
import Telephony
import Testing

/// Damaged manager streams through decoder and translator.
@Suite struct AMIFuzzTests {
    private static let limits = AMILimits(messageBytes: 4096, lineBytes: 512, headers: 64)
    private static let mutator = Mutator(
        samples: [AMIDecoderTests.stream],
        words: AMIHeader.allCases.map { "\($0.rawValue): " } + AMIEventName.allCases.map { "Event: \($0.rawValue)\r\n" }
            + [
                "\r\n", "\r\n\r\n", "\r", "\n", "Response: Success\r\n", "Asterisk Call Manager/11.0.0\r\n",
                "<unknown>",
                "ChanVariable(PJSIP/1-1): a=b\r\n", "--END COMMAND--\r\n", "Privilege: call,all\r\n",
            ])

    /// Everything that is read of each message up to a limit, as text.
    private static func transcript(_ pieces: [[UInt8]]) throws -> (messages: [String], isCut: Bool) {
        var decoder = AMIDecoder(limits: limits)
        var translator = CallEventTranslator()
        var messages: [String] = []
        for piece in pieces {
            do {
                try decoder.feed(piece) { message in
                    let event = translator.event(message, arrival: Instant(seconds: 1))
                    var variables = 0
                    message.forEachVariable { _, _, _ in variables += 1 }
                    messages.append(
                        "\(AMIEvent(message)) \(message.string(.channel) ?? "") \(message.timestamp?.microseconds ?? 0) "
                            + "\(variables) \(event.map { "\($0)" } ?? "")")
                }
            } catch {
                return (messages, true)
            }
            try require(
                messages.count <= pieces.reduce(0) { $0 + $1.count }, "more messages than bytes")
        }
        return (messages, false)
    }

    @Test func aDamagedStreamReadsTheSameHoweverItIsCut() {
        let outcome = Fuzz("ami").run(Self.mutator) { bytes, random in
            let whole = try Self.transcript([bytes])
            let cut = try Self.transcript(randomCuts(bytes, seed: random.next()))
            try require(
                whole.messages == cut.messages
                    || (whole.isCut || cut.isCut)
                        && (whole.messages.starts(with: cut.messages) || cut.messages.starts(with: whole.messages)),
                "the cut decides")
        }
        #expect(outcome.isClean, "\(outcome)")
    }
}
