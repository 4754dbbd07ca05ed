import Delivery
import Diagnostics
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import Testing

@testable import Daemon

@Suite("HealthWatch") struct HealthWatchTests {
    private let start = Instant(seconds: 1_795_000_000)
    private func watch() -> HealthWatch { HealthWatch(stateDirectory: "/state", spool: "/state/spool") }

    @Test("a disk that runs low is told once, and once more when there is room again")
    func disk() {
        var watch = watch()
        var told: [Alert.Kind] = []
        var levels: [HealthWatch.DiskLevel] = []
        for megabytes: Int64 in [900, 199, 150, 201, 199, 49, 60, 49, 101, 300, 401, 900, 100] {
            if let alert = watch.disk(DiskRoom(free: megabytes << 20, total: 10 << 30), at: start) {
                told.append(alert.kind)
            }
            levels.append(watch.diskLevel)
        }
        #expect(told == [.diskLow, .diskRecovered, .diskLow])
        #expect(
            levels == [
                .ample, .low, .low, .low, .low, .critical, .critical, .critical, .low, .low, .ample, .ample, .low,
            ])
    }

    @Test("a write without room is told at once, whatever the number says, and once")
    func full() {
        var watch = watch()
        #expect(watch.diskFull(at: start)?.kind == .diskLow)
        #expect(watch.diskFull(at: start) == nil)
        #expect(watch.disk(DiskRoom(free: 10 << 20, total: 10 << 30), at: start) == nil)
        #expect(watch.disk(DiskRoom(free: 1 << 30, total: 10 << 30), at: start)?.kind == .diskRecovered)
    }

    @Test("a small volume is low at a fifth, critical at a twentieth, and ample when it is empty")
    func smallDisk() {
        var watch = watch()
        var levels: [HealthWatch.DiskLevel] = []
        for megabytes: Int64 in [100, 21, 19, 5, 4, 9, 11, 39, 41] {
            _ = watch.disk(DiskRoom(free: megabytes << 20, total: 100 << 20), at: start)
            levels.append(watch.diskLevel)
        }
        #expect(levels == [.ample, .ample, .low, .low, .critical, .critical, .low, .low, .ample])
        #expect(watch.disk(DiskRoom(free: 0, total: 0), at: start)?.kind == .diskLow)
    }

    @Test("a spool that nobody drains is told once, and when it has been drained")
    func spool() {
        var watch = watch()
        let told = [0, 599, 601, 900, 300, 59, 30, 700].compactMap { watch.spool(age: $0, at: start)?.kind }
        #expect(told == [.spoolNotDrained, .spoolDrained, .spoolNotDrained])
    }

    @Test("channels without a record are told after ten minutes, for each Asterisk, and again after an hour")
    func records() {
        var watch = watch()
        func take(_ pbx: String, _ channels: Int, _ seconds: Int64) -> Bool {
            watch.records(of: pbx, channels: channels, lastFinishedAt: start, at: start + .seconds(seconds)) != nil
        }
        #expect(!take("a", 49, 700))
        #expect(!take("a", 50, 600))
        #expect(take("a", 50, 601))
        #expect(take("b", 50, 601))
        #expect(!take("a", 90, 4200))
        #expect(take("a", 90, 4202))
    }
}

@Suite("Daemon and its own health") struct HealthTests {
    private func kinds(_ fixture: DaemonFixture) -> [String] {
        fixture.recorder.entries(saying: "alert").map { entry in
            guard case .text(let kind) = entry.metadata[.alertKind] else { return "" }
            return kind
        }
    }

