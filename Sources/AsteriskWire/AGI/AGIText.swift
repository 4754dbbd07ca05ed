/// Text as it comes over AGI: bytes that are mostly UTF-8.
enum AGIText {
    /// `bytes` as a string: UTF-8 where it is UTF-8, else each byte as the Latin-1 character of that number, as phones
    /// and trunks of the old kind send names. Nothing is lost and nothing throws.
    static func string(_ bytes: ArraySlice<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var scalars = String.UnicodeScalarView()
        for byte in bytes { scalars.append(Unicode.Scalar(byte)) }
        return String(scalars)
    }

    /// Whether `bytes` begin with `word`; by index, since this is asked for each line of each session.
    static func begins(_ bytes: ArraySlice<UInt8>, with word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard bytes.count >= length else { return false }
        let start = bytes.startIndex
        for i in 0..<length where unsafe bytes[start + i] != word.utf8Start[i] { return false }
        return true
    }

    /// Percent-decoded text of a query's or an argument's part: `%41` is `A`; a `%` that no two hexadecimal digits
    /// follow stands for itself.
    ///
    /// `+` is a space, as forms write it, but not at the start before a digit: there it is a number typed by hand into a
    /// dialplan (`phone=+4930…`), which no space could be.
    static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        var plain = true
        for byte in bytes where byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+") { plain = false }
        if plain { return string(bytes) }
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var i = bytes.startIndex
        while i < bytes.endIndex {
            let byte = bytes[i]
            if byte == UInt8(ascii: "%"), i + 2 < bytes.endIndex, let high = hex(bytes[i + 1]),
                let low = hex(bytes[i + 2])
            {
                out.append(high << 4 | low)
                i += 3
                continue
            }
            let isNumber =
                i == bytes.startIndex && i + 1 < bytes.endIndex
                && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[i + 1])
            out.append(byte == UInt8(ascii: "+") && !isNumber ? UInt8(ascii: " ") : byte)
            i += 1
        }
        return string(out[...])
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
