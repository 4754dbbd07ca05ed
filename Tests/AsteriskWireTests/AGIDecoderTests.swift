import AsteriskWire
import HookswitchTestKit
import Telephony
import TestGround
import Testing

/// The environment Asterisk 22.10 really sent (capture agi_hangup_handler), with two arguments added.
private let block = """
    agi_network: yes
    agi_network_script: hangup?role=parent&id=1795227945.26
    agi_request: agi://127.0.0.1:22073/hangup?role=parent&id=1795227945.26
    agi_channel: PJSIP/trunk-00000011
    agi_language: en
    agi_type: PJSIP
    agi_uniqueid: 1795227945.26
    agi_version: 22.10.1+dfsg+~cs6.17.60671434-1
    agi_callerid: 15551230001
    agi_calleridname: unknown
    agi_callingpres: 0
    agi_callingani2: 0
    agi_callington: 0
    agi_callingtns: 0
    agi_dnid: 5014
    agi_rdnis: unknown
    agi_context: hangup-agi
    agi_extension: s
    agi_priority: 1
    agi_enhanced: 0.0
    agi_accountcode: 
    agi_threadid: 140330960922304
    agi_arg_1: dialstatus=ANSWER
    agi_arg_2: note=50%25


    """

/// Feeds `pieces` and asks after each; what was found, and after how many pieces.
private func environment(_ pieces: [[UInt8]], _ limits: AGILimits = AGILimits()) throws -> AGIEnvironment? {
    var decoder = AGIDecoder(limits: limits)
    for piece in pieces {
        decoder.append(piece)
        if let found = try decoder.nextEnvironment() { return found }
    }
    return nil
}

/// Pieces of `bytes` cut at random, the same for the same seed.
func randomCuts(_ bytes: [UInt8], seed: UInt64) -> [[UInt8]] {
    var random = SeededGenerator(seed: seed)
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
        let length = Int(random.next() % 40) + 1
        pieces.append(Array(rest.prefix(length)))
        rest = rest.dropFirst(length)
    }
    return pieces
}

@Suite struct AGIEnvironmentTests {
    @Test func theBlockOfARealAsteriskIsRead() throws {
        let found = try #require(try environment([Array(block.utf8)]))
        #expect(found.uniqueID == UniqueID("1795227945.26"))
        #expect(found.channel == ChannelName("PJSIP/trunk-00000011"))
        #expect(found["version"] == "22.10.1+dfsg+~cs6.17.60671434-1")
        #expect(found["accountcode"] == "")
        #expect(found.known("accountcode") == nil)
        #expect(found.known("calleridname") == nil)
        #expect(found.known("dnid") == "5014")
        #expect(found["nothing"] == nil)
        #expect(found.arguments == ["dialstatus=ANSWER", "note=50%25"])
        #expect(found.all.count == 24)
        #expect(!found.isDamaged)
    }

