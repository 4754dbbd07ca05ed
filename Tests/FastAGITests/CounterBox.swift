import Diagnostics
import Synchronization

/// Counters of one test's server.
struct CounterBox: Sendable {
    let registry = CounterRegistry()
    var all: [String] { registry.snapshot.map { "\($0.name) \($0.label) \($0.value)" } }
    func value(_ name: String, _ label: String = "") -> Int { registry.counter(name, label: label).value }
}

/// What happened, in order, noted from several tasks.
final class Notes: Sendable {
    private let all = Mutex<[String]>([])
    func add(_ text: String) { all.withLock { $0.append(text) } }
    var texts: [String] { all.withLock { $0 } }
}
