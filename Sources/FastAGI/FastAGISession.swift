public import AsteriskWire
public import EventLoop

/// One session as its handler sees it: who calls, what is asked for, and a way to command the channel.
///
/// Lives as long as its handler; when that returns or throws, the socket is closed and Asterisk goes on with the dialplan.
/// **Isolation**: used by the handler's own task only, which runs on the server's loop. Commands go out one at a time.
public final class FastAGISession {
    /// What Asterisk said of the channel at the start.
    public let environment: AGIEnvironment
    /// Path and query of the URL in the dialplan.
    public let request: AGIRequest
    /// Who connected.
    public var peer: SocketAddress { stream.peerAddress }
    /// Where the handler runs.
    public var loop: EventLoop { stream.loop }
    /// Asterisk has told that the channel hung up: it does so once, before the next reply.
    public var hasHungUp: Bool { machine.hasHungUp }

    private let stream: ByteStream
    private var machine: SessionMachine

    /// A session whose environment has been read.
    init(stream: ByteStream, machine: consuming SessionMachine, environment: AGIEnvironment, request: AGIRequest) {
        (self.stream, self.machine, self.environment, self.request) = (stream, machine, environment, request)
    }

    /// Sends one command and waits for its reply, whatever that says.
    ///
    /// - Throws: `commandRefused`, after which the session can go on; anything else is the session's end.
    nonisolated(nonsending) public func perform(_ command: AGICommand) async throws(FastAGIError) -> AGIReply {
        try machine.begin(command)
        let verb = command.verb
        do throws(EventLoopError) {
            try await stream.write(machine.output)
        } catch {
            throw broken(error, verb)
        }
        while true {
            if let reply = try machine.reply() { return reply }
            let isMore: Bool
            do throws(EventLoopError) {
                isMore = unsafe try await stream.read { unsafe machine.received($0) }
            } catch {
                throw broken(error, verb)
            }
            if !isMore { throw machine.peerEnded() }
        }
    }
    private func broken(_ error: EventLoopError, _ verb: StaticString) -> FastAGIError {
        machine.end()
        return FastAGIError(error, command: verb.description)
    }

    /// No command will be taken any more.
    func end() { machine.end() }
}
