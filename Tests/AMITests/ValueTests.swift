import AsteriskWire
import Testing

@testable import AMI

@Suite struct ValueTests {
    /// RFC 1321, appendix A.5.
    @Test(
        "MD5 gives the digests of RFC 1321",
        arguments: [
            ("", "d41d8cd98f00b204e9800998ecf8427e"), ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"), ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            (
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
                "d174ab98d277d9f5a5611c2c9f419d9f"
            ),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a"
            ),
        ])
    func md5(text: String, digest: String) {
        #expect(MD5.hexDigest(of: text) == digest)
    }

    @Test("the wait doubles up to its longest, is spread over its upper half, and is long after a refusal")
    func backoff() {
        let backoff = AMIBackoff()
        let waits = (1...10).map { backoff.delay(afterFailures: $0, refused: false, random: 0.999_999_999) }
        for (index, seconds) in [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 30].enumerated() {
            #expect(waits[index] < .seconds(seconds))
            #expect(waits[index] > .seconds(seconds * 0.99))
        }
        #expect(backoff.delay(afterFailures: 4, refused: false, random: 0) == .seconds(1))
        #expect(backoff.delay(afterFailures: 1, refused: true, random: 0) == .seconds(15))
        #expect(backoff.delay(afterFailures: 1_000_000, refused: false, random: 0) == .seconds(15))
    }

    /// Feeds text to a session's state machine and collects what it wants done.
    static func actions(_ text: String, _ state: inout AMISessionState) throws -> [AMISessionState.Action] {
        var decoder = AMIDecoder()
        var all: [AMISessionState.Action] = []
        try decoder.feed(Array(text.utf8)) { message in all += state.message(message) }
        return all
    }

    @Test("the session machine takes only answers to its own requests, and nothing after its end")
    func machine() throws {
        let configuration = AMIConfiguration(host: "pbx", username: "u", secret: "s")
        var state = AMISessionState(configuration: configuration, id: "x")
        #expect(state.pingDue() == [])
        #expect(
            try ValueTests.actions("Asterisk Call Manager/5.0.4\r\n", &state) == [
                .send(AMIAction("Challenge", [.init("AuthType", "MD5")]), id: "x-login")
            ])
        #expect(try ValueTests.actions("Response: Success\r\nActionID: y\r\nChallenge: 1\r\n\r\n", &state) == [])
        #expect(try ValueTests.actions("Event: FullyBooted\r\nPrivilege: system,all\r\n\r\n", &state) == [])
        let login = try ValueTests.actions("Response: Success\r\nActionID: x-login\r\nChallenge: 1\r\n\r\n", &state)
        guard case .send(let action, _) = login.first else { return #expect(Bool(false)) }
        // printf 1s | md5sum
        #expect(action.headers.first { $0.name == "Key" }?.value == "0cf81f9038402e85910cfad17d0051b3")
        let done = try ValueTests.actions("Response: Success\r\nActionID: x-login\r\n\r\n", &state)
        #expect(done == [.open, .report(.loggedIn(managerVersion: "5.0.4"))])
        #expect(state.loginDeadlinePassed(isMidMessage: false) == [])
        #expect(state.bootDeadlinePassed() == [.resync])
        #expect(state.bootDeadlinePassed() == [])
        state.heard()
        #expect(state.pingDue() == [])
        #expect(state.pingDue() == [.send(.ping, id: "x-ping")])
        guard case .end(let error) = state.pingDue().first else { return #expect(Bool(false)) }
        #expect(error.code == .peerSilent)
        #expect(state.phase == .ended)
        #expect(state.pingDue() == [])
        #expect(try ValueTests.actions("Asterisk Call Manager/5.0.4\r\n", &state) == [])
    }
}
