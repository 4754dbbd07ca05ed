import EventLoop

/// A manager connection at its plainest, for tests that look at the very text Asterisk sends.
final class PlainManager {
    private let stream: ByteStream
    /// All that has come so far.
    private(set) var text = ""

    /// Logs in.
    init(port: UInt16, username: String, secret: String, on loop: EventLoop) async throws {
        guard let address = SocketAddress(ip: "127.0.0.1", port: port) else { throw NoAnswer(waitedFor: "an address") }
        stream = try await ByteStream.connect(to: address, on: loop)
        try await send("Action: Login\r\nUsername: \(username)\r\nSecret: \(secret)\r\nActionID: login")
        _ = try await message { $0.contains("ActionID: login") }
    }

    /// Sends an action, without its empty line.
    func send(_ action: String) async throws { try await stream.write(Array("\(action)\r\n\r\n".utf8)) }

    /// The answer to an action.
    func perform(_ action: String, id: String) async throws -> String {
        try await send("\(action)\r\nActionID: \(id)")
        return try await message { $0.hasPrefix("Response:") && $0.contains("ActionID: \(id)") }
    }

    /// The first message, come already or still to come, for which `isIt` says yes.
    /// - Throws: `NoAnswer` when the stream ends before.
    func message(where isIt: (String) -> Bool) async throws -> String {
        while true {
            if let found = messages.first(where: isIt) { return found }
            var got = ""
            let isMore = try await stream.read { got = String(decoding: $0, as: UTF8.self) }
            if !isMore { throw NoAnswer(waitedFor: "a message") }
            text += got
        }
    }

    /// Messages that have come whole.
    var messages: [String] {
        var parts = text.split(separator: "\r\n\r\n", omittingEmptySubsequences: true).map(String.init)
        if !text.hasSuffix("\r\n\r\n"), !parts.isEmpty { parts.removeLast() }
        return parts
    }

    func close() { stream.close() }
}

/// The stream ended, or time was over, before something that was waited for.
struct NoAnswer: Error { let waitedFor: String }
