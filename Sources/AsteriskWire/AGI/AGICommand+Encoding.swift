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
        write(to: &writer)
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

    private func write(to w: inout AGICommandWriter) {
        switch self {
        case .answer: w.verb("ANSWER")
        case .asyncAGIBreak: w.verb("ASYNCAGI BREAK")
        case .channelStatus(let channel): w.verb("CHANNEL STATUS", channel?.description)
        case .controlStreamFile(let file, let digits, let skip, let forward, let rewind, let pause, let offset):
            w.verb("CONTROL STREAM FILE", file, digits)
            w.optional(
                skip.map(milliseconds), or: "3000", forward.map(String.init), or: "#", rewind.map(String.init),
                or: "*", pause.map(String.init), or: "", offset.map(milliseconds))
        case .databaseDel(let family, let key): w.verb("DATABASE DEL", family, key)
        case .databaseDelTree(let family, let tree): w.verb("DATABASE DELTREE", family, tree)
        case .databaseGet(let family, let key): w.verb("DATABASE GET", family, key)
        case .databasePut(let family, let key, let value): w.verb("DATABASE PUT", family, key, value)
        case .exec(let application, let arguments): w.verb("EXEC", application, arguments)
        case .getData(let file, let timeout, let digits):
            // Zero is what Asterisk takes for a missing timeout: the dialplan's own.
            w.verb("GET DATA", file)
            w.optional(timeout.map(milliseconds), or: "0", digits.map(String.init))
        case .getFullVariable(let expression, let channel):
            w.verb("GET FULL VARIABLE", expression, channel?.description)
        case .getOption(let file, let digits, let timeout):
            w.verb("GET OPTION", file, digits, timeout.map(milliseconds))
        case .getVariable(let name): w.verb("GET VARIABLE", name)
        case .gosub(let context, let exten, let priority, let arguments):
            w.verb("GOSUB", context, exten, priority)
            w.optional(arguments)
        case .hangup(let channel): w.verb("HANGUP", channel?.description)
        case .noop: w.verb("NOOP")
        case .receiveChar(let timeout): w.verb("RECEIVE CHAR", milliseconds(timeout))
        case .receiveText(let timeout): w.verb("RECEIVE TEXT", milliseconds(timeout))
        case .recordFile(let file, let format, let digits, let timeout, let offset, let beep, let silence):
            w.verb("RECORD FILE", file, format, digits)
            w.optional(timeout.map(milliseconds) ?? "-1")
            w.optional(offset.map(String.init))
            w.optional(beep ? "BEEP" : nil)
            w.optional(silence.map { "s=\(seconds($0))" })
        case .sayAlpha(let text, let digits): w.verb("SAY ALPHA", text, digits)
        case .sayDate(let time, let digits): w.verb("SAY DATE", String(time.seconds), digits)
        case .sayDateTime(let time, let digits, let format, let zone):
            w.verb("SAY DATETIME", String(time.seconds), digits)
            w.optional(format, or: "ABdY 'digits/at' IMp", zone)
        case .sayDigits(let text, let digits): w.verb("SAY DIGITS", text, digits)
        case .sayNumber(let number, let digits, let gender): w.verb("SAY NUMBER", String(number), digits, gender)
        case .sayPhonetic(let text, let digits): w.verb("SAY PHONETIC", text, digits)
        case .sayTime(let time, let digits): w.verb("SAY TIME", String(time.seconds), digits)
        case .sendImage(let name): w.verb("SEND IMAGE", name)
        case .sendText(let text): w.verb("SEND TEXT", text)
        case .setAutoHangup(let after): w.verb("SET AUTOHANGUP", decimalSeconds(after))
        case .setCallerID(let text): w.verb("SET CALLERID", text)
        case .setContext(let name): w.verb("SET CONTEXT", name)
        case .setExtension(let name): w.verb("SET EXTENSION", name)
        case .setMusic(let on, let name): w.verb("SET MUSIC", on ? "on" : "off", name)
        case .setPriority(let priority): w.verb("SET PRIORITY", priority)
        case .setVariable(let name, let value): w.verb("SET VARIABLE", name, value)
        case .speechActivateGrammar(let name): w.verb("SPEECH ACTIVATE GRAMMAR", name)
        case .speechCreate(let engine): w.verb("SPEECH CREATE", engine)
        case .speechDeactivateGrammar(let name): w.verb("SPEECH DEACTIVATE GRAMMAR", name)
        case .speechDestroy: w.verb("SPEECH DESTROY")
        case .speechLoadGrammar(let name, let path): w.verb("SPEECH LOAD GRAMMAR", name, path)
        case .speechRecognize(let prompt, let timeout, let offset):
            w.verb("SPEECH RECOGNIZE", prompt, seconds(timeout), offset.map(String.init))
        case .speechSet(let name, let value): w.verb("SPEECH SET", name, value)
        case .speechUnloadGrammar(let name): w.verb("SPEECH UNLOAD GRAMMAR", name)
        case .streamFile(let file, let digits, let offset):
            w.verb("STREAM FILE", file, digits, offset.map(String.init))
        case .tddMode(let mode): w.verb("TDD MODE", mode.rawValue)
        case .verbose(let text, let level): w.verb("VERBOSE", text, String(level))
        case .waitForDigit(let timeout): w.verb("WAIT FOR DIGIT", timeout.map(milliseconds) ?? "-1")
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

    mutating func verb(_ words: StaticString, _ arguments: String?...) {
        for i in 0..<words.utf8CodeUnitCount { unsafe out.append(words.utf8Start[i]) }
        for argument in arguments { optional(argument) }
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
