import CUV
import Glibc

/// An IP address and a port.
///
/// An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) becomes the IPv4 address it means, so that one peer has one spelling
/// whichever kind of listener took it.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    /// The 16 bytes of the address in network order, IPv4 as its mapped form.
    let high: UInt64
    /// The last eight of them.
    let low: UInt64
    /// 0 where a listener leaves it to the system, or where only the address matters.
    public let port: UInt16
    /// Interface of a link-local IPv6 address; 0 for all others.
    let scope: UInt32

    /// `::ffff:0:0/96` of RFC 4291: what stands above an IPv4 address in `low`.
    static let mappedPrefix: UInt64 = 0xffff << 32

    /// The address as two halves in the machine's own byte order.
    init(high: UInt64, low: UInt64, port: UInt16, scope: UInt32 = 0) {
        (self.high, self.low, self.port, self.scope) = (high, low, port, scope)
    }

    /// Reads a numeric address such as `127.0.0.1`, `::1` or `[::1]`; nil for a name or anything else.
    public init?(ip: some StringProtocol, port: UInt16) {
        var text = String(ip)
        if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
        var v4 = sockaddr_in()
        var v6 = sockaddr_in6()
        if uv_ip4_addr(text, Int32(port), &v4) == 0 {
            self.init(v4)
        } else if uv_ip6_addr(text, Int32(port), &v6) == 0 {
            self.init(v6)
        } else {
            return nil
        }
    }

    private init(_ v4: sockaddr_in) {
        let address = UInt64(UInt32(bigEndian: v4.sin_addr.s_addr))
        self.init(high: 0, low: SocketAddress.mappedPrefix | address, port: UInt16(bigEndian: v4.sin_port))
    }

    private init(_ v6: sockaddr_in6) {
        let (high, low) = withUnsafeBytes(of: v6.sin6_addr) {
            (
                UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(high: high, low: low, port: UInt16(bigEndian: v6.sin6_port), scope: v6.sin6_scope_id)
    }

    /// From what the kernel or the resolver filled in; nil for other families than IPv4 and IPv6.
    init?(_ address: UnsafePointer<sockaddr>) {
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET: self.init(raw.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: self.init(raw.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }

    /// True of a mapped one as well: the two are the same here.
    public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }
    /// `127.0.0.0/8` or `::1`.
    public var isLoopback: Bool { isIPv4 ? low >> 24 & 0xff == 127 : high == 0 && low == 1 }

    /// The same host, another port.
    public func with(port: UInt16) -> SocketAddress {
        SocketAddress(high: high, low: low, port: port, scope: scope)
    }

    /// Calls `body` with the address as the system's calls want it.
    func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        if isIPv4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
            return withUnsafeBytes(of: &address) {
                body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
            }
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_scope_id = scope
        withUnsafeMutableBytes(of: &address.sin6_addr) {
            $0.storeBytes(of: high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return withUnsafeBytes(of: &address) {
            body($0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
    }

    /// The address without the port: `127.0.0.1`, `::1`.
    public var host: String {
        withSockaddr { address, _ in
            var text = [CChar](repeating: 0, count: 64)
            _ =
                isIPv4
                ? UnsafeRawPointer(address).withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    uv_ip4_name($0, &text, text.count)
                }
                : UnsafeRawPointer(address).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    uv_ip6_name($0, &text, text.count)
                }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// `127.0.0.1:5038`, `[::1]:5038`.
    public var description: String { isIPv4 ? "\(host):\(port)" : "[\(host)]:\(port)" }
}
