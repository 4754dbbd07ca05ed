/// What Asterisk answers to one command.
///
/// **Shape**:
/// ```
/// 200 result=1 (value)
/// 200 result=49 endpos=8640
/// 200 result=-1
/// 510 Invalid or unknown command
/// 511 Command Not Permitted on a dead channel or intercept routine
/// 520-Invalid command syntax.  Proper usage follows:
/// … usage, any number of lines …
/// 520 End of proper usage.
/// ```
/// **Source**: the `handle_…` functions and `agi_handle_command` of res_agi.c, `handle_gosub` of app_stack.c; the usage's
/// last line may end in the end mark itself, as a help text has no line end of its own (Asterisk 11 and before).
public struct AGIReply: Hashable, Sendable {
    /// 200 done (which is not success: see `result`), 510 unknown command, 511 not allowed on a dead channel, 520 wrong
    /// usage, 503 out of memory in GOSUB.
    public var code: Int
    /// What stands after `result=`: a number, -1 for failure, or for GET DATA the digits, which may be none; nil where
    /// the line has no result.
    public var result: String?
    /// What stands in the parentheses after the result, without them; nil where there are none, empty for `()`.
    public var value: String?
    /// Whatever is left: `endpos=8640`, `Gosub complete`, the words of an error, the lines of a usage.
    public var text: String

    /// For replies that a test or a stand-in for Asterisk makes up; the decoder reads its own.
    public init(code: Int, result: String? = nil, value: String? = nil, text: String = "") {
        (self.code, self.result, self.value, self.text) = (code, result, value, text)
    }

    /// The result as a number, where it is one.
    public var number: Int? { result.flatMap(Int.init) }

    /// A `name=value` of what follows the result, as `endpos`, `digit`, `results`, `score0`, `text0` (its quotes removed).
    public func attribute(_ name: String) -> String? {
        var rest = text[...]
        while !rest.isEmpty {
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let key = rest[..<equals].drop { $0 == " " }
            rest = rest[rest.index(after: equals)...]
            let value: Substring
            if rest.first == "\"" {
                rest = rest.dropFirst()
                // A recognised text is not escaped: its end is a quote with the next attribute, or nothing, behind it.
                var end = rest.firstIndex(of: "\"") ?? rest.endIndex
                while end < rest.endIndex, !AGIReply.beginsAttribute(rest[rest.index(after: end)...]) {
                    end = rest[rest.index(after: end)...].firstIndex(of: "\"") ?? rest.endIndex
                }
                value = rest[..<end]
                rest = end < rest.endIndex ? rest[rest.index(after: end)...] : ""
            } else {
                value = rest.prefix { $0 != " " }
                rest = rest[value.endIndex...]
            }
            if key == name { return String(value) }
        }
        return nil
    }

    /// Nothing, or a blank and `name=`.
    private static func beginsAttribute(_ text: Substring) -> Bool {
        guard text.first == " " else { return text.isEmpty }
        let name = text.dropFirst().prefix { $0.isLetter || $0.isNumber }
        return !name.isEmpty && text[name.endIndex...].first == "="
    }

    /// How a command's reply is to be read.
    public enum Shape: Hashable, Sendable {
        /// One line; parentheses hold a word of Asterisk's.
        case status
        /// Parentheses hold a text of anybody's, which may itself have parentheses and line ends: it goes on to the first
        /// line end after a `)`.
        ///
        /// A value with a `)` before a line end of its own is cut there; its rest is skipped before the next reply. Who
        /// must read a value that strangers can choose asks for `${URIENCODE(${NAME})}` by GET FULL VARIABLE.
        case value
    }
}

extension AGIReply {
    /// Reads a whole line (or, of a value with line ends, lines) that begins with three digits.
    init(line: ArraySlice<UInt8>, code: Int, shape: Shape) {
        self.init(code: code)
        let rest = line.dropFirst(min(4, line.count))
        guard AGIText.begins(rest, with: "result=") else {
            text = AGIText.string(rest)
            return
        }
        let afterEquals = rest.dropFirst(7)
        let space = afterEquals.firstIndex(of: UInt8(ascii: " ")) ?? afterEquals.endIndex
        result = AGIText.string(afterEquals[..<space])
        let tail = afterEquals[space...].dropFirst()
        guard tail.first == UInt8(ascii: "("), let close = AGIReply.close(tail, shape) else {
            text = AGIText.string(tail)
            return
        }
        value = AGIText.string(tail[(tail.startIndex + 1)..<close])
        let after = tail[(close + 1)...]
        text = AGIText.string(after.first == UInt8(ascii: " ") ? after.dropFirst() : after)
    }

    /// Where the parenthesis that begins `tail` is closed.
    private static func close(_ tail: ArraySlice<UInt8>, _ shape: Shape) -> Int? {
        if shape == .value { return tail.last == UInt8(ascii: ")") ? tail.endIndex - 1 : nil }
        var depth = 0
        for i in tail.indices {
            if tail[i] == UInt8(ascii: "(") { depth += 1 }
            if tail[i] == UInt8(ascii: ")") {
                depth -= 1
                if depth == 0 { return i }
            }
        }
        return tail.lastIndex(of: UInt8(ascii: ")"))
    }
}
