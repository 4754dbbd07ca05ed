import AMI
import AsteriskWire
import EventLoop
import HookswitchLab
import HookswitchTestKit
import Testing

/// The manager client on real Asterisk: what the scripted one of the other tests claims must hold here.
@Suite("The manager client on real Asterisk", .serialized) struct ManagerClientTests {
    /// What a running client reports and reads. Used on the loop's thread only.
    private final class Watcher: @unchecked Sendable {
        let client: AMIClient
        private(set) var reports: [AMIReport] = []
        private(set) var events: [AMIEvent] = []
        private var task: Task<Void, Never>?

        init(_ configuration: AMIConfiguration, on loop: EventLoop) {
            client = AMIClient(configuration, on: loop)
            let handler = AMIHandler(
                message: { [unowned self] in events.append(AMIEvent($0)) },
                report: { [unowned self] in reports.append($0) })
            let client = client
            task = Task(executorPreference: loop) { await client.run(handler) }
        }

        /// Waits until something is there, 20 s at most.
        nonisolated(nonsending) func wait<T>(_ look: (Watcher) -> T?) async throws -> T {
            for _ in 0..<4000 {
                if let found = look(self) { return found }
                try await client.loop.sleep(for: .milliseconds(5))
            }
            throw AMIError(.actionTimedOut, operation: "wait", detail: "reports so far: \(reports)")
        }

        nonisolated(nonsending) func resynced(_ count: Int = 1) async throws -> [AMIError] {
            try await wait { watcher in
                let ends = watcher.reports.compactMap {
                    if case .resyncEnded(let failures) = $0 { failures } else { nil }
                }
                return ends.count >= count ? ends[count - 1] : nil
            }
        }

        nonisolated(nonsending) func lost() async throws -> AMIError {
            try await wait { watcher in
                watcher.reports.compactMap { if case .lost(let error, _, _) = $0 { error } else { nil } }.last
            }
        }

        nonisolated(nonsending) func stop() async {
            client.stop()
            await task?.value
        }
    }

    private static func configuration(
        _ asterisk: AsteriskInstance, user: String = "lab", secret: String = "lab"
    ) -> AMIConfiguration {
        AMIConfiguration(host: "127.0.0.1", port: asterisk.managerPort, username: user, secret: secret)
    }

    @Test(
        "logs in, reads the live channels, is told what is wrong, survives Asterisk's death",
        arguments: LabTree.allCases)
    func manager(tree: LabTree) async throws {
        let asterisk = try AsteriskInstance(tree: tree, name: "manager-\(tree.major)", phonePorts: [:])
        defer {
            asterisk.stop()
            asterisk.remove()
        }
        try asterisk.start()
        let etc = tree.root + asterisk.folder + "/etc"
        let certificates = try TestCertificates.shared()
        let pem = try #require(readText(certificates.folder + "/server.pem"))
        let key = try #require(readText(certificates.folder + "/server.key"))
        writeFile("\(etc)/tls.pem", key + pem)
        let tlsPort = asterisk.managerPort + 1
        let manager = try #require(readText("\(etc)/manager.conf"))
        let tls = """
            tlsenable = yes
            tlsbindaddr = 127.0.0.1:\(tlsPort)
            tlscertfile = \(asterisk.folder)/etc/tls.pem
            tlsprivatekey = \(asterisk.folder)/etc/tls.pem
            [lab]
            """
        let few = "[few]\nsecret = few\nread = call\nwrite = agi\n"
        writeFile("\(etc)/manager.conf", manager.replacing("[lab]", with: tls) + few)
        writeFile("\(etc)/extensions.conf", "[site]\nexten => 1,1,Answer()\n same => n,Wait(60)\n")
        try asterisk.command("manager reload")
        try asterisk.command("dialplan reload")

        try await EventLoop.withThread { loop in
            try await Self.liveChannels(asterisk, tree, loop)
            try await Self.refusals(asterisk, certificates, tlsPort, loop)
            try await Self.death(asterisk, loop)
        }
    }

