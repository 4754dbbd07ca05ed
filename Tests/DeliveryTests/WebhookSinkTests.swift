import Glibc
import HookswitchTestKit
import TestGround
import Testing

@Suite struct WebhookSinkTests {
    /// It lives in one process with the sockets of all tests that run beside its own, where a number that was closed is another's at
    /// once.
    @Test func `a sink that is stopped, once or twice, ends no socket but its own`() {
        for _ in 0..<200 {
            let sink = WebhookSink()
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            #expect(Loopback.withAddress(sink.port) { connect(client, $0, $1) } == 0)
            // Its connection ends while it is stopped.
            close(client)
            sink.stop()
            // Its threads give their descriptors back meanwhile; where they are slower, this round shows nothing.
            usleep(2000)
            var ends: [Int32] = [0, 0]
            #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0)
            sink.stop()
            var byte: UInt8 = 7
            #expect(write(ends[0], &byte, 1) == 1 && read(ends[1], &byte, 1) == 1)
            close(ends[0])
            close(ends[1])
        }
    }
}
