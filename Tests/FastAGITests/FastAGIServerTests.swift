import AsteriskWire
import EventLoop
import FastAGI
import Synchronization
import Telephony
import TestGround
import Testing

@Suite struct FastAGIServerTests {
    /// A route with five commands.
    private static var five: FastAGIRoutes {
        var routes = FastAGIRoutes()
        routes.on("five") { session in
            for name in ["CALLERID(num)", "DIALSTATUS", "ANSWEREDTIME", "MIXMONITOR_FILENAME"] {
                let value = try await session.variable(name)
                #expect(value == name)
            }
            try await session.setVariable("X", "a b")
        }
        return routes
    }
    private static let commandsOfFive = [
        "GET VARIABLE CALLERID(num)", "GET VARIABLE DIALSTATUS", "GET VARIABLE ANSWEREDTIME",
        "GET VARIABLE MIXMONITOR_FILENAME", "SET VARIABLE X \"a b\"",
    ]

    @Test func aHandlerCommandsTheChannelAndTheServerClosesAfterIt() async throws {
        let commands = try await withServer(FastAGIConfiguration(), Self.five) { loop, address in
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            try await asterisk.send(FakeAsterisk.environment("five?x=1"))
            return try await asterisk.run()
        }
        #expect(commands == Self.commandsOfFive)
    }