    nonisolated(nonsending)
        private static func liveChannels(_ asterisk: AsteriskInstance, _ tree: LabTree, _ loop: EventLoop) async throws
    {
        let watcher = Watcher(configuration(asterisk), on: loop)
        #expect(try await watcher.resynced() == [])
        let server = try await watcher.wait { watcher in
            watcher.reports.lazy.compactMap { if case .server(let server) = $0 { server } else { nil } }.first
        }
        #expect(server.asteriskVersion.hasPrefix("\(tree.major)."), "\(server)")
        #expect(server.startedAt.count == 19)
        #expect(watcher.reports.contains { if case .fullyBooted(let uptime) = $0 { uptime != nil } else { false } })

        let originate = AMIAction(
            "Originate",
            [
                .init("Channel", "Local/1@site/n"), .init("Application", "Wait"), .init("Data", "60"),
                .init("Async", "true"),
            ])
        #expect(try await watcher.client.send(originate).result == "Success")
        try await watcher.wait {
            $0.events.first { $0.name == "Newstate" && $0["ChannelState"] == "6" } == nil ? nil : ()
        }
        let before = watcher.events.count
        watcher.client.resync()
        #expect(try await watcher.resynced(2) == [])
        let items = watcher.events[before...].filter { $0.name == "Status" }
        #expect(items.count == 2)  // both halves of the Local channel
        #expect(items.allSatisfy { $0.all("Variable").contains { $0.hasPrefix("CDR(start)=20") } })
        #expect(items.contains { $0.all("Variable").contains { $0.hasPrefix("CDR(answer)=20") } })
        #expect(watcher.events[before...].count { $0.name == "CoreShowChannel" } == 2)

        let uptime = try await watcher.client.send(AMIAction("Command", [.init("Command", "core show uptime")]))
        #expect(uptime.output.first?.hasPrefix("System uptime:") == true)
        let nonsense = AMIAction("Nonsense")
        await #expect { try await watcher.client.send(nonsense) } throws: { ($0 as? AMIError)?.code == .actionFailed }
        await watcher.stop()
    }

    nonisolated(nonsending)
        private static func refusals(
            _ asterisk: AsteriskInstance, _ certificates: TestCertificates, _ tlsPort: UInt16, _ loop: EventLoop
        ) async throws
    {
        let wrong = await AMIClient(configuration(asterisk, secret: "wrong"), on: loop).runOnce()
        #expect(wrong.code == .loginRefused)
        let plainWrong: AMIConfiguration = {
            var configuration = configuration(asterisk, user: "nobody")
            configuration.login = .plain
            return configuration
        }()
        #expect(await AMIClient(plainWrong, on: loop).runOnce().code == .loginRefused)

        var few = configuration(asterisk, user: "few", secret: "few")
        few.bootDeadline = .milliseconds(300)
        let poor = Watcher(few, on: loop)
        #expect(try await poor.resynced().map(\.code) == [.permissionMissing, .permissionMissing])
        #expect(!poor.reports.contains { if case .fullyBooted = $0 { true } else { false } })
        #expect(try await poor.client.send(.ping).result == "Success")
        await poor.stop()

        var encrypted = configuration(asterisk)
        encrypted.port = tlsPort
        encrypted.tls = certificates.client()
        let secured = Watcher(encrypted, on: loop)
        #expect(try await secured.resynced() == [])
        await secured.stop()
        encrypted.tls = certificates.client(host: "other.test")
        #expect(await AMIClient(encrypted, on: loop).runOnce().code == .tlsFailed)
        encrypted.port = asterisk.managerPort
        encrypted.tls = certificates.client()
        #expect(await AMIClient(encrypted, on: loop).runOnce().code == .tlsFailed)
    }

    nonisolated(nonsending)
        private static func death(_ asterisk: AsteriskInstance, _ loop: EventLoop) async throws
    {
        let watcher = Watcher(configuration(asterisk), on: loop)
        #expect(try await watcher.resynced() == [])
        asterisk.kill9()
        #expect(try await watcher.lost().code == .connectionLost)
        try asterisk.restart()
        watcher.client.reconnectNow()
        #expect(try await watcher.resynced(2) == [])
        let uptime = watcher.reports.compactMap { if case .fullyBooted(let uptime) = $0 { uptime } else { nil } }.last
        #expect(try #require(uptime) < .seconds(30))
        await watcher.stop()
    }
}
