import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Telephony
import Testing

@testable import Daemon

@Suite("check: what the last records tell") struct StoredCallsCheckTests {
    /// What is found of calls that ended an hour and a half ago, with recordings in `monitor`.
    private func found(
        _ folder: TestFolder, calls: Int = 1, recordings: [(name: String, state: CallRecord.Recording.State)],
        change: (inout CallRecord) -> Void = { _ in }
    ) throws -> [Finding] {
        let now = CallStore.wallClock()
        var call = try capturedCall()
        let shift = now - .seconds(5400) - call.record.startedAt
        call.record.startedAt = call.record.startedAt + shift
        call.record.endedAt = call.record.endedAt + shift
        call.record.recordings = recordings.map {
            var recording = CallRecord.Recording(
                path: "\(folder.path)/monitor/\($0.name)", channel: ChannelName("PJSIP/1001-1"),
                startedAt: call.record.startedAt, endedAt: call.record.endedAt)
            recording.state = $0.state
            return recording
        }
        change(&call.record)
        let loop = try EventLoop()
        return try loop.run { [call] in
            let store = try CallStore(.init(folder: folder.state))
            var commits: [CallCommit] = []
            for i in 0..<calls {
                var one = call
                one.record.id = "pbx1-\(i).0"
                commits.append(CallCommit(one))
            }
            _ = try await store.commit(commits)
            await store.close()
            let settings = try configuration(
                "[general]\nstate_dir = \(folder.state)\n\(leastPBX)[fastagi]\n[recordings]\n"
                    + "directory = \(folder.path)/monitor\n")
            return await StoredCallsCheck(configuration: settings, now: now).findings()
        }
    }

    private func site(files: [String] = [], age: TimeInterval = 5000) throws -> TestFolder {
        let folder = try TestFolder()
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/monitor/2026/11", withIntermediateDirectories: true)
        for name in files {
            try folder.write("monitor/\(name)", [UInt8](repeating: 0, count: 1000))
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: "\(folder.path)/monitor/\(name)")
        }
        return folder
    }

    @Test("recordings that were found, and files that are converted or mixed of them, are nothing to tell of")
    func fine() throws {
        let folder = try site(files: ["2026/11/a.wav", "2026/11/a.mp3"])
        let found = try found(folder, recordings: [("2026/11/a.wav", .ready)])
        #expect(found.allSatisfy { $0.level == .ok }, "\(found)")
        #expect(found.contains { $0.text.contains("were found") })
    }

    @Test("a recording that never came is named; where its folder is not on this host, it is a fault")
    func missing() throws {
        let here = try found(site(), recordings: [("2026/11/b.wav", .missing)])
        #expect(here.contains { $0.level == .warning && $0.text.hasSuffix("2026/11/b.wav") }, "\(here)")
        let elsewhere = try found(site(), recordings: [("other/b.wav", .missing)])
        let fault = try #require(elsewhere.first { $0.level == .failure })
        #expect(fault.fix.contains("mounted_at"))
    }

    @Test("a recording that came after it was given up is told wrong: a fault, with the key to set")
    func late() throws {
        let folder = try site(files: ["2026/11/c.wav"])
        let late = try found(folder, recordings: [("2026/11/c.wav", .missing)])
        let fault = try #require(late.first { $0.level == .failure })
        #expect(fault.text.contains("1 of 1 are told as missing, but 1 are there"))
        #expect(fault.fix.contains("give_up"))
    }

    @Test("files of the same days that belong to no call are counted; older and unfinished ones are not")
    func orphans() throws {
        let folder = try site(files: ["2026/11/d.wav", "2026/11/stray.wav", "2026/11/notes.txt"])
        let stray = try found(folder, recordings: [("2026/11/d.wav", .ready)])
        let warning = try #require(stray.first { $0.level == .warning })
        #expect(warning.text.hasPrefix("1 files"))
        #expect(warning.text.hasSuffix("stray.wav"))
        #expect(warning.fix.contains("backfill"))
        for age: TimeInterval in [60, 86_400] {
            let folder = try site(files: ["2026/11/stray.wav"], age: age)
            #expect(try found(folder, recordings: []).allSatisfy { $0.level == .ok })
        }
    }

    @Test("calls that were seen in part, and witnesses that never speak, are told")
    func witnesses() throws {
        let silent = try found(site(), calls: 30, recordings: []) {
            $0.sources = [.ami]
            $0.completeness = .partial
        }
        #expect(silent.contains { $0.level == .warning && $0.text.hasPrefix("30 of the last 30 are partial") })
        #expect(silent.contains { $0.level == .warning && $0.fix.contains("cdr_manager.conf") })
        #expect(silent.contains { $0.level == .unknown && $0.fix.contains("hookswitch,attach,1") })
        let all = try found(site(), calls: 30, recordings: []) { $0.sources = [.ami, .agi, .cdr] }
        #expect(all.allSatisfy { $0.level == .ok }, "\(all)")
    }
}
