import Daemon
import Diagnostics
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Testing

@Suite("Daemon and bad input") struct BadInputTests {
    /// Starts a daemon against a scripted manager and returns the log line that tells of the trouble.
    private func trouble(
        _ script: ScriptedAsterisk.Script = .init(), secret: String = "secret", pbx: String = "", message: String
    ) throws -> LogEntry {
        let (entry, recorder) = try DaemonFixture.runWithManager(try TestFolder(), script, secret: secret, pbx: pbx) {
            fixture, _ in
            (try await fixture.logged(message), fixture.recorder)
        }
        #expect(recorder.lines.allSatisfy { !$0.contains(secret) })
        return entry
    }
    private func text(_ value: LogValue?) -> String { if case .text(let text) = value { text } else { "" } }

    @Test("a wrong secret is told as a refused login, with where to look")
    func wrongSecret() throws {
        let entry = try trouble(secret: "wr0ng-Secret", message: "no manager connection")
        #expect(text(entry.metadata[.errorCode]) == "login_refused")
        #expect(text(entry.metadata[.hint]).contains("manager.conf"))
        #expect(entry.level == .error)
    }

    @Test("a closed port is told as refused, and the connection is tried again")
    func portClosed() throws {
        let folder = try TestFolder()
        try DaemonFixture.run(folder) { fixture in
            let entry = try await fixture.logged("no manager connection")
            #expect(text(entry.metadata[.errorCode]) == "connection_refused")
            #expect(entry.metadata[.retryIn] != nil)
            let alert = try await fixture.logged("alert")
            #expect(text(alert.metadata[.alertKind]) == "manager_lost")
        }
    }

    @Test("a missing right to list channels is told with the class to add")
    func missingWriteClass() throws {
        var script = ScriptedAsterisk.Script()
        script.denied = ["CoreShowChannels", "Status"]
        let entry = try trouble(script, message: "the calls in progress could not be asked for")
        #expect(text(entry.metadata[.errorCode]) == "permission_missing")
        #expect(text(entry.metadata[.hint]).contains("reporting"))
    }

    @Test("a missing class system is told, and nothing waits for ever")
    func missingSystemClass() throws {
        var script = ScriptedAsterisk.Script()
        script.uptime = nil
        let entry = try trouble(script, message: "no FullyBooted came after the login")
        #expect(text(entry.metadata[.hint]).contains("system"))
    }

    @Test("a certificate of a stranger is refused; with his authority it is taken")
    func certificate() throws {
        let certificates = try TestCertificates.shared()
        var script = ScriptedAsterisk.Script()
        script.tls = TLSServerOptions(
            certificateFile: "\(certificates.folder)/server.pem", privateKeyFile: "\(certificates.folder)/server.key")
        let refused = try trouble(script, message: "no manager connection")
        #expect(text(refused.metadata[.errorCode]) == "tls_failed")
        _ = try trouble(
            script, pbx: "tls_ca = \(certificates.folder)/ca.pem\ntls_name = pbx.test",
            message: "manager connected")
    }

    // MARK: Starts that must fail

    /// The error of a start.
    private func failure(_ folder: TestFolder, sections: String = "") throws -> DaemonError? {
        let loop = try EventLoop()
        return try loop.run {
            let fixture = try DaemonFixture(loop, folder, settings: folder.settings(sections: sections))
            do throws(DaemonError) {
                try await fixture.daemon.start()
                await fixture.daemon.stop()
                return nil
            } catch {
                return error
            }
        }
    }

    @Test("two daemons on one state folder: the second is refused with the first one's process id")
    func twoDaemons() throws {
        let folder = try TestFolder()
        let loop = try EventLoop()
        try loop.run {
            let first = try DaemonFixture(loop, folder)
            try await first.daemon.start()
            let second = try DaemonFixture(loop, folder)
            await #expect(throws: DaemonError.self) { try await second.daemon.start() }
            do { try await second.daemon.start() } catch {
                #expect("\(error)".contains("held by process \(ProcessInfo.processInfo.processIdentifier)"))
            }
            #expect(try await first.records().isEmpty)
            await first.daemon.stop()
        }
    }

    @Test("a state folder that cannot be made is refused with what to do")
    func unwritable() throws {
        let folder = try TestFolder()
        // A file where the folder should be: refused for root too, whom permissions do not stop.
        try folder.write("state", [])
        let error = try #require(try failure(folder))
        #expect(error.code == .storage)
        #expect(error.hint.contains("state_dir"))
    }

    @Test("a database of a newer version is refused and left as it is")
    func newerDatabase() throws {
        let folder = try TestFolder()
        #expect(try failure(folder) == nil)
        let path = "\(folder.state)/hookswitch.db"
        // SQLite's file format: the user version is the big-endian number at byte 60.
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        bytes.replaceSubrange(60..<64, with: [0, 0, 0x27, 0x0F])
        try folder.write("state/hookswitch.db", bytes)
        let error = try #require(try failure(folder))
        #expect("\(error)".contains("its schema is 9999, this program knows") && error.hint.contains("install"))
        #expect([UInt8](try Data(contentsOf: URL(filePath: path))) == bytes)
    }

    @Test("a FastAGI port that is taken is refused with where to change it")
    func portInUse() throws {
        let folder = try TestFolder()
        let sink = WebhookSink()
        defer { sink.stop() }
        let error = try #require(
            try failure(folder, sections: "[fastagi]\nlisten = 127.0.0.1:\(sink.port)\n"))
        #expect(error.code == .listen)
        #expect(error.hint.contains("[fastagi]"))
    }

    @Test("after a start that failed the state folder is free again")
    func nothingHalfStarted() throws {
        let folder = try TestFolder()
        let sink = WebhookSink()
        _ = try failure(folder, sections: "[fastagi]\nlisten = 127.0.0.1:\(sink.port)\n")
        sink.stop()
        #expect(try failure(folder) == nil)
    }
}
