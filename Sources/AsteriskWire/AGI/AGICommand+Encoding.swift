import Telephony

extension AGICommand {
    /// Bytes of a command with its line end that Asterisk takes as one: it reads lines into 2,048 bytes, and what does not
    /// fit becomes the next command (`AGI_BUF_LEN`, res_agi.c).
    public static let maximumBytes = 2047

    /// Appends the command as one line.
    ///
    /// - Throws: `argumentNotALine` where an argument holds CR, LF or NUL, `commandTooLong`; `out` is then as before.
    public func encode(into out: inout [UInt8]) throws(AGIError) {
        let start = out.count
        var writer = AGICommandWriter(out: out)
        // The writer owns the buffer meanwhile, so that appending copies nothing.
        out = []
        writer.verb(verb)
        writeArguments(to: &writer)
        writer.out.append(UInt8(ascii: "\n"))
        out = writer.out
        let length = out.count - start
        if let offset = writer.refusedAt {
            out.removeSubrange(start...)
            throw AGIError(.argumentNotALine, at: offset - start)
        }
        if length > AGICommand.maximumBytes {
            out.removeSubrange(start...)
            throw AGIError(.commandTooLong, at: length)
        }
    }

    /// The command as text without its line end, for a log.
    public var line: String {
        get throws(AGIError) {
            var bytes: [UInt8] = []
            try encode(into: &bytes)
            return AGIText.string(bytes.dropLast())
        }
    }

    /// The command's words without its arguments, as `agi show commands` lists them, in capitals.
    public var verb: StaticString {
        switch self {
        case .answer: "ANSWER"
        case .asyncAGIBreak: "ASYNCAGI BREAK"
        case .channelStatus: "CHANNEL STATUS"
        case .controlStreamFile: "CONTROL STREAM FILE"
        case .databaseDel: "DATABASE DEL"
        case .databaseDelTree: "DATABASE DELTREE"
        case .databaseGet: "DATABASE GET"
        case .databasePut: "DATABASE PUT"
        case .exec: "EXEC"
        case .getData: "GET DATA"
        case .getFullVariable: "GET FULL VARIABLE"
        case .getOption: "GET OPTION"
        case .getVariable: "GET VARIABLE"
        case .gosub: "GOSUB"
        case .hangup: "HANGUP"
        case .noop: "NOOP"
        case .receiveChar: "RECEIVE CHAR"
        case .receiveText: "RECEIVE TEXT"
        case .recordFile: "RECORD FILE"
        case .sayAlpha: "SAY ALPHA"
        case .sayDate: "SAY DATE"
        case .sayDateTime: "SAY DATETIME"
        case .sayDigits: "SAY DIGITS"
        case .sayNumber: "SAY NUMBER"
        case .sayPhonetic: "SAY PHONETIC"
        case .sayTime: "SAY TIME"
        case .sendImage: "SEND IMAGE"
        case .sendText: "SEND TEXT"
        case .setAutoHangup: "SET AUTOHANGUP"
        case .setCallerID: "SET CALLERID"
        case .setContext: "SET CONTEXT"
        case .setExtension: "SET EXTENSION"
        case .setMusic: "SET MUSIC"
        case .setPriority: "SET PRIORITY"
        case .setVariable: "SET VARIABLE"
        case .speechActivateGrammar: "SPEECH ACTIVATE GRAMMAR"
        case .speechCreate: "SPEECH CREATE"
        case .speechDeactivateGrammar: "SPEECH DEACTIVATE GRAMMAR"
        case .speechDestroy: "SPEECH DESTROY"
        case .speechLoadGrammar: "SPEECH LOAD GRAMMAR"
        case .speechRecognize: "SPEECH RECOGNIZE"
        case .speechSet: "SPEECH SET"
        case .speechUnloadGrammar: "SPEECH UNLOAD GRAMMAR"
        case .streamFile: "STREAM FILE"
        case .tddMode: "TDD MODE"
        case .verbose: "VERBOSE"
        case .waitForDigit: "WAIT FOR DIGIT"
        }
    }

