import AsteriskWire
import EventLoop
import HookswitchTestKit
import Testing

@testable import AMI

@Suite struct LoginTests {
    @Test("logs in by challenge, never showing the secret, then asks for the live channels")
    func challenge() async throws {
        try await EventLoop.withThread { loop in
            let asterisk = try ScriptedAsterisk(on: loop)
            let running = Running(asterisk.configuration(), on: loop)
            #expect(await running.resynced() == [])
            let names = asterisk.actions.map { $0["Action"] }
            #expect(names == ["Challenge", "Login", "CoreSettings", "CoreStatus", "Status", "CoreShowChannels"])
            #expect(!asterisk.actions.contains { $0.headers.contains { $0.value == "secret" } })
            #expect(asterisk.actions[1]["Key"] == asterisk.script.key)
            #expect(Set(asterisk.actions.map { $0["ActionID"] }).count >= 5)
            await running.stop()
            // The bytes are with the kernel; the server on the other end reads them in its own time.
            while asterisk.actions.last?["Action"] != "Logoff" { await Task.yield() }
            asterisk.close()
        }
    }

    @Test("logs in with the plain secret where that is asked for")
    func plain() async throws {
        try await EventLoop.withThread { loop in
            let asterisk = try ScriptedAsterisk(on: loop)
            var configuration = asterisk.configuration()
            configuration.login = .plain
            configuration.eventMask = "call,cdr"
            let running = Running(configuration, on: loop)
            #expect(await running.resynced() == [])
            #expect(asterisk.actions.first?["Secret"] == "secret")
            #expect(asterisk.actions.first?["Events"] == "call,cdr")
            await running.stop()
            asterisk.close()
        }
    }

    @Test("a wrong secret is a refused login, with a hint, and is not tried again at once")
    func wrongSecret() async throws {
        try await EventLoop.withThread { loop in
            let asterisk = try ScriptedAsterisk(on: loop)
            var configuration = asterisk.configuration()
            configuration.secret = "wrong"
            let running = Running(configuration, on: loop)
            let lost = try #require(await running.lost())
            #expect(lost.error.code == .loginRefused)
            #expect(lost.error.detail == "Authentication failed")
            #expect(lost.error.description.contains("as hookswitch"))
            #expect(!lost.error.description.contains("wrong"))
            #expect(lost.error.hint.contains("manager.conf"))
            #expect(lost.retryIn == .seconds(15))  // half of 30 s, as jitter 0 says
            await running.stop()
            asterisk.close()
        }
    }

    @Test("nobody listening is told apart, and the client is there when Asterisk comes up")
    func comesUpLate() async throws {
        try await EventLoop.withThread { loop in
            let first = try ScriptedAsterisk(host: "127.61.2.1", on: loop)
            let configuration = first.configuration()
            first.close()
            let running = Running(configuration, on: loop)
            let lost = try #require(await running.lost())
            #expect(lost.error.code == .connectionRefused)
            #expect(lost.error.hint.contains("enabled = yes"))
            let second = try ScriptedAsterisk(host: first.host, port: first.port, on: loop)
            running.client.reconnectNow()
            #expect(await running.resynced() == [])
            await running.stop()
            second.close()
        }
    }

    @Test(
        "a peer that is no manager is refused by its first words",
        arguments: [
            "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "Event: Hangup\r\nPrivilege: call,all\r\n\r\n",
            "Response: Success\r\n\r\n",
        ])
    func notAManager(greeting: String) async throws {
        try await EventLoop.withThread { loop in
            var script = ScriptedAsterisk.Script()
            script.mode = .garbage(greeting)
            let asterisk = try ScriptedAsterisk(script, on: loop)
            let error = await AMIClient(asterisk.configuration(), on: loop).runOnce()
            #expect(error.code == .notAManager)
            #expect(asterisk.actions.isEmpty)
            asterisk.close()
        }
    }

    @Test("a peer that says nothing, or never ends its line, is given up at the deadline", arguments: [true, false])
    func silence(isMute: Bool) async throws {
        try await EventLoop.withThread { loop in
            var script = ScriptedAsterisk.Script()
            script.mode = isMute ? .mute : .garbage("SSH-2.0-OpenSSH_9.2\r\n")
            let asterisk = try ScriptedAsterisk(script, on: loop)
            var configuration = asterisk.configuration()
            // Enough for what is said before the silence, on a machine that has much else to do.
            configuration.loginDeadline = .seconds(2)
            let error = await AMIClient(configuration, on: loop).runOnce()
            #expect(error.code == .notAManager)
            #expect(error.detail.contains(isMute ? "no greeting" : "never ends"))
            asterisk.close()
        }
    }

    @Test("a login that is never answered ends at its deadline", arguments: ["Challenge", "Login"])
    func unanswered(action: String) async throws {
        try await EventLoop.withThread { loop in
            var script = ScriptedAsterisk.Script()
            script.ignored = [action]
            let asterisk = try ScriptedAsterisk(script, on: loop)
            var configuration = asterisk.configuration()
            configuration.loginDeadline = .seconds(2)
            let error = await AMIClient(configuration, on: loop).runOnce()
            #expect(error.code == .actionTimedOut)
            #expect(error.operation.contains("log in"))
            asterisk.close()
        }
    }

    @Test("over TLS with the right certificate all is as without; with a wrong one the reason is named")
    func tls() async throws {
        let files = try TestCertificates.shared()
        try await EventLoop.withThread { loop in
            var script = ScriptedAsterisk.Script()
            script.tls = files.server()
            let asterisk = try ScriptedAsterisk(script, on: loop)
            var configuration = asterisk.configuration()
            configuration.tls = files.client()
            let running = Running(configuration, on: loop)
            #expect(await running.resynced() == [])
            await running.stop()

            configuration.tls = files.client(host: "other.test")
            let error = await AMIClient(configuration, on: loop).runOnce()
            #expect(error.code == .tlsFailed)
            #expect(error.detail.contains("certificate wrong: hostname mismatch"))

            configuration.tls = nil
            configuration.loginDeadline = .seconds(2)
            #expect(await AMIClient(configuration, on: loop).runOnce().code == .notAManager)
            asterisk.close()
        }
    }

    @Test("a missing right is told apart from a refused login, and the session goes on")
    func missingPermission() async throws {
        try await EventLoop.withThread { loop in
            var script = ScriptedAsterisk.Script()
            script.denied = ["CoreShowChannels", "CoreSettings"]
            let asterisk = try ScriptedAsterisk(script, on: loop)
            let running = Running(asterisk.configuration(), on: loop)
            let failures = try #require(await running.resynced())
            #expect(failures.map(\.code) == [.permissionMissing])
            #expect(failures.first?.hint.contains("reporting") == true)
            #expect(failures.first?.operation.contains("CoreShowChannels") == true)
            #expect(try await running.client.send(.ping).result == "Success")
            await running.stop()
            asterisk.close()
        }
    }
}
