import Glibc
import TestGround

/// A blocking TCP connection to a manager port, and its login.
struct ManagerSocket: ~Copyable {
    /// Open for as long as the value lives.
    let descriptor: Int32

    /// Connects; the greeting is still to be read.
    init(port: UInt16) throws(LabError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let descriptor = descriptor
        let result = Loopback.withAddress(port) { connect(descriptor, $0, $1) }
        guard result == 0 else { throw LabError("no manager connection", String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    /// Sends one action.
    func send(_ fields: [(String, String)]) {
        let text = fields.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
        _ = writeAll(descriptor, Array(text.utf8))
    }

    /// What has come, waiting for something; empty at the end of the stream.
    func receive() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? Array(buffer[..<count]) : []
        }
    }
}

/// Sends manager actions and waits for their answers; takes no events.
final class ManagerActions {
    private let socket: ManagerSocket
    private var buffer: [UInt8] = []
    private var count = 0

    /// Logs in as the lab's own user, who may do anything.
    init(port: UInt16) throws(LabError) {
        socket = try ManagerSocket(port: port)
        _ = try perform([("Action", "Login"), ("Username", "lab"), ("Secret", "lab"), ("Events", "off")])
    }

    /// One action.
    /// - Returns: the answer's headers.
    @discardableResult
    func perform(_ fields: [(String, String)]) throws(LabError) -> [String: String] {
        count += 1
        let id = "lab-\(count)"
        socket.send(fields + [("ActionID", id)])
        while true {
            while let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) {
                let text = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
                buffer.removeSubrange(..<end.upperBound)
                var headers: [String: String] = [:]
                for line in text.components(separatedBy: "\r\n") {
                    guard let colon = line.firstIndex(of: ":") else { continue }
                    headers[String(line[..<colon])] = String(line[line.index(after: colon)...]).trimmed
                }
                guard headers["ActionID"] == id, let response = headers["Response"] else { continue }
                guard response != "Error" else {
                    throw LabError("action \(fields[0].1) refused", headers["Message"] ?? "")
                }
                return headers
            }
            let more = socket.receive()
            guard !more.isEmpty else { throw LabError("the manager connection ended", fields[0].1) }
            buffer += more
        }
    }
}

extension String {
    /// Splits at every occurrence of a text.
    func components(separatedBy separator: String) -> [String] {
        Array(utf8).split(separator: Array(separator.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }
}