    private func writeArguments(to w: inout AGICommandWriter) {
        switch self {
        case .answer, .asyncAGIBreak, .noop, .speechDestroy: break
        case .channelStatus(let channel): w.arguments(channel?.description)
        case .controlStreamFile(let file, let digits, let skip, let forward, let rewind, let pause, let offset):
            w.arguments(file, digits)
            w.optional(
                skip.map(milliseconds), or: "3000", forward.map(String.init), or: "#", rewind.map(String.init),
                or: "*", pause.map(String.init), or: "", offset.map(milliseconds))
        case .databaseDel(let family, let key): w.arguments(family, key)
        case .databaseDelTree(let family, let tree): w.arguments(family, tree)
        case .databaseGet(let family, let key): w.arguments(family, key)
        case .databasePut(let family, let key, let value): w.arguments(family, key, value)
        case .exec(let application, let arguments): w.arguments(application, arguments)
        case .getData(let file, let timeout, let digits):
            // Zero is what Asterisk takes for a missing timeout: the dialplan's own.
            w.arguments(file)
            w.optional(timeout.map(milliseconds), or: "0", digits.map(String.init))
        case .getFullVariable(let expression, let channel):
            w.arguments(expression, channel?.description)
        case .getOption(let file, let digits, let timeout):
            w.arguments(file, digits, timeout.map(milliseconds))
        case .getVariable(let name): w.arguments(name)
        case .gosub(let context, let exten, let priority, let arguments):
            w.arguments(context, exten, priority)
            w.optional(arguments)
        case .hangup(let channel): w.arguments(channel?.description)
        case .receiveChar(let timeout): w.arguments(milliseconds(timeout))
        case .receiveText(let timeout): w.arguments(milliseconds(timeout))
        case .recordFile(let file, let format, let digits, let timeout, let offset, let beep, let silence):
            w.arguments(file, format, digits)
            w.optional(timeout.map(milliseconds) ?? "-1")
            w.optional(offset.map(String.init))
            w.optional(beep ? "BEEP" : nil)
            w.optional(silence.map { "s=\(seconds($0))" })
        case .sayAlpha(let text, let digits): w.arguments(text, digits)
        case .sayDate(let time, let digits): w.arguments(String(time.seconds), digits)
        case .sayDateTime(let time, let digits, let format, let zone):
            w.arguments(String(time.seconds), digits)
            w.optional(format, or: "ABdY 'digits/at' IMp", zone)
        case .sayDigits(let text, let digits): w.arguments(text, digits)
        case .sayNumber(let number, let digits, let gender): w.arguments(String(number), digits, gender)
        case .sayPhonetic(let text, let digits): w.arguments(text, digits)
        case .sayTime(let time, let digits): w.arguments(String(time.seconds), digits)
        case .sendImage(let name): w.arguments(name)
        case .sendText(let text): w.arguments(text)
        case .setAutoHangup(let after): w.arguments(decimalSeconds(after))
        case .setCallerID(let text): w.arguments(text)
        case .setContext(let name): w.arguments(name)
        case .setExtension(let name): w.arguments(name)
        case .setMusic(let on, let name): w.arguments(on ? "on" : "off", name)
        case .setPriority(let priority): w.arguments(priority)
        case .setVariable(let name, let value): w.arguments(name, value)
        case .speechActivateGrammar(let name): w.arguments(name)
        case .speechCreate(let engine): w.arguments(engine)
        case .speechDeactivateGrammar(let name): w.arguments(name)
        case .speechLoadGrammar(let name, let path): w.arguments(name, path)
        case .speechRecognize(let prompt, let timeout, let offset):
            w.arguments(prompt, seconds(timeout), offset.map(String.init))
        case .speechSet(let name, let value): w.arguments(name, value)
        case .speechUnloadGrammar(let name): w.arguments(name)
        case .streamFile(let file, let digits, let offset):
            w.arguments(file, digits, offset.map(String.init))
        case .tddMode(let mode): w.arguments(mode.rawValue)
        case .verbose(let text, let level): w.arguments(text, String(level))
        case .waitForDigit(let timeout): w.arguments(timeout.map(milliseconds) ?? "-1")
        }
    }

    private func milliseconds(_ time: Duration) -> String { String(time.wholeMilliseconds) }
    /// Whole seconds, rounded up: a wait is never shorter than was asked for.
    private func seconds(_ time: Duration) -> String { String((time.wholeMicroseconds + 999_999) / 1_000_000) }
    private func decimalSeconds(_ time: Duration) -> String {
        let milliseconds = max(0, time.wholeMilliseconds)
        let fraction = milliseconds % 1000
        if fraction == 0 { return String(milliseconds / 1000) }
        return "\(milliseconds / 1000).\(String(1000 + fraction).dropFirst())"
    }
}

/// Writes a verb and its arguments so that Asterisk's `parse_args` reads the same words back.
///
/// In it `\` makes the next character literal, `"` begins and ends a stretch in which blanks are literal; an empty argument
/// must be `""`.
private struct AGICommandWriter {
    var out: [UInt8]
    /// The first byte that cannot be in a command, as an index into `out`.
    var refusedAt: Int?

    init(out: [UInt8]) { self.out = out }

    mutating func verb(_ words: StaticString) {
        unsafe out.append(contentsOf: UnsafeBufferPointer(start: words.utf8Start, count: words.utf8CodeUnitCount))
    }
    /// One after another; one that is nil is left out, so it must be the last.
    mutating func arguments(_ first: String?, _ second: String? = nil, _ third: String? = nil) {
        optional(first)
        optional(second)
        optional(third)
    }
    mutating func optional(_ text: String?) {
        if let text { argument(text) }
    }
    /// Arguments by place: one that is missing before one that is there is written as Asterisk's own default.
    mutating func optional(
        _ a: String?, or defaultA: String, _ b: String?, or defaultB: String = "", _ c: String? = nil,
        or defaultC: String = "", _ d: String? = nil, or defaultD: String = "", _ e: String? = nil
    ) {
        let given = [a, b, c, d, e]
        let defaults = [defaultA, defaultB, defaultC, defaultD, ""]
        guard let last = given.lastIndex(where: { $0 != nil }) else { return }
        for i in 0...last { argument(given[i] ?? defaults[i]) }
    }
    mutating func argument(_ text: String) {
        out.append(UInt8(ascii: " "))
        if text.utf8.allSatisfy(AGICommandWriter.isPlain), !text.isEmpty {
            out.append(contentsOf: text.utf8)
            return
        }
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"), 0: if refusedAt == nil { refusedAt = out.count }
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(UInt8(ascii: "\\"))
            default: break
            }
            out.append(byte)
        }
        out.append(UInt8(ascii: "\""))
    }
    /// Printable ASCII but the blank, the quote and the backslash.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }
}
