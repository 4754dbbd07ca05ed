public import AsteriskWire
public import EventLoop

/// A manager that says what it is told to: the other side of the AMI client's tests, on the same loop.
///
/// `@unchecked Sendable`: used on its loop's thread only.
public final class ScriptedAsterisk: @unchecked Sendable {
    /// How it behaves.
    public struct Script: Sendable {
        /// What it does wrong, if anything.
        public enum Mode: Sendable, Equatable {
            /// Nothing.
            case normal
            /// One byte a write, each in a packet of its own.
            case slow
            /// Accepts and says nothing.
            case mute
            /// Says this instead of a greeting.
            case garbage(String)
            /// Greets and hangs up.
            case hangUpAfterGreeting
            /// Ends its side in the middle of a message, after the login.
            case halfCloseInMessage
            /// Resets the connection after the login.
            case reset
            /// Answers the login and nothing after it.
            case deafAfterLogin
        }

        /// Looked at anew at each step of a connection.
        public var mode = Mode.normal
        /// Asterisk 22's; with its line end.
        public var greeting = "Asterisk Call Manager/11.0.0\r\n"
        /// Whom it lets in.
        public var username = "hookswitch"
        /// With what; the plain one of a `Secret` header.
        public var secret = "secret"
        /// What Challenge answers, and the MD5 of it and the secret, as `printf 840415273secret | md5sum` says.
        public var challenge = "840415273"
        /// That digest.
        public var key = "81c3ab5534a432bec402f6d988ee45b4"
        /// Sent right after the login; nil: the user lacks class `system`.
        public var uptime: Int? = 3600
        /// Actions that need a right the user has not.
        public var denied: Set<String> = []
        /// Actions that are never answered.
        public var ignored: Set<String> = []
        /// Headers of each live channel, as `Status` and `CoreShowChannels` list it.
        public var channels: [String] = []
        /// Whole answers by action name, without ActionID (it is added after the first line).
        public var answers: [String: String] = [:]
        /// Nil: no TLS.
        public var tls: TLSServerOptions?

        /// A manager that behaves.
        public init() {}
    }

    /// May be changed while connections are up: what is still to be said goes by it.
    public var script: Script
    /// The address it listens at.
    public let host: String
    /// The port it listens on, chosen by the kernel where none was given.
    public let port: UInt16
    /// The actions received, in order: name and headers.
    public private(set) var actions: [AMIEvent] = []
    /// Connections accepted so far.
    public private(set) var connectionCount = 0
    private let loop: EventLoop
    private let listener: Listener
    private var connections: [ByteStream] = []
    private var accepting: Task<Void, Never>?

    /// Listens on a free port of 127.0.0.1, or at the address of an earlier one.
    /// - Parameter host: another address of loopback, 127.x.y.z: where a port is listened on again after it was given up, nobody
    ///   else has taken it meanwhile, neither to listen nor for one of thousands of connections.
    public init(
        _ script: Script = Script(), host: String = "127.0.0.1", port: UInt16 = 0, on loop: EventLoop
    ) throws {
        self.script = script
        self.host = host
        self.loop = loop
        listener = try Listener.listen(on: SocketAddress(ip: host, port: port)!, loop: loop)
        self.port = listener.localAddress.port
        accepting = Task(executorPreference: loop) { [self] in
            await withDiscardingTaskGroup { group in
                while let stream = try? await listener.accept() {
                    connectionCount += 1
                    group.addTask { [self] in try? await serve(stream) }
                }
            }
        }
    }

    /// Stops listening and cuts all connections.
    public func close() {
        listener.close()
        cut()
    }

    /// Cuts all connections; new ones are taken.
    public func cut() {
        for stream in connections { stream.close() }
        connections = []
    }

    /// Sends text to every connection as it is; `\n` stands for CR LF.
    public func emit(_ text: String) async throws {
        for stream in connections { try await say(text, on: stream) }
    }

    /// Sends text to every connection, line ends as they are.
    public func emitRaw(_ text: String) async throws {
        for stream in connections { try await stream.write(Array(text.utf8)) }
    }

    /// Sends bytes to every connection as they are.
    public func emitBytes(_ bytes: [UInt8]) async throws {
        for stream in connections { try await stream.write(bytes) }
    }

