import Glibc

/// One UDP socket on loopback, at a port the kernel chose.
///
/// `send` may be called from any thread; `receive` from one.
final class UDPSocket: @unchecked Sendable {
    // Invariant: the descriptor is set once and closed in deinit; the kernel makes single datagrams atomic.
    let descriptor: Int32
    let port: UInt16

    init() throws(LabError) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = UDPSocket.loopback(0)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
        }
        var length = size
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        port = UInt16(bigEndian: address.sin_port)
        guard descriptor >= 0, bound == 0 else { throw LabError("no UDP socket", String(cString: strerror(errno))) }
        var buffer: Int32 = 1 << 20
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    /// Sends one datagram to a port on loopback; a full buffer loses it, as a network would.
    func send(_ bytes: [UInt8], to port: UInt16) {
        var address = UDPSocket.loopback(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bytes.withUnsafeBytes {
                    sendto(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT), pointer, size)
                }
            }
        }
    }

    /// One datagram that is there already, or nil.
    func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count > 0 ? Array(buffer[..<count]) : nil
    }

    /// A port nobody has at this moment, for a server that must be told its port.
    static func freePort(stream: Bool) -> UInt16 {
        let kind = Int32(stream ? SOCK_STREAM.rawValue : SOCK_DGRAM.rawValue)
        while true {
            // Below the kernel's own range, so that no outgoing connection takes it in the meantime.
            let port = UInt16.random(in: 20000..<32000)
            let probe = socket(AF_INET, kind, 0)
            defer { close(probe) }
            var address = loopback(port)
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if bound == 0 { return port }
        }
    }
}
