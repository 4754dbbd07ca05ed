import Daemon
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import TestGround
import Testing

/// A volume of a few megabytes that one daemon lives on: a tmpfs in a mount namespace of that daemon's own.
private struct SmallVolume {
    /// Of the daemon; the volume is seen through its `/proc` folder alone.
    let process: Int32
    let folder: String
    var path: String { "/proc/\(process)/root\(folder)" }
    private var ballast: String { "\(path)/ballast" }

    /// Starts the program with the volume at `folder`, which it needs no right for that the test's user has not: what is no root
    /// here is one in a user namespace.
    static func start(_ arguments: [String], megabytes: Int, at folder: String) throws -> Process {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        let mount = #"mount -t tmpfs -o size="$1"m tmpfs "$2" && shift 2 && exec "$@""#
        process.arguments =
            [geteuid() == 0 ? "-m" : "-rm", "sh", "-c", mount, "sh", "\(megabytes)", folder]
            + [ProcessTests.program.path] + arguments
        try process.run()
        return process
    }

    /// Fills the volume up, or empties it, until so many bytes are free.
    func leave(_ bytes: Int64) throws {
        let descriptor = open(ballast, O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw FileError("open", ballast) }
        defer { close(descriptor) }
        while let free = DiskRoom(at: path)?.free, free != bytes {
            var status = stat()
            fstat(descriptor, &status)
            let size = max(0, Int(status.st_size) + Int(free - bytes))
            ftruncate(descriptor, min(size, Int(status.st_size)))
            // The daemon writes meanwhile: what it took in between is seen in the next round.
            let failure = posix_fallocate(descriptor, 0, max(size, 1))
            guard failure == 0 || failure == ENOSPC else { throw FileError("write", ballast, number: failure) }
            if size == 0 { return }
        }
    }
    func has(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }
}

/// A daemon on a small volume, with a manager and a receiver that the test plays.
private final class DiskSite {
    let folder: TestFolder
    let sink: WebhookSink
    let disk: SmallVolume
    private let asterisk: ScriptedAsterisk
    private let loop: EventLoop
    private let capture: String
    /// That the manager was asked to tell of.
    private(set) var calls = 0

