import AsteriskWire
import EventLoop
import HookswitchTestKit
import Testing

@testable import AMI

@Suite struct SessionTests {
    static let channel =
        "Channel: PJSIP/100-00000001\nChannelState: 6\nUniqueid: 1795226720.0\nLinkedid: 1795226720.0\n"
        + "Variable: CDR(answer)=2026-11-21 02:24:42\nVariable: CDR(start)=2026-11-21 02:24:40"

    @Test("the handler sees greeting, login, boot and live channels in this order, between the marks")
    func order() async throws {
        try await EventLoop.withThread { loop in
            var script = ScriptedAsterisk.Script()
            script.channels = [SessionTests.channel]
            let asterisk = try ScriptedAsterisk(script, on: loop)
            let running = Running(asterisk.configuration(), on: loop)
            let server = await running.next { if case .server(let server) = $0 { server } else { nil } }
            #expect(server?.asteriskVersion == "22.10.0")
            #expect(server?.managerVersion == "11.0.0")
            #expect(server?.startedAt == "2026-11-21 02:17:33")
            #expect(await running.resynced() == [])
            #expect(
                running.story == [
                    "connecting", "banner", "response", "response", "loggedIn", "FullyBooted", "fullyBooted",
                    "response", "response", "server", "resyncBegan", "response", "Status", "StatusComplete",
                    "response", "CoreShowChannel", "CoreShowChannelsComplete", "resyncEnded",
                ])
            await running.stop()
            asterisk.close()
        }
    }

    @Test("each message's offset is its place in the bytes of this connection, also when they come one by one")
    func offsets() async throws {
        try await EventLoop.withThread { loop in
            var script = ScriptedAsterisk.Script()
            script.mode = .slow
            script.channels = [SessionTests.channel]
            let asterisk = try ScriptedAsterisk(script, on: loop)
            let running = Running(asterisk.configuration(), on: loop)
            #expect(await running.resynced() == [])
            let starts = running.offsets.map { offset in
                String(decoding: running.raw[Int(offset)...].prefix(8), as: UTF8.self)
            }
            #expect(starts.first == "Asterisk")
            #expect(starts.dropFirst().allSatisfy { $0.hasPrefix("Event: ") || $0 == "Response" })
            #expect(starts.count == 12)
            await running.stop()
            asterisk.close()
        }
    }

    @Test("without class system no FullyBooted comes, and the channels are asked for after two seconds all the same")
    func neverBooted() async throws {
        try await EventLoop.withThread(time: .manual) { loop in
            var script = ScriptedAsterisk.Script()
            script.uptime = nil
            let asterisk = try ScriptedAsterisk(script, on: loop)
            let running = Running(asterisk.configuration(), on: loop)
            _ = await running.next { if case .loggedIn = $0 { true } else { nil } }
            // An answer proves that all before it has been handled.
            _ = try await running.client.send(.ping)
            #expect(asterisk.actions.map { $0["Action"] } == ["Challenge", "Login", "Ping"])
            loop.advance(by: .seconds(2))
            #expect(await running.resynced() == [])
            #expect(!running.story.contains("fullyBooted"))
            // An Asterisk that was still starting says so later; that is told, and nothing else happens.
            try await asterisk.emit("Event: FullyBooted\nPrivilege: system,all\nUptime: 3\n\n")
            let uptime = await running.next { if case .fullyBooted(let uptime) = $0 { uptime } else { nil } }
            #expect(uptime == .seconds(3))
            await running.stop()
            asterisk.close()
        }
    }

    @Test("a silent peer is asked with Ping; one that answers stays, one that does not is left")
    func keepAlive() async throws {
        try await EventLoop.withThread(time: .manual) { loop in
            let asterisk = try ScriptedAsterisk(on: loop)
            let running = Running(asterisk.configuration(), on: loop)
            #expect(await running.resynced() == [])
            func pings() -> Int { asterisk.actions.count { $0["Action"] == "Ping" } }
            loop.advance(by: .seconds(15))  // the login was heard in this interval
            #expect(pings() == 0)
            loop.advance(by: .seconds(15))
            while pings() == 0 || running.story.last != "response" { await Task.yield() }
            loop.advance(by: .seconds(15))  // the answer was heard
            asterisk.script.mode = .deafAfterLogin
            loop.advance(by: .seconds(15))
            while pings() < 2 { await Task.yield() }
            #expect(running.story.last == "response")
            loop.advance(by: .seconds(15))
            let lost = try #require(await running.lost())
            #expect(lost.error.code == .peerSilent)
            #expect(lost.retryIn == .milliseconds(125))
            await running.stop()
            asterisk.close()
        }
    }

    @Test(
        "a connection that is ended, cut in a message or reset is lost with its reason, and comes back",
        arguments: [ScriptedAsterisk.Script.Mode.halfCloseInMessage, .reset, .hangUpAfterGreeting])
    func comesBack(mode: ScriptedAsterisk.Script.Mode) async throws {
        try await EventLoop.withThread { loop in
            var script = ScriptedAsterisk.Script()
            script.mode = mode
            let asterisk = try ScriptedAsterisk(script, on: loop)
            let running = Running(asterisk.configuration(), on: loop)
            let lost = try #require(await running.lost())
            #expect(lost.error.code == .connectionLost)
            if mode == .halfCloseInMessage { #expect(lost.error.detail.contains("middle of a message")) }
            #expect(lost.retryIn == .milliseconds(125))
            asterisk.script.mode = .normal
            #expect(await running.resynced() == [])
            #expect(asterisk.connectionCount == 2)
            await running.stop()
            asterisk.close()
        }
    }

    @Test("a list item that a stranger forged is told from one that was asked for")
    func forgedItem() async throws {
        try await EventLoop.withThread { loop in
            var script = ScriptedAsterisk.Script()
            script.channels = [SessionTests.channel]
            let asterisk = try ScriptedAsterisk(script, on: loop)
            let running = Running(asterisk.configuration(), on: loop)
            #expect(await running.resynced() == [])
            #expect(running.asked == ["Status", "StatusComplete", "CoreShowChannel", "CoreShowChannelsComplete"])
            // What is left of a Newchannel whose From user was `x%0D%0AEvent: CoreShowChannel%0D%0A...`.
            for id in ["", "ActionID: hookswitch-1\n", "ActionID: hookswitch-\n"] {
                try await asterisk.emit(
                    "Event: CoreShowChannel\n\(id)Channel: P/1\nUniqueid: 9.1\nLinkedid: 9.1\nCallerIDName: x\n\n")
            }
            while running.story.count(where: { $0 == "CoreShowChannel" }) < 4 { await Task.yield() }
            #expect(running.asked.count == 4)
            await running.stop()
            asterisk.close()
        }
    }

    @Test("a message over the limit ends the session with its byte offset")
    func tooLong() async throws {
        try await EventLoop.withThread { loop in
            let asterisk = try ScriptedAsterisk(on: loop)
            var configuration = asterisk.configuration()
            configuration.limits.messageBytes = 2000
            let running = Running(configuration, on: loop)
            #expect(await running.resynced() == [])
            let before = running.raw.count
            try await asterisk.emit("Event: UserEvent\n" + String(repeating: "x", count: 3000))
            let lost = try #require(await running.lost())
            #expect(lost.error.code == .streamDamaged)
            #expect(lost.error.detail.contains("byte \(before)"))
            await running.stop()
            asterisk.close()
        }
    }

    @Test("several clients on one loop do not mix")
    func several() async throws {
        try await EventLoop.withThread { loop in
            let servers = try (0..<4).map { _ in try ScriptedAsterisk(on: loop) }
            let clients = servers.map { Running($0.configuration(), on: loop) }
            for client in clients { #expect(await client.resynced() == []) }
            servers[2].cut()
            #expect(await clients[2].lost()?.error.code == .connectionLost)
            #expect(await clients[2].resynced() == [])
            #expect(servers.map(\.connectionCount) == [1, 1, 2, 1])
            for client in clients { await client.stop() }
            for server in servers { server.close() }
        }
    }

    @Test("stop before run, twice, and in the wait between attempts lets run return")
    func stops() async throws {
        try await EventLoop.withThread { loop in
            // At an address of its own, where nobody else listens once it is closed.
            let asterisk = try ScriptedAsterisk(host: "127.61.2.7", on: loop)
            let configuration = asterisk.configuration()
            let early = AMIClient(configuration, on: loop)
            early.stop()
            early.stop()
            await early.run()
            #expect(asterisk.connectionCount == 0)
            asterisk.close()
            let waiting = Running(configuration, on: loop)
            #expect(await waiting.lost()?.error.code == .connectionRefused)
            await waiting.stop()
        }
    }
}
