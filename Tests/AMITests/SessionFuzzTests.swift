import AsteriskWire
import EventLoop
import HookswitchTestKit
import TestGround
import Testing

@testable import AMI

/// A manager that may say anything, from the greeting on: the session lives in order, answers each that asked once, and ends.
@Suite struct SessionFuzzTests {
    /// Known here, so that answers can be made up; of a real session it is drawn at random.
    private static let id = "fuzz"
    private static let secret = "s3cret"

    private static func wire(_ text: String) -> [UInt8] { Array(text.replacing("\n", with: "\r\n").utf8) }

    /// What Asterisk 22 says to a login, to three actions of others and to the questions after the boot.
    private static let parts: [String] = {
        let started = "Asterisk Call Manager/11.0.0\n"
        let login = [
            "Response: Success\nActionID: fuzz-login\nChallenge: 840415273\n\n",
            "Response: Success\nActionID: fuzz-login\nMessage: Authentication accepted\n\n",
            "Event: FullyBooted\nPrivilege: system,all\nUptime: 3600\nLastReload: 3600\nStatus: Fully Booted\n\n",
        ]
        let answers = [
            "Response: Success\nActionID: fuzz-1\nPing: Pong\nTimestamp: 1795226720.123456\n\n",
            "Response: Success\nActionID: fuzz-2\nMessage: Command output follows\nOutput: one\nOutput: two\n\n",
            "Response: Follows\nPrivilege: Command\nActionID: fuzz-2\none\ntwo\n--END COMMAND--\n\n",
            "Response: Success\nActionID: fuzz-3\nEventList: start\nMessage: Queue status will follow\n\n",
            "Event: QueueParams\nActionID: fuzz-3\nQueue: sales\n\n",
            "Event: QueueStatusComplete\nActionID: fuzz-3\nEventList: Complete\nListItems: 1\n\n",
            "Response: Error\nActionID: fuzz-3\nMessage: Permission denied\n\n",
        ]
        let resync = [
            "Response: Success\nActionID: fuzz-4\nAMIversion: 11.0.0\nAsteriskVersion: 22.10.0\nSystemName: pbx1\n\n",
            "Response: Success\nActionID: fuzz-5\nCoreStartupDate: 2026-11-21\nCoreStartupTime: 02:17:33\nCoreCurrentCalls: 1\n\n",
            "Response: Success\nActionID: fuzz-6\nEventList: start\nMessage: Channel status will follow\n\n",
            "Event: Status\nActionID: fuzz-6\nChannel: PJSIP/100-1\nUniqueid: 1.1\nLinkedid: 1.1\n\n",
            "Event: StatusComplete\nActionID: fuzz-6\nEventList: Complete\nListItems: 1\n\n",
            "Response: Success\nActionID: fuzz-7\nEventList: start\nMessage: Channels will follow\n\n",
            "Event: CoreShowChannel\nActionID: fuzz-7\nChannel: PJSIP/100-1\nUniqueid: 1.1\nLinkedid: 1.1\n\n",
            "Event: CoreShowChannelsComplete\nActionID: fuzz-7\nEventList: Complete\nListItems: 1\n\n",
            "Event: CoreShowChannelsComplete\nActionID: fuzz-7\nEventList: cancelled\n\n",
        ]
        return [started] + login + answers + resync + ["Response: Goodbye\nActionID: fuzz-logoff\n\n"]
    }()
    private static let mutator = Mutator(
        samples: [
            parts, parts.filter { !$0.contains("Challenge") }, parts.filter { !$0.contains("FullyBooted") },
            Array(parts.prefix(4)) + Array(parts.dropFirst(11)), Array(parts.prefix(5)),
        ].map { wire($0.joined()) },
        words: parts.map { $0.replacing("\n", with: "\r\n") } + [
            "\r\n", "\r\n\r\n", "\r", "\n", "ActionID: fuzz-login\r\n", "ActionID: fuzz-ping\r\n",
            "ActionID: fuzz-\r\n",
            "ActionID: fuzz-4\r\n", "EventList: Complete\r\n", "EventList: start\r\n", "EventList: \r\n",
            "Response: Error\r\n", "Response: \r\n", "Message: Permission denied\r\n", "Challenge: \r\n", "Challenge: ",
            "Uptime: ", "Asterisk Call Manager/\r\n",
        ])

