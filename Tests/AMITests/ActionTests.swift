import AsteriskWire
import EventLoop
import HookswitchTestKit
import Testing

@testable import AMI

@Suite struct ActionTests {
    /// Runs `body` with a client that is logged in and idle.
    static func connected(
        _ script: ScriptedAsterisk.Script = .init(), time: EventLoop.Time = .system,
        _ body: @escaping @Sendable (ScriptedAsterisk, Running, EventLoop) async throws -> Void
    ) async throws {
        try await EventLoop.withThread(time: time) { loop in
            let asterisk = try ScriptedAsterisk(script, on: loop)
            let running = Running(asterisk.configuration(), on: loop)
            #expect(await running.resynced() != nil)
            try await body(asterisk, running, loop)
            await running.stop()
            asterisk.close()
        }
    }

    static func failure(_ body: () async throws -> AMIResponse) async -> AMIError? {
        do {
            _ = try await body()
            return nil
        } catch { return error as? AMIError }
    }

    @Test("answers find their actions, whatever order they come in and whatever comes between")
    func correlation() async throws {
        var script = ScriptedAsterisk.Script()
        script.ignored = ["A", "B"]
        try await ActionTests.connected(script) { asterisk, running, loop in
            let client = running.client
            let first = Task(executorPreference: loop) { try await client.send(AMIAction("A")) }
            let second = Task(executorPreference: loop) { try await client.send(AMIAction("B")) }
            while asterisk.actions.count(where: { ["A", "B"].contains($0["Action"]) }) < 2 { await Task.yield() }
            let ids = asterisk.actions.suffix(2).map { $0["ActionID"]! }
            try await asterisk.emit("Response: Success\nActionID: someone-else\nMessage: not yours\n\n")
            try await asterisk.emit("Response: Success\nActionID: \(ids[1])\nMessage: b\n\n")
            // An event with a Response header of its own is no answer.
            try await asterisk.emit(
                "Event: OriginateResponse\nPrivilege: call,all\nActionID: \(ids[0])\nResponse: Failure\nReason: 3\n\n")
            try await asterisk.emit("Response: Success\nActionID: \(ids[0])\nMessage: a\n\n")
            #expect(try await first.value["Message"] == "a")
            #expect(try await second.value["Message"] == "b")
        }
    }

    @Test("a list is its items, foreign events between them left out, up to its end")
    func lists() async throws {
        var script = ScriptedAsterisk.Script()
        script.answers["QueueStatus"] =
            "Response: Success\nEventList: start\nMessage: Queue status will follow\n\n"
            + "Event: QueueParams\nActionID: <id>\nQueue: sales\n\n"
            + "Event: Newchannel\nPrivilege: call,all\nUniqueid: 1.1\n\n"
            + "Event: QueueMember\nActionID: <id>\nQueue: sales\nName: Ann\n\n"
            + "Event: QueueStatusComplete\nActionID: <id>\nEventList: Complete\nListItems: 2\n\n"
        // Asterisk 11 ends Status without EventList.
        script.answers["Status"] =
            "Response: Success\nMessage: Channel status will follow\n\n"
            + "Event: Status\nPrivilege: Call\nActionID: <id>\nChannel: SIP/1-1\n\n"
            + "Event: StatusComplete\nActionID: <id>\nItems: 1\n\n"
        try await ActionTests.connected(script) { _, running, _ in
            let queues = try await running.client.send(AMIAction("QueueStatus"))
            #expect(queues.items.map(\.name) == ["QueueParams", "QueueMember", "QueueStatusComplete"])
            #expect(queues.items[1]["Name"] == "Ann")
            let old = try await running.client.send(.status())
            #expect(old.items.map(\.name) == ["Status", "StatusComplete"])
        }
    }

    @Test("a list without end is an error at its limit, whatever still comes of it, and the session goes on")
    func endlessList() async throws {
        try await ActionTests.connected(.init()) { asterisk, running, _ in
            asterisk.script.answers["QueueStatus"] = "Response: Success\nEventList: start\n\n"
            let page = String(repeating: "Event: QueueMember\nActionID: <id>\nQueue: sales\n\n", count: 5000)
            async let answer = running.client.send(AMIAction("QueueStatus"), deadline: .seconds(600))
            while asterisk.actions.last?["Action"] != "QueueStatus" { await Task.yield() }
            let id = asterisk.actions.last?["ActionID"] ?? ""
            for _ in 0..<21 { try await asterisk.emit(page.replacing("<id>", with: id)) }
            do {
                _ = try await answer
                Issue.record("a list without end was taken")
            } catch let error as AMIError {
                #expect(error.code == .actionFailed && error.detail.contains("100000"))
            }
            try await asterisk.emit(page.replacing("<id>", with: id))
            _ = try await running.client.send(.ping)
        }
    }

