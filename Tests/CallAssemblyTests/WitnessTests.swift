import AsteriskWire
import Telephony
import Testing

@testable import CallAssembly

/// What the hangup handlers of a call say, put together as the shipped dialplan sends it. Values are those of the capture
/// `agi_hangup_handler` on 22: a customer calls 5014, phone 1001 answers after 1 s, 2 s of talk, the customer hangs up.
@Suite("The witness from inside")
struct WitnessTests {
    static func caller(at over: Instant) -> InsideWitness {
        var w = InsideWitness(
            occasion: .hangup, path: .fastAGI, receivedAt: over, uniqueID: UniqueID("1795227945.26"),
            channel: ChannelName("PJSIP/trunk-00000011"))
        w.linkedID = LinkedID("1795227945.26")
        w.role = .caller
        w.callerNumber = "15551230001"
        w.dialledNumber = "5014"
        w.dialStatus = "ANSWER"
        w.dialedSeconds = 3
        w.answeredSeconds = 2
        w.hangupCause = .normalClearing
        w.hangupSource = "PJSIP/trunk-00000011"
        w.peerChannel = ChannelName("PJSIP/1001-00000012")
        w.cdr.start = .instant(Instant(milliseconds: 1_795_227_945_928))
        w.cdr.answer = .instant(Instant(milliseconds: 1_795_227_946_940))
        w.cdr.end = .instant(Instant(milliseconds: 1_795_227_948_950))
        w.cdr.userField = "from the dialplan"
        w.refID = "CRM-42"
        w.variables = ["lead_id": "4711"]
        return w
    }
    static func callee(at over: Instant) -> InsideWitness {
        var w = InsideWitness(
            occasion: .hangup, path: .fastAGI, receivedAt: over, uniqueID: UniqueID("1795227945.27"),
            channel: ChannelName("PJSIP/1001-00000012"))
        w.linkedID = LinkedID("1795227945.26")
        w.role = .callee
        w.callerNumber = "1001"
        w.callerName = "Alice Agent"
        w.hangupCause = .normalClearing
        return w
    }
    private static let over = Instant(milliseconds: 1_795_227_948_950)

    private static func fold(_ events: [CallEvent]) -> [CallRecord] {
        var fold = FoldRun()
        fold.apply(events)
        fold.advance(to: (events.map(\.at).max() ?? over) + .seconds(10))
        return fold.records
    }

    private static func check(_ record: CallRecord) {
        #expect(record.id == "pbx1-1795227945.26" && record.direction == .inbound && record.disposition == .answered)
        #expect(record.caller.number == "15551230001" && record.callee.number == "5014")
        #expect(record.answeredBy?.number == "1001" && record.hungUpBy == .caller)
        #expect(record.billableSeconds == 2 && record.duration == 3 && record.talk == .milliseconds(2010))
        #expect(record.hangupCause == .normalClearing && record.refID == "CRM-42")
        #expect(record.variables["lead_id"] == "4711" && record.userField == "from the dialplan")
        #expect(record.completeness == .partial && record.sources == [.agi])
    }

    @Test("seconds that nobody can have talked for do not end the fold", arguments: [Int.max, Int.max / 1_000_000 + 1])
    func endless(seconds: Int) {
        var report = WitnessTests.caller(at: WitnessTests.over)
        report.dialedSeconds = seconds
        report.answeredSeconds = seconds
        let records = WitnessTests.fold([CallEvent(at: WitnessTests.over, body: .witness(report))])
        #expect(records.map(\.id) == ["pbx1-1795227945.26"])
        #expect(records.first.map { $0.endedAt >= $0.startedAt && $0.duration == 3 } == true)
    }