    @Test func everyWayOfCuttingGivesTheSame() throws {
        let bytes = Array(block.utf8)
        let whole = try #require(try environment([bytes])).all.map { "\($0.name)=\($0.value)" }
        let single = try #require(try environment(bytes.map { [$0] })).all.map { "\($0.name)=\($0.value)" }
        #expect(single == whole)
        for cut in 1..<bytes.count {
            let two = try environment([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(two?.all.map { "\($0.name)=\($0.value)" } == whole, "cut at \(cut)")
        }
        for seed in 1...50 {
            let found = try environment(randomCuts(bytes, seed: UInt64(seed)))
            #expect(found?.all.map { "\($0.name)=\($0.value)" } == whole, "seed \(seed)")
        }
    }

    @Test func aTruncatedBlockIsWaitedFor() throws {
        let bytes = Array(block.utf8)
        for length in 0..<bytes.count {
            #expect(try environment([Array(bytes[..<length])]) == nil, "length \(length)")
        }
    }

    @Test func whatFollowsTheBlockIsKeptForTheReply() throws {
        var decoder = AGIDecoder()
        decoder.append(Array("\(block)200 result=1 (x)\n".utf8))
        #expect(try decoder.nextEnvironment() != nil)
        #expect(try decoder.nextReply() == AGIReply(code: 200, result: "1", value: "x"))
        #expect(decoder.pendingBytes == 0)
    }

    @Test func linesMayEndInCRLF() throws {
        let found = try environment([Array("agi_network: yes\r\nagi_uniqueid: 1.2\r\n\r\n".utf8)])
        #expect(found?["network"] == "yes")
        #expect(found?["uniqueid"] == "1.2")
    }

    @Test func aLatin1NameIsRepairedAndUTF8IsKept() throws {
        let latin: [UInt8] = Array("agi_calleridname: Jos".utf8) + [0xE9] + Array("\n\n".utf8)
        #expect(try environment([latin])?["calleridname"] == "José")
        #expect(try environment([Array("agi_calleridname: Жанна 😀\n\n".utf8)])?["calleridname"] == "Жанна 😀")
    }

    @Test func aForgedLineInACallerIDDoesNotReplaceTheRealOne() throws {
        // PJSIP decodes %0D%0A in the user part of From, and res_agi writes the caller id raw.
        let forged = block.replacing(
            "agi_callerid: 15551230001", with: "agi_callerid: 1\r\nagi_uniqueid: 9.9\r\nnonsense")
        let found = try #require(try environment([Array(forged.utf8)]))
        #expect(found["uniqueid"] == "1795227945.26")
        #expect(found.isDamaged)
    }

    @Test func anEarlyForgedEndLeavesOnlyStrayLines() throws {
        var decoder = AGIDecoder()
        decoder.append(
            Array(block.replacing("agi_callerid: 15551230001", with: "agi_callerid: 1\r\n\r\n200 result=1").utf8))
        let found = try #require(try decoder.nextEnvironment())
        #expect(found["uniqueid"] == "1795227945.26")
        #expect(found["threadid"] == nil)
        try decoder.drainUnasked()
        #expect(decoder.strayLines > 10)
        decoder.append(Array("200 result=0\n".utf8))
        #expect(try decoder.nextReply()?.result == "0")
    }

    @Test func somethingElseThanAGIIsRefusedAtItsFirstByte() {
        for text in ["G", "GET / HTTP/1.1\r\n", "\n", "agj", "\u{16}\u{3}\u{1}"] {
            #expect(throws: AGIError(.notAGI)) { try environment([Array(text.utf8)]) }
        }
        #expect(throws: AGIError.self) { try environment([Array("agi_x\n".utf8)]) }
    }

    @Test func eachLimitIsKeptToTheByte() throws {
        let line = "agi_a: 1234567890"
        let fits = AGILimits(lineBytes: 17, environmentBytes: 19, environmentLines: 1)
        let bytes = Array("\(line)\n\n".utf8)
        #expect(bytes.count == 19)
        #expect(try environment([bytes], fits) != nil)
        #expect(try environment(bytes.map { [$0] }, fits) != nil)
        for pieces in [[bytes], bytes.map { [$0] }] {
            func refused(_ limits: AGILimits) -> AGIError.Code? {
                do {
                    _ = try environment(pieces, limits)
                    return nil
                } catch { return (error as? AGIError)?.code }
            }
            #expect(refused(AGILimits(lineBytes: 16, environmentBytes: 99, environmentLines: 9)) == .lineTooLong)
            #expect(
                refused(AGILimits(lineBytes: 99, environmentBytes: 18, environmentLines: 9)) == .environmentTooLong)
            #expect(
                refused(AGILimits(lineBytes: 99, environmentBytes: 99, environmentLines: 0)) == .environmentTooLong)
        }
    }

    @Test func aPeerThatNeverEndsItsLineIsGivenUp() throws {
        var decoder = AGIDecoder()
        decoder.append(Array("agi_network: ".utf8))
        var refused = false
        for _ in 0..<100 where !refused {
            decoder.append([UInt8](repeating: 0x41, count: 1000))
            do { _ = try decoder.nextEnvironment() } catch { refused = error.code == .lineTooLong }
        }
        #expect(refused)
    }
}

