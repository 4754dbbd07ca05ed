/// Finds where lines and messages end, sixteen bytes at a time.
///
/// A message whose headers nobody is expected to ask for, as of half a stream's, is looked through for its end only, which needs
/// one comparison of many bytes at once and hardly a branch. Of any other its lines are noted on the way. Lines end only at
/// CR LF: a lone CR or LF is data.
enum LineScan {
    private typealias Block = SIMD16<UInt8>
    private static let cr: UInt8 = 13
    private static let lf: UInt8 = 10

    /// Offset just behind the first CR LF CR LF of `count` bytes; nil if there is none.
    @inline(__always)
    static func messageEnd(_ bytes: UnsafeRawPointer, _ count: Int) -> Int? {
        // Two LFs with one byte between them are an end if both have their CR: hardly anything else looks like that.
        var at = 1
        while at &+ 66 <= count {
            let first = unsafe pairs(bytes + at)
            let second = unsafe pairs(bytes + (at &+ 16))
            let third = unsafe pairs(bytes + (at &+ 32))
            let fourth = unsafe pairs(bytes + (at &+ 48))
            let (low, high) = words((first .| second) .| (third .| fourth))
            if low | high != 0 {
                let found =
                    unsafe end(in: bytes, at, first) ?? end(in: bytes, at &+ 16, second)
                    ?? end(in: bytes, at &+ 32, third) ?? end(in: bytes, at &+ 48, fourth)
                if let found { return found }
            }
            at &+= 64
        }
        while at &+ 18 <= count {
            if let found = unsafe end(in: bytes, at, pairs(bytes + at)) { return found }
            at &+= 16
        }
        while at &+ 2 < count {
            if unsafe isEnd(bytes, at) { return at &+ 3 }
            at &+= 1
        }
        return nil
    }

    /// Which of sixteen bytes are an LF with another one two bytes on.
    @inline(__always)
    private static func pairs(_ bytes: UnsafeRawPointer) -> SIMDMask<SIMD16<Int8>> {
        unsafe block(bytes, is: lf) .& block(bytes + 2, is: lf)
    }

    /// Whether CR LF CR LF stands around the LF at `place`, which is neither the first byte nor one of the last two.
    @inline(__always)
    private static func isEnd(_ bytes: UnsafeRawPointer, _ place: Int) -> Bool {
        unsafe (bytes + (place &- 1)).loadUnaligned(as: UInt32.self) == UInt32(littleEndian: 0x0A0D_0A0D)
    }

    /// Offset just behind the end that begins at one of the bytes marked, of sixteen at `offset`; nil if none does.
    @inline(__always)
    private static func end(in bytes: UnsafeRawPointer, _ offset: Int, _ marked: SIMDMask<SIMD16<Int8>>) -> Int? {
        let (low, high) = words(marked)
        return unsafe end(in: bytes, offset, low) ?? end(in: bytes, offset &+ 8, high)
    }
    @inline(__always)
    private static func end(in bytes: UnsafeRawPointer, _ offset: Int, _ marked: UInt64) -> Int? {
        var marked = marked
        while marked != 0 {
            let bit = marked.trailingZeroBitCount
            if unsafe isEnd(bytes, offset &+ bit / 8) { return offset &+ bit / 8 &+ 3 }
            marked &= ~(0xFF &<< UInt64(bit))
        }
        return nil
    }

    /// Notes in `starts`, behind the first, where the lines of `count` bytes begin and where the last one ends, at most `room`
    /// of them and one that is not to be read; returns how many lines there are.
    ///
    /// Nothing found in one block is waited for in the next, as it would be if each line were looked for behind the last.
    @inline(__always)
    static func lineStarts(
        _ bytes: UnsafeRawPointer, _ count: Int, into starts: UnsafeMutablePointer<Int32>, room: Int
    ) -> Int {
        var lines = 0
        var at = 0
        while at &+ 17 <= count {
            let (low, high) = unsafe words(block(bytes + at, is: cr) .& block(bytes + (at &+ 1), is: lf))
            unsafe note(low, at &+ 2, &lines, starts, room)
            unsafe note(high, at &+ 10, &lines, starts, room)
            at &+= 16
        }
        while at &+ 1 < count {
            if unsafe (bytes + at).loadUnaligned(as: UInt16.self) == UInt16(littleEndian: 0x0A0D) {
                lines &+= 1
                unsafe starts[min(lines, room &+ 1)] = Int32(truncatingIfNeeded: at &+ 2)
            }
            at &+= 1
        }
        return lines
    }
    @inline(__always)
    private static func note(
        _ marked: UInt64, _ offset: Int, _ lines: inout Int, _ starts: UnsafeMutablePointer<Int32>, _ room: Int
    ) {
        // One bit of each match, so that a subtraction takes it away.
        var left = marked & 0x8080_8080_8080_8080
        while left != 0 {
            lines &+= 1
            unsafe starts[min(lines, room &+ 1)] = Int32(truncatingIfNeeded: offset &+ left.trailingZeroBitCount &>> 3)
            left &= left &- 1
        }
    }

