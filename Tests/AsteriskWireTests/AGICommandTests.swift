import AsteriskWire
import HookswitchTestKit
import Telephony
import TestGround
import Testing

/// Asterisk's own `parse_args` (res_agi.c), the other side of the quoting: the words it makes of a command line.
private func wordsAsAsteriskReadsThem(_ line: String) -> [String] {
    var words: [[UInt8]] = []
    var quoted = false
    var escaped = false
    var blank = true
    for byte in line.utf8 {
        switch byte {
        case UInt8(ascii: "\"") where !escaped:
            quoted.toggle()
            if quoted, blank {
                words.append([])
                blank = false
            }
            escaped = false
        case UInt8(ascii: " ") where !quoted && !escaped, 9 where !quoted && !escaped: blank = true
        case UInt8(ascii: "\\") where !escaped: escaped = true
        default:
            if blank {
                words.append([])
                blank = false
            }
            words[words.count - 1].append(byte)
            escaped = false
        }
    }
    return words.map { String(decoding: $0, as: UTF8.self) }
}

@Suite struct AGICommandTests {
    /// One of each command with all its arguments, and the words res_agi.c's handler must get.
    static let all: [(AGICommand, [String])] = [
        (.answer, ["ANSWER"]), (.asyncAGIBreak, ["ASYNCAGI", "BREAK"]),
        (.channelStatus(), ["CHANNEL", "STATUS"]),
        (.channelStatus(channel: ChannelName("PJSIP/1-1")), ["CHANNEL", "STATUS", "PJSIP/1-1"]),
        (.controlStreamFile("welcome"), ["CONTROL", "STREAM", "FILE", "welcome", ""]),
        (
            .controlStreamFile("a b", escapeDigits: "12", pause: "5"),
            ["CONTROL", "STREAM", "FILE", "a b", "12", "3000", "#", "*", "5"]
        ),
        (
            .controlStreamFile(
                "x", skip: .milliseconds(500), forward: "6", rewind: "4", pause: "5", offset: .seconds(2)),
            ["CONTROL", "STREAM", "FILE", "x", "", "500", "6", "4", "5", "2000"]
        ),
        (.databaseDel(family: "a", key: "b c"), ["DATABASE", "DEL", "a", "b c"]),
        (.databaseDelTree(family: "a"), ["DATABASE", "DELTREE", "a"]),
        (.databaseDelTree(family: "a", keyTree: "k"), ["DATABASE", "DELTREE", "a", "k"]),
        (.databaseGet(family: "a", key: "k"), ["DATABASE", "GET", "a", "k"]),
        (.databasePut(family: "a", key: "k", value: ""), ["DATABASE", "PUT", "a", "k", ""]),
        (.exec(application: "Wait", arguments: "1"), ["EXEC", "Wait", "1"]),
        (.exec(application: "Hangup"), ["EXEC", "Hangup", ""]),
        (
            .exec(application: "Dial", arguments: "PJSIP/1,20,tT(\"x\")"),
            ["EXEC", "Dial", "PJSIP/1,20,tT(\"x\")"]
        ),
        (.getData(file: "beep"), ["GET", "DATA", "beep"]),
        (.getData(file: "beep", maximumDigits: 4), ["GET", "DATA", "beep", "0", "4"]),
        (.getData(file: "beep", timeout: .seconds(2), maximumDigits: 4), ["GET", "DATA", "beep", "2000", "4"]),
        (.getFullVariable(expression: "${CALLERID(all)}"), ["GET", "FULL", "VARIABLE", "${CALLERID(all)}"]),
        (
            .getFullVariable(expression: "${X} y", channel: ChannelName("PJSIP/1-1")),
            ["GET", "FULL", "VARIABLE", "${X} y", "PJSIP/1-1"]
        ),
        (.getOption(file: "m", escapeDigits: "12"), ["GET", "OPTION", "m", "12"]),
        (.getOption(file: "m", escapeDigits: "12", timeout: .seconds(3)), ["GET", "OPTION", "m", "12", "3000"]),
        (.getVariable("CDR(billsec)"), ["GET", "VARIABLE", "CDR(billsec)"]),
        (.gosub(context: "sub", exten: "s", priority: "1"), ["GOSUB", "sub", "s", "1"]),
        (.gosub(context: "sub", exten: "s", priority: "1", arguments: "a,b"), ["GOSUB", "sub", "s", "1", "a,b"]),
        (.hangup(), ["HANGUP"]), (.hangup(channel: ChannelName("SIP/x y")), ["HANGUP", "SIP/x y"]),
        (.noop, ["NOOP"]), (.receiveChar(timeout: .zero), ["RECEIVE", "CHAR", "0"]),
        (.receiveText(timeout: .seconds(1)), ["RECEIVE", "TEXT", "1000"]),
        (.recordFile("/tmp/x", format: "wav"), ["RECORD", "FILE", "/tmp/x", "wav", "", "-1"]),
        (
            .recordFile(
                "/tmp/x", format: "wav", escapeDigits: "#", timeout: .seconds(60), offsetSamples: 8000, beep: true,
                silence: .seconds(3)),
            ["RECORD", "FILE", "/tmp/x", "wav", "#", "60000", "8000", "BEEP", "s=3"]
        ),
        (.sayAlpha("abc", escapeDigits: "1"), ["SAY", "ALPHA", "abc", "1"]),
        (.sayDate(Instant(seconds: 1_795_227_945)), ["SAY", "DATE", "1795227945", ""]),
        (.sayDateTime(Instant(seconds: 5)), ["SAY", "DATETIME", "5", ""]),
        (
            .sayDateTime(Instant(seconds: 5), timeZone: "Europe/Berlin"),
            ["SAY", "DATETIME", "5", "", "ABdY 'digits/at' IMp", "Europe/Berlin"]
        ),
        (.sayDigits("0123"), ["SAY", "DIGITS", "0123", ""]),
        (.sayNumber(-7), ["SAY", "NUMBER", "-7", ""]),
        (.sayNumber(7, escapeDigits: "#", gender: "f"), ["SAY", "NUMBER", "7", "#", "f"]),
        (.sayPhonetic("ab"), ["SAY", "PHONETIC", "ab", ""]),
        (.sayTime(Instant(seconds: 5), escapeDigits: "*"), ["SAY", "TIME", "5", "*"]),
        (.sendImage("logo"), ["SEND", "IMAGE", "logo"]), (.sendText("hello, world"), ["SEND", "TEXT", "hello, world"]),
        (.setAutoHangup(after: .milliseconds(1500)), ["SET", "AUTOHANGUP", "1.500"]),
        (.setAutoHangup(after: .zero), ["SET", "AUTOHANGUP", "0"]),
        (.setCallerID("\"O\"Neil\" <15551230001>"), ["SET", "CALLERID", "\"O\"Neil\" <15551230001>"]),
        (.setContext("c"), ["SET", "CONTEXT", "c"]), (.setExtension("_X!"), ["SET", "EXTENSION", "_X!"]),
        (.setMusic(on: true, musicClass: "jazz"), ["SET", "MUSIC", "on", "jazz"]),
        (.setMusic(on: false), ["SET", "MUSIC", "off"]), (.setPriority("label"), ["SET", "PRIORITY", "label"]),
        (.setVariable("__lead_id", value: "a\\b \"c\"\t😀"), ["SET", "VARIABLE", "__lead_id", "a\\b \"c\"\t😀"]),
        (.setVariable("x", value: ""), ["SET", "VARIABLE", "x", ""]),
        (.speechActivateGrammar("g"), ["SPEECH", "ACTIVATE", "GRAMMAR", "g"]),
        (.speechCreate(engine: ""), ["SPEECH", "CREATE", ""]),
        (.speechDeactivateGrammar("g"), ["SPEECH", "DEACTIVATE", "GRAMMAR", "g"]),
        (.speechDestroy, ["SPEECH", "DESTROY"]),
        (.speechLoadGrammar("g", path: "/a b"), ["SPEECH", "LOAD", "GRAMMAR", "g", "/a b"]),
        (
            .speechRecognize(prompt: "p", timeout: .seconds(5), offset: 0),
            ["SPEECH", "RECOGNIZE", "p", "5", "0"]
        ),
        (.speechSet("n", value: "v"), ["SPEECH", "SET", "n", "v"]),
        (.speechUnloadGrammar("g"), ["SPEECH", "UNLOAD", "GRAMMAR", "g"]),
        (.streamFile("f"), ["STREAM", "FILE", "f", ""]),
        (
            .streamFile("f", escapeDigits: "0123456789*#", offsetSamples: 80),
            ["STREAM", "FILE", "f", "0123456789*#", "80"]
        ),
        (.tddMode(.mate), ["TDD", "MODE", "mate"]), (.verbose("a \"b\"", level: 3), ["VERBOSE", "a \"b\"", "3"]),
        (.waitForDigit(timeout: nil), ["WAIT", "FOR", "DIGIT", "-1"]),
        (.waitForDigit(timeout: .milliseconds(250)), ["WAIT", "FOR", "DIGIT", "250"]),
    ]