    @Test("with no manager stream at all, both handlers together tell one right record", arguments: [true, false])
    func alone(callerFirst: Bool) throws {
        let words = [
            WitnessTests.caller(at: WitnessTests.over), WitnessTests.callee(at: WitnessTests.over + .milliseconds(3)),
        ]
        let events = (callerFirst ? words : words.reversed()).map { CallEvent(at: $0.receivedAt, body: .witness($0)) }
        let records = WitnessTests.fold(events)
        #expect(records.count == 1)
        WitnessTests.check(try #require(records.first))
        #expect(records[0].legs.map(\.channel.description) == ["PJSIP/trunk-00000011", "PJSIP/1001-00000012"])
    }

    @Test("the caller's handler alone is enough")
    func callerOnly() throws {
        let witness = WitnessTests.caller(at: WitnessTests.over)
        let records = WitnessTests.fold([CallEvent(at: WitnessTests.over, body: .witness(witness))])
        #expect(records.count == 1)
        WitnessTests.check(try #require(records.first))
    }

    /// Values of a real call on 16: 1001 and 1002 ring, 1001 answers after 1 s and talks for 4; `CDR()` reads the row of 1002.
    @Test("a group rang, and the handler's CDR is of a phone that did not answer: the call goes on to its end")
    func groupWithoutStream() throws {
        var witness = WitnessTests.caller(at: Instant(seconds: 1_795_277_069))
        (witness.uniqueID, witness.linkedID) = (UniqueID("1795277064.32"), LinkedID("1795277064.32"))
        (witness.dialedSeconds, witness.answeredSeconds) = (5, 4)
        witness.cdr.start = .instant(Instant(milliseconds: 1_795_277_064_500))
        witness.cdr.answer = nil
        witness.cdr.end = .instant(Instant(milliseconds: 1_795_277_065_505))
        witness.cdr.disposition = "NO ANSWER"
        witness.cdr.destinationChannel = ChannelName("PJSIP/1002-00000006")
        var fold = FoldRun()
        fold.apply([CallEvent(at: witness.receivedAt, body: .witness(witness))])
        fold.advance(to: witness.receivedAt + .seconds(10))
        let record = try #require(fold.records.first)
        #expect(record.disposition == .answered && record.answeredBy?.number == "1001")
        #expect(record.startedAt == Instant(milliseconds: 1_795_277_064_500))
        #expect(record.endedAt == witness.receivedAt && record.billableSeconds == 4)
        #expect(record.talk == .seconds(4))
    }

    /// Values of a real call on 22: 1002 answers and transfers to 1003 after 5 s; `CDR()` reads the second row.
    @Test("a transferred call whose handler's CDR begins at the transfer began when its id says")
    func transferredWithoutStream() throws {
        var witness = WitnessTests.caller(at: Instant(seconds: 1_795_277_074))
        (witness.uniqueID, witness.linkedID) = (UniqueID("1795277064.16"), LinkedID("1795277064.16"))
        (witness.dialedSeconds, witness.answeredSeconds) = (10, 8)
        (witness.peerChannel, witness.peerNumber) = (ChannelName("PJSIP/1003-00000009"), "1003")
        witness.cdr.start = .instant(Instant(milliseconds: 1_795_277_069_663))
        witness.cdr.answer = .instant(Instant(milliseconds: 1_795_277_069_663))
        witness.cdr.end = .instant(Instant(milliseconds: 1_795_277_074_681))
        witness.cdr.disposition = "ANSWERED"
        witness.cdr.destinationChannel = witness.peerChannel
        var fold = FoldRun()
        fold.apply([CallEvent(at: witness.receivedAt, body: .witness(witness))])
        fold.advance(to: witness.receivedAt + .seconds(10))
        let record = try #require(fold.records.first)
        #expect(record.startedAt == Instant(seconds: 1_795_277_064))
        #expect(record.endedAt == Instant(milliseconds: 1_795_277_074_681))
        #expect(record.billableSeconds >= 8 && record.billableSeconds <= record.duration)
        #expect(record.talk <= .seconds(record.duration))
    }

    @Test("a connection lost while the phone rings: the handler says that it was answered, and by whom")
    func lostWhileRinging() throws {
        let call = SyntheticCall(number: 1, at: Instant(seconds: 1_795_300_000), talk: 700)
        var witness = call.witness
        // Asterisk rounds both down.
        (witness.answeredSeconds, witness.dialedSeconds) = (0, 1)
        var fold = FoldRun()
        fold.apply(
            call.events.prefix(4) + [
                CallEvent(at: call.at + .milliseconds(20), body: .disconnected),
                CallEvent(at: witness.receivedAt, body: .witness(witness)),
                CallEvent(at: call.at + .seconds(30), body: .listBegan),
                CallEvent(at: call.at + .seconds(30), body: .listComplete),
            ])
        fold.advance(to: call.at + .seconds(60))
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && record.disposition == .answered && record.completeness == .partial)
        #expect(record.answeredBy?.number == "1001" && record.agents.map(\.number) == ["1001"])
        #expect(record.talk > .milliseconds(650) && record.talk < .milliseconds(750))
    }

    @Test("seconds that no call can last end nothing but in a record", arguments: [Int.max, 1 << 50, Int.min + 1])
    func absurd(seconds: Int) {
        var witness = WitnessTests.caller(at: WitnessTests.over)
        (witness.dialedSeconds, witness.answeredSeconds) = (seconds, seconds)
        let records = WitnessTests.fold([CallEvent(at: WitnessTests.over, body: .witness(witness))])
        #expect(records.count == 1 && records[0].startedAt <= records[0].endedAt)
    }

    /// A menu answered at once; the phone rang for 2 s after the menu's 20 and the talk was 8 s. `ANSWEREDTIME` is the caller's own.
    static func menu(calleeFirst: Bool) -> [CallEvent] {
        let start = Instant(seconds: 1_795_310_000)
        let over = start + .seconds(30)
        var caller = InsideWitness(
            occasion: .hangup, path: .fastAGI, receivedAt: over, uniqueID: UniqueID("1795310000.7"),
            channel: ChannelName("PJSIP/carrier-00000007"))
        caller.linkedID = LinkedID("1795310000.7")
        (caller.role, caller.callerNumber, caller.dialledNumber) = (.caller, "441632960123", "8400")
        (caller.dialStatus, caller.dialedSeconds, caller.answeredSeconds) = ("ANSWER", 30, 30)
        (caller.peerChannel, caller.peerNumber) = (ChannelName("PJSIP/4021-00000008"), "4021")
        caller.cdr.start = .instant(start)
        caller.cdr.answer = .instant(start)
        caller.cdr.end = .instant(over)
        caller.cdr.disposition = "ANSWERED"
        caller.cdr.destinationChannel = caller.peerChannel
        var callee = InsideWitness(
            occasion: .hangup, path: .fastAGI, receivedAt: over, uniqueID: UniqueID("1795310020.8"),
            channel: ChannelName("PJSIP/4021-00000008"))
        (callee.linkedID, callee.role, callee.callerNumber) = (caller.linkedID, .callee, "4021")
        let words = calleeFirst ? [callee, caller] : [caller, callee]
        return words.map { CallEvent(at: over, body: .witness($0)) }
    }

    @Test(
        "behind a menu nobody talked before the phone was dialled, and a note says what is not known",
        arguments: [true, false])
    func menuBefore(calleeFirst: Bool) throws {
        let record = try #require(WitnessTests.fold(WitnessTests.menu(calleeFirst: calleeFirst)).first)
        #expect(record.disposition == .answered && record.answeredBy?.number == "4021")
        #expect(record.talk == .seconds(10) && record.billableSeconds == 30)
        #expect(record.notes.contains { $0.contains("talk counts from its dialling") })
        #expect(!record.notes.contains { $0.contains("caller's own answer") })
    }

    @Test("without the phone's own word a note says that a menu may be in the talk")
    func menuUnknown() throws {
        let words = WitnessTests.menu(calleeFirst: true).suffix(1)
        let record = try #require(WitnessTests.fold(Array(words)).first)
        #expect(record.talk == .seconds(30) && record.completeness == .partial)
        #expect(record.notes.contains { $0.contains("a menu or a wait before it included") })
    }

    @Test("a queue connects without DIALSTATUS: the CDR and the queue's own variables say who took the call")
    func queueMember() throws {
        let record = try WitnessTests.queueCall {
            $0.path = .spool
            ($0.memberName, $0.memberInterface) = ("Noor Haddad", "PJSIP/4033")
            $0.cdr.answer = .instant(WitnessTests.joined + .seconds(20))
            $0.cdr.disposition = "ANSWERED"
            $0.cdr.destinationChannel = ChannelName("PJSIP/4033-00000002")
        }
        #expect(record.disposition == .answered && record.queue?.name == "orders" && record.queue?.result == .answered)
        #expect(record.answeredBy?.number == "4033" && record.answeredBy?.agent == "Noor Haddad")
        #expect(record.talk == .seconds(30) && record.completeness == .partial)
    }

    private static let joined = Instant(seconds: 1_795_312_000)
    /// What the handler alone says of a caller who went into the queue "orders", and was gone after 50 s.
    private static func queueCall(_ say: (inout InsideWitness) -> Void) throws -> CallRecord {
        var caller = InsideWitness(
            occasion: .hangup, path: .fastAGI, receivedAt: joined + .seconds(50), uniqueID: UniqueID("1795312000.7"),
            channel: ChannelName("PJSIP/carrier-00000007"))
        caller.linkedID = LinkedID("1795312000.7")
        (caller.role, caller.callerNumber, caller.dialledNumber) = (.caller, "441632960199", "8300")
        caller.queueName = "orders"
        caller.cdr.start = .instant(joined)
        caller.cdr.end = .instant(joined + .seconds(50))
        say(&caller)
        return try #require(fold([CallEvent(at: caller.receivedAt, body: .witness(caller))]).first)
    }
    private static func queueCaller(_ say: (inout InsideWitness) -> Void) throws -> CallRecord.Queue {
        try #require(try queueCall(say).queue)
    }

    @Test("a queue that only the handler saw has a wait where something told of one, and none that is made up")
    func queueWait() throws {
        let taken = try WitnessTests.queueCaller { ($0.memberName, $0.memberInterface) = ("Noor", "PJSIP/4033") }
        #expect(taken.wait == nil && taken.position == nil && taken.result == .answered)
        let timed = try WitnessTests.queueCaller { ($0.queueHoldSeconds, $0.queuePosition) = (9, 2) }
        #expect(timed.wait == .seconds(9) && timed.position == 2 && timed.result == .answered)
        let silent = try WitnessTests.queueCaller { _ in }
        #expect(silent.wait == nil && silent.result == nil)
    }

    @Test(
        "QUEUESTATUS alone says how a wait ended, and that who was refused at the door never waited",
        arguments: [
            ("FULL", CallRecord.Queue.Result.full, Duration.zero), ("JOINEMPTY", .empty, .zero),
            ("JOINUNAVAIL", .empty, .zero), ("LEAVEEMPTY", .empty, nil), ("LEAVEUNAVAIL", .empty, nil),
            ("TIMEOUT", .timeout, nil), ("CONTINUE", .answered, nil), ("WITHDRAW", .exit, nil),
        ] as [(String, CallRecord.Queue.Result, Duration?)])
    func queueStatus(status: String, result: CallRecord.Queue.Result, wait: Duration?) throws {
        let queue = try WitnessTests.queueCaller { $0.queueStatus = status }
        #expect(queue.result == result && queue.wait == wait)
    }

    @Test("words that come again, from the spool, tell no second record")
    func repeated() throws {
        let witness = WitnessTests.caller(at: WitnessTests.over)
        var fold = FoldRun()
        for seconds in [0, 20, 40] {
            fold.apply([CallEvent(at: WitnessTests.over + .seconds(seconds), body: .witness(witness))])
            fold.advance(to: WitnessTests.over + .seconds(seconds + 10))
        }
        #expect(fold.records.count == 1)
    }

    @Test("with the events heard too, it is one record that both testify to", arguments: ["16", "22"])
    func both(version: String) throws {
        let capture = try #require(Capture.all.first { $0.name == "in_answered_caller_hangs" && $0.version == version })
        var decoder = AMIDecoder()
        var translator = CallEventTranslator()
        var events: [CallEvent] = []
        try decoder.feed(capture.stream) { message in
            if let event = translator.event(message, arrival: Instant(microseconds: 1)) { events.append(event) }
        }
        // The handler speaks just before its channel's Hangup.
        let i = try #require(events.firstIndex { if case .hangup = $0.body { true } else { false } })
        guard case .hangup(let channel, _, _, _, _) = events[i].body else { return }
        var witness = InsideWitness(
            occasion: .hangup, path: .fastAGI, receivedAt: events[i].at, uniqueID: channel.uniqueID,
            channel: ChannelName("x"))
        witness.refID = "CRM-7"
        witness.linkedID = channel.linkedID
        events.insert(CallEvent(at: events[i].at, body: .witness(witness)), at: i)
        let records = WitnessTests.fold(events)
        #expect(records.count == 1)
        let record = try #require(records.first)
        #expect(record.refID == "CRM-7" && record.sources.isSuperset(of: [.ami, .agi]) && record.completeness == .full)
        #expect(record.billableSeconds == 3)
    }

    @Test("a connection lost in mid-call and a handler's words end the call once, at the right time")
    func lostInMidCall() throws {
        let call = SyntheticCall(number: 1, at: Instant(seconds: 1_795_300_000))
        var events = Array(call.events.prefix(9))
        let lost = events[8].at + .milliseconds(500)
        events.append(CallEvent(at: lost, body: .disconnected))
        for (snapshot, role) in [(call.caller, InsideWitness.Role.caller), (call.callee, .callee)] {
            var witness = InsideWitness(
                occasion: .hangup, path: .fastAGI, receivedAt: lost + .seconds(5),
                uniqueID: snapshot.channel.uniqueID, channel: snapshot.name)
            witness.role = role
            witness.linkedID = snapshot.channel.linkedID
            witness.hangupSource = call.caller.name.description
            witness.hangupCause = .normalClearing
            events.append(CallEvent(at: lost + .seconds(5), body: .witness(witness)))
        }
        var fold = FoldRun()
        fold.apply(events)
        fold.advance(to: lost + .seconds(20))
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && record.completeness == .partial && record.sources == [.ami, .agi])
        #expect(record.endedAt == lost + .seconds(5) && record.hungUpBy == .caller)
    }
}
