import Telephony
import Testing

@testable import CallAssembly

/// A daemon that logs in at every possible moment of a call: what came before was not heard, and what comes until the list of
/// live channels has been read concerns channels nobody has told it of.
///
/// Seen on real Asterisk: of two channels born in one second the phone was taken for the caller, and a call that was found in
/// its hangup handler was said to have dialled the handler's extension.
@Suite("A login in the middle of a call")
struct LateLoginTests {
    /// What has said something of the call beside the list.
    struct Case: Sendable, CustomStringConvertible {
        /// Events before this one were not heard.
        var login: Int
        /// So many more came before the list.
        var before: Int
        var hasHandler: Bool
        var hasCDR: Bool
        /// Asterisk's channels live on 3 s longer than the call.
        var isSlow = false
        var description: String {
            "login before event \(login), list \(before) later\(hasHandler ? ", handler" : "")\(hasCDR ? ", CDR" : "")"
        }
    }

    private static let call = SyntheticCall(number: 1, at: Instant(milliseconds: 1_795_300_000_897))

    static let cases = (0...13).flatMap { login in
        (0...4).flatMap { before in
            [false, true].flatMap { handler in
                [false, true].map { Case(login: login, before: before, hasHandler: handler, hasCDR: $0) }
            }
        }
    }

    /// Found in the hangup handler, which takes long.
    static let slow = [true, false].map { Case(login: 12, before: 0, hasHandler: $0, hasCDR: true, isSlow: true) }

    private func events(_ c: Case) -> [CallEvent] {
        let call = LateLoginTests.call
        let heard = Array(call.events[c.login...])
        let listAt = heard.count > c.before ? heard[c.before].at : call.events.last!.at + .milliseconds(1)
        let list = call.listed(at: listAt - .microseconds(1))
        var all: [CallEvent] = Array(heard.prefix(c.before))
        all += [CallEvent(at: listAt, body: .listBegan)] + list + [CallEvent(at: listAt, body: .listComplete)]
        all += heard.dropFirst(c.before)
        if c.hasHandler { all.insert(call.report, at: max(0, all.count - 1)) }
        if c.hasCDR { all.append(CallEvent(at: call.events.last!.at, body: .cdr(call.row))) }
        // The other handlers of the channel take 3 s more: its party is gone all the same.
        if c.isSlow {
            all = all.map { event in
                guard event.at >= call.events[12].at else { return event }
                var late = event
                late.at = event.at + .seconds(3)
                return late
            }
        }
        return all
    }