    @Test(arguments: all.indices)
    func asteriskReadsBackTheWordsThatWereMeant(index: Int) throws {
        let (command, words) = AGICommandTests.all[index]
        #expect(wordsAsAsteriskReadsThem(try command.line) == words)
    }

    @Test func anyTextButALineEndComesThrough() throws {
        var random = SeededGenerator(seed: 7)
        let alphabet: [Character] = ["a", "\"", "\\", " ", "\t", "é", "(", "$", "{", "'", ";", ",", "%", "\u{1}"]
        for _ in 0..<2000 {
            let text = String(
                (0..<random.next() % 12).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] })
            let line = try AGICommand.setVariable("x", value: text).line
            #expect(wordsAsAsteriskReadsThem(line) == ["SET", "VARIABLE", "x", text])
        }
    }

    @Test func aLineEndInAnArgumentIsRefusedAndNothingIsWritten() {
        for bad in ["a\nHANGUP", "\r", "x\u{0}y"] {
            var out = Array("before".utf8)
            #expect(throws: AGIError.self) { try AGICommand.setVariable("x", value: bad).encode(into: &out) }
            #expect(out == Array("before".utf8))
            #expect(throws: AGIError.self) { _ = try AGICommand.exec(application: bad).line }
        }
    }

    @Test func aCommandThatAsteriskWouldCutInTwoIsRefused() throws {
        // "SET VARIABLE x " is 15 bytes, the line end one.
        let most = String(repeating: "v", count: AGICommand.maximumBytes - 16)
        var out: [UInt8] = []
        try AGICommand.setVariable("x", value: most).encode(into: &out)
        #expect(out.count == 2047)
        do {
            try AGICommand.setVariable("x", value: "\(most)v").encode(into: &out)
            Issue.record("must be refused")
        } catch {
            #expect(error.code == .commandTooLong)
        }
        #expect(out.count == 2047)
    }

    @Test func commandsAreAppendedToOneBuffer() throws {
        var out: [UInt8] = []
        try AGICommand.noop.encode(into: &out)
        try AGICommand.getVariable("X").encode(into: &out)
        #expect(out == Array("NOOP\nGET VARIABLE X\n".utf8))
    }
}

