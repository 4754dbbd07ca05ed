/// A network in CIDR notation, such as `127.0.0.0/8`, `fd00::/8` or a single address.
public struct NetworkPrefix: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64
    /// Bits of the mapped form, 0 to 128: an IPv4 `/8` is kept as 104.
    private let length: Int

    /// Reads `ADDRESS` or `ADDRESS/LENGTH`; nil for anything else. Bits beyond the length are ignored.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = SocketAddress(ip: parts[0], port: 0) else { return nil }
        let isV4 = !parts[0].utf8.contains(UInt8(ascii: ":"))
        var bits = isV4 ? 32 : 128
        if parts.count == 2 {
            guard let given = Int(parts[1]), given >= 0, given <= bits, parts[1].utf8.first != UInt8(ascii: "+") else {
                return nil
            }
            bits = given
        }
        length = isV4 ? bits + 96 : bits
        (high, low) = NetworkPrefix.mask(address.high, address.low, length)
    }

    private static func mask(_ high: UInt64, _ low: UInt64, _ length: Int) -> (UInt64, UInt64) {
        let highMask: UInt64 = length >= 64 ? .max : length == 0 ? 0 : .max << UInt64(64 - length)
        let lowMask: UInt64 = length <= 64 ? 0 : length == 128 ? .max : .max << UInt64(128 - length)
        return (high & highMask, low & lowMask)
    }

    /// Whether the address lies in this network; an IPv4-mapped address counts as the IPv4 address.
    public func contains(_ address: SocketAddress) -> Bool {
        NetworkPrefix.mask(address.high, address.low, length) == (high, low)
    }

    public var description: String {
        let address = SocketAddress(high: high, low: low, port: 0)
        return address.isIPv4 ? "\(address.host)/\(length - 96)" : "\(address.host)/\(length)"
    }
}
