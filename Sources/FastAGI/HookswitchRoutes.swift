public import AsteriskWire
import EventLoop
public import Telephony

/// Hookswitch's own requests: `call-complete`, `tag` and `lookup`.
///
/// | request | does | answers by `HOOKSWITCH_STATUS` |
/// |---|---|---|
/// | `call-complete` (from a hangup handler) | hands an `InsideWitness` over | `OK`, `FAILED` |
/// | `tag?ref_id=…&lead_id=…` | hands over the facts, sets them as inherited channel variables | `OK`, `FAILED` |
/// | `lookup?…` | asks for variables within the deadline and sets them | `OK`, `NOTFOUND`, `TIMEOUT`, `BUSY`, `FAILED` |
///
/// The witness's values come with the request, so that a channel that is being torn down is held for one short reply.
/// A dialplan that finds `HOOKSWITCH_STATUS` other than `OK` after `call-complete` spools the same facts.
public struct HookswitchRoutes: Sendable {
    /// Takes a witness; false: it could not be kept. Must return soon, a channel waits for it.
    public typealias TakeWitness = @Sendable (InsideWitness) async -> Bool
    /// Answers a lookup with the variables to set; nil: nothing known. Must stop when its task is cancelled; what it returns
    /// after the time it was given is dropped.
    public typealias Lookup = @Sendable (LookupRequest) async throws -> [AGIParameters.Pair]?

    /// What a dialplan asks.
    public struct LookupRequest: Sendable {
        public var parameters: AGIParameters
        public var uniqueID: UniqueID
        public var channel: ChannelName
        public var callerNumber: String?
        public var callerName: String?
        public var dialledNumber: String?
        /// How long the answer is of use.
        public var budget: Duration
    }

    private let takeWitness: TakeWitness
    private let lookup: Lookup?
    private let deadline: Duration
    private let now: @Sendable () -> Instant
    private let gate = LookupGate()

    /// - Parameters:
    ///   - deadline: of the server; a lookup's answer gets three quarters of it, the rest is for setting variables.
    ///   - lookup: nil: every lookup is answered `NOTFOUND`.
    public init(
        deadline: Duration, now: @escaping @Sendable () -> Instant, takeWitness: @escaping TakeWitness,
        lookup: Lookup? = nil
    ) {
        (self.deadline, self.now, self.takeWitness, self.lookup) = (deadline, now, takeWitness, lookup)
    }

    /// Variables one `tag` or `lookup` may set: each costs the channel a round trip.
    public static let maximumVariables = 32
    /// Lookups that may be under way at once, those included whose channel has gone on.
    public static let maximumLookups = 256

    /// Adds the three requests to `routes`.
    public func install(in routes: inout FastAGIRoutes) {
        routes.on("call-complete") { session in
            try await answer(session, await take(session, .hangup) == nil ? "FAILED" : "OK")
        }
        routes.on("tag") { session in
            guard let witness = await take(session, .tag) else { return try await answer(session, "FAILED") }
            try await set(HookswitchRoutes.tagVariables(witness), on: session)
            try await answer(session, "OK")
        }
        routes.on("lookup") { session in try await runLookup(session) }
    }

    nonisolated(nonsending)
        private func answer(_ session: FastAGISession, _ status: String) async throws(FastAGIError)
    {
        try await session.setVariable(FastAGIServer.statusVariable, status)
    }

    nonisolated(nonsending)
        private func take(_ session: FastAGISession, _ occasion: InsideWitness.Occasion) async -> InsideWitness?
    {
        guard
            let witness = InsideWitness(
                session.environment, session.request, occasion: occasion, path: .fastAGI, receivedAt: now()),
            await takeWitness(witness)
        else { return nil }
        return witness
    }

    /// With two underscores a variable is inherited by the channels this one dials, and theirs.
    private static func tagVariables(_ witness: InsideWitness) -> [AGIParameters.Pair] {
        var pairs: [AGIParameters.Pair] = []
        if let ref = witness.refID { pairs.append(.init(name: "__HOOKSWITCH_REF", value: ref)) }
        if let direction = witness.direction {
            pairs.append(.init(name: "__HOOKSWITCH_DIRECTION", value: direction))
        }
        for (name, value) in witness.variables.sorted(by: { $0.key < $1.key }) {
            pairs.append(.init(name: name.hasPrefix("_") ? name : "__\(name)", value: value))
        }
        return pairs
    }

    /// Sets what may be set: plain variables, never a dialplan function, without control characters.
    nonisolated(nonsending)
        private func set(_ pairs: [AGIParameters.Pair], on session: FastAGISession) async throws(FastAGIError)
    {
        for pair in pairs.prefix(HookswitchRoutes.maximumVariables)
        where InsideWitness.isVariableName(pair.name) {
            do {
                try await session.setVariable(pair.name, printable(pair.value))
            } catch  where error.code == .commandRefused {
                // Too long for Asterisk's line: the others are worth setting all the same.
                continue
            }
        }
    }

    // MARK: Lookup

    nonisolated(nonsending) private func runLookup(_ session: FastAGISession) async throws(FastAGIError) {
        guard let lookup else { return try await answer(session, "NOTFOUND") }
        let environment = session.environment
        func known(_ name: StaticString) -> String? { environment.known(name).map(printable) }
        let request = LookupRequest(
            parameters: session.request.parameters, uniqueID: environment.uniqueID, channel: environment.channel,
            callerNumber: known("callerid"), callerName: known("calleridname"), dialledNumber: known("dnid"),
            budget: deadline * 3 / 4)
        switch await gate.ask(request, lookup, on: session.loop) {
        case .found(let pairs):
            try await set(pairs, on: session)
            try await answer(session, "OK")
        case .notFound: try await answer(session, "NOTFOUND")
        case .late: try await answer(session, "TIMEOUT")
        case .failed: try await answer(session, "FAILED")
        case .busy: try await answer(session, "BUSY")
        }
    }
}