@Suite struct AGIRequestTests {
    @Test(arguments: [
        ("call-complete", "call-complete", []), ("/call-complete/", "call-complete", []), ("", "", []), ("/", "", []),
        ("?", "", []), ("tag?ref_id=CRM-42&lead_id=7", "tag", ["ref_id=CRM-42", "lead_id=7"]),
        ("a/b%20c?x=%41%2b%2B%26&y=1+2", "a/b c", ["x=A++&", "y=1 2"]),
        ("p?a=1&a=2&&a=&flag&=v", "p", ["a=1", "a=2", "a=", "flag=", "=v"]),
        ("p?phone=+4930123&name=+x&q=a=b?c", "p", ["phone=+4930123", "name= x", "q=a=b?c"]),
        ("p?bad=%4&worse=%zz%&u=%C3%A9&l=%E9", "p", ["bad=%4", "worse=%zz%", "u=é", "l=é"]),
        ("call_log--HVcauses--PRI-----NODEBUG-----16", "call_log--HVcauses--PRI-----NODEBUG-----16", []),
    ])
    func aRequestIsPathAndParameters(text: String, path: String, pairs: [String]) {
        let request = AGIRequest(parsing: text)
        #expect(request.path == path)
        #expect(request.parameters.pairs.map { "\($0.name)=\($0.value)" } == pairs)
    }

    @Test func repeatedParametersAreAllThere() {
        let parameters = AGIParameters(parsing: "a=1&b=2&a=3")
        #expect(parameters["a"] == "1")
        #expect(parameters.all("a") == ["1", "3"])
        #expect(parameters["c"] == nil)
    }

    @Test(arguments: [
        ("agi_network_script: tag?x=1\nagi_request: agi://h:4573/other", "tag", "1"),
        ("agi_request: agi://h:4573/other?x=2", "other", "2"), ("agi_request: hagi://h?x=3", "", "3"),
        ("agi_request: hookswitch-spool", "hookswitch-spool", nil), ("agi_request: agi://h", "", nil),
    ])
    func theEnvironmentSaysWhatIsAskedFor(lines: String, path: String, x: String?) throws {
        var decoder = AGIDecoder()
        decoder.append(Array("\(lines)\n\n".utf8))
        let request = AGIRequest(try #require(try decoder.nextEnvironment()))
        #expect(request.path == path)
        #expect(request.parameters["x"] == x)
    }
}
