public import EventLoop

/// A web server over TLS on a port of 127.0.0.1 that answers each request with 200.
///
/// `@unchecked Sendable`: used on its loop's thread only.
public final class TLSWebServer: @unchecked Sendable {
    /// Chosen by the kernel.
    public let port: UInt16
    private let listener: Listener
    private var serving: Task<Void, Never>?

    /// Listens from now on, and serves on the loop.
    public init(_ options: TLSServerOptions, on loop: EventLoop) throws {
        listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
        port = listener.localAddress.port
        serving = Task(executorPreference: loop) { [listener] in
            await withDiscardingTaskGroup { group in
                while let stream = try? await listener.accept() {
                    group.addTask {
                        try? await TLSWebServer.serve(stream, options)
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

    private static func serve(_ stream: ByteStream, _ options: TLSServerOptions) async throws {
        try await stream.startTLS(server: options)
        var request: [UInt8] = []
        while try await stream.read({ request.append(contentsOf: $0) }) {
            guard request.suffix(4).elementsEqual("\r\n\r\n".utf8) else { continue }
            try await stream.write(Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8))
            request = []
        }
    }
}
