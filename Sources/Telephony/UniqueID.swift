/// Asterisk's name of one channel for its whole life: the `Uniqueid` header.
///
/// **Shape**: `[systemname-]EPOCH.COUNTER`, as `1795227460.0` or `pbx-a-1795227460.12`, unless the originator chose the
/// id (`ChannelId` of the Originate action), which may be any text. The usual form is kept as two numbers, so that
/// comparing, hashing and copying ids allocates nothing; `description` gives the text Asterisk sent.
public struct UniqueID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// What the two numbers do not say.
    @usableFromInline final class Text: Sendable {
        @usableFromInline let text: String
        init(_ text: String) { self.text = text }
    }
    /// The text before the epoch seconds, with its hyphen, nil for none; the whole text where the id has not the usual form.
    @usableFromInline let text: Text?
    /// Epoch seconds of the channel's creation, then 30 bits of Asterisk's count of channels since its start, plus one, so that
    /// it orders as they do; 0 where the id has not the usual form.
    @usableFromInline let numbers: UInt64

    /// Takes an id's bytes as Asterisk sent them, which need not be UTF-8; control characters are left out.
    public init(_ bytes: UnsafeRawBufferPointer) {
        if let plain = unsafe UniqueID.plain(bytes) {
            (text, numbers) = (nil, plain)
        } else if let (prefixLength, epoch, counter) = unsafe UniqueID.split(bytes), epoch < 1 << 33, counter < 1 << 30
        {
            unsafe text =
                prefixLength == 0 ? nil : Text(printable(String(decoding: bytes.prefix(prefixLength), as: UTF8.self)))
            numbers = (UInt64(epoch) << 30 | UInt64(counter)) + 1
        } else {
            let shown = unsafe printable(String(decoding: bytes, as: UTF8.self))
            if shown.utf8.count != bytes.count {
                self = UniqueID(shown)
                return
            }
            text = shown.isEmpty ? nil : Text(shown)
            numbers = 0
        }
    }
    /// Takes an id as text, of whatever form; empty text gives the empty id.
    public init(_ text: String) {
        var text = text
        self = text.withUTF8 { unsafe UniqueID(UnsafeRawBufferPointer($0)) }
    }

    private var epoch: Int64 { Int64((numbers - 1) >> 30) }

    /// When the channel was created, to the second; nil where the id does not say.
    public var created: Instant? { numbers == 0 ? nil : Instant(seconds: epoch) }
    /// How many channels Asterisk had made before this one since its start, of all kinds; nil where the id does not say.
    public var count: Int? { numbers == 0 ? nil : Int((numbers - 1) & (1 << 30 - 1)) }
    /// `systemname` of asterisk.conf, where the id begins with one; nil where it does not, or is of another form.
    public var systemName: String? { numbers == 0 ? nil : text.map { String($0.text.dropLast()) } }
    /// No id at all: the header was there and empty.
    public var isEmpty: Bool { numbers == 0 && text == nil }

    /// The very text Asterisk sent, repaired where it was no UTF-8, without control characters.
    public var description: String {
        if numbers == 0 { return text?.text ?? "" }
        let plain = unsafe String(unsafeUninitializedCapacity: 24) { unsafe writePlain(to: $0) }
        return text.map { $0.text + plain } ?? plain
    }
    /// Epoch seconds, a dot and the count: 21 bytes at most, how many it returns. Each record has some ten of them.
    private func writePlain(to bytes: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let end = 24
        var start = end
        func put(_ number: UInt64) {
            var number = number
            repeat {
                start -= 1
                unsafe bytes[start] = UInt8(ascii: "0") + UInt8(number % 10)
                number /= 10
            } while number > 0
        }
        put((numbers - 1) & (1 << 30 - 1))
        start -= 1
        unsafe bytes[start] = UInt8(ascii: ".")
        put((numbers - 1) >> 30)
        // From the last digit to the first: now to where they belong.
        unsafe bytes.baseAddress!.update(from: bytes.baseAddress! + start, count: end - start)
        return end - start
    }

    /// Older first. Of two ids of the usual form, by creation second and then by counter, as Asterisk itself does.
    public static func < (a: UniqueID, b: UniqueID) -> Bool {
        if a.numbers != b.numbers { return a.numbers < b.numbers }
        if a.text == nil, b.text == nil { return false }
        return (a.text?.text ?? "") < (b.text?.text ?? "")
    }
    @inlinable public static func == (a: UniqueID, b: UniqueID) -> Bool {
        a.numbers == b.numbers && (a.text === b.text || a.text?.text == b.text?.text)
    }
    public func hash(into hasher: inout Hasher) {
        // Equal ids have equal numbers; the prefix tells systems apart, which are never in one table.
        hasher.combine(numbers)
        if numbers == 0, let text { hasher.combine(text.text) }
    }

    /// A multiplication instead of a keyed hash: an id is looked up for each event, and no stranger chooses Asterisk's counters.
    public func _rawHashValue(seed: Int) -> Int {
        if numbers == 0 { return (text?.text ?? "")._rawHashValue(seed: seed) }
        let mixed = (numbers ^ UInt64(truncatingIfNeeded: seed)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed ^ mixed >> 32)
    }

    /// `numbers` of the form nearly all ids have, ten digits, a dot and up to eight digits without a leading zero; nil for any
    /// other. Two of them stand in each event.
    @inline(__always)
    private static func plain(_ b: UnsafeRawBufferPointer) -> UInt64? {
        guard b.count >= 12, b.count <= 19, let p = b.baseAddress else { return nil }
        let digits = b.count - 11
        // The counter's digits are the last of these eight bytes; those before them are taken as zeros.
        let others = UInt64.max >> UInt64(8 * digits)
        let tail = unsafe (p + (b.count - 8)).loadUnaligned(as: UInt64.self) & ~others | 0x3030_3030_3030_3030 & others
        guard let head = unsafe EightDigits.number(p.loadUnaligned(as: UInt64.self)),
            let counter = EightDigits.number(tail),
            case let ninth = unsafe UInt64(b[8]) &- 48, case let tenth = unsafe UInt64(b[9]) &- 48, ninth < 10,
            tenth < 10,
            unsafe b[0] != 48, unsafe b[10] == UInt8(ascii: "."), unsafe b[11] != 48 || digits == 1
        else { return nil }
        let epoch = head &* 100 &+ ninth &* 10 &+ tenth
        return epoch < 1 << 33 ? (epoch << 30 | counter) &+ 1 : nil
    }

    /// The usual form's parts, or nil. Only text that prints back to the same bytes is split (no leading zeros).
    private static func split(_ b: UnsafeRawBufferPointer) -> (prefixLength: Int, epoch: Int64, counter: Int64)? {
        var i = b.count
        guard let counter = unsafe number(b, endingAt: &i), i > 1, unsafe b[i - 1] == UInt8(ascii: ".") else {
            return nil
        }
        i -= 1
        guard let epoch = unsafe number(b, endingAt: &i), unsafe i == 0 || b[i - 1] == UInt8(ascii: "-") else {
            return nil
        }
        return (i, epoch, counter)
    }

    /// The decimal number that ends before `end`, which is moved to its start; nil if there is none in canonical form.
    @inline(__always)
    private static func number(_ b: UnsafeRawBufferPointer, endingAt end: inout Int) -> Int64? {
        var value: Int64 = 0
        var scale: Int64 = 1
        let last = end
        while end > 0, last - end < 16 {
            let byte = unsafe b[end - 1]
            guard byte >= 48, byte <= 57 else { break }
            value += Int64(byte - 48) * scale
            scale *= 10
            end -= 1
        }
        let digits = last - end
        return unsafe digits == 0 || digits > 15 || digits > 1 && b[end] == 48 ? nil : value
    }
}
