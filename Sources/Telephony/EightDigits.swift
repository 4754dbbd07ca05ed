/// Reads digits eight at a time: ids and times stand in each event.
enum EightDigits {
    /// The number that eight digits are, the first in the lowest byte; nil if one is no digit.
    @inline(__always)
    static func number(_ text: UInt64) -> UInt64? {
        let digits = text ^ 0x3030_3030_3030_3030
        guard (digits &+ 0x7676_7676_7676_7676 | digits) & 0x8080_8080_8080_8080 == 0 else { return nil }
        // Neighbours are put together: two to a pair, two pairs to four digits, twice four to eight.
        let pairs = (digits &* 10 &+ digits >> 8) & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* 100 &+ pairs >> 16) & 0x0000_FFFF_0000_FFFF
        return (fours &* 10000 &+ fours >> 32) & 0xFFFF_FFFF
    }
    /// Eight hexadecimal digits in lower case, four bits each, the first in the lowest; nil if one is none.
    @inline(__always)
    static func hexadecimal(_ text: UInt64) -> UInt64? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        // Letters are 0x61…0x66, digits 0x30…0x39: what they stand for is in the lower half, of letters nine less.
        let letters = text >> 6 & ones
        let values = text & (ones &* 15) &+ letters &* 9
        // Six more carries what a letter stands for into the upper half, and nothing that a digit does.
        guard text & (ones &* 0xF0) == (ones &+ letters) &* 0x30, values & (ones &* 16) == 0,
            (values &+ ones &* 6) >> 4 & ones == letters
        else { return nil }
        let pairs = (values | values >> 4) & 0x00FF_00FF_00FF_00FF
        let fours = (pairs | pairs >> 8) & 0x0000_FFFF_0000_FFFF
        return (fours | fours >> 16) & 0xFFFF_FFFF
    }
}
