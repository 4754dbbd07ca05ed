// TestGround: what the test kit and the lab both stand on: ports of loopback, numbers that come again, the bytes of a file,
// and the files that tests may have open together.
//
// Imports nothing but Glibc and Swift's own library. The lab stands on no part of the product; and where libuv's module is
// loaded, whose header brings `sockaddr_in` too, the compiler asks for `import CUV` at each use.
import Glibc

/// A whole file as bytes; nil when it cannot be read.
public func readBytes(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var all: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0 { return nil }
        if count == 0 { return all }
        all.append(contentsOf: chunk[..<count])
    }
}
