import Foundation
import Storage
import Telephony
import Testing

@Suite struct StateFolderTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func aSecondDaemonOnOneFolderIsRefusedAndToldWhoHoldsIt() async throws {
        let first = try CallStore(.init(folder: scratch.state))
        #expect {
            _ = try CallStore(.init(folder: scratch.state))
        } throws: { error in
            guard let error = error as? StorageError else { return false }
            return error.code == .locked && error.description.contains("process \(getpid())")
                && error.description.contains("state_dir")
        }
        await first.close()
        let second = try CallStore(.init(folder: scratch.state))
        await second.close()
    }

    @Test func aLookWhoHasTheFolderDoesNotRefuseADaemonThatStarts() async throws {
        let first = try CallStore(.init(folder: scratch.state))
        await first.close()
        // As `check` does, for a moment.
        let look = Glibc.open(scratch.state + "/hookswitch.lock", O_RDONLY | O_CLOEXEC)
        #expect(flock(look, LOCK_SH) == 0)
        // On a thread of its own: the opening holds up the one it is called on.
        Thread.detachNewThread {
            usleep(30_000)
            // Unlocked in words: a process that another test starts just now still holds a copy of the descriptor.
            flock(look, LOCK_UN)
            Glibc.close(look)
        }
        let second = try CallStore(.init(folder: scratch.state))
        await second.close()
    }

    /// `sudo hookswitch backfill` before the daemon, which is not root, has ever run.
    @Test func whatRootMakesBelongsToWhoeverOwnsTheFolder() async throws {
        let user = geteuid() == 0 ? 65534 : geteuid()
        let logs = scratch.path + "/log"
        for folder in [scratch.state, logs] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            #expect(chown(folder, user, gid_t.max) == 0)
        }
        let store = try CallStore(
            .init(folder: scratch.state, callsLog: CallsLogOptions(path: logs + "/calls.jsonl")))
        _ = try await store.commit([commit(1)])
        let files = try [scratch.state, logs].flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
        }
        #expect(
            Set(files).isSuperset(of: [scratch.database, scratch.state + "/hookswitch.lock", logs + "/calls.jsonl"]))
        for file in files {
            var status = stat()
            #expect(stat(file, &status) == 0 && status.st_uid == user, "\(file)")
        }
        await store.close()
    }

    @Test func aFolderThatCannotBeWrittenIsSaidPlainly() throws {
        // A file stands where the folder should be: refused to every user, root too.
        try "".write(toFile: scratch.path + "/file", atomically: false, encoding: .utf8)
        for folder in [scratch.path + "/file", scratch.path + "/file/state", "/proc/hookswitch"] {
            #expect {
                _ = try CallStore(.init(folder: folder))
            } throws: { error in
                guard let error = error as? StorageError else { return false }
                return error.code == .unwritable && error.description.contains(folder)
                    && error.hint.contains("state_dir")
            }
        }
    }

    @Test func aFileThatIsNoDatabaseIsRefusedAndLeftAlone() throws {
        try FileManager.default.createDirectory(atPath: scratch.state, withIntermediateDirectories: true)
        let text = String(repeating: "this is not a database\n", count: 100)
        try text.write(toFile: scratch.database, atomically: false, encoding: .utf8)
        #expect {
            _ = try CallStore(.init(folder: scratch.state))
        } throws: {
            ($0 as? StorageError)?.code == .damaged
        }
        #expect(try String(contentsOfFile: scratch.database, encoding: .utf8) == text)
    }

    @Test func recordsAreNotReadableByEverybody() async throws {
        let store = try CallStore(.init(folder: scratch.state))
        _ = try await store.commit([commit(1)])
        for name in ["", "-wal"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: scratch.database + name)
            let mode = try #require(attributes[.posixPermissions] as? Int)
            #expect(mode & 0o007 == 0, "\(name)")
        }
        await store.close()
    }
}
