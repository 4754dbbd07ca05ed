import AsteriskWire
import EventLoop
import Synchronization

/// Lets a lookup run for as long as a channel can wait for it, and no longer, even if the lookup itself does not stop.
final class LookupGate: Sendable {
    private let underWay = Mutex(0)

    /// Asks `lookup`, and stops waiting for it after the request's budget; nil where too many are under way.
    ///
    /// The lookup is a task of its own, not a child: a child that ignores its cancellation would hold the channel. Their
    /// number is bounded instead.
    nonisolated(nonsending)
        func ask(
            _ request: HookswitchRoutes.LookupRequest, _ ask: @escaping HookswitchRoutes.Lookup.Ask,
            on loop: EventLoop
        ) async -> HookswitchRoutes.LookupAnswer?
    {
        let isFree = underWay.withLock { count in
            if count >= HookswitchRoutes.maximumLookups { return false }
            count += 1
            return true
        }
        guard isFree else { return nil }
        return await withCheckedContinuation { continuation in
            let race = Race(continuation)
            let task = Task(name: "agi-lookup", executorPreference: loop) {
                race.finish(await ask(request))
                self.underWay.withLock { $0 -= 1 }
            }
            race.timer.withLock {
                $0 = loop.schedule(after: request.budget) {
                    task.cancel()
                    race.finish(.late)
                }
            }
        }
    }

    /// The first of two to finish gives the answer.
    private final class Race: Sendable {
        private let continuation: Mutex<CheckedContinuation<HookswitchRoutes.LookupAnswer?, Never>?>
        let timer = Mutex<LoopTimer?>(nil)

        init(_ continuation: CheckedContinuation<HookswitchRoutes.LookupAnswer?, Never>) {
            self.continuation = Mutex(continuation)
        }

        func finish(_ answer: HookswitchRoutes.LookupAnswer) {
            let waiting = continuation.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            timer.withLock { timer in
                timer?.cancel()
                timer = nil
            }
            waiting?.resume(returning: answer)
        }
    }
}
