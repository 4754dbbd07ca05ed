import Telephony

/// A call as those see it who decide: its channels stand behind references, because each is looked at some thirty times and
/// a `Part` is large to copy. Dials and recordings are gone through by place: handed to a closure each would be copied.
@dynamicMemberLookup
struct ToldCall: Sendable {
    private let call: Call
    /// By the same places as in `Call.parts`.
    let parts: [Line]

    /// Takes the call's facts as they are now; they do not change any more.
    init(_ call: consuming Call) {
        // Moved one by one: a copy of a channel costs some thirty counted references.
        var parts = call.parts
        call.parts = []
        var lines: [Line] = []
        lines.reserveCapacity(parts.count)
        while !parts.isEmpty { lines.append(Line(parts.removeLast())) }
        lines.reverse()
        self.parts = lines
        self.call = consume call
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
        /// `name.technology`, as `PJSIP`; kept like the next two because each is asked for several times.
        let technology: Substring
        /// `name.address`, as `1001`.
        let address: Substring
        /// `name.device`, as `PJSIP/1001`.
        let device: Substring
        /// Takes the channel over.
        init(_ part: consuming Call.Part) {
            (technology, address, device) = part.name.cuts
            self.part = consume part
        }
        /// See `Call.Part.showsItsOwnName`.
        var showsItsOwnName: Bool { part.firstNumber.map { $0[...] == address } ?? false }
        /// Made before the other one, or in the same microsecond with an older id.
        func isOlder(than other: Line) -> Bool {
            part.created.at == other.part.created.at
                ? part.uniqueID < other.part.uniqueID : part.created.at < other.part.created.at
        }
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
