/// A network in CIDR form.
struct Network: Hashable, Sendable, CustomStringConvertible {
    /// Zero behind the first `length` bits.
    private let base: [UInt8]
    private let length: Int

    /// Reads `10.0.0.0/8`, `fd00::/8` or one address; nil if it is neither or the prefix is too long. Bits beyond the prefix
    /// are ignored.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = IPAddress(String(parts[0])) else { return nil }
        let whole = address.bytes.count * 8
        guard let length = parts.count == 2 ? Int(parts[1]) : whole, (0...whole).contains(length) else { return nil }
        self.init(address.bytes, length)
    }
    private init(_ bytes: [UInt8], _ length: Int) {
        base = bytes.indices.map { bytes[$0] & Network.mask(length - $0 * 8) }
        self.length = length
    }
    /// A byte of which so many bits count, from the highest.
    private static func mask(_ bits: Int) -> UInt8 { bits <= 0 ? 0 : bits >= 8 ? 0xFF : ~(0xFF >> UInt8(bits)) }

    /// Compares the first `length` bits; an address of the other family is never inside.
    ///
    /// As `IPAddress(reaching:)` turns `::ffff:10.0.0.1` into `10.0.0.1`, such an address is found in `10.0.0.0/8`.
    func contains(_ address: IPAddress) -> Bool {
        address.bytes.count == base.count && Network(address.bytes, length).base == base
    }

    /// Of a network all of whose addresses carry an IPv4 one: the network those are of. It holds nobody itself, for they are
    /// compared as what they carry. Nil of any other.
    var carried: Network? {
        guard let prefix = IPAddress.carrierPrefix(base), length >= prefix else { return nil }
        return Network(Array(base[(prefix / 8)...].prefix(4)), min(length - prefix, 32))
    }

    /// `10.0.0.0/8`; of IPv6 all eight groups.
    var description: String {
        guard base.count == 16 else { return base.map { String($0) }.joined(separator: ".") + "/\(length)" }
        let groups = stride(from: 0, to: 16, by: 2).map { String(Int(base[$0]) << 8 | Int(base[$0 + 1]), radix: 16) }
        return groups.joined(separator: ":") + "/\(length)"
    }
}
