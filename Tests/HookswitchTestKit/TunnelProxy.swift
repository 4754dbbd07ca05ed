public import EventLoop

/// An HTTP proxy on a port of 127.0.0.1 whose every `CONNECT` ends at one server, whatever host it names.
///
/// It makes a way only for who shows the credentials, where it has some, and answers 407 to others. `@unchecked Sendable`:
/// used on its loop's thread only.
public final class TunnelProxy: @unchecked Sendable {
    /// Chosen by the kernel.
    public let port: UInt16
    /// The `CONNECT` lines that were answered with 200.
    public private(set) var made: [String] = []
    /// How many were answered with 407.
    public private(set) var refused = 0
    private let listener: Listener
    private var serving: Task<Void, Never>?

    /// Listens from now on, and serves on the loop.
    /// - Parameter credentials: `USER:PASSWORD` in base 64, as `Proxy-Authorization: Basic` has them.
    public init(to server: UInt16, credentials: String? = nil, on loop: EventLoop) throws {
        listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
        port = listener.localAddress.port
        serving = Task(executorPreference: loop) { [unowned self, listener] in
            await withDiscardingTaskGroup { group in
                while let stream = try? await listener.accept() {
                    group.addTask {
                        try? await self.serve(stream, server, credentials, loop)
                        stream.close()
                    }
                }
            }
        }
    }
    /// Ends when its last connection has.
    public func close() async {
        listener.close()
        await serving?.value
    }

    private func serve(_ stream: ByteStream, _ server: UInt16, _ credentials: String?, _ loop: EventLoop) async throws {
        var bytes: [UInt8] = []
        while !bytes.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard try await stream.read({ bytes.append(contentsOf: $0) }) else { return }
        }
        let request = String(decoding: bytes, as: UTF8.self)
        if let credentials, !request.contains("Proxy-Authorization: Basic \(credentials)\r\n") {
            refused += 1
            let answer = "HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"
            return try await stream.write(Array(answer.utf8))
        }
        let other = try await ByteStream.connect(
            to: SocketAddress(ip: "127.0.0.1", port: server)!, on: loop)
        made.append(String(request.prefix { $0 != "\r\n" }))
        try await stream.write(Array("HTTP/1.1 200 X\r\n\r\n".utf8))
        await withDiscardingTaskGroup { group in
            group.addTask { try? await TunnelProxy.copy(stream, other) }
            group.addTask { try? await TunnelProxy.copy(other, stream) }
        }
        other.close()
    }
    /// Until one end has no more; then the other is told so.
    private static func copy(_ from: ByteStream, _ to: ByteStream) async throws {
        var bytes: [UInt8] = []
        while try await from.read({ bytes = Array($0) }) { try await to.write(bytes) }
        try await to.shutdownWrite()
    }
}
