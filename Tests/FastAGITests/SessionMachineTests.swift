import AsteriskWire
import Testing

@testable import FastAGI

/// The session's states without a socket: bytes in, what to do out.
@Suite struct SessionMachineTests {
    private static func feed(_ machine: inout SessionMachine, _ text: String) {
        Array(text.utf8).withUnsafeBytes { machine.received($0) }
    }
    private static func opened() throws -> SessionMachine {
        var machine = SessionMachine(limits: AGILimits())
        feed(&machine, "agi_network: yes\n\n")
        _ = try #require(try machine.environment())
        return machine
    }
    private static func code(_ body: () throws(FastAGIError) -> Void) -> FastAGIError.Code? {
        do throws(FastAGIError) {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test func environmentThenCommandsOneAtATime() throws {
        var machine = SessionMachine(limits: AGILimits())
        Self.feed(&machine, "agi_network: yes\n")
        #expect(try machine.environment() == nil)
        Self.feed(&machine, "\n")
        #expect(try machine.environment()?["network"] == "yes")
        try machine.begin(.getVariable("X"))
        #expect(machine.output == Array("GET VARIABLE X\n".utf8))
        #expect(try machine.reply() == nil)
        Self.feed(&machine, "200 result=1 (a\nb)\n")
        #expect(try machine.reply()?.value == "a\nb")
        try machine.begin(.noop)
        #expect(machine.output == Array("NOOP\n".utf8))
    }

    @Test func aRefusedCommandLeavesTheSessionUsable() throws {
        var machine = try Self.opened()
        let refused = Self.code { () throws(FastAGIError) in try machine.begin(.verbose("a\nb")) }
        #expect(refused == .commandRefused)
        #expect(machine.output.isEmpty)
        try machine.begin(.noop)
        #expect(!machine.isEnded)
    }

    @Test func theEndOfThePeerIsNamedByWhatWasWaitedFor() throws {
        var early = SessionMachine(limits: AGILimits())
        Self.feed(&early, "agi_network: yes\n")
        #expect(early.peerEnded().code == .endedBeforeEnvironment)
        var waiting = try Self.opened()
        try waiting.begin(.answer)
        let error = waiting.peerEnded()
        #expect(error.code == .peerClosed)
        #expect(error.command == "ANSWER")
        var idle = try Self.opened()
        #expect(idle.peerEnded().code == .ended)
        #expect(Self.code { () throws(FastAGIError) in try idle.begin(.noop) } == .ended)
    }

    @Test func hangupBetweenCommandsIsSeenBeforeTheNext() throws {
        var machine = try Self.opened()
        Self.feed(&machine, "HANGUP\n")
        #expect(!machine.hasHungUp)
        try machine.begin(.noop)
        #expect(machine.hasHungUp)
        #expect(machine.strayLines == 0)
    }

    @Test func brokenInputEndsItForGood() throws {
        var wrong = SessionMachine(limits: AGILimits())
        Self.feed(&wrong, "GET / HTTP/1.1\r\n")
        #expect(Self.code { () throws(FastAGIError) in _ = try wrong.environment() } == .malformed)
        #expect(wrong.isEnded)
        var flood = SessionMachine(limits: AGILimits(replyBytes: 100))
        Self.feed(&flood, "agi_network: yes\n\n")
        _ = try flood.environment()
        try flood.begin(.noop)
        Self.feed(&flood, String(repeating: "x", count: 101))
        #expect(Self.code { () throws(FastAGIError) in _ = try flood.reply() } == .malformed)
        #expect(flood.isEnded)
        // Bytes after the end are not kept.
        Self.feed(&flood, "200 result=1\n")
        #expect(Self.code { () throws(FastAGIError) in _ = try flood.reply() } == .ended)
    }

    @Test func anErrorShowsNoValueOfTheCall() throws {
        var machine = try Self.opened()
        let secret = "15551230001\nx"
        do throws(FastAGIError) {
            try machine.begin(.setVariable("phone", value: secret))
        } catch {
            #expect(!error.description.contains("1555"))
            #expect(error.description.contains("SET VARIABLE"))
            #expect(!error.hint.isEmpty)
        }
    }
}
