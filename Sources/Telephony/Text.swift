/// `text` without control characters (C0, DEL, C1), which a stranger can send by SIP: what a store, a log or a CRM gets.
///
/// Returns the text itself, without a copy, where there is nothing to remove.
public func printable(_ text: String) -> String {
    var previous: UInt8 = 0
    let clean = text.utf8.allSatisfy { byte in
        defer { previous = byte }
        return !(byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte >= 0x80 && byte < 0xA0))
    }
    if clean { return text }
    var kept = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where !(scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)) {
        kept.append(scalar)
    }
    return String(kept)
}
