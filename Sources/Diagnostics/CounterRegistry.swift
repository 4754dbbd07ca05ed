import Synchronization

/// All counters of one daemon. Asking for the same name and label again gives the same counter.
public final class CounterRegistry: Sendable {
    private struct Key: Hashable {
        var name: String
        var label: String
    }
    private let counters = Mutex<[Key: Counter]>([:])

    /// No counters yet.
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
