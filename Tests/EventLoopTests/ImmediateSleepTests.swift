import EventLoop
import Testing

@Suite struct ImmediateSleepTests {
    @Test func aSleepOfNoTimeDoesNotWaitForTheNextTimer() async throws {
        // The long timer stands for whatever else would end the poll; a lost wake-up would last until it rings.
        let rang = try await EventLoop.withThread { loop in
            let rang = Flag()
            let timer = loop.schedule(after: .seconds(20)) { rang.set() }
            for _ in 0..<100 { try await loop.sleep(for: .zero) }
            timer.cancel()
            return rang.isSet
        }
        #expect(!rang)
    }

    /// Set on the loop, read on the loop.
    private final class Flag: @unchecked Sendable {
        private(set) var isSet = false
        func set() { isSet = true }
    }
}
