import Glibc

/// Gives back what only the start needed: pages of the program and its libraries that the dynamic linker and the libraries'
/// initialisers read once, among them most of what libcurl brings along. Some 14 of 24 MB where this was measured.
///
/// Only mappings whose pages can be read again from their file at any time are dropped: code (`r-xp`), and the part of a
/// library that begins with its header (its first mapping, `r--p` at offset 0: symbols, hashes, relocations). Pages the linker has
/// written to are in neither; those of a small library may begin at offset 0 too, but never first. What is needed after all comes
/// back by itself, a fault each.
///
/// Source: madvise(2) on MADV_DONTNEED, elf(5), proc(5) on `maps`.
enum StartPages {
    /// Drops them, once, when everything is started; does nothing where `/proc` is not there.
    static func release() {
        guard let maps = try? FileError.read("/proc/self/maps") else { return }
        for range in droppable(String(decoding: maps, as: UTF8.self)) {
            guard let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { continue }
            madvise(start, range.count, MADV_DONTNEED)
        }
    }

    /// The addresses of what can be dropped, of the text of `/proc/self/maps`.
    static func droppable(_ maps: String) -> [Range<UInt>] {
        var ranges: [Range<UInt>] = []
        var last: Substring = ""
        for line in maps.split(separator: "\n") {
            // ADDRESS-END MODE OFFSET DEVICE INODE PATH
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count >= 6, fields[5].hasPrefix("/") else { continue }
            let path = line[fields[5].startIndex...]
            let isFirst = path != last
            last = path
            guard fields[1] == "r-xp" || (isFirst && fields[1] == "r--p" && fields[2].allSatisfy { $0 == "0" }) else {
                continue
            }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            if ends.count == 2, ends[0] < ends[1] { ranges.append(ends[0]..<ends[1]) }
        }
        return ranges
    }
}
