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

    /// Compares the first `length` bits; an address of the other family is never inside.
    ///
    /// As `IPAddress(reaching:)` turns `::ffff:10.0.0.1` into `10.0.0.1`, such an address is found in `10.0.0.0/8`, and
    /// a network written in one of the forms that carry IPv4 (`::ffff:0:0/96`) holds nothing.
    func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.count else { return false }
        let whole = length / 8
        guard address.bytes[..<whole] == base[..<whole] else { return false }
        let rest = length % 8
        return rest == 0 || (address.bytes[whole] ^ base[whole]) >> UInt8(8 - rest) == 0
    }
}
