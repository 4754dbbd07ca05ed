/// Finds which of a fixed set of short ASCII names some bytes are, in a few nanoseconds and without allocating.
///
/// A few multiplications over the first, middle and last eight bytes and the length gives a place in a table that has been grown until
/// all names have places of their own; the name found there is then compared byte by byte.
@safe final class NameTable: Sendable {
    /// Ordinal + 1 of the name at each place; 0 where there is none.
    private let places: [UInt8]
    /// Each name's length and bytes, at `stride` times its ordinal.
    private let texts: [UInt8]
    private static let stride = 32
    private let shift: UInt64

    /// - Parameter all: different names of up to 31 bytes, fewer than 255 of them; a name's place among them is its ordinal.
    init(_ all: [String]) {
        precondition(all.count < 255, "an ordinal is one byte")
        let names = all.map { Array($0.utf8) }
        precondition(names.allSatisfy { $0.count < NameTable.stride }, "a name is longer than its place")
        var bits: UInt64 = 8
        search: while true {
            var places = [UInt8](repeating: 0, count: 1 << Int(bits))
            for (ordinal, name) in names.enumerated() {
                let place = unsafe name.withUnsafeBytes {
                    unsafe Int(NameTable.hash($0.baseAddress!, $0.count) >> (64 - bits))
                }
                if places[place] != 0 {
                    precondition(bits < 20, "two names hash alike: change the multiplier")
                    bits += 1
                    continue search
                }
                places[place] = UInt8(ordinal + 1)
            }
            let texts = names.map { name in
                [UInt8(name.count)] + name + [UInt8](repeating: 0, count: NameTable.stride - 1 - name.count)
            }
            (self.places, self.texts, shift) = (places, Array(texts.joined()), 64 - bits)
            prefixes = names.map(Prefix.init)
            return
        }
    }

    /// One name with its colon, for a comparison in two or three loads.
    struct Prefix {
        private var first: UInt64
        private var second: UInt64
        /// The last eight bytes; of a shorter name the same as `first`.
        private var last: UInt64
        /// Which bits of `first` and `last` are the name's.
        private var mask: UInt64
        /// Offset of `last`.
        private var lastOffset: UInt16
        /// Bytes of the name, without the colon.
        let length: UInt16

        /// What no line begins with.
        static let none = Prefix(length: 0)
        /// No eight bytes are both `first` and `last`.
        private init(length: Int) {
            (first, second, last, mask, lastOffset) = (0, 0, .max, .max, 0)
            self.length = UInt16(length)
        }

        fileprivate init(_ name: [UInt8]) {
            self.init(length: name.count)
            // Three words do not cover a longer one: no line is found to begin with it, and it is searched for.
            guard name.count <= 23 else { return }
            func word(_ from: Int) -> UInt64 {
                let bytes = (name + [UInt8(ascii: ":")]).dropFirst(from).prefix(8)
                return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
            lastOffset = UInt16(max(0, name.count - 7))
            (first, second, last) = (word(0), word(8), word(Int(lastOffset)))
            mask = name.count >= 7 ? .max : 1 << UInt64(8 * (name.count + 1)) - 1
        }

        /// Whether a line begins with the name and a colon. Eight bytes must be readable, also of a shorter line.
        /// - Parameter count: bytes from the line's beginning that belong to its message.
        @inline(__always)
        func begins(_ line: UnsafeRawPointer, count: Int) -> Bool {
            guard Int(length) < count else { return false }
            let head = unsafe line.loadUnaligned(as: UInt64.self) ^ first
            let tail = unsafe (line + Int(lastOffset)).loadUnaligned(as: UInt64.self) ^ last
            guard (head | tail) & mask == 0 else { return false }
            return unsafe length <= 15 || (line + 8).loadUnaligned(as: UInt64.self) == second
        }
    }

    /// The names by ordinal, for lines that are expected to begin with one of them.
    let prefixes: [Prefix]

    /// The ordinal of the name that `count` bytes at `bytes` are; nil if they are none.
    @inline(__always)
    func ordinal(of bytes: UnsafeRawPointer, count: Int) -> Int? {
        guard count > 0 else { return nil }
        let place = unsafe Int(truncatingIfNeeded: NameTable.hash(bytes, count) >> shift)
        let found = unsafe places.withUnsafeBufferPointer { unsafe $0[place] }
        guard found != 0 else { return nil }
        let same = unsafe texts.withUnsafeBytes { all in
            let name = unsafe all.baseAddress! + (Int(found) - 1) * NameTable.stride
            return unsafe Int(name.load(as: UInt8.self)) == count && NameTable.equal(name + 1, bytes, count)
        }
        return same ? Int(found) - 1 : nil
    }

    @inline(__always)
    private static func hash(_ p: UnsafeRawPointer, _ n: Int) -> UInt64 {
        var a: UInt64 = 0
        var b: UInt64 = 0
        if n >= 8 {
            a = unsafe p.loadUnaligned(as: UInt64.self)
            b = unsafe (p + (n - 8)).loadUnaligned(as: UInt64.self)
            // TransfererUniqueid and TransfereeUniqueid differ in the middle only.
            if n > 16 { b ^= unsafe (p + (n / 2 - 4)).loadUnaligned(as: UInt64.self) &* 0x9E37_79B9_7F4A_7C15 }
        } else if n >= 4 {
            a = unsafe UInt64(p.loadUnaligned(as: UInt32.self))
            b = unsafe UInt64((p + (n - 4)).loadUnaligned(as: UInt32.self))
        } else {
            a = unsafe UInt64(p.load(as: UInt8.self))
            b = unsafe UInt64((p + (n - 1)).load(as: UInt8.self)) << 8 | UInt64((p + n / 2).load(as: UInt8.self))
        }
        let mixed =
            (a ^ UInt64(n) &* 0xA076_1D64_78BD_642F) &* 0x9E37_79B9_7F4A_7C15 ^ b.byteSwapped &* 0xE703_7ED1_A0B4_28DB
        return (mixed ^ mixed >> 32) &* 0x8EBC_6AF0_9C88_C6E3
    }

    @inline(__always)
    private static func equal(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ n: Int) -> Bool {
        if n >= 8 {
            var i = 0
            while i + 8 <= n {
                if unsafe (a + i).loadUnaligned(as: UInt64.self) != (b + i).loadUnaligned(as: UInt64.self) {
                    return false
                }
                i += 8
            }
            // The last eight again: some of them were compared already.
            return unsafe (a + (n - 8)).loadUnaligned(as: UInt64.self) == (b + (n - 8)).loadUnaligned(as: UInt64.self)
        }
        var i = 0
        while i < n {
            if unsafe (a + i).load(as: UInt8.self) != (b + i).load(as: UInt8.self) { return false }
            i += 1
        }
        return true
    }
}
