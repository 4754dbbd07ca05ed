import Daemon
import EventLoop
import Foundation
import HookswitchTestKit
import Storage
import Synchronization
import Telephony
import TestGround
import Testing

/// The program itself as a child process, with a manager and a service manager that the test plays.
@Suite("The program as a process", .serialized) struct ProcessTests {
    /// `hookswitch`, which the package builds next to the test program.
    static let program: URL = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("hookswitch")
    }()

    /// The processes one test has started: what a failed test leaves running is killed with it.
    final class Children {
        var processes: [Process] = []
        deinit {
            for process in processes where process.isRunning {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
        }
    }
    let children = Children()

    /// What `NOTIFY_SOCKET` leads to.
    final class ServiceManager: Sendable {
        let path: String
        private let descriptor: Int32
        init(_ folder: TestFolder) throws {
            path = "\(folder.path)/notify"
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let name = Array(path.utf8)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
            let size = socklen_t(MemoryLayout<sockaddr_un>.size)
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) }
            }
            #expect(bound == 0)
            var limit = timeval(tv_sec: Int(Patience.limit.components.seconds), tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        deinit { close(descriptor) }
        /// The next message; empty where none comes for as long as `Patience` says.
        func next() -> String {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        }
        /// Waits for a message that begins so.
        func wait(_ start: String) -> Bool {
            while true {
                let message = next()
                if message.isEmpty { return false }
                if message.hasPrefix(start) { return true }
            }
        }
    }

    private func start(_ folder: TestFolder, _ port: UInt16, _ more: String = "", notify: ServiceManager) throws
        -> Process
    {
        let settings = folder.settings(ami: "tcp://127.0.0.1:\(port)", general: folder.logFile, sections: more)
        try folder.write("hs.conf", Array(settings.utf8))
        let process = Process()
        process.executableURL = ProcessTests.program
        process.arguments = ["run", "--config", "\(folder.path)/hs.conf"]
        process.environment = ["NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "200000", "TZ": "UTC"]
        try process.run()
        children.processes.append(process)
        return process
    }

    /// A scripted manager on a thread of its own.
    func withManager(_ body: (ScriptedAsterisk, EventLoop) throws -> Void) throws {
        let loop = try EventLoop()
        let made = Mutex<ScriptedAsterisk?>(nil)
        let (stop, stopping) = AsyncStream.makeStream(of: Void.self)
        let ready = DispatchSemaphore(value: 0)
        let ended = DispatchSemaphore(value: 0)
        Thread {
            try? loop.run {
                let asterisk = try ScriptedAsterisk(on: loop)
                made.withLock { $0 = asterisk }
                ready.signal()
                for await _ in stop {}
                asterisk.close()
            }
            ended.signal()
        }.start()
        ready.wait()
        defer {
            stopping.finish()
            ended.wait()
        }
        try body(try #require(made.withLock { $0 }), loop)
    }

    func wait(_ what: String, _ condition: () -> Bool) throws {
        let end = ContinuousClock.now + Patience.limit
        while ContinuousClock.now < end {
            if condition() { return }
            usleep(5000)
        }
        throw NotInTime(what: what)
    }

    @Test("it tells the service manager when it is ready, alive and stopping, and ends with 0 on SIGTERM")
    func life() throws {
        let folder = try TestFolder()
        try withManager { asterisk, _ in
            let notify = try ServiceManager(folder)
            let process = try start(folder, asterisk.port, notify: notify)
            #expect(notify.wait("READY=1"))
            #expect(notify.wait("WATCHDOG=1"))
            try wait("login") { folder.log.contains("calls in progress are known") }
            process.terminate()
            #expect(notify.wait("STOPPING=1"))
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            #expect(folder.log.contains("daemon: stopped"))
        }
    }

    @Test("SIGHUP reopens the log and reads the webhooks anew; a mistake leaves the old ones")
    func reload() throws {
        let folder = try TestFolder()
        try withManager { asterisk, _ in
            let notify = try ServiceManager(folder)
            let process = try start(folder, asterisk.port, notify: notify)
            #expect(notify.wait("READY=1"))
            try FileManager.default.moveItem(atPath: "\(folder.path)/hs.log", toPath: "\(folder.path)/hs.log.1")
            let text = try String(contentsOfFile: "\(folder.path)/hs.conf", encoding: .utf8)
            try folder.write("hs.conf", Array((text + "\n[webhook:crm]\nurl = http://127.0.0.1:9/\n").utf8))
            kill(process.processIdentifier, SIGHUP)
            #expect(notify.wait("RELOADING=1"))
            #expect(notify.wait("READY=1"))
            try wait("the new log") { folder.log.contains("webhooks reloaded count=1") }
            #expect(!folder.log.contains("read at a start only"))
            let recordings = "\n[recordings]\nsettle = 3s\n"
            try folder.write("hs.conf", Array((text + recordings + "[webhook:crm]\nurl = http://127.0.0.1:9/\n").utf8))
            kill(process.processIdentifier, SIGHUP)
            try wait("what waits for a restart") { folder.log.contains("read at a start only state=[recordings]") }
            try folder.write("hs.conf", Array((text + "\n[webhook:crm]\nurll = x\n").utf8))
            kill(process.processIdentifier, SIGHUP)
            try wait("the mistake") { folder.log.contains("the old one stays") }
            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
    }

    @Test("killed after a call was written, the next start adds nothing and delivers what is pending")
    func killed() throws {
        let folder = try TestFolder()
        let sink = WebhookSink()
        defer { sink.stop() }
        let path = "\(HookswitchTestKit.captures)/22/in_answered_caller_hangs/ami.ami"
        let bytes = try #require(try singleConnection(path))
        try withManager { asterisk, loop in
            let notify = try ServiceManager(folder)
            let crm = "[webhook:crm]\nurl = \(sink.url)\nretry = 1s, 1s, 1s\n"
            let process = try start(folder, asterisk.port, crm, notify: notify)
            try wait("login") { folder.log.contains("calls in progress are known") }
            loop.perform { Task(executorPreference: loop) { try await asterisk.emitBytes(bytes) } }
            try wait("the webhook") { !sink.requests.isEmpty }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let again = try start(folder, asterisk.port, crm, notify: notify)
            #expect(notify.wait("READY=1"))
            try wait("a second start") { folder.log.components(separatedBy: "daemon: started").count == 3 }
            again.terminate()
            again.waitUntilExit()
            let lines = try String(contentsOfFile: "\(folder.path)/calls.jsonl", encoding: .utf8)
            #expect(lines.split(separator: "\n").count == 1)
            #expect(Set(sink.requests.compactMap { $0.headers["webhook-id"] }).count == 1)
        }
    }

    @Test("a configuration error ends with 3 and names file, line and key; wrong usage with 2")
    func exitCodes() throws {
        let folder = try TestFolder()
        try folder.write("hs.conf", Array("[pbx:a]\nusername = u\nsecret = s\ntrunk = PJSIP/x\n".utf8))
        func run(_ arguments: [String]) throws -> (Int32, String) {
            let process = Process()
            let pipe = Pipe()
            process.executableURL = ProcessTests.program
            process.arguments = arguments
            process.standardError = pipe
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return (process.terminationStatus, text)
        }
        let (code, text) = try run(["run", "--config", "\(folder.path)/hs.conf"])
        #expect(code == 3)
        #expect(text.contains(#"hs.conf:4: [pbx:a] trunk: unknown key; did you mean "trunks"?"#))
        #expect(try run(["rum"]).0 == 2)
        #expect(try run(["version"]).0 == 0)
    }

    @Test(
        "check finds a daemon with another state folder that watches the same Asterisk, and one that has the FastAGI port"
    )
    func anotherDaemon() throws {
        let folder = try TestFolder()
        let mine = try TestFolder()
        let notify = try ServiceManager(folder)
        let port = Loopback.freePort()
        let fastAGI = "[fastagi]\nlisten = 127.0.0.1:\(port)\n"
        let process = try start(folder, 9, fastAGI, notify: notify)
        defer {
            process.terminate()
            process.waitUntilExit()
        }
        #expect(notify.wait("READY=1"))
        let loop = try EventLoop()
        let found: [Finding] = try loop.run {
            try await Doctor.findings(mine.settings(sections: fastAGI), on: loop).filter { $0.level == .failure }
        }
        let twice = try #require(found.first { $0.subject == "daemon" })
        #expect(twice.text.contains("process \(process.processIdentifier) (\(folder.path)/hs.conf)"))
        #expect(twice.text.contains("watches tcp://127.0.0.1:9 as hookswitch too"))
        let taken = try #require(found.first { $0.subject == "FastAGI" })
        #expect(taken.text.contains("another Hookswitch, process \(process.processIdentifier)"))
    }
}
