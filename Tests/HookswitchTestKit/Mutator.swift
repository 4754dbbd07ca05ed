public import TestGround

/// Damages valid samples in the ways that get far into a parser: whole lines and words change places, numbers become the
/// ones arithmetic breaks on, words of the format's own stand where they do not belong, bytes flip, ends are cut off.
public struct Mutator: Sendable {
    private let samples: [[UInt8]]
    private let words: [[UInt8]]

    /// No input is longer, whatever is repeated in it.
    public static let longest = 128 * 1024

    /// Numbers at the edges of what fits: 32, 63 and 64 bits, microseconds of a second count that overflow, and no numbers.
    private static let numbers = [
        "0", "-1", "1", "00", "-0", "127", "255", "256", "65535", "65536", "2147483647", "2147483648", "4294967296",
        "9223372036854", "9223372036855", "999999999999", "9223372036854775807", "-9223372036854775808",
        "9223372036854775808", "18446744073709551616", "99999999999999999999999999", "1e9", "1e400", "0x7f", "1.5",
        ".", "1.", "nan", "inf", "+5",
    ].map { Array($0.utf8) }

    /// - Parameters:
    ///   - samples: valid inputs; at least one.
    ///   - words: of the format: its marks, names and separators.
    public init(samples: [[UInt8]], words: [String] = []) {
        precondition(!samples.isEmpty, "nothing to damage")
        self.samples = samples
        self.words = words.map { Array($0.utf8) }
    }

    /// One input: a sample, damaged in up to eight places (now and then in none).
    public func input(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = random.pick(samples)
        for _ in 0..<random.below(9) {
            damage(&bytes, &random)
            if bytes.count > Mutator.longest { bytes.removeLast(bytes.count - Mutator.longest) }
        }
        return bytes
    }

    private func damage(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        guard !bytes.isEmpty else {
            bytes = random.pick(samples)
            return
        }
        let at = random.below(bytes.count)
        switch random.below(14) {
        case 0: bytes[at] ^= 1 << UInt8(random.below(8))
        case 1: bytes[at] = random.byte()
        case 2: bytes.remove(at: at)
        case 3: bytes.insert(random.pick([0, 9, 10, 13, 32, 34, 39, 44, 58, 59, 61, 92, 0xC3, 0xFF]), at: at)
        case 4 where !words.isEmpty: bytes.insert(contentsOf: random.pick(words), at: at)
        case 5: replaceNumber(&bytes, from: at, with: random.pick(Mutator.numbers))
        case 6: bytes.removeLast(bytes.count - at)
        case 7: bytes.removeSubrange(at..<min(bytes.count, at + 1 + random.below(64)))
        case 8: bytes.insert(contentsOf: bytes[at...].prefix(1 + random.below(64)), at: at)
        case 9, 10: changeLine(&bytes, at: at, &random)
        case 11: splice(&bytes, at: at, random.pick(samples), &random)
        // Rarely something very long: what takes the square of its length shows.
        case 12 where random.once(in: 12):
            let part = Array(bytes[at...].prefix(1 + random.below(8)))
            let times = (1 << random.below(16)) / part.count
            bytes.insert(contentsOf: (0..<times).lazy.flatMap { _ in part }, at: at)
        default: bytes.insert(random.byte(), at: at)
        }
    }

    /// The first run of digits from a place on becomes another number.
    private func replaceNumber(_ bytes: inout [UInt8], from at: Int, with number: [UInt8]) {
        func isDigit(_ byte: UInt8) -> Bool { byte >= 48 && byte <= 57 }
        guard let start = bytes[at...].firstIndex(where: isDigit) else { return }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.endIndex
        bytes.replaceSubrange(start..<end, with: number)
    }

    /// A line is left out, told twice or moved.
    private func changeLine(_ bytes: inout [UInt8], at: Int, _ random: inout SeededGenerator) {
        let start = bytes[..<at].lastIndex(of: 10).map { $0 + 1 } ?? 0
        let end = bytes[at...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.endIndex
        let line = Array(bytes[start..<end])
        let action = random.below(3)
        if action != 0 { bytes.removeSubrange(start..<end) }
        guard action != 1 else { return }
        let somewhere = bytes.isEmpty ? 0 : random.below(bytes.count)
        let place = bytes[..<somewhere].lastIndex(of: 10).map { $0 + 1 } ?? 0
        bytes.insert(contentsOf: line, at: place)
    }

    /// A part of another sample comes in.
    private func splice(_ bytes: inout [UInt8], at: Int, _ other: [UInt8], _ random: inout SeededGenerator) {
        guard !other.isEmpty else { return }
        let start = random.below(other.count)
        bytes.insert(contentsOf: other[start...].prefix(1 + random.below(256)), at: at)
    }
}
