import Glibc

/// An IP address as what a connection really reaches: forms that carry an IPv4 address inside an IPv6 one are decoded.
///
/// **Source**: IPv4-mapped `::ffff:0:0/96` (RFC 4291, 2.5.5.2), NAT64 `64:ff9b::/96` (RFC 6052, 2.1), 6to4 `2002::/16`
/// (RFC 3056, 2), IPv4-compatible `::/96` (RFC 4291, 2.5.5.1, deprecated).
struct IPAddress: Hashable, Sendable {
    /// 4 or 16 bytes, in network order.
    let bytes: [UInt8]

    /// Also of an IPv6 address that carried one.
    var isIPv4: Bool { bytes.count == 4 }

    /// Decodes the forms above; `bytes` must be 4 or 16.
    init(reaching bytes: [UInt8]) {
        precondition(bytes.count == 4 || bytes.count == 16)
        self.bytes = IPAddress.embedded(bytes) ?? bytes
    }
    /// Takes the bytes as they are, for the ends of a network.
    private init(raw bytes: [UInt8]) { self.bytes = bytes }

    /// Reads `10.0.0.1` or `fe80::1`, decoding nothing.
    init?(_ text: String) {
        var buffer = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &buffer) == 1 {
            self.init(raw: Array(buffer[..<4]))
        } else if inet_pton(AF_INET6, text, &buffer) == 1 {
            self.init(raw: buffer)
        } else {
            return nil
        }
    }

    private static func embedded(_ bytes: [UInt8]) -> [UInt8]? {
        carrierPrefix(bytes).map { Array(bytes[($0 / 8)...].prefix(4)) }
    }
    /// How many bits stand before the IPv4 address that these bytes carry; nil where they are none of the forms above.
    static func carrierPrefix(_ b: [UInt8]) -> Int? {
        guard b.count == 16 else { return nil }
        if b[..<10].allSatisfy({ $0 == 0 }), b[10] == 0xFF, b[11] == 0xFF { return 96 }
        if Array(b[..<12]) == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] { return 96 }
        if b[0] == 0x20, b[1] == 0x02 { return 16 }
        // ::1 and :: are addresses of their own, not IPv4-compatible ones.
        if b[..<12].allSatisfy({ $0 == 0 }), b[12] != 0 || b[13] != 0 { return 96 }
        return nil
    }
}
