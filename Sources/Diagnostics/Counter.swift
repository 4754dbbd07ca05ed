import Synchronization

/// A number that only grows (or is set, for a gauge), safe from any thread without a lock.
public final class Counter: Sendable {
    /// Dotted name from a bounded set: `ami.events`, `delivery.attempts`.
    public let name: String
    /// One label value from a bounded set, or empty: an endpoint's name, an error's label.
    public let label: String
    private let count = Atomic<Int>(0)

    /// At zero.
    init(name: String, label: String) { (self.name, self.label) = (name, label) }

    /// Adds `amount`, which may be negative for a gauge.
    public func add(_ amount: Int = 1) { count.wrappingAdd(amount, ordering: .relaxed) }
    /// Sets a gauge.
    public func set(_ value: Int) { count.store(value, ordering: .relaxed) }
    /// The number now.
    public var value: Int { count.load(ordering: .relaxed) }
}
