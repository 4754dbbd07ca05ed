/// One SIP message as text: enough of RFC 3261 for two parties on loopback.
struct SIPMessage {
    /// `INVITE sip:5001@127.0.0.1:5060 SIP/2.0` or `SIP/2.0 200 OK`.
    var start: String
    /// In order, names as written.
    var headers: [(name: String, value: [UInt8])] = []
    /// A session description, or a `NOTIFY`'s fragment.
    var body: String = ""

    /// Without headers.
    init(start: String) { self.start = start }

    /// Reads a datagram; nil when it is no SIP message.
    init?(parsing bytes: [UInt8]) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = bytes[..<end.lowerBound].split(separator: Array("\r\n".utf8))
        guard let first = lines.first else { return nil }
        start = String(decoding: first, as: UTF8.self)
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
            headers.append((name.trimmed, Array(value)))
        }
        body = String(decoding: bytes[end.upperBound...], as: UTF8.self)
    }

    /// Request method; nil for a response.
    var method: String? {
        start.hasPrefix("SIP/2.0 ") ? nil : String(start.prefix { $0 != " " })
    }

    /// Response status; nil for a request.
    var status: Int? {
        guard start.hasPrefix("SIP/2.0 ") else { return nil }
        return Int(start.dropFirst(8).prefix(3))
    }

    /// The request URI's user part: what was dialled.
    var dialled: String {
        let uri = start.split(separator: " ").dropFirst().first ?? ""
        return String(uri.dropFirst(4).prefix { $0 != "@" })
    }

    /// The first header of that name, capitals or not; nil for none.
    subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }.map { String(decoding: $0.value, as: UTF8.self) }
    }

    /// Adds a header behind the others.
    mutating func add(_ name: String, _ value: String) { headers.append((name, Array(value.utf8))) }

    /// Number and method of `CSeq`.
    var sequence: (number: Int, method: String)? {
        guard let parts = self["CSeq"]?.split(separator: " "), parts.count == 2, let number = Int(parts[0]) else {
            return nil
        }
        return (number, String(parts[1]))
    }

    /// The message as sent, with its length header.
    var bytes: [UInt8] {
        var out = Array((start + "\r\n").utf8)
        for header in headers {
            out += Array((header.name + ": ").utf8) + header.value + Array("\r\n".utf8)
        }
        out += Array("Content-Length: \(body.utf8.count)\r\n\r\n".utf8)
        return out + Array(body.utf8)
    }

    /// The `tag` parameter of a From or To value.
    static func tag(of value: String) -> String? {
        guard let range = value.firstRange(of: ";tag=") else { return nil }
        return String(value[range.upperBound...].prefix { $0 != ";" && $0 != ">" })
    }

    /// The URI between `<` and `>` of a header value, or the value up to its parameters.
    static func uri(of value: String) -> String {
        guard let open = value.lastIndex(of: "<"), let close = value.lastIndex(of: ">"), open < close else {
            return String(value.prefix { $0 != ";" })
        }
        return String(value[value.index(after: open)..<close])
    }
}

/// The audio part of a session description (RFC 4566): where to, and whether it is on hold (RFC 3264).
struct SessionDescription {
    /// Where it wants the audio.
    let port: UInt16
    /// `sendrecv`, `sendonly`, `recvonly` or `inactive`; the first where it says none.
    let direction: String

    /// Nil without an audio line.
    init?(parsing body: String) {
        var port: UInt16?
        var direction = "sendrecv"
        for line in body.split(whereSeparator: \.isNewline) {
            if line.hasPrefix("m=audio ") { port = UInt16(line.dropFirst(8).prefix { $0 != " " }) }
            for word in ["sendrecv", "sendonly", "recvonly", "inactive"] where line == "a=" + word {
                direction = word
            }
        }
        guard let port else { return nil }
        (self.port, self.direction) = (port, direction)
    }

    /// An offer or answer: µ-law and telephone events.
    static func text(port: UInt16, version: Int, direction: String) -> String {
        """
        v=0\r
        o=lab 1 \(version) IN IP4 127.0.0.1\r
        s=lab\r
        c=IN IP4 127.0.0.1\r
        t=0 0\r
        m=audio \(port) RTP/AVP 0 101\r
        a=rtpmap:0 PCMU/8000\r
        a=rtpmap:101 telephone-event/8000\r
        a=fmtp:101 0-15\r
        a=ptime:20\r
        a=\(direction)\r

        """
    }
}

extension String {
    /// Without blanks at either end.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension Collection where Element: Equatable {
    /// Splits at a sequence of elements.
    func split(separator: [Element]) -> [SubSequence] {
        var parts: [SubSequence] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        parts.append(rest)
        return parts
    }
}
