/// A call as those see it who decide: its channels stand behind references, because each is looked at some thirty times and
/// a `Part` is large to copy.
@dynamicMemberLookup
struct ToldCall: Sendable {
    private let call: Call
    let parts: [Line]

    init(_ call: consuming Call) {
        parts = call.parts.map(Line.init)
        self.call = call
    }
    subscript<T>(dynamicMember member: KeyPath<Call, T>) -> T {
        @inline(__always) get { call[keyPath: member] }
    }

    /// One channel.
    @dynamicMemberLookup
    final class Line: Sendable {
        private let part: Call.Part
        init(_ part: Call.Part) { self.part = part }
        subscript<T>(dynamicMember member: KeyPath<Call.Part, T>) -> T {
            @inline(__always) get { part[keyPath: member] }
        }
    }
}

/// A call's facts when they are told: one reference that all who decide share, instead of a copy each.
final class Facts: Sendable {
    let call: ToldCall
    init(_ call: consuming Call) { self.call = ToldCall(call) }
}
