import Testing

@testable import Daemon

@Suite("Pages that only the start needed") struct StartPagesTests {
    @Test("are code and a library's header, never what the linker has written to")
    func chosen() {
        // A program, a library as most are linked, and one so small that its relocated page begins at the file's first byte.
        let maps = """
            55e0c0000000-55e0c0010000 r--p 00000000 fd:00 11  /usr/bin/hookswitch
            55e0c0010000-55e0c0400000 r-xp 00010000 fd:00 11  /usr/bin/hookswitch
            55e0c0400000-55e0c0420000 r--p 00400000 fd:00 11  /usr/bin/hookswitch
            55e0c0420000-55e0c0430000 rw-p 00420000 fd:00 11  /usr/bin/hookswitch
            55e0c1000000-55e0c1100000 rw-p 00000000 00:00 0   [heap]
            7f0000000000-7f0000004000 r--p 00000000 fd:00 12  /usr/lib/libcurl.so.4
            7f0000004000-7f0000008000 r-xp 00004000 fd:00 12  /usr/lib/libcurl.so.4
            7f0000008000-7f0000009000 r--p 00008000 fd:00 12  /usr/lib/libcurl.so.4
            7f0000009000-7f000000a000 rw-p 00000000 00:00 0
            7f0000010000-7f0000011000 r-xp 00000000 fd:00 13  /usr/lib/small library.so
            7f0000011000-7f0000012000 r--p 00000000 fd:00 13  /usr/lib/small library.so
            7f0000012000-7f0000013000 rw-p 00001000 fd:00 13  /usr/lib/small library.so
            7ffe00000000-7ffe00020000 rw-p 00000000 00:00 0   [stack]
            7ffe00030000-7ffe00032000 r-xp 00000000 00:00 0   [vdso]
            """
        let starts: [UInt] = [
            0x55e0_c000_0000, 0x55e0_c001_0000, 0x7f00_0000_0000, 0x7f00_0000_4000, 0x7f00_0001_0000,
        ]
        #expect(StartPages.droppable(maps).map(\.lowerBound) == starts)
        #expect(StartPages.droppable(maps).last == 0x7f00_0001_0000..<0x7f00_0001_1000)
    }
}
