import Telephony

/// Decides of which Asterisk a dialplan's report speaks, where several are configured.
///
/// | first that decides | |
/// |---|---|
/// | `system=` of the report | the name of a `[pbx:]` section, or its system: `HOOKSWITCH_SYSTEM` in the dialplan |
/// | the channel | the one Asterisk whose events told of it |
/// | the uniqueid | begins with the one Asterisk's `systemname` (asterisk.conf), as the manager told it, or else as its section or system is called |
/// | the sender's address | is the host of `ami` of one Asterisk alone |
///
/// Where none does, the report is the first Asterisk's, and the record says so: a call told of the wrong PBX is less bad than one lost.
struct WitnessDesk {
    /// What is known of one Asterisk.
    struct Candidate: Equatable {
        /// Of its section.
        var name: String
        /// The record's `system` of this Asterisk.
        var system: String
        /// Host of `ami`, as configured.
        var host: String
        /// As the manager told it: empty where it has none; nil where it has not been asked yet.
        var systemName: String?
    }
    /// How it was decided.
    enum Reason { case only, named, channel, systemName, address, guessed }

    /// The candidate whose call it is; with `guessed`, the first of them. At least one is needed.
    ///
    /// - Parameter knows: whether the Asterisk of that index told of the report's channel.
    static func choose(
        _ witness: InsideWitness, among candidates: [Candidate], knows: (Int) -> Bool
    ) -> (index: Int, reason: Reason) {
        if candidates.count == 1 { return (0, .only) }
        func only(_ isIt: (Int) -> Bool) -> Int? {
            let found = candidates.indices.filter(isIt)
            return found.count == 1 ? found[0] : nil
        }
        if let named = witness.system {
            let index =
                candidates.firstIndex { $0.system == named } ?? candidates.firstIndex { $0.name == named }
                ?? only { candidates[$0].systemName == named }
            if let index { return (index, .named) }
        }
        if let index = only(knows) { return (index, .channel) }
        let id = witness.uniqueID.description
        let isPrefixed = id.first.map { !$0.isNumber } ?? false
        let byName = only { i in
            if let name = candidates[i].systemName { return !name.isEmpty && id.hasPrefix("\(name)-") }
            return id.hasPrefix("\(candidates[i].system)-") || id.hasPrefix("\(candidates[i].name)-")
        }
        if isPrefixed, let byName { return (byName, .systemName) }
        if let peer = witness.peer, let index = only({ isSame(candidates[$0].host, peer) }) { return (index, .address) }
        return (0, .guessed)
    }

    /// Whether the configured host is the peer's address. A name is not looked up: it says nothing.
    private static func isSame(_ host: String, _ peer: String) -> Bool {
        host == peer || (host == "localhost" && (peer == "127.0.0.1" || peer == "::1"))
    }
}
