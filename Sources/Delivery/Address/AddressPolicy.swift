/// Which addresses an endpoint may be reached at: the `allow` of a section, asked at each connect, after name look-up.
///
/// **Shape**: `any`, or a list of `public`, `private`, `loopback` and networks, as `private, 203.0.113.0/24`.
/// Link-local (where clouds keep their metadata), multicast and reserved addresses are in none of the three words.
///
/// **Source**: IANA's special-purpose address registries (RFC 6890 and its updates).
public struct AddressPolicy: Sendable, Hashable {
    private enum Item: Hashable, Sendable {
        case everyPublic, everyPrivate, loopback
        case network(Network)
    }
    /// Nil: any address.
    private let items: [Item]?

    /// Refuses nothing, link-local and metadata addresses included: what a section without `allow` has.
    public static let any = AddressPolicy(items: nil)
    private init(items: [Item]?) { self.items = items }

    /// Whether there is anything to check.
    public var isAny: Bool { items == nil }

    /// Reads `allow`; words are in small letters, and `any` stands alone.
    /// - Throws: on what is neither word nor network, on a network that can hold nobody, and on an empty list.
    init(configuration text: String) throws(ValueError) {
        let words = ConfigurationText.list(text)
        if words == ["any"] {
            self = .any
            return
        }
        var items: [Item] = []
        for word in words {
            switch word {
            case "public": items.append(.everyPublic)
            case "private": items.append(.everyPrivate)
            case "loopback": items.append(.loopback)
            default:
                guard let network = Network(word) else {
                    throw ValueError(
                        problem: "\"\(word)\" is not a network",
                        hint: "allowed: any alone, or public, private, loopback and networks as 10.0.0.0/8")
                }
                if let meant = network.carried {
                    throw ValueError(
                        problem: "\"\(word)\" would hold nobody: such an address is taken for the IPv4 one it carries",
                        hint: "write \(meant)")
                }
                items.append(.network(network))
            }
        }
        if items.isEmpty { throw ValueError(problem: "no network is named", hint: "write any, or leave the key out") }
        self.items = items
    }

    /// Whether a connection to this address (4 or 16 bytes, network order) may be made.
    public func allows(_ bytes: [UInt8]) -> Bool {
        guard let items else { return true }
        guard bytes.count == 4 || bytes.count == 16 else { return false }
        let address = IPAddress(reaching: bytes)
        return items.contains { item in
            switch item {
            case .loopback: AddressPolicy.loopback.contains { $0.contains(address) }
            case .everyPrivate: AddressPolicy.privateUse.contains { $0.contains(address) }
            case .everyPublic: AddressPolicy.isPublic(address)
            case .network(let network): network.contains(address)
            }
        }
    }

    private static func isPublic(_ address: IPAddress) -> Bool {
        if !address.isIPv4 { return globalUnicast.contains(address) && !notPublic.contains { $0.contains(address) } }
        return !notPublic.contains { $0.contains(address) }
    }

    private static let loopback = networks("127.0.0.0/8", "::1")
    /// RFC 1918, RFC 6598 (shared by carriers, used inside), RFC 4193.
    private static let privateUse = networks(
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
    private static let globalUnicast = networks("2000::/3")[0]
    private static let notPublic = networks(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        // Teredo hides an IPv4 address; documentation; benchmarking; ORCHID; discard.
        "2001::/32", "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32", "3fff::/20", "100::/64")

    private static func networks(_ texts: String...) -> [Network] {
        texts.map { text in
            guard let network = Network(text) else { preconditionFailure("not a network: \(text)") }
            return network
        }
    }
}