    @Test("a disk that runs low goes to endpoints, log and command; calls.jsonl waits, and has every call afterwards")
    func diskLow() throws {
        let folder = try TestFolder()
        // A script's own words are the evidence that it ran: it appends what it was given.
        try folder.writeScript("page", "#!/bin/sh\ncat >>\(folder.path)/paged\n")
        let sink = WebhookSink()
        defer { sink.stop() }
        try DaemonFixture.runWithManager(
            folder, general: "alert_command = \(folder.path)/page",
            sections: "[webhook:ops]\nurl = \(sink.url)\nevents = alert"
        ) { fixture, _ in
            let free = Mutex<Int64>(10 << 30)
            fixture.daemon.diskRoom = { DiskRoom(free: free.withLock { $0 }, total: 20 << 30) }
            fixture.daemon.checkDisk()
            #expect(kinds(fixture).isEmpty)
            for megabytes: Int64 in [150, 140] {
                free.withLock { $0 = megabytes << 20 }
                fixture.daemon.checkDisk()
            }
            // The daemon takes it up from where a backfill leaves calls for it, a second or two from now.
            try OverflowFile(path: Backfill.handoverPath(in: folder.state)).append(try capturedCall())
            try await fixture.wait("the call") { try await fixture.records().count == 1 }
            #expect(try Data(contentsOf: URL(filePath: "\(folder.path)/calls.jsonl")).isEmpty)
            free.withLock { $0 = 10 << 30 }
            fixture.daemon.checkDisk()
            fixture.daemon.checkDisk()
            try await fixture.wait("the line that was left out") {
                try Data(contentsOf: URL(filePath: "\(folder.path)/calls.jsonl")).contains(10)
            }
            #expect(kinds(fixture) == ["disk_low", "disk_recovered"])
            try await fixture.wait("both at the endpoint") { sink.requests.count == 2 }
            try await fixture.wait("both at the command") {
                let text = (try? String(contentsOfFile: "\(folder.path)/paged", encoding: .utf8)) ?? ""
                return text.contains("\"kind\":\"disk_low\"") && text.contains("\"kind\":\"disk_recovered\"")
            }
        }
    }

    @Test("a manager connection that is lost is told once, and when it is back")
    func managerLost() throws {
        try DaemonFixture.runWithManager(try TestFolder(), host: "127.61.2.5") { fixture, asterisk in
            try await fixture.wait("the login") { fixture.daemon.isConnected }
            asterisk.close()
            // Refused a few times meanwhile, with longer waits: still one alert.
            try await fixture.wait("refusals") {
                fixture.recorder.entries(saying: "no manager connection").count >= 2
                    || !fixture.daemon.isConnected && kinds(fixture).count == 1
            }
            let again = try ScriptedAsterisk(host: asterisk.host, port: asterisk.port, on: fixture.loop)
            defer { again.close() }
            try await fixture.wait("the second login") { fixture.daemon.isConnected }
            #expect(kinds(fixture) == ["manager_lost", "manager_recovered"])
            let recovered = try #require(fixture.recorder.entries(saying: "alert").last)
            #expect(recovered.level == .notice)
        }
    }

    @Test("a manager connection that flaps: the log has each loss, people the first at once")
    func managerFlaps() throws {
        let sink = WebhookSink()
        defer { sink.stop() }
        let sections = "[webhook:ops]\nurl = \(sink.url)\nevents = alert"
        try DaemonFixture.runWithManager(try TestFolder(), sections: sections) { fixture, asterisk in
            for number in 0..<4 {
                try await fixture.wait("login \(number)") {
                    fixture.daemon.isConnected && kinds(fixture).count >= 2 * number
                }
                asterisk.cut()
                try await fixture.wait("loss \(number)") { kinds(fixture).count > 2 * number }
            }
            try await fixture.wait("the last login") { kinds(fixture).count >= 8 }
            #expect(kinds(fixture) == (0..<4).flatMap { _ in ["manager_lost", "manager_recovered"] })
            try await fixture.wait("both at the endpoint") { sink.requests.count >= 2 }
        }
        let told = try sink.requests.compactMap { try JSONValue(parsing: $0.body)["data"]?["kind"]?.string }
        #expect(told.sorted() == ["manager_lost", "manager_recovered"])
    }

    @Test("a database that a disk has damaged is told of at start, while calls go on")
    func damagedDatabase() throws {
        let folder = try TestFolder()
        try EventLoop().run {
            let store = try CallStore(.init(folder: folder.state))
            let call = try capturedCall()
            for i in 0..<300 {
                var one = call
                one.record.id = "pbx1-\(i).0"
                _ = try await store.commit([CallCommit(one)])
            }
            await store.close()
        }
        // The pages in the middle hold the documents; the first ones hold what an opening reads.
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder.state)/hookswitch.db")))
        for page in (bytes.count / 4096 / 2)..<(bytes.count / 4096 - 2) {
            for i in 0..<16 { bytes[page * 4096 + i] = 0xA5 }
        }
        try folder.write("state/hookswitch.db", bytes)
        try DaemonFixture.run(folder) { fixture in
            try await fixture.wait("the alert") { kinds(fixture).contains("database_damaged") }
        }
    }
}
