import Storage
import Telephony

/// `hookswitch calls`: call records, newest first.
struct CallsVerb {
    private let invocation: Invocation
    private let console: Console
    private let filter: CallFilter

    /// - Throws: when an option's value cannot be read.
    init(_ invocation: Invocation, _ console: Console) throws(Invocation.UsageError) {
        (self.invocation, self.console) = (invocation, console)
        let limit = try invocation.number("--limit") ?? 50
        filter = CallFilter(
            since: try invocation.time("--since", console), until: try invocation.time("--until", console),
            number: invocation.options["--number"], agent: invocation.options["--agent"],
            disposition: try invocation.word("--disposition", CallRecord.Disposition.self),
            limit: limit == 0 ? nil : limit)
    }

    /// Writes the calls that match, as a table or as they are stored.
    /// - Returns: `found` where nobody reads them any more; that none matches is fine.
    func run(_ store: some CallQuery) async throws -> ExitCode {
        let calls = try await store.calls(matching: filter)
        if invocation.has("--json") {
            for call in calls { guard console.write(call.recordJSON + [0x0A]) else { return .found } }
            return .fine
        }
        guard !calls.isEmpty else {
            console.complain("no calls")
            return .fine
        }
        for line in CallsTable.lines(calls.compactMap { RecordView($0.recordJSON) }, for: console) {
            guard console.line(line) else { return .found }
        }
        return .fine
    }
}

extension Invocation {
    /// A time such as `--since`.
    func time(_ name: String, _ console: Console) throws(UsageError) -> Instant? {
        guard let text = options[name] else { return nil }
        guard let instant = TimeExpression.instant(text, now: console.now(), zone: console.zone) else {
            throw UsageError(
                verb: verb, problem: "\(name) \(text): not a time; write 2h, 3d, 2026-11-21 or 2026-11-21T10:00")
        }
        return instant
    }
}
