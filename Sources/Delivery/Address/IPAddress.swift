import Glibc

/// An IP address as what a connection really reaches: forms that carry an IPv4 address inside an IPv6 one are decoded.
///
/// **Source**: IPv4-mapped `::ffff:0:0/96` (RFC 4291, 2.5.5.2), NAT64 `64:ff9b::/96` (RFC 6052, 2.1), 6to4 `2002::/16`
/// (RFC 3056, 2), IPv4-compatible `::/96` (RFC 4291, 2.5.5.1, deprecated).
struct IPAddress: Hashable, Sendable {
    /// 4 or 16 bytes, in network order.
    let bytes: [UInt8]

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

    private static func embedded(_ b: [UInt8]) -> [UInt8]? {
        guard b.count == 16 else { return nil }
        if b[..<10].allSatisfy({ $0 == 0 }), b[10] == 0xFF, b[11] == 0xFF { return Array(b[12...]) }
        if Array(b[..<12]) == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] { return Array(b[12...]) }
        if b[0] == 0x20, b[1] == 0x02 { return Array(b[2..<6]) }
        // ::1 and :: are addresses of their own, not IPv4-compatible ones.
        if b[..<12].allSatisfy({ $0 == 0 }), b[12] != 0 || b[13] != 0 { return Array(b[12...]) }
        return nil
    }
}

/// A network in CIDR form.
struct Network: Hashable, Sendable {
    private let base: [UInt8]
    private let length: Int

    /// Reads `10.0.0.0/8`, `fd00::/8` or one address; nil if it is neither or the prefix is too long.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = IPAddress(String(parts[0])) else { return nil }
        let whole = address.bytes.count * 8
        guard let length = parts.count == 2 ? Int(parts[1]) : whole, (0...whole).contains(length) else { return nil }
        (base, self.length) = (address.bytes, length)
    }

    func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.count else { return false }
        let whole = length / 8
        guard address.bytes[..<whole] == base[..<whole] else { return false }
        let rest = length % 8
        return rest == 0 || (address.bytes[whole] ^ base[whole]) >> UInt8(8 - rest) == 0
    }
}
