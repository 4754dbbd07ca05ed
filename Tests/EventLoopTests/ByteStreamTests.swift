import Glibc
import HookswitchTestKit
import Synchronization
import TestGround
import Testing

@testable import EventLoop

@Suite struct ByteStreamTests {
    @Test("bytes arrive whole and in order, and the end of the stream is seen")
    func echo() async throws {
        try await EventLoop.withThread { loop in
            let pair = try await Pair.make(on: loop)
            let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            async let received = pair.server.readAll()
            try await pair.client.write(bytes)
            try await pair.client.shutdownWrite()
            #expect(try await received == bytes)
            pair.close()
        }
    }

    @Test("after half-close the other direction still works")
    func halfClose() async throws {
        try await EventLoop.withThread { loop in
            let pair = try await Pair.make(on: loop)
            try await pair.client.write([1])
            try await pair.client.shutdownWrite()
            #expect(try await pair.server.readAll() == [1])
            try await pair.server.write([2, 3])
            pair.server.close()
            #expect(try await pair.client.readAll() == [2, 3])
            #expect(try await pair.client.read { _ in } == false)
            pair.close()
        }
    }

    @Test("a writer is held back while its peer does not read, and nothing is lost")
    func backPressure() async throws {
        try await EventLoop.withThread { loop in
            let pair = try await Pair.make(on: loop)
            let chunk = [UInt8](repeating: 7, count: 100_000)
            let written = Shared(0)
            let writer = Task(executorPreference: loop) {
                for _ in 0..<300 {
                    try await pair.client.write(chunk)
                    written.value += 1
                }
                try await pair.client.shutdownWrite()
            }
            while pair.client.queuedCount <= pair.client.highWaterMark { await Task.yield() }
            #expect(written.value < 300)
            #expect(pair.client.queuedCount <= pair.client.highWaterMark + chunk.count)
            #expect(try await pair.server.readAll().count == 30_000_000)
            try await writer.value
            #expect(pair.client.queuedCount == 0)
            pair.close()
        }
    }

