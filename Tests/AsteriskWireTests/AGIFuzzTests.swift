import AsteriskWire
import HookswitchTestKit
import Telephony
import TestGround
import Testing

/// Damaged sessions: nothing traps, memory stays bounded, and what is read does not depend on how the bytes were cut.
@Suite struct AGIFuzzTests {
    private static let environments = [
        "agi_network: yes\nagi_network_script: call-complete?role=caller&a=%41\nagi_channel: PJSIP/t-1\nagi_uniqueid: 1.2\n"
            + "agi_callerid: 15551230001\nagi_arg_1: linkedid=1.1\nagi_arg_2: cdr.start=1795227945.926176\n\n",
        "agi_request: agi://127.0.0.1:4573/tag?ref_id=1\nagi_channel: SIP/x\nagi_uniqueid: a\nagi_x: \n\n",
    ]
    private static let replies = [
        "200 result=1 (a (b) c)\n", "200 result=1 (first\nsecond)\n", "200 result=-1 (hangup) endpos=1\n", "HANGUP\n",
        "100 result=0 Trying...\n", "520-Invalid\nusage\n520 End of proper usage.\n",
        "520-x\ny520 End of proper usage.\n",
        "200 result=1 (speech) endpos=0 results=1 score0=1 text0=\"a\" grammar0=b\n", "510 no\n", "200 result=\n",
    ]
    private static let limits = AGILimits(lineBytes: 200, environmentBytes: 900, environmentLines: 20, replyBytes: 300)

    /// All a session reads from `pieces`, as text; what is still missing at the end is not told.
    private static func transcript(_ pieces: [[UInt8]], shapes: [AGIReply.Shape]) -> String {
        var decoder = AGIDecoder(limits: limits)
        var text = ""
        var environment: AGIEnvironment?
        var replies = 0
        for piece in pieces {
            decoder.append(piece)
            do throws(AGIError) {
                while true {
                    if environment == nil {
                        guard let found = try decoder.nextEnvironment() else { break }
                        environment = found
                        text += found.all.map { "\($0.name)=\($0.value);" }.joined() + "\(found.isDamaged)"
                        text += "\(AGIRequest(found))"
                        let witness = InsideWitness(
                            found, AGIRequest(found), occasion: .tag, path: .fastAGI, receivedAt: Instant(seconds: 0))
                        text += witness.map { "\($0.channel) \($0.variables.count)" } ?? "nobody"
                    } else {
                        guard let reply = try decoder.nextReply(shapes[replies % shapes.count]) else { break }
                        replies += 1
                        text += "\(reply)"
                        _ = reply.attribute("endpos")
                        _ = reply.attribute("text0")
                    }
                }
            } catch {
                // Which limit is hit first may depend on the cut; that it ends here must not lose what came before.
                return text
            }
        }
        return text
    }

    private static let mutator = Mutator(
        samples: environments.flatMap { environment in
            [environment, environment + replies.joined()].map { Array($0.utf8) }
                + replies.map { Array((environment + $0).utf8) }
        },
        words: replies + [
            "\n", "\n\n", "(", ")", "((((((((", "agi_arg_3: ", "agi_uniqueid: 1.1\n", "%", "%4", "&", "\u{0}",
        ])

    @Test func aDamagedSessionReadsTheSameHoweverItIsCut() {
        let outcome = Fuzz("agi-session").run(Self.mutator) { bytes, random in
            let shapes: [AGIReply.Shape] = [.value, .status, random.once(in: 2) ? .value : .status]
            let whole = Self.transcript([bytes], shapes: shapes)
            // A limit may be noticed in the middle of a piece; what was read before it must be a beginning of the other.
            for cut in [bytes.prefix(2000).map { [$0] }, randomCuts(bytes, seed: random.next())] {
                let other = Self.transcript(cut, shapes: shapes)
                try require(whole.hasPrefix(other) || other.hasPrefix(whole), "the cut decides")
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test func randomBytesAreBoundedAndEndInAnErrorOrAWait() {
        let outcome = Fuzz("agi-noise").run { random in
            var decoder = AGIDecoder(limits: Self.limits)
            let asksReplies = random.once(in: 2)
            for _ in 0..<40 {
                decoder.append((0..<random.below(60)).map { _ in random.byte() })
                do throws(AGIError) {
                    if asksReplies {
                        while try decoder.nextReply(.value) != nil {}
                    } else if try decoder.nextEnvironment() != nil {
                        throw AGIError(.notASpoolFile)
                    }
                } catch {
                    try require(error.code != .notASpoolFile, "noise was taken for an environment")
                    return
                }
                try require(decoder.pendingBytes <= 1000, "\(decoder.pendingBytes) bytes are kept")
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test func requestsOfRandomBytesNeverTrapAndACommandIsOneLine() {
        let alphabet = Array("%41+&=?/;: \n\u{1}é".utf8) + [0xFF, 0xC3, 0x00]
        let outcome = Fuzz("agi-request").run { random in
            let bytes = (0..<random.below(80)).map { _ in random.pick(alphabet) }
            let request = AGIRequest(parsing: bytes[...])
            try require(
                request.path.utf8.count <= 3 * bytes.count && request.parameters.pairs.count <= bytes.count, "it grew")
            // Quoting: what is written is one line that ends in the only LF.
            var out: [UInt8] = []
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(AGIError) {
                try AGICommand.setVariable("x", value: text).encode(into: &out)
            } catch {
                return try require(out.isEmpty, "a refused command left bytes")
            }
            try require(
                out.firstIndex(of: 10) == out.count - 1 && !out.contains(13) && !out.contains(0), "more than one line")
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    @Test func aDamagedSpoolFileIsRefusedOrNamesItsChannelInPrintableText() {
        let samples = [SpoolFileTests.real, SpoolFileTests.real.replacing("call-complete", with: "tag")]
        let mutator = Mutator(
            samples: samples.map { Array($0.utf8) },
            words: ["\nend\n", "hookswitch-spool 1 ", "agi_arg_30: cdr.duration=", "%00", "%0A", "cdr.end=", "\n\n"])
        let outcome = Fuzz("spool").run(mutator) { bytes, _ in
            guard let file = try? SpoolFile(bytes) else { return }
            try require(file.receivedAt.seconds > 0, "a time before all time")
            guard let witness = file.witness else { return }
            try require(printable(witness.channel.description) == witness.channel.description, "a control character")
            try require(witness.cdr.duration.map { $0 >= 0 } ?? true, "a negative duration")
            try require(witness.variables.count <= bytes.count, "more variables than bytes")
        }
        #expect(outcome.isClean, "\(outcome)")
    }
}
