import AsteriskWire

/// The states of one FastAGI session, without its socket: bytes in, what to do out.
///
/// ```
/// readingEnvironment ──environment()──▶ ready ──begin()──▶ waiting ──reply()──▶ ready …
///          └──────────── an error, peerEnded(), end() from any state ───────────▶ ended
/// ```
/// It never has two commands under way: Asterisk reads commands through a buffered stream but waits on the descriptor, so a
/// second command in the same packet would lie unread until a third came (res_agi.c, `run_agi`).
struct SessionMachine {
    private enum State {
        case readingEnvironment
        case ready
        case waiting(AGIReply.Shape, verb: StaticString)
        case ended
    }
    private var state = State.readingEnvironment
    private var decoder: AGIDecoder
    /// The command to be written after `begin`; one buffer for the whole session.
    private(set) var output: [UInt8] = []

    /// A session of which nothing has come yet.
    init(limits: AGILimits) { decoder = AGIDecoder(limits: limits) }

    /// Asterisk has said that the channel hung up.
    var hasHungUp: Bool { decoder.hasHungUp }
    /// Nothing more is taken or sent.
    var isEnded: Bool { if case .ended = state { true } else { false } }
    /// Lines that were no replies to anything.
    var strayLines: Int { decoder.strayLines }

    /// Takes what came; `environment` and `reply` say what it amounts to. Ignored once ended.
    mutating func received(_ bytes: UnsafeRawBufferPointer) {
        if isEnded { return }
        unsafe decoder.append(bytes)
    }

    /// The environment; nil: read more.
    mutating func environment() throws(FastAGIError) -> AGIEnvironment? {
        guard case .readingEnvironment = state else { throw FastAGIError(.ended) }
        do {
            guard let environment = try decoder.nextEnvironment() else { return nil }
            state = .ready
            return environment
        } catch {
            state = .ended
            throw FastAGIError(.malformed, wire: error)
        }
    }

    /// Puts `command` into `output`, to be written whole.
    /// - Throws: `commandRefused`, after which another command may follow; `malformed` when Asterisk talked unasked for more
    ///   than is bearable; `ended`.
    mutating func begin(_ command: AGICommand) throws(FastAGIError) {
        guard case .ready = state else {
            precondition(isEnded, "one AGI command at a time: the reply to the last one has not been awaited")
            throw FastAGIError(.ended, command: command.verb.description)
        }
        output.removeAll(keepingCapacity: true)
        do {
            try decoder.drainUnasked()
        } catch {
            state = .ended
            throw FastAGIError(.malformed, command: command.verb.description, wire: error)
        }
        do {
            try command.encode(into: &output)
        } catch {
            throw FastAGIError(.commandRefused, command: command.verb.description, wire: error)
        }
        state = .waiting(command.replyShape, verb: command.verb)
    }

    /// The reply to the command under way; nil: read more.
    mutating func reply() throws(FastAGIError) -> AGIReply? {
        guard case .waiting(let shape, let verb) = state else { throw FastAGIError(.ended) }
        do {
            guard let reply = try decoder.nextReply(shape) else { return nil }
            state = .ready
            return reply
        } catch {
            state = .ended
            throw FastAGIError(.malformed, command: verb.description, wire: error)
        }
    }

    /// The peer will send nothing more. Returns the error of what was waited for.
    mutating func peerEnded() -> FastAGIError {
        defer { state = .ended }
        switch state {
        case .readingEnvironment: return FastAGIError(.endedBeforeEnvironment)
        case .waiting(_, let verb): return FastAGIError(.peerClosed, command: verb.description)
        case .ready, .ended: return FastAGIError(.ended)
        }
    }

    /// For the driver: the socket is closed or broken.
    mutating func end() { state = .ended }
}