    @Test func anUnknownPathIsAnsweredAndEndsAtOnce() async throws {
        let counters = CounterBox()
        let commands = try await withServer(FastAGIConfiguration(), Self.five, counters: counters) { loop, address in
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            try await asterisk.send(FakeAsterisk.environment("call_log--HVcauses--PRI-----NODEBUG-----16"))
            return try await asterisk.run()
        }
        #expect(
            commands == [
                "VERBOSE \"hookswitch: no such request: call_log--HVcauses--PRI-----NODEBUG-----16\" 1",
                "SET VARIABLE HOOKSWITCH_STATUS UNKNOWN",
            ])
        #expect(counters.value("agi.ended", "unknown_route") == 1)
    }

    @Test func aNetworkThatIsNotPermittedIsClosedUnread() async throws {
        let counters = CounterBox()
        let permit = try [#require(NetworkPrefix("10.0.0.0/8"))]
        let command = try await withServer(FastAGIConfiguration(permit: permit), Self.five, counters: counters) {
            loop, address in
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            return try await asterisk.command()
        }
        #expect(command == nil)
        #expect(counters.value("agi.refused", "not_permitted") == 1)
        #expect(counters.value("agi.sessions") == 0)
    }

    @Test func oneSessionTooManyIsClosedAndTheNextAfterAnEndIsServed() async throws {
        let counters = CounterBox()
        let configuration = FastAGIConfiguration(maximumSessions: 2)
        try await withServer(configuration, Self.five, counters: counters) { loop, address in
            var first = try await FakeAsterisk.connect(to: address, on: loop)
            try await first.send(FakeAsterisk.environment("five"))
            #expect(try await first.command() == Self.commandsOfFive[0])
            var second = try await FakeAsterisk.connect(to: address, on: loop)
            try await second.send(FakeAsterisk.environment("five"))
            #expect(try await second.command() == Self.commandsOfFive[0])
            var third = try await FakeAsterisk.connect(to: address, on: loop)
            #expect(try await third.command() == nil)
            try await first.send(FakeAsterisk.usual(Self.commandsOfFive[0]))
            #expect(try await first.run().count == 4)
            var fourth = try await FakeAsterisk.connect(to: address, on: loop)
            try await fourth.send(FakeAsterisk.environment("five"))
            #expect(try await fourth.run().count == 5)
            second.stream.close()
        }
        #expect(counters.value("agi.refused", "too_many") == 1)
        #expect(counters.value("agi.active") == 0)
    }

    @Test func aHandlerThatHangsLosesItsSocketAtTheDeadline() async throws {
        let counters = CounterBox()
        let wasCancelled = Mutex(false)
        let open = AsyncStream<Void>.makeStream()
        let began = AsyncStream<Void>.makeStream()
        var routes = FastAGIRoutes()
        routes.on("hang") { session in
            try await session.setVariable("BEFORE", "1")
            // Waits for what never comes; only its cancellation ends it.
            began.continuation.yield()
            for await _ in open.stream {}
            wasCancelled.withLock { $0 = Task.isCancelled }
        }
        try await withServer(FastAGIConfiguration(deadline: .seconds(3)), routes, time: .manual, counters: counters) {
            loop, address in
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            try await asterisk.send(FakeAsterisk.environment("hang"))
            #expect(try await asterisk.command() == "SET VARIABLE BEFORE 1")
            try await asterisk.send("200 result=1\n")
            var beginnings = began.stream.makeAsyncIterator()
            await beginnings.next()
            loop.advance(by: .milliseconds(2999))
            #expect(asterisk.stream.isOpen)
            loop.advance(by: .milliseconds(1))
            #expect(try await asterisk.command() == nil)
        }
        #expect(wasCancelled.withLock { $0 })
        open.continuation.finish()
        #expect(counters.value("agi.active") == 0)
    }

    @Test func aCommandThatAsteriskDoesNotAnswerEndsAtTheDeadline() async throws {
        let counters = CounterBox()
        try await withServer(FastAGIConfiguration(), Self.five, time: .manual, counters: counters) { loop, address in
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            try await asterisk.send(FakeAsterisk.environment("five"))
            #expect(try await asterisk.command() != nil)
            loop.advance(by: .seconds(3))
            #expect(try await asterisk.command() == nil)
        }
        #expect(counters.value("agi.ended", "deadline") == 1)
    }

    @Test func anEnvironmentThatDoesNotEndIsCutAtTheDeadline() async throws {
        let counters = CounterBox()
        try await withServer(FastAGIConfiguration(), Self.five, time: .manual, counters: counters) { loop, address in
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            try await asterisk.send("agi_network: yes\n")
            // A second session shows that the first one's bytes have been taken.
            var other = try await FakeAsterisk.connect(to: address, on: loop)
            try await other.send(FakeAsterisk.environment("five"))
            #expect(try await other.run().count == 5)
            loop.advance(by: .seconds(3))
            #expect(try await asterisk.command() == nil)
        }
        #expect(counters.value("agi.ended", "deadline") == 1)
    }

    @Test func twoHundredPeersThatDribbleCostTheOthersNothingAndAreCutAtTheDeadline() async throws {
        let counters = CounterBox()
        try await withServer(FastAGIConfiguration(), Self.five, time: .manual, counters: counters) { loop, address in
            var slow: [FakeAsterisk] = []
            for _ in 0..<200 { slow.append(try await FakeAsterisk.connect(to: address, on: loop)) }
            // A byte each tenth of a second: bytes that come are no reason to wait longer.
            for byte in "agi_network: yes\nagi_channel: a".prefix(29) {
                for asterisk in slow { try await asterisk.send(String(byte)) }
                var honest = try await FakeAsterisk.connect(to: address, on: loop)
                try await honest.send(FakeAsterisk.environment("five"))
                #expect(try await honest.run().count == 5)
                loop.advance(by: .milliseconds(100))
            }
            #expect(counters.value("agi.active") == 200)
            loop.advance(by: .milliseconds(100))
            for asterisk in slow {
                var asterisk = asterisk
                #expect(try await asterisk.command() == nil)
            }
        }
        #expect(counters.value("agi.ended", "deadline") == 200)
        #expect(counters.value("agi.ended", "completed") == 29)
    }

    @Test func tenThousandIdleConnectionsAreBoundedAndGoneAtTheDeadline() async throws {
        let count = 10_000
        let configuration = FastAGIConfiguration()
        // Both ends of what is taken, and ours of what is not.
        let files = count + configuration.maximumSessions
        try await Descriptors.take(files)
        defer { Descriptors.giveBack(files) }
        let counters = CounterBox()
        try await withServer(configuration, Self.five, time: .manual, counters: counters) { loop, address in
            var idle: [FakeAsterisk] = []
            for _ in 0..<count { idle.append(try await FakeAsterisk.connect(to: address, on: loop)) }
            // Those beyond the limit are closed unread, and say so to whoever waits for an answer.
            for asterisk in idle[configuration.maximumSessions...] {
                var asterisk = asterisk
                #expect(try await asterisk.command() == nil)
            }
            #expect(counters.value("agi.active") == configuration.maximumSessions)
            #expect(counters.value("agi.refused", "too_many") == count - configuration.maximumSessions)
            loop.advance(by: .seconds(3))
            for asterisk in idle[..<configuration.maximumSessions] {
                var asterisk = asterisk
                #expect(try await asterisk.command() == nil)
            }
            var honest = try await FakeAsterisk.connect(to: address, on: loop)
            try await honest.send(FakeAsterisk.environment("five"))
            #expect(try await honest.run().count == 5)
        }
        #expect(counters.value("agi.ended", "deadline") == configuration.maximumSessions)
    }

    @Test func aRouteMayHaveItsOwnDeadlineOrNone() async throws {
        var routes = FastAGIRoutes()
        routes.on("long", deadline: .after(.seconds(60))) { try await $0.answer() }
        routes.on("endless", deadline: .none) { try await $0.answer() }
        try await withServer(FastAGIConfiguration(), routes, time: .manual) { loop, address in
            var long = try await FakeAsterisk.connect(to: address, on: loop)
            try await long.send(FakeAsterisk.environment("long"))
            var endless = try await FakeAsterisk.connect(to: address, on: loop)
            try await endless.send(FakeAsterisk.environment("endless"))
            #expect(try await long.command() == "ANSWER")
            #expect(try await endless.command() == "ANSWER")
            loop.advance(by: .seconds(60))
            #expect(try await long.command() == nil)
            loop.advance(by: .seconds(86400))
            try await endless.send("200 result=0\n")
            #expect(try await endless.command() == nil)
        }
    }

    @Test func connectionsClosedBeforeTheirEnvironmentEndsHurtNobody() async throws {
        let counters = CounterBox()
        let block = Array(FakeAsterisk.environment("five").utf8)
        try await withServer(FastAGIConfiguration(), Self.five, counters: counters) { loop, address in
            for length in stride(from: 0, to: block.count, by: 7) {
                let asterisk = try await FakeAsterisk.connect(to: address, on: loop)
                try await asterisk.stream.write(Array(block[..<length]))
                asterisk.stream.close()
            }
            var good = try await FakeAsterisk.connect(to: address, on: loop)
            try await good.send(FakeAsterisk.environment("five"))
            #expect(try await good.run() == Self.commandsOfFive)
        }
        let ended = counters.value("agi.ended", "ended_before_environment")
        let broken = counters.value("agi.ended", "connection_broken")
        #expect(ended + broken == counters.value("agi.sessions") - 1)
        #expect(counters.value("agi.active") == 0)
    }

    @Test func somethingElseThanAGIIsClosedAtOnce() async throws {
        let counters = CounterBox()
        try await withServer(FastAGIConfiguration(), Self.five, counters: counters) { loop, address in
            var browser = try await FakeAsterisk.connect(to: address, on: loop)
            try await browser.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await browser.command() == nil)
        }
        #expect(counters.value("agi.ended", "malformed") == 1)
    }

    @Test func anEndlessEnvironmentIsCutAtItsLimit() async throws {
        let counters = CounterBox()
        try await withServer(FastAGIConfiguration(), Self.five, counters: counters) { loop, address in
            var flood = try await FakeAsterisk.connect(to: address, on: loop)
            do {
                for n in 0..<1000 { try await flood.send("agi_arg_\(n): \(String(repeating: "x", count: 1000))\n") }
            } catch {
                // The server has closed: that is what is wanted.
            }
            #expect(try await flood.command() == nil)
        }
        #expect(counters.value("agi.ended", "malformed") == 1)
    }

    @Test func aPeerThatSendsByteByByteIsServed() async throws {
        let commands = try await withServer(FastAGIConfiguration(), Self.five) { loop, address in
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            for byte in FakeAsterisk.environment("five").utf8 {
                try await asterisk.stream.write([byte])
                try await loop.sleep(for: .zero)
            }
            var commands: [String] = []
            while let command = try await asterisk.command() {
                commands.append(command)
                for byte in FakeAsterisk.usual(command).utf8 {
                    try await asterisk.stream.write([byte])
                    try await loop.sleep(for: .zero)
                }
            }
            return commands
        }
        #expect(commands == Self.commandsOfFive)
    }

    @Test func hangupBetweenCommandAndReplyIsSeenAndLiveCommandsAreRefused() async throws {
        let seen = Notes()
        var routes = FastAGIRoutes()
        routes.on("menu") { session in
            seen.add("\(session.hasHungUp)")
            #expect(try await session.variable("X") == "value")
            seen.add("\(session.hasHungUp)")
            do throws(FastAGIError) {
                _ = try await session.streamFile("beep")
            } catch {
                seen.add(error.code.rawValue)
            }
            try await session.setVariable("Y", "still works")
        }
        let commands = try await withServer(FastAGIConfiguration(), routes) { loop, address in
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            try await asterisk.send(FakeAsterisk.environment("menu"))
            return try await asterisk.run { command in
                if command == "GET VARIABLE X" { return "HANGUP\n200 result=1 (value)\n" }
                if command.hasPrefix("STREAM") {
                    return "511 Command Not Permitted on a dead channel or intercept routine\n"
                }
                return "200 result=1\n"
            }
        }
        #expect(seen.texts == ["false", "true", "channel_gone"])
        #expect(commands == ["GET VARIABLE X", "STREAM FILE beep \"\"", "SET VARIABLE Y \"still works\""])
    }

    @Test func answersBecomeValues() async throws {
        let answers = [
            "ANSWER": "200 result=0", "CHANNEL STATUS": "200 result=6", "CHANNEL STATUS SIP/x": "200 result=-1",
            "STREAM FILE hello 12": "200 result=49 endpos=8640", "GET DATA pin 2000 4": "200 result=12 (timeout)",
            "WAIT FOR DIGIT -1": "200 result=0", "EXEC Nothing \"\"": "200 result=-2",
            "GET VARIABLE UNSET": "200 result=0", "DATABASE GET a b": "200 result=1 (x (y) z)",
            "RECORD FILE /tmp/a wav # -1": "200 result=35 (dtmf) endpos=16000",
            "SPEECH RECOGNIZE p 5":
                "200 result=1 (speech) endpos=0 results=1 score0=800 text0=\"call bob\" grammar0=names",
            "GOSUB sub s 1": "100 result=0 Trying...\n200 result=0 Gosub complete",
            "HANGUP": "510 Invalid or unknown command",
            "SAY DIGITS 12 \"\"":
                "520-Invalid command syntax.  Proper usage follows:\nhelp\n520 End of proper usage.",
        ]
        var routes = FastAGIRoutes()
        routes.on("all") { session in
            try await session.answer()
            #expect(try await session.channelStatus() == 6)
            #expect(try await session.channelStatus(.init("SIP/x")) == nil)
            let playback = try await session.streamFile("hello", escapeDigits: "12")
            #expect(playback.digit == "1")
            #expect(playback.endPosition == 8640)
            let digits = try await session.data("pin", timeout: .seconds(2), maximumDigits: 4)
            #expect(digits.text == "12")
            #expect(digits.isTimeout)
            #expect(try await session.waitForDigit(timeout: nil) == nil)
            #expect(try await session.exec("Nothing") == -2)
            #expect(try await session.variable("UNSET") == nil)
            #expect(try await session.databaseGet(family: "a", key: "b") == "x (y) z")
            let recording = try await session.record("/tmp/a", format: "wav", escapeDigits: "#")
            #expect(recording.digit == "#")
            #expect(recording.reason == "dtmf")
            #expect(recording.endPosition == 16000)
            let speech = try await session.recognizeSpeech(prompt: "p", timeout: .seconds(5))
            #expect(speech.results.map(\.text) == ["call bob"])
            #expect(speech.results.map(\.score) == [800])
            try await session.gosub(context: "sub", exten: "s")
            await #expect(throws: FastAGIError.self) { try await session.hangup() }
            do throws(FastAGIError) {
                _ = try await session.say(.sayDigits("12"))
                Issue.record("a wrong usage must throw")
            } catch {
                #expect(error.code == .commandFailed)
                #expect(error.reply?.code == 520)
            }
            do throws(FastAGIError) {
                try await session.setVariable("X", "two\nlines")
                Issue.record("a line end must be refused")
            } catch {
                #expect(error.code == .commandRefused)
            }
            try await session.setVariable("DONE", "1")
        }
        let commands = try await withServer(FastAGIConfiguration(), routes) { loop, address in
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            try await asterisk.send(FakeAsterisk.environment("all"))
            return try await asterisk.run { (answers[$0] ?? "200 result=1") + "\n" }
        }
        #expect(commands.last == "SET VARIABLE DONE 1")
        #expect(commands.count == 15)
    }

    @Test func aHandlersOwnErrorEndsItsSessionOnly() async throws {
        struct Oops: Error {}
        let counters = CounterBox()
        var routes = Self.five
        routes.on("bad") { _ in throw Oops() }
        try await withServer(FastAGIConfiguration(), routes, counters: counters) { loop, address in
            var bad = try await FakeAsterisk.connect(to: address, on: loop)
            try await bad.send(FakeAsterisk.environment("bad"))
            #expect(try await bad.run().isEmpty)
            var good = try await FakeAsterisk.connect(to: address, on: loop)
            try await good.send(FakeAsterisk.environment("five"))
            #expect(try await good.run().count == 5)
        }
        #expect(counters.value("agi.ended", "handler_failed") == 1)
        #expect(counters.value("agi.ended", "completed") == 1)
    }

    @Test(arguments: [200, 2000]) func manySessionsAtOnceAreAllServed(count: Int) async throws {
        try await Descriptors.take(2 * count)
        defer { Descriptors.giveBack(2 * count) }
        let counters = CounterBox()
        let served = try await withServer(FastAGIConfiguration(deadline: .seconds(60)), Self.five, counters: counters) {
            loop, address in
            // All are connected and have sent half an environment before the first goes on.
            var all: [FakeAsterisk] = []
            for _ in 0..<count {
                let asterisk = try await FakeAsterisk.connect(to: address, on: loop)
                try await asterisk.send("agi_network: yes\n")
                all.append(asterisk)
            }
            return try await withThrowingTaskGroup(of: Int.self) { group in
                for (n, asterisk) in all.enumerated() {
                    group.addTask(executorPreference: loop) {
                        var asterisk = asterisk
                        try await asterisk.send(
                            String(FakeAsterisk.environment("five", uniqueID: "1795227945.\(n)").dropFirst(17)))
                        return try await asterisk.run() == Self.commandsOfFive ? 1 : 0
                    }
                }
                return try await group.reduce(0, +)
            }
        }
        #expect(served == count)
        #expect(counters.value("agi.ended", "completed") == count)
        #expect(counters.value("agi.active") == 0)
    }

    @Test func stoppingWaitsForRunningSessions() async throws {
        var routes = FastAGIRoutes()
        routes.on("slow") { try await $0.setVariable("A", "1") }
        let routesNow = routes
        let order = Notes()
        try await EventLoop.withThread { loop in
            let listener = try Listener.listen(on: try #require(SocketAddress(ip: "127.0.0.1", port: 0)), loop: loop)
            let address = listener.localAddress
            let server = FastAGIServer(routes: routesNow)
            async let done: Void = {
                await server.run(on: listener)
                order.add("server ended")
            }()
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            try await asterisk.send(FakeAsterisk.environment("slow"))
            #expect(try await asterisk.command() == "SET VARIABLE A 1")
            listener.close()
            await #expect(throws: EventLoopError.self) { _ = try await FakeAsterisk.connect(to: address, on: loop) }
            order.add("session answered")
            try await asterisk.send("200 result=1\n")
            #expect(try await asterisk.command() == nil)
            await done
        }
        #expect(order.texts == ["session answered", "server ended"])
    }

    @Test func cancellingTheServerEndsSessionsAtOnce() async throws {
        try await EventLoop.withThread { loop in
            let listener = try Listener.listen(on: try #require(SocketAddress(ip: "127.0.0.1", port: 0)), loop: loop)
            let task = Task(executorPreference: loop) { await FastAGIServer(routes: Self.five).run(on: listener) }
            var asterisk = try await FakeAsterisk.connect(to: listener.localAddress, on: loop)
            try await asterisk.send(FakeAsterisk.environment("five"))
            #expect(try await asterisk.command() != nil)
            task.cancel()
            #expect(try await asterisk.command() == nil)
            await task.value
            listener.close()
        }
    }
}
