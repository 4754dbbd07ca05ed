import Glibc
import Testing

@testable import EventLoop

@Suite struct EventLoopTests {
    @Test("run returns what its body returns and throws what it throws")
    func runReturns() throws {
        struct Odd: Error {}
        let loop = try EventLoop()
        #expect(try loop.run { 42 } == 42)
        #expect(throws: Odd.self) { try loop.run { throw Odd() } }
        #expect(try loop.run { "again" } == "again")
    }

    @Test("a task with the loop's preference stays on the loop's thread, across suspensions and child tasks")
    func staysOnLoop() async throws {
        try await EventLoop.withThread { loop in
            #expect(loop.isCurrent)
            await Task.yield()
            #expect(loop.isCurrent)
            try await loop.sleep(for: .milliseconds(1))
            #expect(loop.isCurrent)
            async let child = loop.isCurrent
            #expect(await child)
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<10 { group.addTask { loop.isCurrent } }
                for await isCurrent in group { #expect(isCurrent) }
            }
        }
    }

    @Test("an actor on the loop runs there, may read a stream, and is entered from outside")
    func actorOnLoop() async throws {
        actor Reader {
            nonisolated let loop: EventLoop
            nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
            init(loop: EventLoop) { self.loop = loop }
            func echo() async throws -> [UInt8] {
                let pair = try await Pair.make(on: loop)
                try await pair.client.write([1, 2, 3])
                let bytes = try await pair.server.read(atLeast: 3)
                #expect(loop.isCurrent)
                pair.close()
                return bytes
            }
        }
        try await EventLoop.withThread { loop in
            let inside = try await Reader(loop: loop).echo()
            #expect(inside == [1, 2, 3])
            let fromOutside = Task.detached(executorPreference: globalConcurrentExecutor) {
                #expect(!loop.isCurrent)
                return try await Reader(loop: loop).echo()
            }
            #expect(try await fromOutside.value == [1, 2, 3])
        }
    }

    @Test("jobs and calls from other threads wake a sleeping loop")
    func wakes() async throws {
        try await EventLoop.withThread { loop in
            let count = Shared(0)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<200 {
                    group.addTask(executorPreference: globalConcurrentExecutor) {
                        await withCheckedContinuation { continuation in
                            loop.perform {
                                count.value += 1
                                continuation.resume()
                            }
                        }
                    }
                }
            }
            #expect(count.value == 200)
        }
    }

    @Test("tasks that keep each other ready do not starve timers")
    func fairness() async throws {
        try await EventLoop.withThread { loop in
            let spinner = Task(executorPreference: loop) {
                while !Task.isCancelled { await Task.yield() }
            }
            try await loop.sleep(for: .milliseconds(5))
            spinner.cancel()
            await spinner.value
        }
    }

    @Test("signals arrive as a stream")
    func signals() async throws {
        try await EventLoop.withThread { loop in
            let signals = loop.signals([SIGUSR2])
            kill(getpid(), SIGUSR2)
            var iterator = signals.makeAsyncIterator()
            #expect(await iterator.next() == SIGUSR2)
        }
    }

    @Test("localhost resolves to loopback, a number to itself, an impossible name to a clear error")
    func resolves() async throws {
        try await EventLoop.withThread { loop in
            let found = try await loop.resolve(host: "localhost", port: 5038)
            #expect(!found.isEmpty && found.allSatisfy { $0.isLoopback && $0.port == 5038 })
            #expect(try await loop.resolve(host: "192.0.2.7", port: 1).map(\.description) == ["192.0.2.7:1"])
            #expect(await code { _ = try await loop.resolve(host: "no such name", port: 1) } == .nameNotFound)
        }
    }

    @Test("a watched pipe reports when it can be read")
    func watches() async throws {
        try await EventLoop.withThread { loop in
            var ends: [Int32] = [0, 0]
            #expect(pipe(&ends) == 0)
            let (input, output) = (ends[0], ends[1])
            let events = Shared<[DescriptorWatcher.Events]>([])
            await withCheckedContinuation { continuation in
                let holder = Shared<DescriptorWatcher?>(nil)
                holder.value = try? loop.watch(descriptor: input, events: .readable) {
                    events.value.append($0)
                    holder.value?.stop()
                    continuation.resume()
                }
                write(output, "x", 1)
            }
            #expect(events.value == [.readable])
            close(input)
            close(output)
        }
    }
}

@Suite struct TimerTests {
    @Test("timers ring in the order of their time, equal ones all, cancelled ones never")
    func order() async throws {
        try await EventLoop.withThread(time: .manual) { loop in
            let rung = Shared<[Int]>([])
            for milliseconds in [50, 10, 40, 20, 30, 10] {
                _ = loop.schedule(after: .milliseconds(milliseconds)) { rung.value.append(milliseconds) }
            }
            loop.schedule(after: .milliseconds(15)) { rung.value.append(15) }.cancel()
            loop.advance(by: .milliseconds(9))
            #expect(rung.value == [])
            loop.advance(by: .milliseconds(1))
            #expect(rung.value == [10, 10])
            loop.advance(by: .seconds(1))
            #expect(rung.value == [10, 10, 20, 30, 40, 50])
        }
    }

    @Test("the heap gives back any mixture of insertions and removals in order", arguments: 1...20)
    func heap(seed: UInt64) throws {
        let loop = try EventLoop()
        var state = seed
        func random() -> UInt64 {  // xorshift, so that a failing seed can be run again
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
        var heap = TimerHeap()
        var alive: [LoopTimer] = []
        for _ in 0..<500 {
            if random() % 3 == 0, !alive.isEmpty {
                let victim = alive.remove(at: Int(random() % UInt64(alive.count)))
                heap.remove(victim)
                heap.remove(victim)  // twice is harmless
            } else {
                let timer = LoopTimer(loop: loop) {}
                timer.dueAt = random() % 100
                heap.insert(timer)
                alive.append(timer)
            }
        }
        var out: [UInt64] = []
        while let first = heap.first {
            out.append(first.dueAt)
            heap.remove(first)
        }
        #expect(out == alive.map(\.dueAt).sorted())
    }

    @Test("a cancelled sleep ends at once with CancellationError")
    func cancelledSleep() async throws {
        try await EventLoop.withThread { loop in
            let sleeper = Task(executorPreference: loop) { try await loop.sleep(for: .seconds(3600)) }
            await Task.yield()
            sleeper.cancel()
            await #expect(throws: CancellationError.self) { try await sleeper.value }
            let early = Task(executorPreference: loop) {
                withUnsafeCurrentTask { $0?.cancel() }
                try await loop.sleep(for: .seconds(3600))
            }
            await #expect(throws: CancellationError.self) { try await early.value }
        }
    }
}
