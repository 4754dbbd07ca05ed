/// A channel pattern with `*` for any text, as `PJSIP/trunk*`; case counts, as in Asterisk's channel names.
public struct Glob: Sendable, Hashable {
    /// As it was written.
    public let text: String
    private let pieces: [[UInt8]]

    /// Any text is a pattern; without `*` it matches itself only.
    public init(_ text: String) {
        self.text = text
        pieces = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
    }

    /// Whether the whole candidate fits, byte for byte.
    public func matches(_ candidate: some StringProtocol) -> Bool {
        let bytes = Array(candidate.utf8)
        guard pieces.count > 1 else { return bytes == pieces[0] }
        guard bytes.starts(with: pieces[0]) else { return false }
        var at = pieces[0].count
        for piece in pieces[1..<(pieces.count - 1)] {
            guard let found = Glob.find(piece, in: bytes, from: at) else { return false }
            at = found + piece.count
        }
        let last = pieces[pieces.count - 1]
        return bytes.count - at >= last.count && bytes.suffix(last.count).elementsEqual(last)
    }

    private static func find(_ piece: [UInt8], in bytes: [UInt8], from: Int) -> Int? {
        if piece.isEmpty { return from }
        var at = from
        while at + piece.count <= bytes.count {
            if bytes[at..<(at + piece.count)].elementsEqual(piece) { return at }
            at += 1
        }
        return nil
    }
}
