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
    /// - Parameter answers: requests it answers on one connection; the next answer breaks off.
    public init(_ options: TLSServerOptions, answers: Int = .max, on loop: EventLoop) throws {
        listener = try Listener.listen(on: SocketAddress(ip: "127.0.0.1", port: 0)!, loop: loop)
        port = listener.localAddress.port
        serving = Task(executorPreference: loop) { [listener] in
            await withDiscardingTaskGroup { group in
                while let stream = try? await listener.accept() {
                    group.addTask {
                        try? await TLSWebServer.serve(stream, options, answers)
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

    private static func serve(_ stream: ByteStream, _ options: TLSServerOptions, _ answers: Int) async throws {
        try await stream.startTLS(server: options)
        var request: [UInt8] = []
        var left = answers
        while try await stream.read({ request.append(contentsOf: $0) }) {
            guard isWhole(request) else { continue }
            let isLast = left == 0
            try await stream.write(
                Array("HTTP/1.1 200 OK\r\nContent-Length: \(isLast ? 1 : 0)\r\n\r\n".utf8))
            if isLast { return }
            left -= 1
            request = []
        }
    }
    /// Whether the blank line has come, and as many bytes behind it as `Content-Length` says.
    private static func isWhole(_ request: [UInt8]) -> Bool {
        let lines = String(decoding: request, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        guard let blank = lines.firstIndex(of: "") else { return false }
        let length = lines[..<blank].first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) }
        return lines[(blank + 1)...].joined(separator: "\r\n").utf8.count >= length ?? 0
    }
}
