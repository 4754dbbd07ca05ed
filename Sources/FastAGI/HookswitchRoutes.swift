public import AsteriskWire
import EventLoop
public import Telephony

/// Hookswitch's own requests: `call-complete`, `tag` and `lookup`.
///
/// | request | does | answers by `HOOKSWITCH_STATUS` |
/// |---|---|---|
/// | `call-complete` (from a hangup handler) | hands an `InsideWitness` over | `OK`, `FAILED` |
/// | `tag?ref_id=…&lead_id=…` | hands over the facts, sets them as inherited channel variables | `OK`, `FAILED` |
/// | `lookup?…`, `lookup/NAME?…` | asks for variables within the deadline and sets them | `OK`, `NOTFOUND`, `TIMEOUT`, `BUSY`, `FAILED` |
///
/// A lookup says in `HOOKSWITCH_LOOKUP` too what came of it: `FOUND`, `NOTFOUND`, `TIMEOUT` or `ERROR`.
/// The witness's values come with the request, so that a channel that is being torn down is held for one short reply.
/// A dialplan that finds `HOOKSWITCH_STATUS` other than `OK` after `call-complete` spools the same facts.
public struct HookswitchRoutes: Sendable {
    /// Takes a witness; false: it could not be kept. Must return soon, a channel waits for it.
    public typealias TakeWitness = @Sendable (InsideWitness) async -> Bool
    /// What a lookup came to.
    public enum LookupAnswer: Sendable {
        /// The variables to set.
        case found([AGIParameters.Pair])
        /// Nobody knows the caller.
        case notFound
        /// No answer within the budget.
        case late
        /// The one who was asked could not answer.
        case failed
    }
    /// Somebody who can be asked about a call.
    public struct Lookup: Sendable {
        /// Must stop when its task is cancelled; what it returns after the time it was given is dropped.
        public typealias Ask = @Sendable (LookupRequest) async -> LookupAnswer
        /// What is set where the answer is not `found`.
        public var defaults: [AGIParameters.Pair]
        /// Who is asked.
        public var ask: Ask
        /// - Parameter defaults: none unless given: the dialplan's variables stay as they are.
        public init(defaults: [AGIParameters.Pair] = [], ask: @escaping Ask) {
            (self.defaults, self.ask) = (defaults, ask)
        }
    }

    /// What a dialplan asks.
    public struct LookupRequest: Sendable {
        /// The request's query.
        public var parameters: AGIParameters
        /// The channel that waits.
        public var uniqueID: UniqueID
        /// Its name.
        public var channel: ChannelName
        /// `agi_callerid`; nil where Asterisk says `unknown`.
        public var callerNumber: String?
        /// `agi_calleridname`; nil likewise.
        public var callerName: String?
        /// `agi_dnid`, the number dialled; nil where the channel driver does not set it.
        public var dialledNumber: String?
        /// How long the answer is of use.
        public var budget: Duration
    }

    private let takeWitness: TakeWitness
    private let lookups: [String: Lookup]
    private let deadline: Duration
    private let now: @Sendable () -> Instant
    private let gate = LookupGate()

    /// - Parameters:
    ///   - deadline: of the server; see `lookupBudget`.
    ///   - lookups: who is asked by `lookup/NAME`, by name; the empty name is `lookup` itself. Without one `lookup` is answered
    ///     `NOTFOUND`.
    public init(
        deadline: Duration, now: @escaping @Sendable () -> Instant, takeWitness: @escaping TakeWitness,
        lookups: [String: Lookup] = [:]
    ) {
        (self.deadline, self.now, self.takeWitness, self.lookups) = (deadline, now, takeWitness, lookups)
    }

    /// How much of a session's deadline a lookup's answer may take: three quarters, the rest is for setting variables.
    public static func lookupBudget(of deadline: Duration) -> Duration { deadline * 3 / 4 }
    /// The channel variable by which a dialplan learns what a lookup came to.
    public static let lookupVariable = "HOOKSWITCH_LOOKUP"

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
        routes.on("lookup") { session in try await runLookup(lookups[""], on: session) }
        for (name, lookup) in lookups where !name.isEmpty {
            routes.on("lookup/\(name)") { session in try await runLookup(lookup, on: session) }
        }
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
            var witness = InsideWitness(
                session.environment, session.request, occasion: occasion, path: .fastAGI, receivedAt: now())
        else { return nil }
        witness.peer = session.peer.host
        return await takeWitness(witness) ? witness : nil
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

    nonisolated(nonsending)
        private func runLookup(_ lookup: Lookup?, on session: FastAGISession) async throws(FastAGIError)
    {
        guard let lookup else { return try await answer(session, "NOTFOUND", lookup: "NOTFOUND") }
        let environment = session.environment
        func known(_ name: StaticString) -> String? { environment.known(name).map(printable) }
        let request = LookupRequest(
            parameters: session.request.parameters, uniqueID: environment.uniqueID, channel: environment.channel,
            callerNumber: known("callerid"), callerName: known("calleridname"), dialledNumber: known("dnid"),
            budget: HookswitchRoutes.lookupBudget(of: deadline))
        let got = await gate.ask(request, lookup.ask, on: session.loop)
        if case .found(let pairs) = got {
            try await set(pairs, on: session)
        } else {
            try await set(lookup.defaults, on: session)
        }
        switch got {
        case .found: try await answer(session, "OK", lookup: "FOUND")
        case .notFound: try await answer(session, "NOTFOUND", lookup: "NOTFOUND")
        case .late: try await answer(session, "TIMEOUT", lookup: "TIMEOUT")
        case .failed: try await answer(session, "FAILED", lookup: "ERROR")
        case nil: try await answer(session, "BUSY", lookup: "ERROR")
        }
    }

    nonisolated(nonsending)
        private func answer(
            _ session: FastAGISession, _ status: String, lookup: String
        ) async throws(FastAGIError)
    {
        try await session.setVariable(HookswitchRoutes.lookupVariable, lookup)
        try await answer(session, status)
    }
}
