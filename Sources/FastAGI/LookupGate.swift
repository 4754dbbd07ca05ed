import AsteriskWire
import EventLoop
import Synchronization

/// Lets a lookup run for as long as a channel can wait for it, and no longer, even if the lookup itself does not stop.
final class LookupGate: Sendable {
    enum Answer: Sendable {
        case found([AGIParameters.Pair])
        case notFound
        case late
        case failed
        /// Too many are under way.
        case busy
    }

    private let underWay = Mutex(0)

    /// Asks `lookup`, and stops waiting for it after the request's budget.
    ///
    /// The lookup is a task of its own, not a child: a child that ignores its cancellation would hold the channel. Their
    /// number is bounded instead.
    nonisolated(nonsending)
        func ask(
            _ request: HookswitchRoutes.LookupRequest, _ lookup: @escaping HookswitchRoutes.Lookup,
            on loop: EventLoop
        ) async -> Answer
    {
        let isFree = underWay.withLock { count in
            if count >= HookswitchRoutes.maximumLookups { return false }
            count += 1
            return true
        }
        guard isFree else { return .busy }
        return await withCheckedContinuation { continuation in
            let race = Race(continuation)
            let task = Task(name: "agi-lookup", executorPreference: loop) {
                do {
                    race.finish(try await lookup(request).map(Answer.found) ?? .notFound)
                } catch {
                    race.finish(.failed)
                }
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
        private let continuation: Mutex<CheckedContinuation<Answer, Never>?>
        let timer = Mutex<LoopTimer?>(nil)

        init(_ continuation: CheckedContinuation<Answer, Never>) { self.continuation = Mutex(continuation) }

        func finish(_ answer: Answer) {
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
