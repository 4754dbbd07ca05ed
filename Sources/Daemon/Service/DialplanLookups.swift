import AsteriskWire
import Delivery
import Diagnostics
import EventLoop
import FastAGI
import Telephony

/// Joins the dialplan's `lookup` requests to the CRMs of the `[lookup]` sections, and says in the log what came of them.
///
/// **Isolation**: on the loop's thread only. `@unchecked Sendable`: all state is touched there alone.
final class DialplanLookups: @unchecked Sendable {
    private var crms: [CRMLookup] = []
    /// Who answers, by the name in the request's path; the empty name for `lookup` itself.
    private(set) var answering: [String: HookswitchRoutes.Lookup] = [:]

    /// - Parameters:
    ///   - budget: what a channel can wait.
    ///   - raise: takes alerts; called on the loop.
    init(
        _ sections: [LookupConfiguration], budget: Duration, on loop: EventLoop, logger: Logger,
        now: @escaping @Sendable () -> Instant, raise: @escaping (Alert) -> Void
    ) {
        let log = logger.part("lookup")
        for section in sections {
            let crm = CRMLookup(
                section, budget: budget, on: loop, version: Release.version, now: now, alerts: raise)
            crms.append(crm)
            answering[section.name] = HookswitchRoutes.Lookup(
                defaults: section.defaults.map { .init(name: $0.name, value: $0.value) }
            ) { request in
                let outcome = await crm.answer(LookupQuestion(request))
                return DialplanLookups.answer(outcome, section.title, log)
            }
        }
    }

    /// Ends what is under way. Call before letting go.
    func close() { for crm in crms { crm.close() } }

    private static func answer(
        _ outcome: LookupOutcome, _ title: String, _ logger: Logger
    ) -> HookswitchRoutes.LookupAnswer {
        switch outcome {
        case .found(let variables):
            logger.debug("a lookup found something", [.lookup: .text(title), .count: .number(variables.count)])
            return .found(variables.map { .init(name: $0.name, value: $0.value) })
        case .notFound:
            logger.debug("a lookup found nothing", [.lookup: .text(title)])
            return .notFound
        case .late:
            logger.warning("a lookup was not answered in time", [.lookup: .text(title)], repeats: .counted)
            return .late
        case .failed(let words):
            logger.warning("a lookup failed", [.lookup: .text(title), .error: .text(words)], repeats: .counted)
            return .failed
        }
    }
}

extension LookupQuestion {
    /// What a dialplan asks: the request's own words, and where they are missing the channel's.
    fileprivate init(_ request: HookswitchRoutes.LookupRequest) {
        func own(_ name: String) -> String? {
            request.parameters[name].flatMap { $0.isEmpty ? nil : printable($0) }
        }
        self.init(
            number: own("number") ?? request.callerNumber, dialled: own("dialled") ?? request.dialledNumber,
            callerName: own("name") ?? request.callerName, uniqueID: request.uniqueID, channel: request.channel,
            parameters: request.parameters.pairs.map { .init($0.name, printable($0.value)) })
    }
}
