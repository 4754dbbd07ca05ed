/// The bytes of a log file, read a piece at a time, so that a file of any size costs one piece of memory.
///
/// Whoever has the file gives the reading; this side only asks for ranges of it.
public struct LogBytes {
    /// Length of the file.
    public let count: Int
    private let read: (Range<Int>) -> [UInt8]
    private var window: [UInt8]
    private var base = 0
    /// Longer than any row a back end writes, times a thousand.
    private static let piece = 1 << 20

    /// For a file that is in memory: nothing is read.
    public init(_ bytes: [UInt8]) {
        (count, window) = (bytes.count, bytes)
        read = { Array(bytes[$0]) }
    }
    /// - Parameter read: gives the bytes of a range that lies within the file; fewer where the file has shrunk.
    public init(count: Int, read: @escaping (Range<Int>) -> [UInt8]) {
        (self.count, self.read, window) = (count, read, [])
    }

    /// The byte at an offset; nil past the end.
    @inline(__always)
    mutating func byte(_ at: Int) -> UInt8? {
        let i = at - base
        return i >= 0 && i < window.count ? window[i] : load(at)
    }

    private mutating func load(_ at: Int) -> UInt8? {
        guard at >= 0, at < count else { return nil }
        // Read backwards, what comes next stands before.
        let from = at < base ? max(0, at - LogBytes.piece * 3 / 4) : at
        window = read(from..<min(count, from + LogBytes.piece))
        base = from
        let i = at - base
        return i < window.count ? window[i] : nil
    }

    /// Bytes as text, repaired where they are not UTF-8.
    mutating func text(_ range: Range<Int>) -> String {
        var bytes: [UInt8] = []
        for at in range { if let byte = byte(at) { bytes.append(byte) } }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Where the line that begins at an offset ends, its line feed not counted.
    mutating func lineEnd(_ from: Int) -> Int {
        var at = from
        while let byte = byte(at), byte != 10 { at += 1 }
        return at
    }

    /// The line that begins at an offset, without its end.
    mutating func line(_ from: Int) -> (text: String, next: Int) {
        let end = lineEnd(from)
        var last = end
        if last > from, byte(last - 1) == 13 { last -= 1 }
        return (text(from..<last), min(end + 1, count))
    }
}
