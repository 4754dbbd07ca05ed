import EventLoop
import FastAGI
import Telephony
import Testing

/// The other end of a FastAGI session: what Asterisk does after `AGI(agi://…)`.
struct FakeAsterisk {
    let stream: ByteStream
    private var input: [UInt8] = []

    static func connect(to server: SocketAddress, on loop: EventLoop) async throws -> FakeAsterisk {
        FakeAsterisk(stream: try await ByteStream.connect(to: server, on: loop))
    }
    private init(stream: ByteStream) { self.stream = stream }

    func send(_ text: String) async throws { try await stream.write(Array(text.utf8)) }

    /// The environment of a request, as Asterisk 22 orders it.
    static func environment(
        _ request: String, uniqueID: String = "1795227945.26", callerID: String = "15551230001",
        arguments: [String] = []
    ) -> String {
        var text = """
            agi_network: yes
            agi_network_script: \(request)
            agi_request: agi://127.0.0.1:4573/\(request)
            agi_channel: PJSIP/trunk-00000011
            agi_language: en
            agi_type: PJSIP
            agi_uniqueid: \(uniqueID)
            agi_version: 22.10.1
            agi_callerid: \(callerID)
            agi_calleridname: unknown
            agi_callingpres: 0
            agi_callingani2: 0
            agi_callington: 0
            agi_callingtns: 0
            agi_dnid: 5014
            agi_rdnis: unknown
            agi_context: hookswitch
            agi_extension: s
            agi_priority: 1
            agi_enhanced: 0.0
            agi_accountcode: sales
            agi_threadid: 140330960922304

            """
        for (n, argument) in arguments.enumerated() { text += "agi_arg_\(n + 1): \(argument)\n" }
        return text + "\n"
    }

    /// The next command without its line end; nil when the server has closed.
    mutating func command() async throws -> String? {
        while true {
            if let end = input.firstIndex(of: UInt8(ascii: "\n")) {
                defer { input.removeSubrange(...end) }
                return String(decoding: input[..<end], as: UTF8.self)
            }
            var got: [UInt8] = []
            let isMore: Bool
            do {
                isMore = try await stream.read { got = Array($0) }
            } catch {
                if error.code == .connectionReset { return nil }
                throw error
            }
            if !isMore { return nil }
            input += got
        }
    }

    /// Answers every command until the server closes; the commands.
    mutating func run(answering answer: (String) -> String = FakeAsterisk.usual) async throws -> [String] {
        var commands: [String] = []
        while let command = try await command() {
            commands.append(command)
            try await send(answer(command))
        }
        return commands
    }

    /// What Asterisk says where nothing special happens: GET VARIABLE gives the variable's own name.
    static func usual(_ command: String) -> String {
        command.hasPrefix("GET VARIABLE ") ? "200 result=1 (\(command.dropFirst(13)))\n" : "200 result=1\n"
    }
}

/// Runs a server and `body` beside it on one loop, then stops the server and waits for its end.
func withServer<R: Sendable>(
    _ configuration: FastAGIConfiguration = FastAGIConfiguration(), _ routes: FastAGIRoutes,
    time: EventLoop.Time = .system, counters: CounterBox = CounterBox(),
    _ body: @escaping @Sendable (EventLoop, SocketAddress) async throws -> R
) async throws -> R {
    try await EventLoop.withThread(time: time) { loop in
        let any = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
        let listener = try Listener.listen(on: any, loop: loop)
        let server = FastAGIServer(configuration, routes: routes, counters: counters.registry)
        async let done: Void = server.run(on: listener)
        let result: Result<R, any Error>
        do {
            result = .success(try await body(loop, listener.localAddress))
        } catch {
            result = .failure(error)
        }
        listener.close()
        await done
        return try result.get()
    }
}