@Suite struct AGIReplyTests {
    /// What one reply reads as, cut in every way; the reading must be the same.
    private func read(_ text: String, _ shape: AGIReply.Shape = .status) throws -> AGIReply? {
        let bytes = Array(text.utf8)
        func reply(_ pieces: [[UInt8]]) throws -> AGIReply? {
            var decoder = AGIDecoder()
            var found: AGIReply?
            for piece in pieces {
                decoder.append(piece)
                if found == nil { found = try decoder.nextReply(shape) }
            }
            return found
        }
        let whole = try reply([bytes])
        #expect(try reply(bytes.map { [$0] }) == whole)
        for cut in bytes.indices.dropFirst() {
            #expect(try reply([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
        for seed in 1...20 { #expect(try reply(randomCuts(bytes, seed: UInt64(seed))) == whole, "seed \(seed)") }
        for length in bytes.indices { #expect(try reply([Array(bytes[..<length])]) == nil, "length \(length)") }
        var followed = AGIDecoder()
        followed.append(bytes + Array("200 result=7\n".utf8))
        #expect(try followed.nextReply(shape) == whole)
        #expect(try followed.nextReply() == AGIReply(code: 200, result: "7"))
        return whole
    }

    @Test(arguments: [
        ("200 result=0", AGIReply(code: 200, result: "0")),
        ("200 result=-1", AGIReply(code: 200, result: "-1")),
        ("200 result=", AGIReply(code: 200, result: "")),
        ("200 result= (timeout)", AGIReply(code: 200, result: "", value: "timeout")),
        ("200 result=*123 (timeout)", AGIReply(code: 200, result: "*123", value: "timeout")),
        ("200 result=49 endpos=8640", AGIReply(code: 200, result: "49", text: "endpos=8640")),
        ("200 result=-1 (hangup) endpos=160", AGIReply(code: 200, result: "-1", value: "hangup", text: "endpos=160")),
        ("200 result=35 (dtmf) endpos=67890", AGIReply(code: 200, result: "35", value: "dtmf", text: "endpos=67890")),
        ("200 result=1 ((a)(b)) x", AGIReply(code: 200, result: "1", value: "(a)(b)", text: "x")),
        (
            "200 result=1 (digit) digit=5 endpos=77",
            AGIReply(code: 200, result: "1", value: "digit", text: "digit=5 endpos=77")
        ),
        ("200 result=-1 Gosub label not found", AGIReply(code: 200, result: "-1", text: "Gosub label not found")),
        (
            "503 result=-2 Memory allocation failure",
            AGIReply(code: 503, result: "-2", text: "Memory allocation failure")
        ),
        ("510 Invalid or unknown command", AGIReply(code: 510, text: "Invalid or unknown command")),
        (
            "511 Command Not Permitted on a dead channel or intercept routine",
            AGIReply(code: 511, text: "Command Not Permitted on a dead channel or intercept routine")
        ),
        (
            "520 Invalid command syntax.  Proper usage not available.",
            AGIReply(code: 520, text: "Invalid command syntax.  Proper usage not available.")
        ),
        ("200", AGIReply(code: 200)),
    ])
    func aReplyOfOneLineIsRead(line: String, expected: AGIReply) throws {
        #expect(try read("\(line)\n") == expected)
    }

    @Test(arguments: [
        ("200 result=1 (testvariable)", "testvariable"), ("200 result=1 ()", ""), ("200 result=1 (a (b) c)", "a (b) c"),
        ("200 result=1 (a) endpos=5)", "a) endpos=5"), ("200 result=1 ())", ")"), ("200 result=1 (()", "("),
        ("200 result=1 (first\nsecond)", "first\nsecond"), ("200 result=1 (\n\n)", "\n\n"),
    ])
    func aValueKeepsItsOwnParenthesesAndLineEnds(text: String, value: String) throws {
        #expect(try read("\(text)\n", .value) == AGIReply(code: 200, result: "1", value: value))
    }

    @Test func aVariableThatIsNotSetHasNoValue() throws {
        #expect(try read("200 result=0\n", .value) == AGIReply(code: 200, result: "0"))
    }

    @Test func aUsageOfSeveralLinesIsOneReply() throws {
        let text = "520-Invalid command syntax.  Proper usage follows:\nUsage: GET DATA <file>\n 200 lines\n"
        let apart = try read("\(text)520 End of proper usage.\n")
        #expect(apart?.code == 520)
        #expect(
            apart?.text
                == "Invalid command syntax.  Proper usage follows:\nUsage: GET DATA <file>\n 200 lines\n520 End of proper usage."
        )
        // Seen of real ones: the help text has no line end of its own.
        let glued = try read(
            "520-Invalid command syntax.  Proper usage follows:\nReturns the digits.520 End of proper usage.\n")
        #expect(glued?.code == 520)
    }

    @Test func hangupBetweenCommandAndReplyIsNoReply() throws {
        var decoder = AGIDecoder()
        decoder.append(Array("HANGUP\n200 result=1 (x)\nHANG".utf8))
        #expect(try decoder.nextReply(.value)?.value == "x")
        #expect(decoder.hasHungUp)
        #expect(decoder.strayLines == 0)
        #expect(try read("HANGUP\n200 result=1\n") == AGIReply(code: 200, result: "1"))
    }

    @Test func interimAndStrayLinesArePassedOver() throws {
        #expect(
            try read("100 result=0 Trying...\n200 result=0 Gosub complete\n")
                == AGIReply(code: 200, result: "0", text: "Gosub complete"))
        var decoder = AGIDecoder()
        decoder.append(Array("rest of a value)\n20 x\n200x\n\n200 result=3\n".utf8))
        #expect(try decoder.nextReply() == AGIReply(code: 200, result: "3"))
        #expect(decoder.strayLines == 4)
    }

    @Test func attributesAreFoundByName() {
        let reply = AGIReply(
            code: 200, result: "1", value: "speech",
            text: "endpos=0 results=2 score0=900 text0=\"call \"Bob\" now\" grammar0=a score1=5 text1=\"\" grammar1=b")
        #expect(reply.attribute("endpos") == "0")
        #expect(reply.attribute("results") == "2")
        #expect(reply.attribute("text0") == "call \"Bob\" now")
        #expect(reply.attribute("text1") == "")
        #expect(reply.attribute("grammar1") == "b")
        #expect(reply.attribute("digit") == nil)
        #expect(AGIReply(code: 200, text: "Gosub complete").attribute("x") == nil)
    }

    @Test func theReplyLimitIsKeptToTheByteWhateverFillsIt() throws {
        for text in ["200 result=1 (123)\n", "520-a\nb\n520 c\n", "x\nyy\n200 r\n", "HANGUP\n200 result=0\n"] {
            let bytes = Array(text.utf8)
            for pieces in [[bytes], bytes.map { [$0] }] {
                var exact = AGIDecoder(limits: AGILimits(replyBytes: bytes.count))
                var found: AGIReply?
                for piece in pieces {
                    exact.append(piece)
                    found = try exact.nextReply(.value)
                }
                #expect(found != nil, "\(text)")
                #expect(throws: AGIError(.replyTooLong, at: bytes.count - 1)) {
                    var short = AGIDecoder(limits: AGILimits(replyBytes: bytes.count - 1))
                    for piece in pieces {
                        short.append(piece)
                        if try short.nextReply(.value) != nil { return }
                    }
                }
            }
        }
    }

