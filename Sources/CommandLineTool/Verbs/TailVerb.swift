import EventLoop
import Glibc
import Storage
import Telephony

/// `hookswitch tail`: calls and deliveries as they are stored, until SIGINT.
///
/// Looks into the store twice a second, so that it needs nothing of a running daemon and costs it nothing.
struct TailVerb {
    private let invocation: Invocation
    private let console: Console

    /// Only `--json` changes anything here.
    init(_ invocation: Invocation, _ console: Console) { (self.invocation, self.console) = (invocation, console) }

    /// How often is looked.
    private static let interval: Duration = .milliseconds(500)

    /// Shows what is stored from now on, calls before deliveries in each look.
    /// - Returns: `fine` at SIGINT, `found` where nobody reads any more.
    func run(_ store: some CallQuery, _ loop: EventLoop) async throws -> ExitCode {
        let signals = loop.signals([SIGINT, SIGTERM])
        let watch = Task(name: "tail", executorPreference: loop) { () async throws -> ExitCode in
            var marks = try await Marks(of: store)
            while true {
                guard try await show(&marks, store) else { return .found }
                do throws(CancellationError) { try await loop.sleep(for: TailVerb.interval) } catch { return .fine }
            }
        }
        let stop = Task(name: "tail-signals", executorPreference: loop) {
            for await _ in signals {
                watch.cancel()
                break
            }
        }
        defer { stop.cancel() }
        return try await watch.value
    }

    /// How far has been shown: row numbers.
    private struct Marks {
        var call: Int64
        var delivery: Int64
        /// Messages that were not settled when they were shown.
        var open: [Int64: DeliveryState] = [:]

        init(of store: some CallQuery) async throws {
            call = try await Marks.lastCall(of: store)
            delivery = try await store.deliveries(matching: DeliveryFilter(limit: 1)).first?.id ?? 0
        }

        /// The row that was stored last; calls come newest first by their start, which is another order.
        private static func lastCall(of store: some CallQuery) async throws -> Int64 {
            var last = try await store.calls(matching: CallFilter(limit: 1)).first?.row ?? 0
            while let next = try await store.calls(matching: CallFilter(after: last, limit: 1000)).last?.row {
                last = next
            }
            return last
        }
    }

    /// Prints what is new. False when nobody reads any more.
    private func show(_ marks: inout Marks, _ store: some CallQuery) async throws -> Bool {
        let isJSON = invocation.has("--json")
        for call in try await store.calls(matching: CallFilter(after: marks.call, limit: 1000)) {
            marks.call = call.row
            if isJSON {
                var w = JSONWriter(reserving: call.recordJSON.count + 16)
                w.beginObject()
                w.key("call")
                w.value(raw: call.recordJSON)
                w.endObject()
                guard console.write(w.bytes + [0x0A]) else { return false }
            } else if let record = RecordView(call.recordJSON) {
                guard console.line(CallsTable.summary(record, for: console)) else { return false }
            }
        }
        let first = marks.open.keys.min().map { min($0 - 1, marks.delivery) } ?? marks.delivery
        for delivery in try await store.deliveries(matching: DeliveryFilter(after: first, limit: 1000)) {
            let shownBefore = delivery.id <= marks.delivery
            guard !shownBefore || marks.open[delivery.id].map({ $0 != delivery.state }) ?? false else { continue }
            marks.delivery = max(marks.delivery, delivery.id)
            let isSettled = delivery.state == .delivered || delivery.state == .dead
            marks.open[delivery.id] = isSettled ? nil : delivery.state
            // A message that waits for its first attempt says nothing yet.
            guard isSettled || delivery.attemptCount > 0 else { continue }
            if isJSON {
                var w = JSONWriter(reserving: 400)
                w.beginObject()
                w.key("delivery")
                w.value(raw: DeliveriesTable.json(delivery))
                w.endObject()
                guard console.write(w.bytes + [0x0A]) else { return false }
            } else {
                guard console.line(DeliveriesTable.summary(delivery, for: console)) else { return false }
            }
        }
        return true
    }
}
