import Glibc
import TestGround

/// One UDP socket on loopback, at a port the kernel chose.
///
/// `send` may be called from any thread; `receive` from one.
final class UDPSocket: @unchecked Sendable {
    // Invariant: the descriptor is set once and closed in deinit; the kernel makes single datagrams atomic.
    /// Open for as long as the object lives.
    let descriptor: Int32
    /// Chosen by the kernel.
    let port: UInt16

    /// Bound to 127.0.0.1.
    init() throws(LabError) {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        let bound = Loopback.withAddress(0) { bind(descriptor, $0, $1) }
        port = Loopback.port(of: descriptor)
        guard descriptor >= 0, bound == 0 else { throw LabError("no UDP socket", String(cString: strerror(errno))) }
        var buffer: Int32 = 1 << 20
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &buffer, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Sends one datagram to a port on loopback; a full buffer loses it, as a network would.
    func send(_ bytes: [UInt8], to port: UInt16) {
        _ = Loopback.withAddress(port) { address, length in
            bytes.withUnsafeBytes {
                sendto(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT), address, length)
            }
        }
    }

    /// One datagram that is there already, or nil.
    func receive() -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count > 0 ? Array(buffer[..<count]) : nil
    }
}
