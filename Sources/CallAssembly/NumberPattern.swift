/// An extension pattern as in Asterisk's dialplan: `_1XXX`, `_[2-5]!`, or an exact number without the underscore.
///
/// `X` is 0-9, `Z` 1-9, `N` 2-9, `[…]` a set with ranges, `.` one or more of anything, `!` none or more, `-` is ignored.
/// **Source**: Asterisk's documentation, "Pattern Matching".
public struct NumberPattern: Sendable, Hashable {
    /// Bytes that may stand at one place; a number is matched several times a call, and this allocates nothing.
    private struct ByteSet: Sendable, Hashable {
        private var words = SIMD4<UInt64>()
        init(_ bytes: some Sequence<UInt8>) { for byte in bytes { insert(byte) } }
        mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
        func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }
    }
    private enum Element: Sendable, Hashable {
        case oneOf(ByteSet)
        case oneOrMore
        case anything
    }
    /// As it was written, underscore included.
    public let text: String
    private let elements: [Element]
    /// How long a number must be; nil where the pattern ends in `.` or `!`.
    private let length: Int?

    /// Nil where the text is not a pattern: an unclosed `[`, or nothing at all.
    public init?(_ text: String) {
        self.text = text
        var bytes = Array(text.utf8)[...]
        guard !bytes.isEmpty else { return nil }
        guard bytes.first == UInt8(ascii: "_") else {
            elements = bytes.map { .oneOf(ByteSet([$0])) }
            length = elements.count
            return
        }
        bytes = bytes.dropFirst()
        guard !bytes.isEmpty else { return nil }
        func digits(_ range: ClosedRange<Character>) -> Element {
            .oneOf(ByteSet(range.lowerBound.asciiValue!...range.upperBound.asciiValue!))
        }
        var elements: [Element] = []
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "X"), UInt8(ascii: "x"): elements.append(digits("0"..."9"))
            case UInt8(ascii: "Z"), UInt8(ascii: "z"): elements.append(digits("1"..."9"))
            case UInt8(ascii: "N"), UInt8(ascii: "n"): elements.append(digits("2"..."9"))
            case UInt8(ascii: "."): elements.append(.oneOrMore)
            case UInt8(ascii: "!"): elements.append(.anything)
            case UInt8(ascii: "-"): break
            case UInt8(ascii: "["):
                guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
                let inside = Array(bytes[bytes.startIndex..<close])
                bytes = bytes[(close + 1)...]
                var set = ByteSet([])
                var i = 0
                while i < inside.count {
                    if i + 2 < inside.count, inside[i + 1] == UInt8(ascii: "-"), inside[i] <= inside[i + 2] {
                        for byte in inside[i]...inside[i + 2] { set.insert(byte) }
                        i += 3
                    } else {
                        set.insert(inside[i])
                        i += 1
                    }
                }
                elements.append(.oneOf(set))
            default: elements.append(.oneOf(ByteSet([byte])))
            }
        }
        self.elements = elements
        length = elements.contains { [.oneOrMore, .anything].contains($0) } ? nil : elements.count
    }

    /// Whether the whole number fits; what stands behind `.` or `!` in the pattern is not looked at.
    public func matches(_ number: some StringProtocol) -> Bool {
        number.utf8.withContiguousStorageIfAvailable { unsafe matches(bytes: $0) }
            ?? matches(bytes: Array(number.utf8))
    }
    @inline(__always)
    fileprivate func matches(bytes: some RandomAccessCollection<UInt8>) -> Bool {
        if let length, bytes.count != length { return false }
        var at = bytes.startIndex
        for element in elements {
            switch element {
            case .oneOf(let set):
                guard at < bytes.endIndex, set.contains(bytes[at]) else { return false }
                at = bytes.index(after: at)
            case .oneOrMore: return at < bytes.endIndex
            case .anything: return true
            }
        }
        return at == bytes.endIndex
    }

    /// The default for internal numbers.
    public static let twoToSixDigits: [NumberPattern] = ["_XX", "_XXX", "_XXXX", "_XXXXX", "_XXXXXX"].map {
        NumberPattern($0)!
    }
}

extension [NumberPattern] {
    /// Whether one of the patterns matches.
    func match(_ number: some StringProtocol) -> Bool {
        number.utf8.withContiguousStorageIfAvailable { bytes in
            for i in indices where unsafe self[i].matches(bytes: bytes) { return true }
            return false
        } ?? contains { $0.matches(number) }
    }
}
