public import Glibc
import Synchronization

/// Ports of 127.0.0.1, for the sockets that tests and the lab open themselves.
public enum Loopback {
    /// Calls with the address of a port as `bind` and `connect` take it; 0 lets the kernel choose.
    /// - Parameter host: another address of loopback, 127.x.y.z, where nobody who means 127.0.0.1 can come by mistake.
    public static func withAddress<R>(
        _ port: UInt16, host: String = "127.0.0.1", _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        precondition(inet_pton(AF_INET, host, &address.sin_addr) == 1, "the host is not an IPv4 address")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// The port a bound IPv4 socket has; 0 where it has none.
    public static func port(of descriptor: Int32) -> UInt16 {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Ports that this process has been given.
    private static let given = Mutex<Set<UInt16>>([])

    /// A port nobody has at this moment, for a server that must be told its port: the same one is never given twice, for a server
    /// may be minutes from its start, or between two.
    ///
    /// Below the kernel's own range, so that no outgoing connection takes it in the meantime.
    public static func freePort(stream: Bool = true) -> UInt16 {
        let kind = stream ? SOCK_STREAM : SOCK_DGRAM
        while true {
            let probe = socket(AF_INET, Int32(kind.rawValue), 0)
            defer { close(probe) }
            let port = UInt16.random(in: 20000..<32000)
            guard withAddress(port, { bind(probe, $0, $1) }) == 0 else { continue }
            if given.withLock({ $0.insert(port).inserted }) { return port }
        }
    }
}