    @Test("a call that was over before the list, and of whose caller no event was heard, is its CDR's")
    func headless() throws {
        let call = LateLoginTests.call
        let (source, phone) = (call.caller.channel, call.callee.channel)
        var row = call.row
        (row.answer, row.end, row.disposition) = (nil, CivilTime(call.at + .milliseconds(100)), "BUSY")
        (row.duration, row.billableSeconds) = (0, 0)
        let over = call.at + .milliseconds(100)
        let gone = CallEvent.Location(context: "internal", exten: "s", priority: 1)
        let events =
            Array(call.events[1...2]) + [
                CallEvent(
                    at: over, body: .dialEnd(source: source, destination: phone, status: .busy, forward: nil)),
                CallEvent(
                    at: over, body: .hangup(phone, .userBusy, text: nil, techCause: nil, at: gone)),
                CallEvent(at: over, body: .hangup(source, .userBusy, text: nil, techCause: nil, at: gone)),
                CallEvent(at: over, body: .cdr(row)), CallEvent(at: over, body: .listBegan),
                CallEvent(at: over, body: .listComplete),
            ]
        var fold = FoldRun()
        fold.apply(events)
        fold.advance(to: over + .seconds(10))
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && record.direction == .inbound && record.disposition == .busy)
        #expect(record.caller.number == "15551230001" && record.callee.number == "5001")
        #expect(record.completeness == .partial)
    }

    /// Seen on 16.28 under load: the phone that was called was told as the caller of a whole call.
    @Test(
        "a call of which the first thing heard is the phone that it rings, over before the list, is read in Asterisk's files",
        arguments: 1...2)
    func ringing(login: Int) throws {
        let call = LateLoginTests.call
        let (source, phone) = (call.caller.channel, call.callee.channel)
        var row = call.row
        let over = call.at + .milliseconds(100)
        (row.answer, row.end, row.disposition) = (nil, CivilTime(over), "NO ANSWER")
        (row.duration, row.billableSeconds) = (0, 0)
        let gone = CallEvent.Location(context: "internal", exten: "s", priority: 1)
        var fold = FoldRun(filesWait: .seconds(20))
        fold.apply([CallEvent(at: call.at, body: .connected)] + call.events[login...2])
        fold.apply([
            CallEvent(at: over, body: .dialEnd(source: source, destination: phone, status: .cancel, forward: nil)),
            CallEvent(at: over, body: .hangup(phone, HangupCause(rawValue: 127), text: nil, techCause: nil, at: gone)),
            CallEvent(at: over, body: .hangup(source, HangupCause(rawValue: 127), text: nil, techCause: nil, at: gone)),
            CallEvent(at: over, body: .listBegan), CallEvent(at: over, body: .listComplete),
        ])
        fold.advance(to: over + .seconds(5))
        #expect(fold.records.isEmpty && fold.assembler.awaitedSince != nil)
        fold.complete(from: [row])
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && record.completeness == .partial && record.direction == .inbound)
        #expect(record.caller.number == "15551230001" && record.callee.number == "5001")
    }

    /// Seen on 22.10: a daemon was restarted in the moment between the two hangups, and told the phone as the caller.
    @Test(
        "a call of which the list shows only the phone that was called, because its caller has just gone, is the caller's"
    )
    func callerGone() throws {
        let call = LateLoginTests.call
        let over = call.events.last!.at
        let phone = CallEvent.Location(context: "from-trunk", exten: "5001", priority: 1)
        var listed = CallEvent.Listed(
            snapshot: call.callee, bridge: nil, age: over - call.at, started: CivilTime(call.at),
            answered: CivilTime(call.at + .seconds(1)))
        listed.snapshot.state = .up
        listed.snapshot.location = phone
        var fold = FoldRun(filesWait: .seconds(20))
        fold.apply([
            CallEvent(at: over, body: .listBegan), CallEvent(at: over, body: .listed(listed)),
            CallEvent(at: over, body: .listComplete),
            CallEvent(
                at: over + .milliseconds(1),
                body: .hangup(call.callee.channel, .normalClearing, text: nil, techCause: nil, at: phone)),
        ])
        fold.advance(to: over + .seconds(1))
        #expect(fold.records.isEmpty)
        fold.complete(from: [call.row])
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && fold.assembler.openCallCount == 0)
        #expect(record.direction == .inbound && record.disposition == .answered)
        #expect(record.caller.number == "15551230001" && record.callee.number == "5001")
        #expect(record.answeredBy?.number == "1001" && abs(record.billableSeconds - 3) <= 1)
        #expect(record.completeness == .partial)
    }

    @Test("the caller stays the caller, and what was dialled what was dialled", arguments: cases + slow)
    func right(_ c: Case) throws {
        var fold = FoldRun()
        fold.apply(events(c))
        fold.advance(to: LateLoginTests.call.at + .seconds(60))
        #expect(fold.records.count <= 1 && fold.assembler.openCallCount == 0)
        // Over before the list, without a word from inside: only Asterisk's own files know of it.
        guard let record = fold.records.first else { return #expect(!c.hasHandler && c.login + c.before >= 13) }
        #expect(record.direction == .inbound)
        #expect(record.caller.number == "15551230001" && record.callee.number == "5001", "\(record.json.text)")
        #expect(record.disposition == .answered)
        #expect(abs(record.startedAt.microseconds - LateLoginTests.call.at.microseconds) <= 1_000_000)
        #expect(record.legs.count == 2 || record.legs.count == 1 && !c.hasHandler && !c.hasCDR)
        if c.hasHandler || c.hasCDR {
            #expect(record.answeredBy?.number == "1001" && record.agents.map(\.number) == ["1001"])
            #expect(abs(record.billableSeconds - 3) <= 1 && abs(record.duration - 4) <= 1)
            #expect(record.legs.map(\.startedAt).min() == record.startedAt)
        }
        #expect(record.hungUpBy != .caller && (record.hungUpBy != .system))
    }
}

extension [UInt8] {
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
