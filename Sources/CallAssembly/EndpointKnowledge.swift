import Telephony

/// Which devices lead outside, as far as the configuration says or their calls have shown.
///
/// A device (`PJSIP/trunk`) that presents or is asked for long numbers is a trunk; one that presents internal numbers is a
/// phone. What a call's own numbers say counts first; what was learned decides where they say nothing.
struct EndpointKnowledge: Sendable {
    private struct Tally: Sendable {
        var outside: Int32 = 0
        var inside: Int32 = 0
    }
    private var tallies: [Substring: Tally] = [:]
    /// Enough for any PBX; above it nothing more is learned.
    private static let limit = 10_000

    mutating func learn(_ device: Substring, isOutside: Bool) {
        guard tallies[device] != nil || tallies.count < EndpointKnowledge.limit else { return }
        var tally = tallies[device] ?? Tally()
        // Halved before it overflows, so that a device that is given another use is learned anew in time.
        if tally.outside > 1000 || tally.inside > 1000 {
            tally = Tally(outside: tally.outside / 2, inside: tally.inside / 2)
        }
        if isOutside { tally.outside += 1 } else { tally.inside += 1 }
        // The key must not keep a whole channel name alive.
        if tallies[device] == nil { tallies[Substring(String(device))] = tally } else { tallies[device] = tally }
    }

    /// What was learned; nil where nothing was, or both as often.
    func isOutside(_ device: Substring) -> Bool? {
        guard let tally = tallies[device], tally.outside != tally.inside else { return nil }
        return tally.outside > tally.inside
    }
}