    @Test(
        "headers without end, and a line without end, end the session at the limit and the client comes back",
        arguments: ["X: y\r\n", "y"])
    func endlessMessage(piece: String) async throws {
        try await ActionTests.connected(.init()) { asterisk, running, _ in
            let noise = Array(String(repeating: piece, count: 20_000).utf8)
            try await asterisk.emitBytes(Array("Event: Newchannel\r\nPrivilege: call,all\r\n".utf8))
            // The client closes in the middle of it, and what is written then fails: that is the point.
            for _ in 0..<400 { do { try await asterisk.emitBytes(noise) } catch { break } }
            let lost = await running.lost()
            #expect(lost?.error.code == .streamDamaged)
            #expect(await running.resynced() == [])
        }
    }

    @Test("Command's output comes as lines, from Output headers and from Response: Follows with and without end mark")
    func command() async throws {
        var script = ScriptedAsterisk.Script()
        script.answers["Command"] =
            "Response: Success\nMessage: Command output follows\nOutput: a: b\nOutput: \nOutput: c\n\n"
        try await ActionTests.connected(script) { asterisk, running, _ in
            let command = AMIAction("Command", [.init("Command", "core show uptime")])
            #expect(try await running.client.send(command).output == ["a: b", "", "c"])
            asterisk.script.ignored = ["Command"]
            for mark in ["--END COMMAND--", ""] {
                let client = running.client
                let count = asterisk.actions.count
                let answer = Task(executorPreference: client.loop) { try await client.send(command) }
                while asterisk.actions.count == count { await Task.yield() }
                let id = asterisk.actions.last!["ActionID"]!
                try await asterisk.emitRaw(
                    "Response: Follows\r\nPrivilege: Command\r\nActionID: \(id)\r\nSystem uptime: 1 hour\nLast: now\n\(mark)\r\n\r\n"
                )
                #expect(try await answer.value.output == ["System uptime: 1 hour", "Last: now"])
            }
        }
    }

    @Test("Asterisk's errors, missing rights, silence and cancellation are told apart")
    func failures() async throws {
        var script = ScriptedAsterisk.Script()
        script.denied = ["Originate"]
        script.ignored = ["Mute"]
        try await ActionTests.connected(script, time: .manual) { asterisk, running, loop in
            let client = running.client
            let unknown = await ActionTests.failure { try await client.send(AMIAction("Nonsense")) }
            #expect(unknown?.code == .actionFailed)
            #expect(unknown?.detail.contains("Invalid/unknown command") == true)
            let denied = await ActionTests.failure { try await client.send(AMIAction("Originate")) }
            #expect(denied?.code == .permissionMissing)
            #expect(denied?.hint.contains("originate") == true)

            func asked(_ action: AMIAction) async -> Task<AMIError?, Never> {
                let count = asterisk.actions.count
                let task = Task(executorPreference: loop) {
                    await ActionTests.failure { try await client.send(action, deadline: .seconds(5)) }
                }
                while asterisk.actions.count == count { await Task.yield() }
                return task
            }
            let silent = await asked(AMIAction("Mute"))
            loop.advance(by: .seconds(5))
            #expect(await silent.value?.code == .actionTimedOut)
            let cancelled = await asked(AMIAction("Mute"))
            cancelled.cancel()
            #expect(await cancelled.value?.code == .stopped)
            let lost = await asked(AMIAction("Mute"))
            asterisk.cut()
            #expect(await lost.value?.code == .connectionLost)
            let offline = await ActionTests.failure { try await client.send(.ping) }
            #expect(offline?.code == .notConnected)
        }
    }

    @Test(
        "nobody can smuggle a second action through a value",
        arguments: ["a\r\nAction: Logoff", "a\nb", "a\rb", "a\0b"])
    func injection(value: String) throws {
        for action in [
            AMIAction("Setvar", [.init("Value", value)]), AMIAction("Setvar", [.init(value, "x")]), AMIAction(value),
        ] {
            do throws(AMIError) {
                _ = try action.encoded(actionID: "1")
                Issue.record("was encoded")
            } catch { #expect(error.code == .badAction) }
        }
        let bytes = try AMIAction("Getvar", [.init("Variable", "X")]).encoded(actionID: "7")
        #expect(String(decoding: bytes, as: UTF8.self) == "Action: Getvar\r\nActionID: 7\r\nVariable: X\r\n\r\n")
    }

    @Test("events as a stream: in order, and the oldest unread dropped and counted when nobody reads")
    func eventStream() async throws {
        try await ActionTests.connected { asterisk, running, _ in
            let events = running.client.events(limit: 3)
            for number in 1...5 {
                try await asterisk.emit("Event: UserEvent\nPrivilege: user,all\nNumber: \(number)\n\n")
            }
            while running.story.count(where: { $0 == "UserEvent" }) < 5 { await Task.yield() }
            var iterator = events.makeAsyncIterator()
            var numbers: [String?] = []
            for _ in 0..<3 { numbers.append(await iterator.next()?["Number"]) }
            #expect(numbers == ["3", "4", "5"])
            #expect(running.client.droppedEventCount == 2)
        }
    }

    @Test("a resync asked for during one is done right after it")
    func resyncs() async throws {
        try await ActionTests.connected { asterisk, running, _ in
            running.client.resync()
            running.client.resync()
            running.client.resync()
            #expect(await running.resynced() == [])
            #expect(await running.resynced() == [])
            #expect(asterisk.actions.count { $0["Action"] == "CoreShowChannels" } == 3)
        }
    }
}
