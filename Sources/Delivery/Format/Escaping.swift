/// How text is written inside queries, forms and XML.
enum Escaping {
    private static let digits = Array("0123456789ABCDEF".utf8)

    /// Percent-encodes all but RFC 3986's unreserved characters: nothing that separates parts of a URL gets through.
    static func appendURL(_ text: String, keeping kept: UInt8? = nil, to out: inout [UInt8]) {
        for byte in text.utf8 {
            if isUnreserved(byte) || byte == kept {
                out.append(byte)
            } else {
                appendPercent(byte, to: &out)
            }
        }
    }
    /// As HTML forms are encoded (WHATWG URL, 5.2): a blank is a plus.
    static func appendForm(_ text: String, to out: inout [UInt8]) {
        for byte in text.utf8 {
            if byte == 0x20 {
                out.append(UInt8(ascii: "+"))
            } else if isUnreserved(byte), byte != UInt8(ascii: "~") {
                out.append(byte)
            } else {
                appendPercent(byte, to: &out)
            }
        }
    }
    /// For text and for attributes in either quote (XML 1.0, 2.4). Control characters, which XML has no way to write,
    /// are passed on.
    static func appendXML(_ text: String, to out: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): out.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): out.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "&"): out.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "\""): out.append(contentsOf: "&quot;".utf8)
            case UInt8(ascii: "'"): out.append(contentsOf: "&#39;".utf8)
            default: out.append(byte)
            }
        }
    }
    /// Reads an encoded form back into its pairs, for signatures over parameters.
    static func formPairs(_ body: [UInt8]) -> [(name: String, value: String)] {
        body.split(separator: UInt8(ascii: "&")).map { pair in
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (decodeForm(parts[0]), parts.count > 1 ? decodeForm(parts[1]) : "")
        }
    }
    private static func decodeForm(_ bytes: ArraySlice<UInt8>) -> String {
        var out: [UInt8] = []
        var i = bytes.startIndex
        while i < bytes.endIndex {
            if bytes[i] == UInt8(ascii: "%"), i + 2 < bytes.endIndex,
                let byte = UInt8(String(decoding: bytes[(i + 1)...(i + 2)], as: UTF8.self), radix: 16)
            {
                out.append(byte)
                i += 3
            } else {
                out.append(bytes[i] == UInt8(ascii: "+") ? 0x20 : bytes[i])
                i += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isUnreserved(_ b: UInt8) -> Bool {
        (48...57).contains(b) || (65...90).contains(b) || (97...122).contains(b) || b == UInt8(ascii: "-")
            || b == UInt8(ascii: ".") || b == UInt8(ascii: "_") || b == UInt8(ascii: "~")
    }
    private static func appendPercent(_ byte: UInt8, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "%"))
        out.append(digits[Int(byte >> 4)])
        out.append(digits[Int(byte & 15)])
    }
}
