import Glibc
import TestGround

/// A port of 127.0.0.1 where nobody listens, and nobody else can meanwhile: every connect is refused.
public final class ClosedPort: Sendable {
    /// Chosen by the kernel.
    public let number: UInt16
    private let descriptor: Int32

    /// Holds the port for as long as the object lives.
    public init() {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // Bound and never listening: the kernel answers with RST.
        let bound = Loopback.withAddress(0) { [descriptor] in bind(descriptor, $0, $1) }
        precondition(bound == 0, "no port is free")
        number = Loopback.port(of: descriptor)
    }
    deinit { close(descriptor) }
}
