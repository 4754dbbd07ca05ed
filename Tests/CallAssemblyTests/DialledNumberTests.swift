import Testing

@testable import CallAssembly

@Suite("The number in a dial string")
struct DialledNumberTests {
    @Test(
        "each way to ask a device for a number is read",
        arguments: [
            ("15559876543@trunk", "15559876543"), ("trunk/15559876543", "15559876543"), ("g1/112", "112"),
            ("i1/w15559876543", nil), ("trunk/sip:112@192.0.2.1:5060", "112"),
            ("user:secret1234567@host.example/15559876543", "15559876543"), ("+493012345678@carrier", "+493012345678"),
            ("agent-one", nil), ("1001", nil), ("1001/sip:1001@192.0.2.7:49152;ob", "1001"),
            ("agent-one/sip:agent-one@192.0.2.7", nil), ("", nil), ("@", nil), ("/", nil),
        ] as [(String, String?)])
    func number(text: String, number: String?) { #expect(Names.number(in: text[...]) == number) }
}