    /// What one session told and answered, in order.
    ///
    /// `@unchecked Sendable`: used on the loop's thread only.
    private final class Told: @unchecked Sendable {
        var lines: [String] = []
        var answers: [String: Int] = [:]
        var logins = 0
        var isListing = false
        var isOrdered = true
        /// With what the end told all who waited put in order: who is told first is not promised.
        var story: [String] {
            let isEnd: (String) -> Bool = { $0.hasSuffix(": connectionLost") }
            return lines.filter { !isEnd($0) } + lines.filter(isEnd).sorted()
        }

        func take(_ report: AMIReport) {
            lines.append("\(report)")
            switch report {
            case .loggedIn:
                logins += 1
                isOrdered = isOrdered && !isListing
            case .resyncBegan:
                isOrdered = isOrdered && !isListing && logins == 1
                isListing = true
            case .resyncEnded:
                isOrdered = isOrdered && isListing
                isListing = false
            default: isOrdered = isOrdered && logins == 1
            }
        }
    }

    private static func configuration(_ login: AMIConfiguration.Login) -> AMIConfiguration {
        var configuration = AMIConfiguration(host: "pbx", username: "hookswitch", secret: secret)
        configuration.login = login
        configuration.limits = AMILimits(messageBytes: 4096, lineBytes: 512, headers: 64)
        return configuration
    }

    /// Runs one session over `pieces`; `between` is called after each.
    private static func run(
        _ pieces: [[UInt8]], _ login: AMIConfiguration.Login, on loop: EventLoop,
        between: (AMISession) -> Void = { _ in }
    ) throws -> Told {
        let told = Told()
        func ask(_ session: AMISession, _ action: AMIAction) {
            told.answers[action.name] = 0
            session.send(action) { result in
                told.answers[action.name]! += 1
                switch result {
                case .success(let response):
                    told.lines.append("\(action.name): \(response.result) \(response.items.count)")
                case .failure(let error): told.lines.append("\(action.name): \(error.code)")
                }
            }
        }
        // Where the session can be asked is known only when there is one.
        var opened: () -> Void = {}
        let session = AMISession(
            configuration: configuration(login), loop: loop, id: id,
            handler: AMIHandler(
                message: { told.lines.append("\($0.offset) \($0.kind)") }, report: { told.take($0) }),
            tap: { _ in }, opened: { opened() })
        opened = { [unowned session] in
            ask(session, .ping)
            ask(session, AMIAction("Command", [.init("Command", "core show uptime")]))
            ask(session, AMIAction("QueueStatus", isList: true))
        }
        for piece in pieces {
            piece.withUnsafeBytes { session.take($0) }
            between(session)
        }
        session.finish(AMIError(.connectionLost, operation: "fuzz", detail: "no more bytes"))
        let count = told.lines.count
        ask(session, AMIAction("Late"))
        try require(told.lines.dropFirst(count) == ["Late: notConnected"], "an ended session took an action")
        loop.advance(by: .seconds(60))
        try require(told.lines.count == count + 1, "an ended session told \(told.lines.suffix(1))")
        try require(told.answers.values.allSatisfy { $0 == 1 }, "answers: \(told.answers)")
        try require(told.logins <= 1 && told.isOrdered, "out of order: \(told.lines)")
        return told
    }

