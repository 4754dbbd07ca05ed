import Daemon
import Delivery
import Diagnostics
import EventLoop
import Storage
import Telephony

/// `hookswitch test-webhook`: a sample `call.complete` to an endpoint, and what it answered.
struct TestWebhookVerb {
    private let endpoints: [EndpointConfiguration]
    private let system: String
    private let console: Console

    /// - Throws: when the endpoint that was asked for is not configured.
    init(_ invocation: Invocation, _ console: Console, _ configuration: Configuration) throws(Invocation.UsageError) {
        self.console = console
        system = configuration.pbxs.first?.system ?? configuration.general.name
        guard let name = invocation.operands.first else {
            endpoints = configuration.endpoints
            return
        }
        endpoints = configuration.endpoints.filter { $0.name == name }
        if endpoints.isEmpty {
            let names = configuration.endpoints.map(\.name)
            throw Invocation.UsageError(
                verb: .testWebhook,
                problem: names.isEmpty
                    ? "the configuration has no [webhook:NAME] section"
                    : "no [webhook:\(name)]; \(NearestName.hint(for: name, among: names))")
        }
    }

    /// Sends the sample to each endpoint once and shows request and answer; nothing of it is stored.
    /// - Returns: `found` where one would not count as delivered, or no endpoint is configured.
    func run(_ loop: EventLoop) async -> ExitCode {
        guard !endpoints.isEmpty else {
            console.complain("the configuration has no [webhook:NAME] section")
            return .found
        }
        var code = ExitCode.fine
        for endpoint in endpoints {
            let now = console.now()
            let event = WebhookEvent(.callComplete, of: SampleCall.record(system: system, now: now), at: now)
            let outcome = await DeliveryProbe(endpoint, version: Release.version).send(
                event, on: loop, now: console.now)
            guard show(outcome, endpoint) else { return .found }
            if !outcome.isDelivered { code = .found }
        }
        return code
    }

    private func show(_ outcome: DeliveryProbe.Outcome, _ endpoint: EndpointConfiguration) -> Bool {
        var lines = [console.paint(.bold, "\(endpoint.name): \(outcome.method) \(outcome.url)")]
        lines += outcome.headers.map { "> \($0)" }
        lines.append("> ")
        let body = printable(String(decoding: outcome.body.prefix(2000), as: UTF8.self))
        lines += DisplayWidth.chop(body, console.width - 2).map { "> \($0)" }
        let took = "\(outcome.attempt.duration.wholeMilliseconds) ms"
        if let status = outcome.attempt.status {
            lines.append("< \(status) after \(took)")
        } else {
            lines.append("< no answer: \(outcome.attempt.error ?? "unknown") after \(took)")
        }
        if !outcome.detail.isEmpty { lines.append("< \(outcome.detail)") }
        let answer = printable(String(decoding: outcome.attempt.response, as: UTF8.self))
        if !answer.isEmpty { lines += DisplayWidth.chop(answer, console.width - 2).map { "< \($0)" } }
        lines.append(
            outcome.isDelivered
                ? console.paint(.green, "would count as delivered")
                : console.paint(.red, "would not count as delivered: only 2xx within the timeout does"))
        if !outcome.hint.isEmpty { lines.append("→ \(outcome.hint)") }
        for line in lines { guard console.line(line) else { return false } }
        return true
    }
}
