import AsteriskWire
import Glibc
import Telephony
import Testing

/// Damaged sessions, for `HOOKSWITCH_FUZZ_SECONDS` (default 1) each: nothing traps, memory stays bounded, and what is read does
/// not depend on how the bytes were cut. A failure names its seed.
@Suite struct AGIFuzzTests {
    private static let seconds = getenv("HOOKSWITCH_FUZZ_SECONDS").flatMap { Double(String(cString: $0)) } ?? 1

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

    /// A session's bytes, damaged in a few places.
    private static func session(_ random: inout SplitMix) -> [UInt8] {
        var text = environments[Int(random.next() % 2)]
        for _ in 0..<random.next() % 6 { text += replies[Int(random.next() % UInt64(replies.count))] }
        var bytes = Array(text.utf8)
        for _ in 0..<random.next() % 5 where !bytes.isEmpty {
            let at = Int(random.next() % UInt64(bytes.count))
            switch random.next() % 5 {
            case 0: bytes.remove(at: at)
            case 1: bytes[at] = UInt8(truncatingIfNeeded: random.next())
            case 2: bytes.insert(UInt8(ascii: "\n"), at: at)
            case 3: bytes.insert(contentsOf: bytes[at...].prefix(Int(random.next() % 60)), at: at)
            default: bytes.insert(contentsOf: [UInt8](repeating: 0x28, count: Int(random.next() % 40)), at: at)
            }
        }
        return bytes
    }

    private static func until(_ body: (UInt64) -> Bool) -> UInt64? {
        let end = ContinuousClock.now + .seconds(seconds)
        var seed: UInt64 = 1
        while ContinuousClock.now < end {
            for _ in 0..<200 {
                if !body(seed) { return seed }
                seed += 1
            }
        }
        return nil
    }

    @Test func aDamagedSessionReadsTheSameHoweverItIsCut() {
        let failed = Self.until { seed in
            var random = SplitMix(state: seed)
            let bytes = Self.session(&random)
            let shapes: [AGIReply.Shape] = [.value, .status, random.next() % 2 == 0 ? .value : .status]
            let whole = Self.transcript([bytes], shapes: shapes)
            // A limit may be noticed in the middle of a piece; what was read before it must be a beginning of the other.
            for cut in [bytes.map { [$0] }, randomCuts(bytes, seed: seed)] {
                let other = Self.transcript(cut, shapes: shapes)
                if !(whole.hasPrefix(other) || other.hasPrefix(whole)) { return false }
            }
            return true
        }
        #expect(failed == nil, "seed \(failed ?? 0)")
    }

    @Test func randomBytesAreBoundedAndEndInAnErrorOrAWait() {
        let failed = Self.until { seed in
            var random = SplitMix(state: seed &* 0x9E37_79B9)
            var decoder = AGIDecoder(limits: Self.limits)
            let asksReplies = seed % 2 == 0
            for _ in 0..<40 {
                decoder.append((0..<random.next() % 60).map { _ in UInt8(truncatingIfNeeded: random.next()) })
                do throws(AGIError) {
                    if asksReplies {
                        while try decoder.nextReply(.value) != nil {}
                    } else if try decoder.nextEnvironment() != nil {
                        return false
                    }
                } catch {
                    return true
                }
                if decoder.pendingBytes > 1000 { return false }
            }
            return true
        }
        #expect(failed == nil, "seed \(failed ?? 0)")
    }

    @Test func requestsAndSpoolFilesOfRandomBytesNeverTrap() {
        let failed = Self.until { seed in
            var random = SplitMix(state: seed &* 31)
            let alphabet = Array("%41+&=?/;: \n\u{1}é".utf8) + [0xFF, 0xC3, 0x00]
            let bytes = (0..<random.next() % 80).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }
            let request = AGIRequest(parsing: bytes[...])
            if request.path.utf8.count > 3 * bytes.count || request.parameters.pairs.count > bytes.count {
                return false
            }
            let file = Array("hookswitch-spool 1 5\n".utf8) + bytes + Array("\n\nend\n".utf8)
            _ = try? SpoolFile(file, limits: Self.limits)
            // Quoting: what is written is one line that ends in the only LF.
            var out: [UInt8] = []
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(AGIError) {
                try AGICommand.setVariable("x", value: text).encode(into: &out)
                return out.firstIndex(of: 10) == out.count - 1 && !out.contains(13) && !out.contains(0)
            } catch {
                return out.isEmpty
            }
        }
        #expect(failed == nil, "seed \(failed ?? 0)")
    }
}
