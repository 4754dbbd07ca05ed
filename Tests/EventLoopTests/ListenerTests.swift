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
            let listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
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

    @Test("IPv6's loopback is listened on and connected to where the machine has it; where not, that is said")
    func overIPv6() async throws {
        // A container often has none: asked of the kernel itself.
        let probe = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(probe) }
        let address = SocketAddress(ip: "::1", port: 0)!
        let isThere = address.withSockaddr { bind(probe, $0, $1) } == 0
        try await EventLoop.withThread { loop in
            guard isThere else {
                #expect(await code { _ = try Listener.listen(on: address, loop: loop) } == .addressInvalid)
                return
            }
            let listener = try Listener.listen(on: address, loop: loop)
            async let accepted = listener.accept()
            let client = try await ByteStream.connect(to: listener.localAddress, on: loop)
            #expect(try await accepted?.peerAddress.isLoopback == true)
            client.close()
            listener.close()
        }
    }

    @Test("without descriptors new connections are refused at once, the loop rests, and all is well once some are free")
    func descriptorsExhausted() async {
        // A process of its own, since the limit is the process's.
        await #expect(processExitsWith: .success) {
            try await EventLoop.withThread { loop in
                let listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
                let pair = try await Pair.make(on: loop)
                let clients = (0..<5).map { _ in socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
                // Every descriptor below the limit is taken: the listener cannot accept.
                var limit = rlimit(rlim_cur: 64, rlim_max: 64)
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                var fillers: [Int32] = []
                while true {
                    let filler = dup(0)
                    if filler < 0 { break }
                    fillers.append(filler)
                }
                let accepting = Task(executorPreference: loop) { try await listener.accept() }
                for client in clients {
                    let status = listener.localAddress.withSockaddr { Glibc.connect(client, $0, $1) }
                    precondition(status == 0)
                }
                while listener.refusedCount < clients.count { try await loop.sleep(for: .milliseconds(1)) }
                for client in clients {
                    var byte: UInt8 = 0
                    precondition(recv(client, &byte, 1, 0) <= 0, "refused means closed")
                }
                // A connection that is there already is not harmed.
                try await pair.client.write([1])
                let received = try await pair.server.read(atLeast: 1)
                precondition(received == [1])
                // The loop rests: it takes far less processor time than it waits.
                let before = clock()
                try await loop.sleep(for: .milliseconds(200))
                precondition(clock() - before < CLOCKS_PER_SEC / 20, "the loop spins")
                for filler in fillers { close(filler) }
                let client = try await ByteStream.connect(to: listener.localAddress, on: loop)
                let accepted = try await accepting.value
                precondition(accepted != nil)
                client.close()
            }
        }
    }
}
