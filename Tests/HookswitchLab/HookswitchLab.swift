/// The lab: real Asterisk, SIP phones, and scenarios whose facts a person stated before the run.
///
/// **Decides** how a call is really made: it boots Asterisk in a tree built by `Tests/Lab/make-tree`, lets small SIP
/// phones ring, answer, hold, transfer and hang up, and keeps three independent accounts of each call: the facts stated
/// by hand, what the phones saw by their own clock, and Asterisk's own CDR. **Does not** know how Hookswitch comes to a
/// record: it compares records as JSON. It imports `Telephony` for JSON only, and stands on plain sockets and threads,
/// so that a fault in the product's event loop or decoders cannot hide itself here.
///
/// Called by `InteropTests`, by `hookswitch-demo` and by `hookswitch-lab`, the tool to run a scenario by hand.
///
/// ```
///   Scenario (story, steps, facts)          phones (one UDP socket each)
///        │ ScenarioRunner                    1001 1002 1003 1004  customers
///        ▼                                      ▲   SIP, RTP, RFC 4733
///   Lane: one Asterisk, its phones, ────────────┘
///         its manager stream recorded ──▶ events.ami ──▶ hookswitch replay ──▶ records ─┐
///         its daemon (optional) ───────────────────────▶ calls.jsonl ──────────────────┤
///         Asterisk's cdr_custom ───────────────────────▶ cross-check ◀── stated facts ─┘
/// ```
///
/// Authorities: RFC 3261 (SIP), 3515 (REFER), 3891 (Replaces), 3264 (hold), 4733 (digits); Asterisk's sample
/// configuration. A phone that hears something it cannot parse drops it; a step that does not come true before its
/// deadline ends the scenario with that step's name. Everything started is stopped by its own process id.
public enum HookswitchLab {
    /// The checkout this was built from.
    public static let repository: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()
}
