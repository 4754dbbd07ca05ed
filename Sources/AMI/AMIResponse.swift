public import AsteriskWire

/// The answer to an action: one message, and the events of its list if it has one.
public struct AMIResponse: Sendable, Equatable {
    /// The `Response:` message.
    public var message: AMIEvent
    /// The list's items, and its closing event, in order; empty for a plain answer.
    public var items: [AMIEvent] = []
    /// The text that `Command` printed, line by line: `Output` headers since Asterisk 14, `Response: Follows` before.
    public var output: [String] = []

    /// The first header of this name of the answer.
    public subscript(name: String) -> String? { message[name] }
    /// `Success`, `Error`, `Pong`, `Goodbye`, `Follows`.
    public var result: String { message["Response"] ?? "" }

    /// The answer alone; its list's items are added as they come.
    init(_ message: borrowing AMIMessage) {
        self.message = AMIEvent(message)
        output = self.message.all("Output")
        if message.equals(.response, "Follows") { output = AMIResponse.followingText(message) }
    }

    /// The text of `Response: Follows`: what stands between the known headers and the end mark, or the message's end where
    /// there is no mark. Its lines end at LF alone, so to the codec it is one strange header.
    /// - **Source**: manager.c action_command of Asterisk 1.8 to 13.
    private static func followingText(_ message: borrowing AMIMessage) -> [String] {
        let text = unsafe message.withBytes { unsafe String(decoding: $0, as: UTF8.self) }
        var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(String.init)
        let known = ["Response:", "Privilege:", "ActionID:", "Message:"]
        while let first = lines.first, known.contains(where: first.hasPrefix) { lines.removeFirst() }
        if let mark = lines.lastIndex(where: { $0.hasSuffix("--END COMMAND--") }) {
            let before = String(lines[mark].dropLast("--END COMMAND--".count))
            lines.removeSubrange(mark...)
            if !before.isEmpty { lines.append(before) }
        }
        while lines.last == "" { lines.removeLast() }
        return lines
    }
}
