import Telephony
import Testing

@testable import CallAssembly

/// Lines that a dialplan or a program gives another caller id than their own, for the other side to see.
@Suite("A line keeps its own number and name")
struct ShownCallerIDTests {
    private static let start = Instant(seconds: 1_795_300_000)

    /// The calls told of a call whose caller's line shows these caller ids, one after the other, before anybody rings.
    private func told(_ call: SyntheticCall, shows: [(number: String, name: String?)]) -> [CallRecord] {
        var run = FoldRun()
        var events = call.events
        let shown = shows.map { number, name in
            CallEvent(
                at: call.at + .microseconds(500), body: .newCallerID(call.caller.channel, number: number, name: name))
        }
        events.insert(contentsOf: shown, at: 1)
        run.apply(events)
        run.finishAll()
        return run.records
    }

    @Test("a name that the dialplan finds for the caller's own number, however that is written, is the caller's")
    func lookedUp() {
        let call = SyntheticCall(number: 1, at: ShownCallerIDTests.start)
        for number in ["15551230001", "+15551230001", "5551230001"] {
            #expect(told(call, shows: [(number, "SALES:Juan")]).map(\.caller.name) == ["SALES:Juan"])
        }
    }

    @Test("a name that comes with another number is not the caller's")
    func anotherNumber() {
        let records = told(
            SyntheticCall(number: 1, at: ShownCallerIDTests.start),
            shows: [("15551230001", "Juan"), ("18005550100", "ACME")])
        #expect(records.map(\.caller) == [CallRecord.Caller(number: "15551230001", name: "Juan")])
    }

    @Test(
        "a phone without a caller id of its own that a program calls for the CRM is the phone, not the company it shows"
    )
    func originated() {
        // As FreePBX's CRM modules ask for it: Originate with CallerID "ACME <18005550100>" to PJSIP/201, which then dials.
        let call = SyntheticCall(number: 1, at: ShownCallerIDTests.start)
        let (phone, trunk) = (call.callee.channel, call.caller.channel)
        func event(_ milliseconds: Int64, _ body: CallEvent.Body) -> CallEvent {
            CallEvent(at: ShownCallerIDTests.start + .milliseconds(milliseconds), body: body)
        }
        let place = CallEvent.Location(context: "from-internal", exten: "15559876543", priority: 1)
        func snapshot(_ channel: CallEvent.Channel, _ name: String, _ number: String?) -> CallEvent.Snapshot {
            CallEvent.Snapshot(
                channel: channel, name: ChannelName(name), state: .down, number: number, callerName: nil,
                accountCode: nil, location: CallEvent.Location(context: "from-internal", exten: "s", priority: 1))
        }
        let bridge = BridgeID("b")
        var run = FoldRun()
        run.apply([
            event(0, .newChannel(snapshot(phone, "PJSIP/201-00000001", nil))),
            event(1, .newCallerID(phone, number: "18005550100", name: "ACME")),
            event(
                2,
                .dialBegin(
                    source: nil, at: nil, destination: snapshot(phone, "PJSIP/201-00000001", "18005550100"),
                    dialString: "201")),
            event(900, .newState(phone, .up)),
            event(901, .dialEnd(source: nil, destination: phone, status: .answer, forward: nil)),
            event(902, .newChannel(snapshot(trunk, "PJSIP/carrier-00000002", nil))),
            event(
                903,
                .dialBegin(
                    source: phone, at: place, destination: snapshot(trunk, "PJSIP/carrier-00000002", "15559876543"),
                    dialString: "15559876543@carrier")),
            event(2000, .newState(trunk, .up)),
            event(2001, .dialEnd(source: phone, destination: trunk, status: .answer, forward: nil)),
            event(2002, .bridgeEnter(trunk, bridge, .talk, at: place)),
            event(2003, .bridgeEnter(phone, bridge, .talk, at: place)),
            event(5000, .hangupRequest(trunk, .normalClearing)),
            event(5001, .bridgeLeave(trunk, bridge, at: place)), event(5002, .bridgeLeave(phone, bridge, at: place)),
            event(5003, .hangup(trunk, .normalClearing, text: nil, techCause: nil, at: place)),
            event(5004, .hangup(phone, .normalClearing, text: nil, techCause: nil, at: place)),
        ])
        run.finishAll()
        #expect(run.records.map(\.direction) == [.outbound])
        #expect(run.records.map(\.agent?.number) == ["201"])
        #expect(run.records.map(\.agent?.name) == [nil])
        #expect(run.records.map(\.caller.number) == ["201"])
        #expect(run.records.map(\.callee.number) == ["15559876543"])
    }

    @Test(
        "who an application calls for an agent was called by the number it dialled, not by the company's that the line shows"
    )
    func applicationDials() throws {
        let agent = StoryLine("PJSIP/61-0000000a", "61", id: 1)
        var customer = StoryLine("PJSIP/carrier-0000000b", nil, id: 2, of: 1)
        let story: [(Double, CallEvent.Body)] =
            [
                (0, .newChannel(agent.snapshot(.down))), (0.1, agent.dialled(by: nil, "61")),
                (1, .newState(agent.channel, .up)), (1, agent.answered(nil, .answer)),
                (2, .newChannel(customer.snapshot(.down))), (2.1, customer.show("441632960000")),
                (2.2, customer.dialled(by: nil, "441632960777@carrier")),
            ] + agent.talk(with: customer, from: 5, to: 9)
        let record = try #require(StoryLine.told(story).first)
        #expect(record.direction == .outbound && record.caller.number == "61")
        #expect(record.callee.number == "441632960777" && record.answeredBy?.number == "441632960777")
    }
}
