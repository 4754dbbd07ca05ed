import Glibc
import Testing

@testable import EventLoop

@Suite struct ListenerTests {
    @Test("a taken port and an address of another machine are told apart")
    func listenErrors() async throws {
        try await EventLoop.withThread { loop in
            let first = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
            #expect(first.localAddress.port != 0)
            #expect(await code { _ = try Listener.listen(on: first.localAddress, loop: loop) } == .addressInUse)
            first.close()
            let foreign = SocketAddress(ip: "192.0.2.1", port: 0)!
            #expect(await code { _ = try Listener.listen(on: foreign, loop: loop) } == .addressInvalid)
        }
    }

    @Test("closing ends a waiting accept with nil, cancelling with an error, and accepting can go on after that")
    func closing() async throws {
        try await EventLoop.withThread { loop in
            let listener = try Listener.listen(on: SocketAddress(ip: "::1", port: 0)!, loop: loop)
            let cancelled = Task(executorPreference: loop) { await code { _ = try await listener.accept() } }
            await Task.yield()
            cancelled.cancel()
            #expect(await cancelled.value == .cancelled)

            let accepting = Task(executorPreference: loop) { try await listener.accept()?.peerAddress.isLoopback }
            let client = try await ByteStream.connect(to: listener.localAddress, on: loop)
            #expect(try await accepting.value == true)
            client.close()

            let waiting = Task(executorPreference: loop) { try await listener.accept() == nil }
            await Task.yield()
            listener.close()
            #expect(try await waiting.value)
            #expect(try await listener.accept() == nil)
        }
    }
}
