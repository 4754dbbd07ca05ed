/// Turns the bytes of one AGI session, in whatever pieces they come, into its environment and then into replies.
///
/// Owns the one input buffer of a session. Each call looks only at bytes it has not looked at before, so a peer that
/// sends byte by byte costs no more than its bytes. After an error the decoder is of no use: the session must end.
///
/// Asterisk may put the line `HANGUP` before any reply when the channel has gone (res_agi.c, `run_agi`): it is not a reply,
/// but remembered as `hasHungUp`. Lines that are neither are what a value left behind; they are skipped and counted.
public struct AGIDecoder: Sendable {
    /// Set once: a decoder serves one session.
    public let limits: AGILimits
    /// The channel has hung up: commands that need a live channel will be answered 511.
    public private(set) var hasHungUp = false
    /// Lines skipped because they are no replies.
    public private(set) var strayLines = 0

    private var input: [UInt8] = []
    /// The first byte that is not used up.
    private var start = 0
    /// The first byte in which no line end has been looked for.
    private var scanned = 0
    /// Where the line being looked at begins; differs from `start` in the middle of an environment or a reply.
    private var lineStart = 0

    private var lines: [AGIEnvironment.Line] = []
    private var isDamaged = false
    /// Bytes skipped since the last reply.
    private var skipped = 0
    private var open: OpenReply?

    /// A reply of several lines whose last has not come.
    private enum OpenReply {
        case usage(code: Int)
        case value(code: Int)
    }

    /// A session of which nothing has come yet.
    public init(limits: AGILimits = AGILimits()) { self.limits = limits }

