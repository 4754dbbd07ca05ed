/// `text` without control characters (C0, DEL, C1), which a stranger can send by SIP: what a store, a log or a CRM gets.
///
/// Returns the text itself, without a copy, where there is nothing to remove.
public func printable(_ text: String) -> String {
    let clean =
        unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            let plain = unsafe plainLength(bytes)
            return unsafe isPrintable(bytes[plain...])
        } ?? isPrintable(text.utf8)
    if clean { return text }
    var kept = String.UnicodeScalarView()
    for scalar in text.unicodeScalars where !(scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)) {
        kept.append(scalar)
    }
    return String(kept)
}

/// How many bytes at the beginning are ASCII that is printed, counted in steps of eight: of most texts nearly all.
@inline(__always)
private func plainLength(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    func isPlain(at place: Int) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let word = unsafe UnsafeRawPointer(bytes.baseAddress! + place).loadUnaligned(as: UInt64.self)
        // A top bit where a byte is a control character, DEL, or no ASCII.
        let control = (word &- ones &* 0x20) & ~word
        let delete = word &+ ones
        return (word | control | delete) & (ones << 7) == 0
    }
    var at = 0
    while at + 8 <= bytes.count {
        if !isPlain(at: at) { return at }
        at += 8
    }
    // What is left, together with some bytes before it.
    return at > 0 && isPlain(at: bytes.count - 8) ? bytes.count : at
}

@inline(__always)
private func isPrintable(_ bytes: some Sequence<UInt8>) -> Bool {
    var previous: UInt8 = 0
    for byte in bytes {
        if byte < 0x20 || byte == 0x7F || previous == 0xC2 && byte >= 0x80 && byte < 0xA0 { return false }
        previous = byte
    }
    return true
}

/// A number of a clock or a calendar with its leading zero: `07`, `30`.
/// - Parameter n: not negative; three digits and more stay as they are.
public func twoDigits(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
