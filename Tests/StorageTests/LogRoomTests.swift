import CFaultVFS
import Foundation
import Storage
import Testing

/// The write-ahead log's file is longer than the log.
@Suite struct LogRoomTests {
    /// Large enough for several pieces.
    static let room: Int64 = 1 << 20

    private func logSize(_ scratch: Scratch) throws -> Int64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.database + "-wal")
        return try #require(attributes[.size] as? NSNumber).int64Value
    }

    @Test func zerosBehindTheLogAreNoFramesToWhoeverReadsItAfterAKill() async throws {
        let (scratch, killed) = (try Scratch(), try Scratch())
        let store = try CallStore(.init(folder: scratch.state))
        _ = try await store.commit([commit(1)])
        await store.makeLogRoom(LogRoomTests.room)
        #expect(try logSize(scratch) == LogRoomTests.room)
        for n in 2...9 { _ = try await store.commit([commit(n)]) }
        #expect(try logSize(scratch) == LogRoomTests.room, "the log is written into its room")
        // What a kill leaves: the files as they are.
        try FileManager.default.createDirectory(atPath: killed.state, withIntermediateDirectories: true)
        for end in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: scratch.database + end, toPath: killed.database + end)
        }
        await store.close()

        let found = try CallStore(.init(folder: killed.state))
        #expect(try await found.check() == [])
        #expect(try await found.query.calls(matching: .init(limit: nil)).count == 9)
        #expect(try await found.endpoints().map(\.ready) == [9])
        await found.close()
    }

    @Test func aLogOfZerosAloneIsAnEmptyOne() async throws {
        let (scratch, killed) = (try Scratch(), try Scratch())
        let first = try CallStore(.init(folder: scratch.state))
        _ = try await first.commit([commit(1)])
        await first.close()
        let store = try CallStore(.init(folder: scratch.state))
        await store.makeLogRoom(LogRoomTests.room)
        try FileManager.default.createDirectory(atPath: killed.state, withIntermediateDirectories: true)
        for end in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: scratch.database + end, toPath: killed.database + end)
        }
        await store.close()

        let found = try CallStore(.init(folder: killed.state))
        #expect(try await found.query.calls(matching: .init(limit: nil)).count == 1)
        #expect(try await found.commit([commit(2)]) == [.added])
        await found.close()
    }

    /// Whatever of it fails: the log grows by itself then, and nothing is lost.
    @Test(arguments: [(kinds: Int32(2), isFull: false), (kinds: 2, isFull: true), (kinds: 4, isFull: false)])
    func aDiskThatRefusesTheRoomRefusesNoCall(_ fault: (kinds: Int32, isFull: Bool)) async throws {
        let name = "fault-\(UUID().uuidString)"
        let vfs = try #require(hs_fault_vfs_create(name))
        for n in Int32(1)...5 {
            let scratch = try Scratch()
            let store = try CallStore(.init(folder: scratch.state, vfs: name))
            _ = try await store.commit([commit(1)])
            hs_fault_vfs_arm(vfs, fault.kinds, n, 1, fault.isFull ? HS_FAULT_FULL : HS_FAULT_IOERR)
            await store.makeLogRoom(LogRoomTests.room)
            hs_fault_vfs_arm(vfs, 0, 0, 0, HS_FAULT_IOERR)
            #expect(try await store.commit([commit(2)]) == [.added])
            await store.close()
            let again = try CallStore(.init(folder: scratch.state))
            #expect(try await again.check() == [])
            #expect(try await again.query.calls(matching: .init(limit: nil)).count == 2)
            await again.close()
        }
    }
}