    init(
        _ folder: TestFolder, _ sink: WebhookSink, _ disk: SmallVolume, _ asterisk: ScriptedAsterisk, _ loop: EventLoop
    )
        throws
    {
        (self.folder, self.sink, self.disk, self.asterisk, self.loop) = (folder, sink, disk, asterisk, loop)
        let path = "\(HookswitchTestKit.captures)/22/in_answered_caller_hangs/ami.ami"
        capture = String(decoding: try #require(try singleConnection(path)), as: UTF8.self)
    }

    /// The manager tells of calls, each an hour after the one before.
    func call(times: Int = 1) {
        let calls = calls..<(calls + times)
        self.calls += times
        loop.perform { [asterisk, capture, loop] in
            Task(executorPreference: loop) {
                for number in calls {
                    let text = capture.replacingOccurrences(of: "1795227", with: "\(1_795_227 + number * 4)")
                    try await asterisk.emitBytes(Array(text.utf8))
                }
            }
        }
    }

    /// What the receiver has been told, by type: of calls their ids, of alerts their kinds.
    func told(_ type: String) throws -> [String] {
        try sink.requests.map { try JSONValue(parsing: $0.body) }.filter { $0["type"]?.string == type }
            .compactMap { $0["data"]?[type == "alert" ? "kind" : "id"]?.string }
    }
    /// Calls that the receiver has been told of.
    var completed: Int {
        let start = Array(#"{"type":"call.complete""#.utf8)
        return sink.requests.count { $0.body.starts(with: start) }
    }
    /// The lines of calls.jsonl, which is on a volume that has room.
    func lines() throws -> Int {
        try String(contentsOfFile: "\(folder.path)/calls.jsonl", encoding: .utf8).split(separator: "\n").count
    }
}

extension ProcessTests {
    private func withDaemon(onVolumeOf megabytes: Int, _ body: (DiskSite) throws -> Void) throws {
        let folder = try TestFolder()
        let sink = WebhookSink()
        defer { sink.stop() }
        try withManager { asterisk, loop in
            let webhook =
                "[webhook:crm]\nurl = \(sink.url)\ntimeout = 300s\nevents = call.started, call.complete, alert\nretry = 1s, 1s, 1s\n"
            let settings = folder.settings(
                ami: "tcp://127.0.0.1:\(asterisk.port)", general: folder.logFile, sections: webhook)
            try folder.write("hs.conf", Array(settings.utf8))
            let process = try SmallVolume.start(
                ["run", "--config", "\(folder.path)/hs.conf"], megabytes: megabytes, at: folder.state)
            children.processes.append(process)
            let disk = SmallVolume(process: process.processIdentifier, folder: folder.state)
            try wait("login") { folder.log.contains("calls in progress are known") || !process.isRunning }
            // unshare(1) refuses where / is no mount point, as in a bare chroot, and where mounts are forbidden.
            try #require(process.isRunning, "no daemon on a volume of its own: unshare, mount or the daemon gave up")
            let site = try DiskSite(folder, sink, disk, asterisk, loop)
            try body(site)
            let ids = try site.told("call.complete")
            #expect(Set(ids).count == ids.count)
            #expect(!disk.has("overflow.jsonl") && !disk.has("quarantine.jsonl"))
            // The manager was read all the time.
            #expect(folder.log.components(separatedBy: "calls in progress are known").count == 2)
            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
    }
    private func waitForCalls(_ count: Int, _ site: DiskSite) throws {
        do { try wait("call \(count) at the receiver") { site.completed >= count } } catch {
            throw NotInTime(what: "\(error); the log: \(site.folder.log)")
        }
    }
    private func waitForLog(_ text: String, _ site: DiskSite) throws {
        do { try wait(text) { site.folder.log.contains(text) } } catch {
            throw NotInTime(what: "\(error); the log: \(site.folder.log)")
        }
    }

    @Test("a disk that runs full: the least important stops first, calls wait where there is no room, and none is lost")
    func diskRunsFull() throws {
        try withDaemon(onVolumeOf: 40) { site in
            site.call()
            try waitForCalls(1, site)
            try wait("the first line") { (try? site.lines()) == 1 }

            // A fifth of 40 MB is 8.
            try site.disk.leave(6 << 20)
            try waitForLog("the room on the disk has changed state=low", site)
            let state = "[general]\nstate_dir = \(site.disk.path)\ncalls_log = none\n"
            let loop = try EventLoop()
            let check: [Finding] = try loop.run {
                try await Doctor.findings(state + "\(leastPBX)ami = tcp://127.0.0.1:9\n", on: loop)
            }
            #expect(check.first { $0.subject == "disk" }?.level == .failure)
            site.call()
            try waitForCalls(2, site)
            #expect(try site.lines() == 1)
            #expect(try site.told("call.started").count == 2)

            try site.disk.leave(1 << 20)
            try waitForLog("the room on the disk has changed state=critical", site)
            site.call()
            try waitForCalls(3, site)
            #expect(try site.told("call.started").count == 2)

            // The log that has been copied takes some calls more, and then no room is left at all.
            try site.disk.leave(0)
            let refusal = "the store takes no calls; they wait"
            while !site.folder.log.contains(refusal), site.calls < 500 {
                site.call()
                try wait("call \(site.calls) written or refused") {
                    site.completed == site.calls || site.folder.log.contains(refusal)
                }
            }
            site.call(times: 3)
            let sent = site.calls
            #expect(site.folder.log.contains("error.code=diskFull"))
            #expect(site.completed < sent)

            try site.disk.leave(30 << 20)
            try waitForCalls(sent, site)
            try waitForLog("the room on the disk has changed state=ample", site)
            site.call()
            try waitForCalls(sent + 1, site)
            try wait("the lines that were left out") { (try? site.lines()) == sent + 1 }
            try wait("the end of it told") { (try? site.told("alert")) == ["disk_low", "disk_recovered"] }
            let ids = try site.told("call.complete")
            #expect(try site.told("call.started") == [ids[0], ids[1], ids[sent]])
        }
    }

    @Test("a disk that is full from one moment to the next is told of too, as soon as there is room to keep the alert")
    func diskIsFullAtOnce() throws {
        try withDaemon(onVolumeOf: 40) { site in
            site.call()
            try waitForCalls(1, site)
            try site.disk.leave(0)
            site.call(times: 2)
            try waitForLog("alert.kind=disk_low", site)
            try waitForLog("the store takes no calls; they wait", site)
            try site.disk.leave(30 << 20)
            try waitForCalls(3, site)
            try wait("both at the endpoint") { (try? site.told("alert")) == ["disk_low", "disk_recovered"] }
        }
    }

    @Test("a volume with less room than the write-ahead log would take serves more calls than that")
    func smallVolume() throws {
        try withDaemon(onVolumeOf: 12) { site in
            for number in 1...150 {
                site.call()
                try waitForCalls(number, site)
            }
        }
    }
}
