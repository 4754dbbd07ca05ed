import Telephony

/// A call as those see it who decide: its channels stand behind references, because each is looked at some thirty times and
/// a `Part` is large to copy.
@dynamicMemberLookup
struct ToldCall: Sendable {
    private let call: Call
    /// By the same places as in `Call.parts`.
    let parts: [Line]

    /// Takes the call's facts as they are now; they do not change any more.
    init(_ call: consuming Call) {
        parts = call.parts.map(Line.init)
        self.call = call
    }
    /// Every other fact of the call, read in place.
    subscript<T>(dynamicMember member: KeyPath<Call, T>) -> T {
        @inline(__always) get { call[keyPath: member] }
    }

    /// Whether a blind transfer was no more than the way into a parking lot: to an extension that parks, which tells of itself.
    func isWayToParking(_ move: Call.Move) -> Bool {
        guard move.kind == .blind, let moved = move.moved else { return false }
        return call.moves.contains {
            $0.kind == .park && $0.moved == moved && $0.at.at >= move.at.at - .milliseconds(500)
                && $0.at.at - move.at.at < .seconds(1)
        }
    }

    /// One channel.
    @dynamicMemberLookup
    final class Line: Sendable {
        private let part: Call.Part
        /// Copies the channel once.
        init(_ part: Call.Part) { self.part = part }
        /// Every fact of the channel, read in place.
        subscript<T>(dynamicMember member: KeyPath<Call.Part, T>) -> T {
            @inline(__always) get { part[keyPath: member] }
        }
    }
}

/// A call's facts when they are told: one reference that all who decide share, instead of a copy each.
final class Facts: Sendable {
    /// Behind the reference, so that nobody copies it.
    let call: ToldCall
    /// Takes the call over.
    init(_ call: consuming Call) { self.call = ToldCall(call) }
}
