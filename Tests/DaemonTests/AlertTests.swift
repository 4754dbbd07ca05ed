import Daemon
import Delivery
import Diagnostics
import EventLoop
import Foundation
import HookswitchTestKit
import Testing

/// What the daemon itself finds out by looking once a minute; what deliveries raise is tested there.
@Suite("The daemon's alerts") struct AlertTests {
    /// Waits for an alert of that kind in the log; its first look is some seconds after the start.
    private static func alert(_ kind: Alert.Kind, _ fixture: DaemonFixture) async throws -> LogEntry {
        func found() -> LogEntry? {
            fixture.recorder.entries(saying: "alert").first { $0.metadata[.alertKind] == .text(kind.rawValue) }
        }
        try await fixture.wait("an alert \(kind.rawValue)") { found() != nil }
        return found()!
    }

    @Test("channels that are listed but never announced: nobody will tell of their calls")
    func noRecords() throws {
        try DaemonFixture.runWithManager(try TestFolder()) { fixture, asterisk in
            _ = try await fixture.logged("calls in progress are known")
            // Made after the login, and no Newchannel came.
            asterisk.script.channels = [
                "Channel: PJSIP/100-00000001\nChannelState: 6\nUniqueid: 1795226720.0\nLinkedid: 1795226720.0\n"
                    + "CallerIDNum: 100\nContext: a\nExten: 1\nPriority: 1\nDuration: 00:00:00"
            ]
            let entry = try await AlertTests.alert(.noRecords, fixture)
            #expect(entry.metadata[.alertSubject] == .text("main"))
            guard case .text(let hint) = entry.metadata[.hint] else { throw NotInTime(what: "a hint") }
            #expect(hint.contains("read = system,call,agent,cdr") && hint.contains("eventfilter"))
        }
    }

    @Test("a spool file that stays: what the dialplan said does not get in")
    func spoolNotDrained() throws {
        let folder = try TestFolder()
        // A folder of that name cannot be read as a file, whoever the daemon runs as.
        let path = "\(folder.state)/spool/1795227953-1.agi"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -1200)], ofItemAtPath: path)
        try DaemonFixture.run(folder) { fixture in
            let entry = try await AlertTests.alert(.spoolNotDrained, fixture)
            #expect(entry.metadata[.alertSubject] == .text("\(folder.state)/spool"))
        }
    }
}
