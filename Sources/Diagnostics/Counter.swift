import Synchronization

/// A number that only grows (or is set, for a gauge), safe from any thread without a lock.
public final class Counter: Sendable {
    /// Dotted name from a bounded set: `ami.events`, `delivery.attempts`.
    public let name: String
    /// One label value from a bounded set, or empty: an endpoint's name, an error's label.
    public let label: String
    private let count = Atomic<Int>(0)

    init(name: String, label: String) { (self.name, self.label) = (name, label) }

    /// Adds `amount`, which may be negative for a gauge.
    public func add(_ amount: Int = 1) { count.wrappingAdd(amount, ordering: .relaxed) }
    /// Sets a gauge.
    public func set(_ value: Int) { count.store(value, ordering: .relaxed) }
    /// The number now.
    public var value: Int { count.load(ordering: .relaxed) }
}

/// All counters of one daemon. Asking for the same name and label again gives the same counter.
public final class CounterRegistry: Sendable {
    private struct Key: Hashable {
        var name: String
        var label: String
    }
    private let counters = Mutex<[Key: Counter]>([:])

    public init() {}

    /// The counter of this name and label, made at first use. Keep the result: the look-up takes a lock.
    public func counter(_ name: String, label: String = "") -> Counter {
        counters.withLock { counters in
            let key = Key(name: name, label: label)
            if let known = counters[key] { return known }
            let fresh = Counter(name: name, label: label)
            counters[key] = fresh
            return fresh
        }
    }

    /// Every counter with its value now, by name and label.
    public var snapshot: [(name: String, label: String, value: Int)] {
        counters.withLock { Array($0.values) }
            .map { ($0.name, $0.label, $0.value) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    }
}
