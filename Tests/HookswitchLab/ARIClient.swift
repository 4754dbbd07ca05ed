import Glibc
import TestGround

/// An application outside Asterisk that holds calls by its REST interface: what `Stasis()` in a dialplan hands a channel to.
///
/// A web socket makes the application known to Asterisk for as long as it is open; what comes by it is read and dropped, since the
/// scenario itself decides what is done. Authority: Asterisk's ARI documentation, RFC 6455 for the socket's opening.
final class ARIClient: @unchecked Sendable {
    /// What Stasis() and originations name it.
    static let application = "lab"
    private let port: UInt16
    // Invariant: opened in init, read by the one thread that init starts, which closes it at its end.
    private let events: Int32

    /// Makes the application known.
    init(port: UInt16) throws(LabError) {
        self.port = port
        events = try ARIClient.connected(port)
        // Any sixteen bytes will do for a key; the answer's check of it is of no use here.
        let opening = """
            GET /ari/events?app=\(ARIClient.application)&api_key=lab:lab HTTP/1.1\r
            Host: 127.0.0.1\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Key: aG9va3N3aXRjaC1sYWItMQ==\r
            Sec-WebSocket-Version: 13\r
            \r

            """
        _ = writeAll(events, Array(opening.utf8))
        let answer = ARIClient.read(events, until: Array("\r\n\r\n".utf8))
        guard answer.hasPrefix("HTTP/1.1 101") else {
            close(events)
            throw LabError("no web socket", String(answer.prefix(200)))
        }
        startThread("lab-ari") { [events] in
            var buffer = [UInt8](repeating: 0, count: 65536)
            while Glibc.read(events, &buffer, buffer.count) > 0 {}
            close(events)
        }
    }

    /// Takes the application away.
    func stop() { shutdown(events, Int32(SHUT_RDWR)) }

    /// One request, asked again for up to five seconds: a channel that was just answered is not the application's yet.
    func request(_ method: String, _ path: String) throws(LabError) {
        let deadline = monotonicSeconds() + 5
        while true {
            let answer = try once(method, path)
            if answer.hasPrefix("HTTP/1.1 2") { return }
            guard monotonicSeconds() < deadline else { throw LabError("\(method) \(path) refused", answer) }
            pause(0.05)
        }
    }

    private func once(_ method: String, _ path: String) throws(LabError) -> String {
        let descriptor = try ARIClient.connected(port)
        defer { close(descriptor) }
        let key = (path.contains("?") ? "&" : "?") + "api_key=lab:lab"
        let text =
            "\(method) /ari\(path)\(key) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        _ = writeAll(descriptor, Array(text.utf8))
        return ARIClient.read(descriptor, until: nil)
    }

    private static func connected(_ port: UInt16) throws(LabError) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard Loopback.withAddress(port, { connect(descriptor, $0, $1) }) == 0 else {
            close(descriptor)
            throw LabError("no web server", String(cString: strerror(errno)))
        }
        return descriptor
    }

    /// Reads to a mark, or to the end.
    private static func read(_ descriptor: Int32, until mark: [UInt8]?) -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while mark.map({ all.firstRange(of: $0) == nil }) ?? true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            all += buffer[..<count]
        }
        return String(decoding: all, as: UTF8.self)
    }
}
