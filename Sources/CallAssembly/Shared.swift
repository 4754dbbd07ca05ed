/// A value that many look at and nobody changes: one reference for each of them instead of a copy.
@dynamicMemberLookup
final class Shared<Value: Sendable>: Sendable {
    /// The value itself.
    let value: Value
    /// Takes the value over.
    init(_ value: consuming Value) { self.value = value }
    /// Every part of it, read in place.
    subscript<T>(dynamicMember member: KeyPath<Value, T>) -> T {
        @inline(__always) get { value[keyPath: member] }
    }
}