    /// Adds what came from the peer.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        makeRoom()
        unsafe input.append(contentsOf: bytes)
    }
    /// The same for bytes in an array or slice.
    public mutating func append(_ bytes: some Sequence<UInt8>) {
        makeRoom()
        input.append(contentsOf: bytes)
    }
    /// Bytes that came and are not used up.
    public var pendingBytes: Int { input.count - start }

    /// The environment, once its empty line has come; nil before.
    /// - Throws: `notAGI`, `lineTooLong`, `environmentTooLong`.
    public mutating func nextEnvironment() throws(AGIError) -> AGIEnvironment? {
        while let end = nextLineEnd() {
            let line = withoutCR(lineStart, end)
            if end + 1 - start > limits.environmentBytes {
                throw AGIError(.environmentTooLong, at: lineStart - start)
            }
            if line.isEmpty {
                if lines.isEmpty { throw AGIError(.notAGI) }
                let isDamaged = isDamaged || hasRepeatedName()
                let bytes = takeEnvironment(upTo: end + 1)
                defer { lines = [] }
                return AGIEnvironment(bytes: bytes, lines: lines, isDamaged: isDamaged)
            }
            if line.count > limits.lineBytes { throw AGIError(.lineTooLong, at: lineStart - start) }
            if lines.count == limits.environmentLines {
                throw AGIError(.environmentTooLong, at: lineStart - start)
            }
            if let parsed = environmentLine(line) {
                if lines.isEmpty { lines.reserveCapacity(28) }
                lines.append(parsed)
            } else if lines.isEmpty {
                throw AGIError(.notAGI)
            } else {
                isDamaged = true
            }
            lineStart = end + 1
        }
        // The line that has no end yet must not grow for ever, nor be something else than AGI.
        if input.count - lineStart > limits.lineBytes + 1 { throw AGIError(.lineTooLong, at: lineStart - start) }
        if input.count - start >= limits.environmentBytes {
            throw AGIError(.environmentTooLong, at: lineStart - start)
        }
        if lines.isEmpty, !AGIDecoder.couldBegin(input[lineStart...]) { throw AGIError(.notAGI) }
        return nil
    }

    /// The reply to the one command that is waiting for it; nil while it has not come whole.
    ///
    /// Interim replies (1xx, which only GOSUB has) are passed over.
    /// - Throws: `replyTooLong`.
    public mutating func nextReply(_ shape: AGIReply.Shape = .status) throws(AGIError) -> AGIReply? {
        while let end = nextLineEnd() {
            if skipped + end + 1 - start > limits.replyBytes { throw AGIError(.replyTooLong, at: limits.replyBytes) }
            if let reply = takeLine(end: end, shape) {
                skipped = 0
                return reply
            }
        }
        if skipped + input.count - start > limits.replyBytes { throw AGIError(.replyTooLong, at: limits.replyBytes) }
        return nil
    }

    /// Looks for `HANGUP` among the bytes that came while no command was waiting.
    ///
    /// - Throws: `replyTooLong` when a peer talks on without being asked.
    public mutating func drainUnasked() throws(AGIError) {
        while let end = nextLineEnd() {
            skipLine(withoutCR(start, end), upTo: end + 1)
            if skipped > limits.replyBytes { throw AGIError(.replyTooLong, at: limits.replyBytes) }
        }
        if pendingBytes > limits.replyBytes { throw AGIError(.replyTooLong, at: limits.replyBytes) }
    }

    /// Takes the line from `lineStart` to `end` as part of a reply; the reply, if that completes it.
    private mutating func takeLine(end: Int, _ shape: AGIReply.Shape) -> AGIReply? {
        let line = withoutCR(lineStart, end)
        switch open {
        case .usage(let code):
            lineStart = end + 1
            guard AGIDecoder.endsUsage(line, code) else { return nil }
            let text = AGIText.string(withoutCR(start, end).dropFirst(4))
            consume(upTo: end + 1)
            return AGIReply(code: code, text: text)
        case .value(let code):
            lineStart = end + 1
            guard line.last == UInt8(ascii: ")") else { return nil }
            return finish(line: withoutCR(start, end), code, shape, upTo: end + 1)
        case nil:
            guard let code = AGIDecoder.code(line) else {
                skipLine(line, upTo: end + 1)
                return nil
            }
            if line.count > 3, line[line.startIndex + 3] == UInt8(ascii: "-") {
                open = .usage(code: code)
                lineStart = end + 1
                return nil
            }
            if code < 200 {
                skipped += end + 1 - start
                consume(upTo: end + 1)
                return nil
            }
            if shape == .value, code == 200, AGIDecoder.opensValue(line) {
                open = .value(code: code)
                lineStart = end + 1
                return nil
            }
            return finish(line: line, code, shape, upTo: end + 1)
        }
    }

    private mutating func finish(
        line: ArraySlice<UInt8>, _ code: Int, _ shape: AGIReply.Shape, upTo next: Int
    ) -> AGIReply {
        let reply = AGIReply(line: line, code: code, shape: shape)
        consume(upTo: next)
        return reply
    }

    /// A line that is no reply: `HANGUP`, or nothing that was asked for.
    private mutating func skipLine(_ line: ArraySlice<UInt8>, upTo next: Int) {
        if line.count == 6, AGIText.begins(line, with: "HANGUP") { hasHungUp = true } else { strayLines += 1 }
        skipped += next - start
        consume(upTo: next)
    }

    // MARK: Lines

    private mutating func nextLineEnd() -> Int? {
        guard let end = input[scanned...].firstIndex(of: UInt8(ascii: "\n")) else {
            scanned = input.count
            return nil
        }
        scanned = end + 1
        return end
    }
    private func withoutCR(_ from: Int, _ end: Int) -> ArraySlice<UInt8> {
        input[from..<(end > from && input[end - 1] == UInt8(ascii: "\r") ? end - 1 : end)]
    }
    /// The bytes of the environment, which is used up. Mostly nothing follows it yet, and the buffer is handed over as it is: what
    /// comes after is far shorter.
    private mutating func takeEnvironment(upTo next: Int) -> [UInt8] {
        guard start == 0, next == input.count else {
            defer { consume(upTo: next) }
            return Array(input[start..<lineStart])
        }
        var bytes: [UInt8] = []
        swap(&bytes, &input)
        bytes.removeLast(bytes.count - lineStart)
        consume(upTo: 0)
        return bytes
    }
    private mutating func consume(upTo next: Int) {
        (start, lineStart, scanned) = (next, next, next)
        open = nil
    }
    /// Moves what is left to the front, once what is used up is worth it, so that one buffer serves the session.
    private mutating func makeRoom() {
        guard start > 0 else { return }
        if start == input.count {
            input.removeAll(keepingCapacity: true)
        } else {
            input.removeSubrange(..<start)
        }
        lineStart -= start
        scanned -= start
        start = 0
    }

    /// Name and value of `agi_name: value`, offsets from the block's start; nil where the line has not that form.
    private func environmentLine(_ line: ArraySlice<UInt8>) -> AGIEnvironment.Line? {
        guard line.count > 5, AGIText.begins(line, with: "agi_"), let colon = line.firstIndex(of: UInt8(ascii: ":")),
            colon > line.startIndex + 4
        else { return nil }
        let hasSpace = colon + 1 < line.endIndex && line[colon + 1] == UInt8(ascii: " ")
        return AGIEnvironment.Line(
            start: Int32(line.startIndex - start), nameEnd: Int32(colon - start),
            valueStart: Int32(colon + (hasSpace ? 2 : 1) - start), end: Int32(line.endIndex - start))
    }
    private func hasRepeatedName() -> Bool {
        for (n, line) in lines.enumerated() {
            for other in lines[..<n] where other.nameEnd - other.start == line.nameEnd - line.start {
                let a = input[start + Int(line.start)..<start + Int(line.nameEnd)]
                if a.elementsEqual(input[start + Int(other.start)..<start + Int(other.nameEnd)]) { return true }
            }
        }
        return false
    }

    /// Whether a line of which this has come can still be one of an environment.
    private static func couldBegin(_ bytes: ArraySlice<UInt8>) -> Bool {
        zip(bytes.prefix(4), "agi_".utf8).allSatisfy { $0 == $1 }
    }
    /// The number of `ddd`, `ddd …` or `ddd-…`; nil for any other line.
    private static func code(_ line: ArraySlice<UInt8>) -> Int? {
        guard line.count >= 3 else { return nil }
        var number = 0
        for byte in line.prefix(3) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        guard number >= 100 else { return nil }
        if line.count > 3 {
            let next = line[line.startIndex + 3]
            guard next == UInt8(ascii: " ") || next == UInt8(ascii: "-") else { return nil }
        }
        return number
    }
    /// The end mark alone on its line, or at the end of a help text that has no line end of its own.
    private static func endsUsage(_ line: ArraySlice<UInt8>, _ code: Int) -> Bool {
        if AGIDecoder.code(line) == code, line.count == 3 || line[line.startIndex + 3] == UInt8(ascii: " ") {
            return true
        }
        let mark = "520 End of proper usage.".utf8
        return line.count >= mark.count && line.suffix(mark.count).elementsEqual(mark)
    }
    /// `200 result=N (…` without its closing parenthesis at the end of the line.
    private static func opensValue(_ line: ArraySlice<UInt8>) -> Bool {
        guard line.last != UInt8(ascii: ")"), AGIText.begins(line.dropFirst(4), with: "result="),
            let space = line.dropFirst(11).firstIndex(of: UInt8(ascii: " "))
        else { return false }
        return space + 1 < line.endIndex && line[space + 1] == UInt8(ascii: "(")
    }
}
