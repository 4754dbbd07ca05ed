import Testing

@testable import Delivery

@Suite struct AddressPolicyTests {
    func allows(_ policy: String, _ address: String) throws -> Bool {
        try AddressPolicy(configuration: policy).allows(IPAddress(address)!.bytes)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.0", "192.167.1.1", "100.63.255.255", "100.128.0.0",
        "2606:4700:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
    ])
    func `public addresses are public, whichever way they are written`(address: String) throws {
        #expect(try allows("public", address))
        #expect(try !allows("private", address))
        #expect(try !allows("loopback", address))
        #expect(try allows("any", address))
    }

    @Test(arguments: [
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd12:3456::1", "fc00::1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::c0a8:101", "2002:a00:1::1", "2002:c0a8:101::", "::10.0.0.1",
    ])
    func `private addresses stay private behind IPv4-mapped, NAT64 and 6to4`(address: String) throws {
        #expect(try !allows("public", address))
        #expect(try allows("private", address))
        #expect(try !allows("loopback", address))
    }

    @Test(arguments: ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"])
    func `loopback is only loopback`(address: String) throws {
        #expect(try !allows("public", address))
        #expect(try !allows("private", address))
        #expect(try allows("loopback", address))
        #expect(try allows("private, loopback", address))
    }

    @Test(arguments: [
        "0.0.0.0", "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "203.0.113.9", "::", "fe80::1", "ff02::1",
        "2001:db8::1", "2001::1", "100::1", "64:ff9b:1::1",
    ])
    func `link-local, reserved and multicast are in none of the words`(address: String) throws {
        #expect(try !allows("public", address))
        #expect(try !allows("private, loopback", address))
    }

    @Test func `networks are matched to the bit`() throws {
        #expect(try allows("10.1.2.0/23", "10.1.3.255"))
        #expect(try !allows("10.1.2.0/23", "10.1.4.0"))
        #expect(try allows("192.0.2.7", "192.0.2.7"))
        #expect(try !allows("192.0.2.7", "192.0.2.8"))
        #expect(try allows("fd00:1::/33", "fd00:1:7fff::1"))
        #expect(try !allows("fd00:1::/33", "fd00:1:8000::1"))
        #expect(try allows("0.0.0.0/0", "10.0.0.1"))
        #expect(try !allows("0.0.0.0/0", "2606:4700::1"))
        #expect(try allows("public, 10.9.0.0/16", "::ffff:10.9.1.1"))
    }

    /// An address is compared as the IPv4 one it carries: such a network would allow nobody, and say nothing.
    @Test(arguments: [
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::ffff:0:0/96", "0.0.0.0/0"), ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("64:ff9b::a00:0/104", "10.0.0.0/8"), ("64:ff9b::/96", "0.0.0.0/0"), ("2002:a00::/24", "10.0.0.0/8"),
        ("2002::/16", "0.0.0.0/0"), ("2002:c000:207:1::/64", "192.0.2.7/32"), ("::10.1.2.3/112", "10.1.0.0/16"),
        ("::10.1.2.3", "10.1.2.3/32"),
    ])
    func `a network of IPv6 addresses that carry IPv4 is refused with the one to write`(text: String, meant: String) {
        let error = #expect(throws: ValueError.self) { try AddressPolicy(configuration: "private, \(text)") }
        #expect(error?.problem.contains(text) == true)
        #expect(error?.hint.contains("write \(meant)") == true, "\(String(describing: error))")
    }

    @Test func `a network that holds such addresses among others is taken`() throws {
        #expect(try allows("::/0", "2606:4700::1"))
        #expect(try allows("2000::/3", "2606:4700::1"))
        #expect(try allows("::1", "::1"))
        #expect(try allows("::/96", "::1"))
        #expect(try allows("::10.0.0.1/96", "::1"))
    }

    @Test(arguments: ["", "everything", "10.0.0.0/33", "10.0.0/8", "any, public", "::/129", "10.0.0.0/"])
    func `what names no network is refused`(text: String) {
        #expect(throws: ValueError.self) { try AddressPolicy(configuration: text) }
    }
}