    @Test("a peer that sends without end does not keep other tasks and timers from running")
    func firehose() async throws {
        try await EventLoop.withThread { loop in
            let pair = try await Pair.make(on: loop)
            let peer = pair.server.socket.descriptor
            // The sender is another thread, so that the socket is never empty.
            let isDone = Atomic(false)
            let sender = Task.detached(executorPreference: globalConcurrentExecutor) {
                let bytes = [UInt8](repeating: 1, count: 1_000_000)
                while !isDone.load(ordering: .relaxed) {
                    var waiting = pollfd(fd: peer, events: Int16(POLLOUT), revents: 0)
                    if poll(&waiting, 1, 10) > 0 { _ = send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
                }
            }
            let reader = Task(executorPreference: loop) {
                var count = 0
                while !Task.isCancelled, try await pair.client.read({ count += $0.count }) {}
                return count
            }
            for _ in 0..<20 { try await loop.sleep(for: .milliseconds(1)) }
            reader.cancel()
            isDone.store(true, ordering: .relaxed)
            await sender.value
            _ = await reader.result
            pair.close()
        }
    }

    @Test("a reader that does not ask leaves the bytes with the kernel")
    func readsOnlyWhenAsked() async throws {
        try await EventLoop.withThread { loop in
            let pair = try await Pair.make(on: loop)
            pair.client.maximumQueued = 1_000_000
            let refused = await code {
                for _ in 0..<1000 { try pair.client.send([UInt8](repeating: 1, count: 100_000)) }
            }
            #expect(refused == .backlogFull)
            #expect(pair.client.isOpen)
            pair.close()
        }
    }

    @Test("after a standstill of the loop, an answer that had come in time counts, not its deadline")
    func standstill() throws {
        let loop = try EventLoop()
        try loop.run {
            let listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
            let connecting = Task(executorPreference: loop) {
                try await ByteStream.connect(to: listener.localAddress, on: loop, deadline: .milliseconds(50))
            }
            // Behind the connect and before the next poll: as SIGSTOP or a suspended machine would.
            let stopping = Task(executorPreference: loop) { _ = usleep(500_000) }
            await stopping.value
            try await connecting.value.close()
            listener.close()
        }
    }

    @Test("a peer that takes nothing is given up after the write deadline")
    func writeDeadline() async throws {
        try await EventLoop.withThread(time: .manual) { loop in
            let pair = try await Pair.make(on: loop)
            pair.client.writeDeadline = .seconds(30)
            let writer = Task(executorPreference: loop) {
                await code { while true { try await pair.client.write([UInt8](repeating: 1, count: 1_000_000)) } }
            }
            // Let the kernel's buffers fill until nothing moves any more, then let the time pass.
            while pair.client.queuedCount == 0 { await Task.yield() }
            for _ in 0..<4 {
                loop.advance(by: .seconds(30))
                await Task.yield()
            }
            #expect(await writer.value == .timedOut)
            #expect(!pair.client.isOpen)
            pair.close()
        }
    }

    @Test("a reset is told apart from an end")
    func reset() async throws {
        try await EventLoop.withThread { loop in
            let pair = try await Pair.make(on: loop)
            try await pair.client.write([1])  // unread data at close makes the kernel send RST
            _ = try await pair.server.read(atLeast: 0)
            while true {
                var waiting: Int32 = 0
                _ = ioctl(pair.server.socket.descriptor, UInt(FIONREAD), &waiting)
                if waiting > 0 { break }
                await Task.yield()
            }
            pair.server.close()
            #expect(await code { _ = try await pair.client.read { _ in } } == .connectionReset)
            #expect(await code { try await pair.client.write([1]) } == .connectionReset)
            pair.close()
        }
    }

    @Test("closing wakes a waiting reader, failing gives it the reason, cancelling ends the read only")
    func endings() async throws {
        try await EventLoop.withThread { loop in
            let pair = try await Pair.make(on: loop)
            func reader(_ stream: ByteStream) -> Task<EventLoopError.Code?, Never> {
                Task(executorPreference: loop) { await code { _ = try await stream.read { _ in } } }
            }
            let cancelled = reader(pair.client)
            await Task.yield()
            cancelled.cancel()
            #expect(await cancelled.value == .cancelled)
            try await pair.server.write([9])
            #expect(try await pair.client.read(atLeast: 1) == [9])

            let closed = reader(pair.client)
            await Task.yield()
            pair.client.close()
            #expect(await closed.value == .closed)

            let failed = reader(pair.server)
            await Task.yield()
            pair.server.fail(EventLoopError(.timedOut, operation: "serve", detail: "session deadline"))
            #expect([.timedOut, nil].contains(await failed.value))
            pair.close()
        }
    }

    @Test("connecting to a closed port, into silence and when cancelled gives clear errors")
    func connectErrors() async throws {
        try await EventLoop.withThread { loop in
            let closed = ClosedPort()
            let address = SocketAddress(ip: "127.0.0.1", port: closed.number)!
            do throws(EventLoopError) {
                _ = try await ByteStream.connect(to: address, on: loop)
                Issue.record("nobody listens")
            } catch {
                #expect(error.code == .connectionRefused)
                #expect(error.description.contains("connect to \(address)"))
                #expect(error.hint.contains("is the service running"))
            }
            withExtendedLifetime(closed) {}
        }
        // A full backlog: Linux drops further SYNs, so the connect hangs until its deadline.
        try await EventLoop.withThread { loop in
            let full = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop, backlog: 0)
            var held: [ByteStream] = []
            var last: EventLoopError.Code?
            for _ in 0..<8 where last == nil {
                last = await code {
                    held.append(
                        try await ByteStream.connect(to: full.localAddress, on: loop, deadline: .milliseconds(200)))
                }
            }
            #expect(last == .timedOut)
            let waiting = Task(executorPreference: loop) {
                await code { _ = try await ByteStream.connect(to: full.localAddress, on: loop, deadline: .seconds(60)) }
            }
            await Task.yield()
            waiting.cancel()
            #expect(await waiting.value == .cancelled)
            for stream in held { stream.close() }
            full.close()
        }
    }

    @Test("a stream that nobody holds closes its connection")
    func forgotten() async throws {
        try await EventLoop.withThread { loop in
            let pair = try await Pair.make(on: loop)
            let listener = pair.listener
            let server = pair.server
            do {
                async let accepted = listener.accept()
                _ = try await ByteStream.connect(to: listener.localAddress, on: loop)
                let other = try await accepted!
                #expect(try await other.readAll() == [])
                other.close()
            }
            server.close()
            pair.close()
        }
    }

    @Test("two thousand sessions at once are all served")
    func manySessions() async throws {
        let count = 2000
        try await Descriptors.take(2 * count)
        defer { Descriptors.giveBack(2 * count) }
        try await EventLoop.withThread { loop in
            let listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop, backlog: 4096)
            let server = Task(executorPreference: loop) {
                try await withThrowingDiscardingTaskGroup { group in
                    while let stream = try await listener.accept() {
                        group.addTask {
                            let request = try await stream.read(atLeast: 4)
                            try await stream.write(request.reversed())
                            stream.close()
                        }
                    }
                }
            }
            let served = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<count {
                    group.addTask(executorPreference: loop) {
                        let stream = try await ByteStream.connect(
                            to: listener.localAddress, on: loop, deadline: .seconds(60))
                        let bytes = withUnsafeBytes(of: UInt32(index)) { [UInt8]($0) }
                        try await stream.write(bytes)
                        return try await stream.readAll() == bytes.reversed()
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(served == count)
            listener.close()
            try await server.value
        }
    }
}
