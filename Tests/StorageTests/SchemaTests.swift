import CSQLite
import Foundation
import Telephony
import Testing

@testable import Storage

@Suite struct SchemaTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// Runs SQL on a database file of the test's, as an older or newer program would have left it.
    func execute(_ sql: String) throws {
        try FileManager.default.createDirectory(atPath: scratch.state, withIntermediateDirectories: true)
        let connection = try Connection.open(path: scratch.database, mode: .create)
        try connection.execute(sql)
    }

    @Test func aDatabaseOfTheFirstReleaseIsTakenOverWithItsPendingWork() async throws {
        let fixture = try #require(Bundle.module.url(forResource: "schema-1", withExtension: "sql"))
        try execute(try String(contentsOf: fixture, encoding: .utf8))
        let store = try CallStore(.init(folder: scratch.state))
        let call = try #require(try await store.query.call(withAnyID: "1795227461.3"))
        #expect(String(decoding: call.recordJSON, as: UTF8.self).contains(#""id":"pbx1-1795227461.2""#))
        #expect(call.evidence.map(\.field) == ["billsec"])
        let claim = try await store.claim(now: Instant(seconds: 1_800_000_000))
        #expect(claim.entries.map(\.messageID) == ["m1"])
        #expect(claim.entries.map(\.attempts) == [2])
        #expect(claim.entries.map { String(decoding: $0.body, as: UTF8.self) } == ["{\"n\":1}"])
        try await store.finish(claim.entries[0], .delivered, at: Instant(seconds: 1_800_000_000))
        #expect(try await store.claim(now: Instant(seconds: 1_800_000_000)).entries.map(\.messageID) == ["m2"])
        #expect(try await store.query.deliveries(ofCall: "pbx1-1795227461.2")[0].attempts.count == 3)
        #expect(try await store.openCalls().map(\.id) == ["pbx1-1795227470.9"])
        _ = try await store.commit([commit(5)])
        await store.close()
    }

    /// Tables and indices as they were written, by name; comments and blanks are no part of them.
    private func tables(_ connection: borrowing Connection) throws -> [String: String] {
        let s = try connection.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
        var tables: [String: String] = [:]
        while try s.step() {
            let lines = s.text(1).split(separator: "\n").map { line in
                String(line.split(separator: "--", omittingEmptySubsequences: false)[0])
            }
            tables[s.text(0)] = lines.joined(separator: " ").split(whereSeparator: \.isWhitespace)
                .joined(separator: " ")
        }
        return tables
    }

    @Test func whatThisProgramMakesIsTheFirstReleaseWithItsLaterSteps() async throws {
        // The released schema is never edited: a change to it must be a further step.
        let fixture = try #require(Bundle.module.url(forResource: "schema-1", withExtension: "sql"))
        let old = try Connection.open(path: scratch.path + "/fixture.db", mode: .create)
        try old.execute(try String(contentsOf: fixture, encoding: .utf8))
        // All of it in the one file, to be copied.
        try old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        var released = try tables(old)
        released["outbox_pending"] = "CREATE INDEX outbox_pending ON outbox (endpoint) WHERE state = 0"
        let store = try CallStore(.init(folder: scratch.state))
        await store.close()
        let new = try Connection.open(path: scratch.database, mode: .readOnly)
        let made = try tables(new)
        #expect(made == released)
        #expect(try new.number("PRAGMA user_version") == 2)
        // And so is one that began as the first.
        try FileManager.default.createDirectory(atPath: scratch.path + "/taken", withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            atPath: scratch.path + "/fixture.db", toPath: scratch.path + "/taken/hookswitch.db")
        let taken = try CallStore(.init(folder: scratch.path + "/taken"))
        #expect(try await taken.endpoints().map(\.oldestUnsettled) == [Instant(milliseconds: 1_795_227_491_300)])
        await taken.close()
        let upgraded = try Connection.open(path: scratch.path + "/taken/hookswitch.db", mode: .readOnly)
        #expect(try tables(upgraded) == released)
        #expect(try upgraded.number("PRAGMA user_version") == 2)
    }

    @Test func aDatabaseOfANewerReleaseIsRefusedUntouched() throws {
        try execute("CREATE TABLE future (x); PRAGMA user_version = 999")
        #expect {
            _ = try CallStore(.init(folder: scratch.state))
        } throws: { error in
            guard let error = error as? StorageError else { return false }
            return error.code == .newerVersion && error.description.contains("999")
                && error.description.contains(scratch.database)
        }
        let connection = try Connection.open(path: scratch.database, mode: .readOnly)
        #expect(try connection.number("SELECT count(*) FROM sqlite_schema") == 1)
    }

    @Test func theDatabaseIsSyncedAtEachCommitAndReadersStandBeside() async throws {
        let ledger = try Ledger(path: scratch.path + "/direct.db", vfs: nil)
        #expect(try ledger.connection.number("PRAGMA synchronous") == 2, "FULL")
        let mode = try ledger.connection.prepare("PRAGMA journal_mode")
        #expect(try mode.step())
        #expect(mode.text(0) == "wal")
        #expect(try ledger.connection.number("PRAGMA auto_vacuum") == 2, "incremental")
    }
}
