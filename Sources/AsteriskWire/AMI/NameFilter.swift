/// A few names of which most that come by are none, as variables that are set: what is not there is told from length and ends.
struct NameFilter: Sendable {
    private let names: Set<String>
    /// The same as bytes.
    private let texts: [[UInt8]]
    /// A bit for what each name looks like from afar.
    private let marks: UInt64

    /// - Parameter names: as they are compared, capitals included.
    init(_ names: Set<String>) {
        self.names = names
        texts = names.map { Array($0.utf8) }
        marks = names.reduce(0) { marks, name in
            var name = name
            return marks | name.withUTF8 { unsafe NameFilter.mark(UnsafeRawBufferPointer($0)) }
        }
    }

    /// Length, first and last byte in one of 64 bits.
    @inline(__always)
    private static func mark(_ name: UnsafeRawBufferPointer) -> UInt64 {
        guard let first = unsafe name.first, let last = unsafe name.last else { return 1 }
        return 1 << ((UInt64(name.count) &* 7 &+ UInt64(first) &* 5 &+ UInt64(last)) & 63)
    }

    /// Whether it is one of them.
    func contains(_ name: String) -> Bool { names.contains(name) }

    /// The same for bytes, which need not become text for it.
    @inline(__always)
    func contains(_ name: UnsafeRawBufferPointer) -> Bool {
        unsafe marks & NameFilter.mark(name) != 0
            && texts.contains { unsafe $0.count == name.count && $0.elementsEqual(name) }
    }
}
