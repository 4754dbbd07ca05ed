import Telephony
import Testing

@Suite("The id of a bridge")
struct BridgeIDTests {
    @Test(
        "is the text Asterisk sent",
        arguments: [
            "5f3a9c1e-07b2-4d68-9e41-b6c0d2f7a835", "00000000-0000-0000-0000-000000000000",
            "01234567-89ab-cdef-fedc-ba9876543210", "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "5F3A9C1E-07B2-4D68-9E41-B6C0D2F7A835",
            "5f3a9c1e-07b2-4d68-9e41-b6c0d2f7a83", "5f3a9c1e-07b2-4d68-9e41-b6c0d2f7a8350",
            "5f3a9c1e507b2-4d68-9e41-b6c0d2f7a835",
            "meetme/600", "talk", "", "Brücke",
        ])
    func text(text: String) {
        #expect(BridgeID(text).description == text)
        #expect(BridgeID(text) == BridgeID(text))
    }

    @Test("whatever byte stands at whatever place, two ids are one if their texts are")
    func places() {
        let id = Array("5f3a9c1e-07b2-4d68-9e41-b6c0d2f7a835".utf8)
        for place in id.indices {
            for byte in UInt8(0)..<128 {
                var other = id
                other[place] = byte
                let text = String(decoding: other, as: UTF8.self)
                #expect(BridgeID(text).description == text)
                #expect((BridgeID(text) == BridgeID(String(decoding: id, as: UTF8.self))) == (byte == id[place]))
            }
        }
    }
}
