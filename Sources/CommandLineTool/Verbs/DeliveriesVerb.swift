import Storage
import Telephony

/// `hookswitch deliveries`: what is to be sent, was sent and could not be.
struct DeliveriesVerb {
    /// What is asked of the outbox.
    private enum Request {
        case list(DeliveryFilter)
        case retry([String])
        case replay(since: Instant, endpoint: String?, perSecond: Int)
        case condition(EndpointCondition, endpoint: String)
    }
    private let invocation: Invocation
    private let console: Console
    private let request: Request

    /// - Throws: when the words after `deliveries` are none of its forms.
    init(_ invocation: Invocation, _ console: Console) throws(Invocation.UsageError) {
        (self.invocation, self.console) = (invocation, console)
        let words = invocation.operands
        func fail(_ problem: String) -> Invocation.UsageError { .init(verb: .deliveries, problem: problem) }
        switch words.first {
        case nil:
            let limit = try invocation.number("--limit") ?? 50
            request = .list(
                DeliveryFilter(
                    endpoint: invocation.options["--endpoint"],
                    state: try invocation.word("--state", DeliveryState.self),
                    since: try invocation.time("--since", console), limit: limit == 0 ? nil : limit))
        case "retry":
            guard words.count > 1 else { throw fail("retry: which? give webhook-ids or row numbers") }
            request = .retry(Array(words.dropFirst()))
        case "replay":
            guard words.count == 1 else { throw fail("replay takes no ids; retry does") }
            guard let since = try invocation.time("--since", console) else { throw fail("replay needs --since TIME") }
            let rate = try invocation.number("--rate") ?? 10
            guard rate > 0 else { throw fail("--rate 0: nothing would be sent") }
            request = .replay(since: since, endpoint: invocation.options["--endpoint"], perSecond: rate)
        case "pause", "resume":
            guard words.count == 2 else { throw fail("\(words[0]): which endpoint?") }
            request = .condition(words[0] == "pause" ? .paused : .active, endpoint: words[1])
        case .some(let word):
            throw fail("\"\(word)\" is not known here; retry, replay, pause or resume")
        }
    }

    func run(_ store: some CallQuery & Outbox) async throws -> ExitCode {
        switch request {
        case .list(let filter):
            return list(try await store.deliveries(matching: filter))
        case .retry(let ids):
            let count = try await store.retry(ids: ids, now: console.now())
            console.line("\(count) of \(ids.count) due now")
            return count == ids.count ? .fine : .found
        case .replay(let since, let endpoint, let perSecond):
            let now = console.now()
            let count = try await store.replay(
                since: since, until: now, endpoint: endpoint, perSecond: perSecond, now: now)
            console.line("\(count) will be sent again, \(perSecond) a second")
            return .fine
        case .condition(let condition, let endpoint):
            let known = try await store.endpoints()
            guard known.contains(where: { $0.name == endpoint }) else {
                console.complain("no endpoint \(endpoint) has had a message yet")
                return .found
            }
            try await store.setEndpoint(endpoint, condition, reason: "by hookswitch deliveries", now: console.now())
            console.line("\(endpoint) is \(condition.rawValue)")
            return .fine
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