    /// `lineStarts` and `messageEnd` in one, for a message whose end is not known: what it notes are the lines of the first
    /// message of `count` bytes, which does not begin with an empty line. Nil where that has no end in them, or is so long that it
    /// could have more than `room` lines.
    @inline(__always)
    static func linesOfMessage(
        _ bytes: UnsafeRawPointer, _ count: Int, into starts: UnsafeMutablePointer<Int32>, room: Int
    ) -> (lines: Int, end: Int)? {
        // No line but the empty one is shorter than three bytes, so there is always room.
        let count = min(count, 3 &* room)
        var lines = 0
        var last = 0
        // Hardly any LF is without its CR: that is looked at where there is one.
        var at = 1
        while at &+ 16 <= count {
            let (low, high) = unsafe words(block(bytes + at, is: lf))
            if low != 0, unsafe noteToEnd(low, bytes, at, &lines, &last, starts) { return (lines &- 1, last) }
            if high != 0, unsafe noteToEnd(high, bytes, at &+ 8, &lines, &last, starts) { return (lines &- 1, last) }
            at &+= 16
        }
        while at < count {
            let isLF = unsafe (bytes + at).load(as: UInt8.self) == lf
            if isLF, unsafe noteToEnd(0xFF, bytes, at, &lines, &last, starts) { return (lines &- 1, last) }
            at &+= 1
        }
        return nil
    }
    /// Notes the lines that end at the LFs marked, of eight bytes at `offset`; true at the empty line, which is noted as well.
    @inline(__always)
    private static func noteToEnd(
        _ marked: UInt64, _ bytes: UnsafeRawPointer, _ offset: Int, _ lines: inout Int, _ last: inout Int,
        _ starts: UnsafeMutablePointer<Int32>
    ) -> Bool {
        var left = marked & 0x8080_8080_8080_8080
        repeat {
            let place = offset &+ left.trailingZeroBitCount &>> 3
            left &= left &- 1
            guard unsafe (bytes + (place &- 1)).load(as: UInt8.self) == cr else { continue }
            let isEmpty = place &- last == 1
            last = place &+ 1
            lines &+= 1
            unsafe starts[lines] = Int32(truncatingIfNeeded: last)
            if isEmpty { return true }
        } while left != 0
        return false
    }

    /// Offset of the first of these bytes, not before `start`; nil if it is not among `count` bytes.
    @inline(__always)
    static func first(_ byte: UInt8, in bytes: UnsafeRawPointer, _ count: Int, from start: Int) -> Int? {
        var at = start
        while at &+ 16 <= count {
            let (low, high) = unsafe words(block(bytes + at, is: byte))
            if low != 0 { return at &+ low.trailingZeroBitCount &>> 3 }
            if high != 0 { return at &+ 8 &+ high.trailingZeroBitCount &>> 3 }
            at &+= 16
        }
        while at < count {
            if unsafe (bytes + at).load(as: UInt8.self) == byte { return at }
            at &+= 1
        }
        return nil
    }

    /// Offset of the last line's first byte, where a line ends just before `end`: behind the CR LF before that, else 0.
    @inline(__always)
    static func lastLine(_ bytes: UnsafeRawPointer, endingBefore end: Int) -> Int {
        var at = end
        while let found = unsafe last(lf, in: bytes, before: at) {
            if found > 0, unsafe (bytes + (found &- 1)).load(as: UInt8.self) == cr { return found &+ 1 }
            at = found
        }
        return 0
    }

    /// Offset of the last of these bytes before `end`; nil if there is none.
    @inline(__always)
    private static func last(_ byte: UInt8, in bytes: UnsafeRawPointer, before end: Int) -> Int? {
        var at = end
        while at >= 16 {
            at &-= 16
            let (low, high) = unsafe words(block(bytes + at, is: byte))
            if high != 0 { return at &+ 15 &- high.leadingZeroBitCount / 8 }
            if low != 0 { return at &+ 7 &- low.leadingZeroBitCount / 8 }
        }
        while at > 0 {
            at &-= 1
            if unsafe (bytes + at).load(as: UInt8.self) == byte { return at }
        }
        return nil
    }

    /// Which of sixteen bytes are this one.
    @inline(__always)
    private static func block(_ bytes: UnsafeRawPointer, is byte: UInt8) -> SIMDMask<SIMD16<Int8>> {
        unsafe bytes.loadUnaligned(as: Block.self) .== Block(repeating: byte)
    }

    /// A mask as two words, the first bytes in the first; 255 in the byte of each match.
    @inline(__always)
    private static func words(_ mask: SIMDMask<SIMD16<Int8>>) -> (UInt64, UInt64) {
        let words = unsafe unsafeBitCast(mask, to: SIMD2<UInt64>.self)
        return (UInt64(littleEndian: words.x), UInt64(littleEndian: words.y))
    }
}
