import Testing

@testable import EventLoop

@Suite struct SocketAddressTests {
    @Test(
        "addresses are written as they are read",
        arguments: [
            ("127.0.0.1", "127.0.0.1:5038"), ("::1", "[::1]:5038"), ("[2001:db8::1]", "[2001:db8::1]:5038"),
            ("::ffff:10.1.2.3", "10.1.2.3:5038"),
        ])
    func roundTrip(text: String, expected: String) {
        #expect(SocketAddress(ip: text, port: 5038)?.description == expected)
    }

    @Test(
        "names and damaged addresses are no addresses",
        arguments: ["", "localhost", "256.0.0.1", "1.2.3", ":::", "1.2.3.4 "])
    func refuses(text: String) {
        #expect(SocketAddress(ip: text, port: 1) == nil)
    }

    @Test(
        "a network contains what its bits say",
        arguments: [
            ("127.0.0.0/8", "127.255.0.1", true), ("127.0.0.0/8", "128.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.9.9.9", true), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false),
            ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("192.0.2.7/31", "192.0.2.6", true),
            ("::1", "::1", true), ("::1", "::2", false), ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe80::1", false),
            ("2001:db8::/65", "2001:db8::7fff:0:0:1", true), ("2001:db8::/65", "2001:db8::8000:0:0:1", false),
            ("::/0", "2001:db8::1", true),
        ])
    func contains(network: String, address: String, expected: Bool) throws {
        let network = try #require(NetworkPrefix(network))
        #expect(network.contains(SocketAddress(ip: address, port: 9)!) == expected)
    }

    @Test(
        "a damaged network is refused",
        arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "::/129", "host/8", "10.0.0.0/8/8", "10.0.0.0/"])
    func refusesNetwork(text: String) {
        #expect(NetworkPrefix(text) == nil)
    }

    @Test(
        "a network is written in CIDR notation",
        arguments: [("10.1.2.3/8", "10.0.0.0/8"), ("::1", "::1/128"), ("192.0.2.1", "192.0.2.1/32")])
    func describes(text: String, expected: String) {
        #expect(NetworkPrefix(text)?.description == expected)
    }
}