    private func say(_ text: String, on stream: ByteStream) async throws {
        let bytes = Array(text.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n").utf8)
        guard script.mode == .slow else { return try await stream.write(bytes) }
        for byte in bytes {
            try await stream.write([byte])
            await Task.yield()
        }
    }

    private func serve(_ stream: ByteStream) async throws {
        if let tls = script.tls { try await stream.startTLS(server: tls) }
        connections.append(stream)
        // Nothing more is said to a client that has gone.
        defer { connections.removeAll { $0 === stream } }
        switch script.mode {
        case .mute: break
        case .garbage(let text): try await stream.write(Array(text.utf8))
        case .hangUpAfterGreeting:
            try await say(script.greeting, on: stream)
            stream.close()
        default: try await say(script.greeting, on: stream)
        }
        var decoder = AMIDecoder()
        var received: [AMIEvent] = []
        while try await stream.read({ bytes in try? decoder.feed(bytes) { received.append(AMIEvent($0)) } }) {
            for action in received { try await answer(action, on: stream) }
            received = []
        }
    }

    private func answer(_ action: AMIEvent, on stream: ByteStream) async throws {
        actions.append(action)
        let name = action["Action"] ?? ""
        let id = "ActionID: \(action["ActionID"] ?? "")\n"
        if script.ignored.contains(name) { return }
        if script.denied.contains(name) {
            return try await say("Response: Error\n\(id)Message: Permission denied\n\n", on: stream)
        }
        if let text = script.answers[name], let end = text.firstIndex(of: "\n") {
            return try await say(
                text[...end] + id + text[text.index(after: end)...].replacing("<id>", with: action["ActionID"] ?? ""),
                on: stream)
        }
        switch name {
        case "Challenge":
            try await say("Response: Success\n\(id)Challenge: \(script.challenge)\n\n", on: stream)
        case "Login": try await logIn(action, id, on: stream)
        case "Logoff":
            try await say("Response: Goodbye\n\(id)Message: Thanks for all the fish.\n\n", on: stream)
            stream.close()
        case "Ping":
            if script.mode == .deafAfterLogin { return }
            try await say("Response: Success\n\(id)Ping: Pong\nTimestamp: 1795226720.123456\n\n", on: stream)
        case "CoreSettings":
            try await say(
                "Response: Success\n\(id)AMIversion: 11.0.0\nAsteriskVersion: 22.10.0\nSystemName: \n\n", on: stream)
        case "CoreStatus":
            try await say(
                "Response: Success\n\(id)CoreStartupDate: 2026-11-21\nCoreStartupTime: 02:17:33\nCoreCurrentCalls: 1\n\n",
                on: stream)
        case "Status": try await list("Status", id, on: stream)
        case "CoreShowChannels": try await list("CoreShowChannel", id, on: stream)
        default: try await say("Response: Error\n\(id)Message: Invalid/unknown command: \(name)\n\n", on: stream)
        }
    }

    private func logIn(_ action: AMIEvent, _ id: String, on stream: ByteStream) async throws {
        let isRight =
            action["AuthType"] == "MD5" ? action["Key"] == script.key : action["Secret"] == script.secret
        guard isRight, action["Username"] == script.username else {
            try await say("Response: Error\n\(id)Message: Authentication failed\n\n", on: stream)
            return stream.close()
        }
        try await say("Response: Success\n\(id)Message: Authentication accepted\n\n", on: stream)
        if let uptime = script.uptime {
            try await say(
                "Event: FullyBooted\nPrivilege: system,all\nUptime: \(uptime)\nLastReload: \(uptime)\n"
                    + "Status: Fully Booted\n\n", on: stream)
        }
        switch script.mode {
        case .halfCloseInMessage:
            try await say("Event: Hangup\nPrivilege: call,all\nChannel: PJ", on: stream)
            try await stream.shutdownWrite()
        case .reset: stream.close()
        default: break
        }
    }

    private func list(_ event: String, _ id: String, on stream: ByteStream) async throws {
        if script.mode == .deafAfterLogin { return }
        try await say("Response: Success\n\(id)EventList: start\nMessage: Channels will follow\n\n", on: stream)
        for channel in script.channels { try await say("Event: \(event)\n\(id)\(channel)\n\n", on: stream) }
        let end = event == "Status" ? "StatusComplete" : "CoreShowChannelsComplete"
        try await say(
            "Event: \(end)\n\(id)EventList: Complete\nListItems: \(script.channels.count)\n\n", on: stream)
    }
}