    @Test func aPeerThatTalksUnaskedIsGivenUp() {
        #expect(throws: AGIError.self) {
            var decoder = AGIDecoder(limits: AGILimits(replyBytes: 1000))
            for _ in 0..<1000 {
                decoder.append(Array("noise\n".utf8))
                try decoder.drainUnasked()
            }
        }
    }

    @Test func randomBytesNeverCrashAndStayBounded() {
        let words = [
            "200", " result=", "1", "(", ")", "520-", "520 End of proper usage.", "HANGUP", "\n", "\r", "100 ", "-",
            " ",
        ]
        for seed in 1...3000 {
            var random = SeededGenerator(seed: UInt64(seed))
            var decoder = AGIDecoder(
                limits: AGILimits(lineBytes: 64, environmentBytes: 256, environmentLines: 8, replyBytes: 256))
            var asksReply = random.next() % 2 == 0
            for _ in 0..<200 {
                if random.next() % 3 == 0 {
                    decoder.append([UInt8(truncatingIfNeeded: random.next())])
                } else {
                    decoder.append(Array(words[Int(random.next() % UInt64(words.count))].utf8))
                }
                do {
                    if asksReply {
                        _ = try decoder.nextReply(random.next() % 2 == 0 ? .value : .status)
                    } else if try decoder.nextEnvironment() != nil {
                        asksReply = true
                    }
                } catch { break }
                #expect(decoder.pendingBytes <= 400, "seed \(seed)")
            }
        }
    }
}
