import Delivery
import EventLoop

/// Reads one value of the file as what its key takes, beyond what `ConfigurationText` reads. Each throws what is wrong and what is
/// allowed.
enum ConfigurationValue {
    /// What is wrong with a value, before it is known where it stands.
    typealias Mistake = ValueError

    /// `100M`, `2G`, `64K`; a bare number is bytes.
    static func bytes(_ text: String) throws(Mistake) -> Int64 {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let shifts = ["": 0, "k": 10, "m": 20, "g": 30]
        guard let count = Int64(digits), count <= 1 << 32,
            let shift = shifts[ConfigurationText.trimmed(text[digits.endIndex...]).lowercased()]
        else { throw Mistake(problem: "\"\(text)\" is not a size", hint: "write a number and K, M or G, as 256M") }
        return count << Int64(shift)
    }

    /// One of an enumeration's words.
    static func word<T: RawRepresentable & CaseIterable>(_ text: String, _: T.Type) throws(Mistake) -> T
    where T.RawValue == String {
        if let value = T(rawValue: text) { return value }
        let words = T.allCases.map(\.rawValue)
        throw Mistake(problem: "\"\(text)\" is not known", hint: "allowed: \(words.joined(separator: ", "))")
    }

    /// An absolute path; a relative one would depend on where the daemon was started.
    static func path(_ text: String) throws(Mistake) -> String {
        guard text.hasPrefix("/") else {
            throw Mistake(problem: "\"\(text)\" is not an absolute path", hint: "write it from / on")
        }
        return text
    }

    /// `ADDRESS:PORT` to listen on, `[::1]:4573` for IPv6; the port may be left out where there is a usual one.
    static func listenAddress(_ text: String, defaultPort: UInt16) throws(Mistake) -> SocketAddress {
        let (host, port) = try hostAndPort(text, defaultPort: defaultPort)
        guard let address = SocketAddress(ip: host, port: port) else {
            throw Mistake(
                problem: "\"\(host)\" is not an address", hint: "write a numeric address, as 127.0.0.1:\(defaultPort)")
        }
        return address
    }

    /// A network such as `127.0.0.0/8`, or one address.
    static func network(_ text: String) throws(Mistake) -> NetworkPrefix {
        guard let network = NetworkPrefix(text) else {
            throw Mistake(problem: "\"\(text)\" is not a network", hint: "write as 127.0.0.0/8, 10.1.2.3 or ::1")
        }
        return network
    }

    /// `tcp://HOST[:PORT]` or `tls://HOST[:PORT]`; 5038 and 5039 where no port stands.
    static func managerAddress(_ text: String) throws(Mistake) -> Configuration.PBX.ManagerAddress {
        let form = "write tcp://HOST:5038 or tls://HOST:5039"
        for (scheme, isTLS, port) in [("tcp://", false, UInt16(5038)), ("tls://", true, 5039)] {
            guard text.hasPrefix(scheme) else { continue }
            let (host, port) = try hostAndPort(String(text.dropFirst(scheme.count)), defaultPort: port)
            return Configuration.PBX.ManagerAddress(host: host, port: port, isTLS: isTLS)
        }
        throw Mistake(problem: "\"\(text)\" is not a manager address", hint: form)
    }

    private static func hostAndPort(_ text: String, defaultPort: UInt16) throws(Mistake) -> (String, UInt16) {
        var host = Substring(text)
        var port: Substring?
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<close]
            let rest = text[text.index(after: close)...]
            if rest.hasPrefix(":") {
                port = rest.dropFirst()
            } else if !rest.isEmpty {
                port = rest
            }
        } else if let colon = text.firstIndex(of: ":"), text[text.index(after: colon)...].contains(":") == false {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.isEmpty, !host.contains("/"), !host.contains(" ") else {
            throw Mistake(problem: "\"\(text)\" has no host", hint: "write HOST:PORT, as 127.0.0.1:\(defaultPort)")
        }
        guard let port else { return (String(host), defaultPort) }
        guard let number = UInt16(port), number > 0 || port == "0" else {
            throw Mistake(problem: "\"\(port)\" is not a port", hint: "write a number from 1 to 65535")
        }
        return (String(host), number)
    }

    /// An extension or an Asterisk pattern: after `_`, `X` is 0-9, `Z` 1-9, `N` 2-9, `[15-7]` a set, `.` and `!` the rest.
    static func dialPattern(_ text: String) throws(Mistake) -> String {
        let hint = "write an extension or a pattern as in extensions.conf: _NXX, _1[0-4]X, _8."
        let isPattern = text.hasPrefix("_")
        var isInSet = false
        for (i, c) in text.utf8.enumerated() where i > 0 || !isPattern {
            switch UInt8(c) {
            case UInt8(ascii: "["):
                guard isPattern, !isInSet else { throw Mistake(problem: "\"\(text)\" is not a pattern", hint: hint) }
                isInSet = true
            case UInt8(ascii: "]"):
                guard isInSet else { throw Mistake(problem: "\"\(text)\" has ] without [", hint: hint) }
                isInSet = false
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "*"), UInt8(ascii: "#"), UInt8(ascii: "+"),
                UInt8(ascii: "-"), UInt8(ascii: "A")...UInt8(ascii: "D"):
                continue
            case UInt8(ascii: "X"), UInt8(ascii: "x"), UInt8(ascii: "Z"), UInt8(ascii: "z"), UInt8(ascii: "N"),
                UInt8(ascii: "n"), UInt8(ascii: "."), UInt8(ascii: "!"):
                guard isPattern else {
                    throw Mistake(problem: "\"\(text)\" is not an extension", hint: "a pattern starts with _: _\(text)")
                }
            default: throw Mistake(problem: "\"\(text)\" is not a pattern", hint: hint)
            }
        }
        guard !isInSet, text.utf8.count > (isPattern ? 1 : 0) else {
            throw Mistake(problem: "\"\(text)\" is not complete", hint: hint)
        }
        return text
    }
}
