import Telephony

/// Which devices lead outside, as far as their calls have shown; not asked where the configuration names the trunks.
///
/// A device (`PJSIP/trunk`) whose lines mostly show numbers that are not internal is a trunk, one whose lines mostly show
/// internal ones is a phone. What a call's own numbers say counts first; what was learned decides where they say nothing.
struct EndpointKnowledge: Sendable {
    private struct Tally: Sendable {
        var outside: Int32 = 0
        var inside: Int32 = 0

        mutating func count(isOutside: Bool) {
            // Halved before it overflows, so that a device that is given another use is learned anew in time.
            if outside > 1000 || inside > 1000 { (outside, inside) = (outside / 2, inside / 2) }
            if isOutside { outside += 1 } else { inside += 1 }
        }
    }
    private var tallies: [Substring: Tally] = [:]
    /// Enough for any PBX; above it nothing more is learned.
    private static let limit = 10_000

    /// Counts one line of a device (a channel's name without its number) as outside or inside.
    mutating func learn(_ device: Substring, isOutside: Bool) {
        if let place = tallies.index(forKey: device) {
            tallies.values[place].count(isOutside: isOutside)
        } else if tallies.count < EndpointKnowledge.limit {
            // The key must not keep a whole channel name alive.
            tallies[Substring(String(device))] = isOutside ? Tally(outside: 1) : Tally(inside: 1)
        }
    }

    /// What was learned; nil where nothing was, or both as often.
    func isOutside(_ device: Substring) -> Bool? {
        guard let tally = tallies[device], tally.outside != tally.inside else { return nil }
        return tally.outside > tally.inside
    }
}
