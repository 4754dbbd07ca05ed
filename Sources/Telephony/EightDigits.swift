/// Reads decimal digits eight at a time: ids and times stand in each event.
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
}
