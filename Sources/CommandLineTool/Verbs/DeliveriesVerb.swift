import Diagnostics
import EventLoop
import Storage
import Telephony

/// `hookswitch deliveries`: what is to be sent, was sent and could not be.
struct DeliveriesVerb {
    /// What is asked of the outbox.
    private enum Request {
        case list(DeliveryFilter)
        case change(StoreRequest)
    }
    private let invocation: Invocation
    private let console: Console
    private let request: Request

    /// - Throws: when the words after `deliveries` are none of its forms.
    init(_ invocation: Invocation, _ console: Console) throws(Invocation.UsageError) {
        (self.invocation, self.console) = (invocation, console)
        let words = invocation.operands
        func fail(_ problem: String) -> Invocation.UsageError { .init(verb: .deliveries, problem: problem) }
        // What would be left out of account is refused: more would be sent than was asked for.
        func refuse(_ options: [String], by form: String) throws(Invocation.UsageError) {
            for name in options where invocation.has(name) { throw fail("\(form) takes no \(name)") }
        }
        let endpoint = invocation.options["--endpoint"]
        let since = try invocation.time("--since", console)
        let until = try invocation.time("--until", console)
        let rate = try invocation.number("--rate") ?? 10
        guard rate > 0 else { throw fail("--rate 0: nothing would be sent") }
        switch words.first {
        case nil:
            try refuse(["--rate"], by: "the list")
            let limit = try invocation.number("--limit") ?? 50
            request = .list(
                DeliveryFilter(
                    endpoint: endpoint, state: try invocation.word("--state", DeliveryState.self), since: since,
                    until: until, limit: limit == 0 ? nil : limit))
        case "retry":
            let isSpan = endpoint != nil || since != nil || until != nil
            if words.count > 1 {
                if isSpan { throw fail("retry takes ids, or --endpoint, --since and --until for dead letters") }
                try refuse(["--state", "--rate", "--limit"], by: "retry of ids")
                request = .change(.retry(ids: Array(words.dropFirst())))
            } else {
                try refuse(["--state", "--limit"], by: "retry")
                guard isSpan else { throw fail("retry: which? give webhook-ids, row numbers, --endpoint or --since") }
                request = .change(
                    .retryDead(
                        since: since ?? Instant(seconds: 0), until: until ?? console.now(), endpoint: endpoint,
                        perSecond: rate))
            }
        case "replay":
            guard words.count == 1 else { throw fail("replay takes no ids; retry does") }
            try refuse(["--state", "--limit"], by: "replay")
            guard let since else { throw fail("replay needs --since TIME") }
            request = .change(
                .replay(since: since, until: until ?? console.now(), endpoint: endpoint, perSecond: rate))
        case "pause", "resume":
            try refuse(["--endpoint", "--state", "--since", "--until", "--rate", "--limit"], by: words[0])
            guard words.count == 2 else { throw fail("\(words[0]): which endpoint?") }
            request = .change(
                .set(
                    endpoint: words[1], words[0] == "pause" ? .paused : .active, reason: "by hookswitch deliveries"))
        case .some(let word):
            throw fail("\"\(word)\" is not known here; retry, replay, pause or resume")
        }
    }

    /// - Parameters:
    ///   - folder: the state folder; a running daemon there is asked to do what changes anything.
    ///   - webhooks: the endpoints of the configuration.
    /// - Throws: `UsageError` where an endpoint is named that neither the configuration nor the outbox knows.
    func run(_ folder: String, _ webhooks: [String], _ loop: EventLoop) async throws -> ExitCode {
        let store = StoreReader(folder: folder)
        let endpoints = try await store.endpoints()
        if let name = endpointNamed, !webhooks.contains(name), !endpoints.contains(where: { $0.name == name }) {
            throw Invocation.UsageError(
                verb: .deliveries,
                problem: "no [webhook:\(name)]; \(NearestName.hint(for: name, among: webhooks))")
        }
        switch request {
        case .list(let filter):
            let code = list(try await store.deliveries(matching: filter))
            if !invocation.has("--json") { tell(endpoints) }
            return code
        case .change(let change):
            return tell(change, try await ask(change, folder, loop))
        }
    }

    /// The endpoint that the arguments name.
    private var endpointNamed: String? {
        switch request {
        case .list(let filter): filter.endpoint
        case .change(.replay(_, _, let endpoint, _)), .change(.retryDead(_, _, let endpoint, _)): endpoint
        case .change(.set(let endpoint, _, _)): endpoint
        case .change(.retry): nil
        }
    }

    /// Says which endpoints are held, so that nobody wonders why nothing moves.
    private func tell(_ endpoints: [EndpointStatus]) {
        for endpoint in endpoints where endpoint.condition != .active {
            if let name = endpointNamed, name != endpoint.name { continue }
            console.complain(
                "\(endpoint.name) is \(endpoint.condition.rawValue) (\(endpoint.reason)), "
                    + "\(endpoint.ready + endpoint.waiting) wait; go on with: deliveries resume \(endpoint.name)")
        }
    }

    /// How long a running daemon has for its answer; it looks for requests once a second.
    private static let patience = 50
    private static let interval: Duration = .milliseconds(100)

    private func ask(_ change: StoreRequest, _ folder: String, _ loop: EventLoop) async throws -> StoreClient.Outcome {
        var looks = DeliveriesVerb.patience
        return try await StoreClient.perform(change, folder: folder, now: console.now()) {
            looks -= 1
            do throws(CancellationError) { try await loop.sleep(for: DeliveriesVerb.interval) } catch { return false }
            return looks > 0
        }
    }

    private func tell(_ change: StoreRequest, _ outcome: StoreClient.Outcome) -> ExitCode {
        switch (outcome, change) {
        case (.done(let count), .retry(let ids)):
            // One id may be a call's, and mean several messages.
            console.line(count > ids.count ? "\(count) due now" : "\(count) of \(ids.count) due now")
            if count < ids.count { console.complain("of the others no message is kept: see hookswitch deliveries") }
            return count >= ids.count ? .fine : .found
        case (.done(let count), .replay(_, _, _, let perSecond)):
            console.line("\(count) will be sent again, \(perSecond) a second")
            return .fine
        case (.done(let count), .retryDead(_, _, _, let perSecond)):
            console.line("\(count) dead letters will be sent again, \(perSecond) a second")
            return .fine
        case (.done, .set(let endpoint, let condition, _)):
            console.line("\(endpoint) is \(condition.rawValue)")
            return .fine
        case (.refused(let words), _):
            console.complain(words)
            return .found
        case (.left, _):
            console.complain("the daemon has not answered yet; it will do it when it can")
            return .found
        }
    }

    private func list(_ deliveries: [Delivery]) -> ExitCode {
        if invocation.has("--json") {
            for delivery in deliveries {
                guard console.write(DeliveriesTable.json(delivery) + [0x0A]) else { return .found }
            }
            return .fine
        }
        guard !deliveries.isEmpty else {
            console.complain("no deliveries")
            return .fine
        }
        for line in DeliveriesTable.lines(deliveries, for: console) {
            guard console.line(line) else { return .found }
        }
        return .fine
    }
}
