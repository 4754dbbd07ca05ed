import CUV
import Glibc

extension EventLoop {
    /// The addresses of a host, in the order the system prefers, off the loop's thread.
    ///
    /// A numeric address is answered at once. May be called from any thread.
    /// - Throws: `.nameNotFound`, `.timedOut` after `deadline`, `.cancelled`.
    /// - **Source**: libuv uv_getaddrinfo (its thread pool), getaddrinfo(3), RFC 6724 for the order.
    nonisolated(nonsending)
        public func resolve(
            host: String, port: UInt16, deadline: Duration = .seconds(10)
        ) async throws(EventLoopError) -> [SocketAddress]
    {
        if let address = SocketAddress(ip: host, port: port) { return [address] }
        let operation = "look up \(host)"
        let late = Result<[SocketAddress], EventLoopError>.failure(.timedOut(operation, after: deadline))
        let cancelled = Result<[SocketAddress], EventLoopError>.failure(.cancelled(operation))
        return try await wait(deadline: deadline, late: late, cancelled: cancelled) { [self] shot in
            LookUp.start(host: host, port: port, loop: self, shot: shot)
        }.get()
    }
}

/// One getaddrinfo request; alive until libuv has called back, even when nobody waits any more.
private final class LookUp {
    private let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    private let loop: EventLoop
    private let shot: OneShot<Result<[SocketAddress], EventLoopError>>
    private let host: String
    private let port: UInt16

    private init(
        host: String, port: UInt16, loop: EventLoop, shot: OneShot<Result<[SocketAddress], EventLoopError>>
    ) {
        (self.host, self.port, self.loop, self.shot) = (host, port, loop, shot)
    }

    deinit { request.deallocate() }

    static func start(
        host: String, port: UInt16, loop: EventLoop, shot: OneShot<Result<[SocketAddress], EventLoopError>>
    ) {
        let lookUp = LookUp(host: host, port: port, loop: loop, shot: shot)
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        // Not AI_ADDRCONFIG: beside an interface with IPv6 only it would hide 127.0.0.1, where Asterisk listens.
        let retained = Unmanaged.passRetained(lookUp)
        lookUp.request.pointee.data = retained.toOpaque()
        let status = uv_getaddrinfo(
            loop.uv, lookUp.request,
            { request, status, list in
                Unmanaged<LookUp>.fromOpaque(request!.pointee.data).takeRetainedValue().finish(status, list)
            }, host, nil, &hints)
        if status != 0 {
            retained.release()
            shot.finish(.failure(EventLoopError(uv: status, operation: "look up \(host)")))
        }
    }

    private func finish(_ status: Int32, _ list: UnsafeMutablePointer<addrinfo>?) {
        defer { uv_freeaddrinfo(list) }
        guard status == 0 else {
            return shot.finish(.failure(EventLoopError(uv: status, operation: "look up \(host)")))
        }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let address = SocketAddress(entry.pointee.ai_addr)?.with(port: port), !found.contains(address) {
                found.append(address)
            }
            next = entry.pointee.ai_next
        }
        shot.finish(.success(found))
    }
}
