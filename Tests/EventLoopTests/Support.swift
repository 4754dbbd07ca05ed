import Glibc

@testable import EventLoop

/// A listener on loopback and the two ends of one connection to it.
struct Pair {
    let listener: Listener
    let client: ByteStream
    let server: ByteStream

    nonisolated(nonsending) static func make(on loop: EventLoop) async throws -> Pair {
        let listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
        // Not `async let`: its child would leave the loop when the caller is an actor.
        let accepting = Task(executorPreference: loop) { try await listener.accept() }
        let client = try await ByteStream.connect(to: listener.localAddress, on: loop, deadline: .seconds(120))
        let server = try await accepting.value!
        return Pair(listener: listener, client: client, server: server)
    }

    func close() {
        client.close()
        server.close()
        listener.close()
    }
}

extension ByteStream {
    /// Everything up to the end of the stream.
    nonisolated(nonsending) func readAll() async throws -> [UInt8] {
        var all: [UInt8] = []
        while try await read({ all.append(contentsOf: $0) }) {}
        return all
    }

    /// At least `count` bytes.
    nonisolated(nonsending) func read(atLeast count: Int) async throws -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count, try await read({ all.append(contentsOf: $0) }) {}
        return all
    }
}

/// The code of the error `body` throws; nil when it throws none or another kind.
nonisolated(nonsending) func code(of body: nonisolated(nonsending) () async throws -> Void) async -> EventLoopError
    .Code?
{
    do {
        try await body()
        return nil
    } catch {
        return (error as? EventLoopError)?.code
    }
}

/// A number that tasks on one loop share.
final class Shared<Value>: @unchecked Sendable {  // touched by tasks of one loop only
    var value: Value
    init(_ value: Value) { self.value = value }
}