    @Test("any answer of a manager leaves the session in order, and how the bytes were cut decides nothing")
    func session() async throws {
        let outcome = try await EventLoop.withThread(time: .manual) { loop in
            Fuzz("ami-session").run(Self.mutator) { bytes, random in
                let login: AMIConfiguration.Login = random.once(in: 3) ? .plain : .challenge
                let whole = try Self.run([bytes], login, on: loop).story
                let cuts = Self.cuts(bytes, &random)
                let cut = try Self.run(cuts, login, on: loop).story
                // A limit may be noticed in the middle of a piece, before the messages that stand in front of it there are told.
                let isCutShort = Self.isCutShort(bytes)
                try require(isCutShort || whole == cut, "the cut decides: \(whole) or \(cut)")
                // Deadlines, Pings and questions at any moment; then what came before which is chance.
                var chance = random
                _ = try Self.run(cuts, login, on: loop) { session in
                    switch chance.below(8) {
                    case 0: loop.advance(by: .milliseconds(chance.below(20_000)))
                    case 1: session.startResync()
                    case 2 where chance.once(in: 8): session.logOff()
                    default: break
                    }
                }
            }
        }
        #expect(outcome.isClean, "\(outcome)")
    }

    /// Whether these bytes pass a limit of the decoder.
    private static func isCutShort(_ bytes: [UInt8]) -> Bool {
        var decoder = AMIDecoder(limits: configuration(.plain).limits)
        do { try decoder.feed(bytes) { _ in } } catch { return true }
        return false
    }

    private static func cuts(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        let longest = random.pick([3, 40, 400])
        while !rest.isEmpty {
            let length = 1 + random.below(longest)
            pieces.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return pieces
    }

    @Test("whatever a manager answers, only the three questions of a login go out, the secret in none of them")
    func login() {
        let outcome = Fuzz("ami-login").run(Self.mutator) { bytes, random in
            let configuration = Self.configuration(.challenge)
            var state = AMISessionState(configuration: configuration, id: Self.id)
            var decoder = AMIDecoder(limits: configuration.limits)
            var sent: [String] = []
            var opens = 0
            var ends = 0
            func take(_ actions: [AMISessionState.Action]) throws {
                try require(ends == 0 || actions.isEmpty, "after its end it wants \(actions)")
                for action in actions {
                    switch action {
                    case .send(let action, let id):
                        sent.append(action.name)
                        let text = String(decoding: try action.encoded(actionID: id), as: UTF8.self)
                        try require(id.hasPrefix("\(Self.id)-"), "an ActionID of its own: \(id)")
                        try require(!text.contains(Self.secret), "the secret goes out in \(action.name)")
                        try require(
                            action.name == "Ping"
                                || sent.filter { $0 != "Ping" }
                                    == Array(["Challenge", "Login"].prefix(sent.count { $0 != "Ping" })),
                            "\(sent)")
                    case .open:
                        opens += 1
                        try require(sent.contains("Login"), "open without a login")
                    case .resync: try require(opens == 1, "the channels are asked for before the login")
                    case .end: ends += 1
                    case .report: break
                    }
                }
                try require(opens <= 1 && ends <= 1, "\(opens) times open, \(ends) times ended")
            }
            for piece in Self.cuts(bytes, &random) {
                state.heard()
                var found: [AMISessionState.Action] = []
                var finding: (any Error)?
                do throws(AMIDecodeError) {
                    try decoder.feed(piece) { message in
                        do { try take(state.message(message)) } catch { finding = error }
                    }
                } catch { return }
                if let finding { throw finding }
                switch random.below(6) {
                case 0: found = state.pingDue()
                case 1 where random.once(in: 20):
                    found = state.loginDeadlinePassed(isMidMessage: decoder.isMidMessage)
                case 2: found = state.bootDeadlinePassed()
                default: break
                }
                try take(found)
            }
            state.closed()
            try require(
                state.pingDue().isEmpty && state.bootDeadlinePassed().isEmpty, "a closed session wants something")
        }
        #expect(outcome.isClean, "\(outcome)")
    }
}
