import Telephony
import Testing

@testable import CallAssembly

/// Who is outside, who calls and who is called, where lines are not named like the extensions their people have: hosted
/// systems and multi-tenant ones name a subscriber's line by an account.
@Suite("Manager events tell who is who")
struct LinePartyTests {
    /// A channel of the stories below, and what happens to it.
    private struct Line {
        let channel: CallEvent.Channel
        let name: ChannelName
        var number: String?
        var location: CallEvent.Location

        init(_ name: String, _ number: String?, id: Int, of call: Int? = nil, exten: String = "s") {
            channel = CallEvent.Channel(
                uniqueID: UniqueID("1795300000.\(id)"), linkedID: LinkedID("1795300000.\(call ?? id)"))
            self.name = ChannelName(name)
            self.number = number
            location = CallEvent.Location(context: "subscribers", exten: exten, priority: 1)
        }
        func snapshot(_ state: ChannelState) -> CallEvent.Snapshot {
            CallEvent.Snapshot(
                channel: channel, name: name, state: state, number: number, callerName: nil, accountCode: nil,
                location: location)
        }
        mutating func show(_ number: String, _ name: String? = nil) -> CallEvent.Body {
            self.number = number
            return .newCallerID(channel, number: number, name: name)
        }
    }
    private static let start = Instant(seconds: 1_795_300_000)

    private func events(_ all: [(Double, CallEvent.Body)], after: Double = 0) -> [CallEvent] {
        all.map { CallEvent(at: Self.start + .milliseconds(Int64(($0 + after) * 1000)), body: $1) }
    }
    private func dial(_ from: Line?, _ to: Line, _ text: String) -> CallEvent.Body {
        .dialBegin(source: from?.channel, at: from?.location, destination: to.snapshot(.down), dialString: text)
    }
    /// `b`, which `a` dialled, answers at `from`; they talk until `to`, and `a` hangs up.
    private func talk(_ a: Line, _ b: Line, from: Double, to: Double) -> [(Double, CallEvent.Body)] {
        let bridge = BridgeID("talk-\(b.channel.uniqueID)")
        return [
            (from, .newState(b.channel, .up)),
            (from, .dialEnd(source: a.channel, destination: b.channel, status: .answer, forward: nil)),
            (from, .newState(a.channel, .up)), (from, .bridgeEnter(b.channel, bridge, .talk, at: b.location)),
            (from, .bridgeEnter(a.channel, bridge, .talk, at: a.location)), (to, .hangupRequest(a.channel, nil)),
            (to, .bridgeLeave(a.channel, bridge, at: a.location)),
            (to, .bridgeLeave(b.channel, bridge, at: b.location)),
            (to, .hangup(a.channel, .normalClearing, text: nil, techCause: nil, at: a.location)),
            (to, .hangup(b.channel, .normalClearing, text: nil, techCause: nil, at: b.location)),
        ]
    }
    private func told(_ events: [CallEvent]) -> [CallRecord] {
        var fold = FoldRun()
        fold.apply(events)
        fold.finishAll()
        return fold.records
    }

    @Test(
        "a line that shows its own name is a subscriber's, and its caller is known by the extension the dialplan gives him",
        arguments: ["820017004", "ws4kd0x1"])
    func ownName(_ account: String) throws {
        var a = Line("SIP/\(account)-0000002b", account, id: 1, exten: "312")
        let b = Line("SIP/820017005-0000002c", "312", id: 2, of: 1)
        let record = try #require(
            told(
                events(
                    [
                        (0, .newChannel(a.snapshot(.ring))), (0.1, a.show(account, "Ebba Lind")),
                        (0.1, a.show("311", "Ebba Lind")),
                        (0.2, .newChannel(b.snapshot(.down))),
                        (0.3, dial(a, b, "820017005")), (0.5, .newState(b.channel, .ringing)),
                    ] + talk(a, b, from: 2, to: 5))
            ).first)
        #expect(record.direction == .internal)
        #expect(record.caller.number == "311")
        #expect(record.caller.name == "Ebba Lind")
        #expect(record.callee.number == "312")
        #expect(record.answeredBy?.channel.description == "SIP/820017005-0000002c")
    }

    @Test("a subscriber who calls outside keeps his own name, whatever number the other side is shown")
    func ownNameOutbound() throws {
        var a = Line("SIP/820017004-0000003b", "820017004", id: 1, exten: "0701234567")
        let b = Line("SIP/carrier-0000003c", "0701234567", id: 2, of: 1)
        let record = try #require(
            told(
                events(
                    [
                        (0, .newChannel(a.snapshot(.ring))), (0.1, a.show("+46850001000", "The Company")),
                        (0.2, .newChannel(b.snapshot(.down))), (0.3, dial(a, b, "0701234567@carrier")),
                    ] + talk(a, b, from: 2, to: 5))
            ).first)
        #expect(record.direction == .outbound)
        #expect(record.caller.number == "820017004")
        #expect(record.caller.name == nil)
        #expect(record.callee.number == "0701234567")
        #expect(record.agents.map(\.channel.description) == ["SIP/820017004-0000003b"])
    }

    @Test("a phone that is given the dialled number at each call is not taken for a trunk after some of them")
    func dialledByDevice() throws {
        var all: [CallEvent] = []
        for call in 0..<4 {
            let id = call * 2 + 1
            let a = Line("PJSIP/carrier-0000004\(id)", "+46701112223", id: id, exten: "+46850001000")
            let b = Line("PJSIP/ws4kd0x1-0000004\(id + 1)", "+46850001000", id: id + 1, of: id)
            let story: [(Double, CallEvent.Body)] =
                [
                    (0, .newChannel(a.snapshot(.ring))), (0.2, .newChannel(b.snapshot(.down))),
                    (0.3, dial(a, b, "ws4kd0x1")), (0.5, .newState(b.channel, .ringing)),
                ] + talk(a, b, from: 2, to: 5)
            all += events(story, after: Double(call) * 10)
        }
        let records = told(all)
        #expect(records.count == 4)
        for record in records {
            #expect(record.direction == .inbound)
            #expect(record.agents.map { $0.channel.description.prefix(14) } == ["PJSIP/ws4kd0x1"])
        }
    }

    @Test("two outside lines that Asterisk calls and joins: the first calls the second")
    func joinedOutsiders() throws {
        let a = Line("PJSIP/carrier-0000005b", "0701112223", id: 1, exten: "0709998887")
        let b = Line("PJSIP/carrier-0000005c", "0709998887", id: 2, of: 1)
        let record = try #require(
            told(
                events(
                    [
                        (0, .newChannel(a.snapshot(.down))), (0.1, dial(nil, a, "0701112223@carrier")),
                        (0.5, .newState(a.channel, .ringing)), (2, .newState(a.channel, .up)),
                        (2, .dialEnd(source: nil, destination: a.channel, status: .answer, forward: nil)),
                        (2.2, .newChannel(b.snapshot(.down))), (2.3, dial(a, b, "0709998887@carrier")),
                        (2.5, .newState(b.channel, .ringing)),
                    ] + talk(a, b, from: 4, to: 8))
            ).first)
        #expect(record.direction == .outbound)
        #expect(record.caller.number == "0701112223")
        #expect(record.callee.number == "0709998887")
        #expect(record.answeredBy?.number == "0709998887")
        #expect(record.answeredAt == Self.start + .seconds(4))
        #expect(record.hungUpBy == .caller)
        #expect(record.talk == .seconds(4))
    }

    @Test("the second of two outside lines refuses: the call was busy, and nobody was reached")
    func joinedOutsidersBusy() throws {
        let a = Line("PJSIP/carrier-0000006b", "0701112223", id: 1, exten: "0709998887")
        let b = Line("PJSIP/carrier-0000006c", "0709998887", id: 2, of: 1)
        let record = try #require(
            told(
                events([
                    (0, .newChannel(a.snapshot(.down))), (0.1, dial(nil, a, "0701112223@carrier")),
                    (2, .newState(a.channel, .up)),
                    (2, .dialEnd(source: nil, destination: a.channel, status: .answer, forward: nil)),
                    (2.2, .newChannel(b.snapshot(.down))), (2.3, dial(a, b, "0709998887@carrier")),
                    (4, .dialEnd(source: a.channel, destination: b.channel, status: .busy, forward: nil)),
                    (4, .hangup(b.channel, .userBusy, text: nil, techCause: nil, at: b.location)),
                    (4, .hangup(a.channel, .userBusy, text: nil, techCause: nil, at: a.location)),
                ])
            ).first)
        #expect(record.disposition == .busy)
        #expect(record.caller.number == "0701112223")
        #expect(record.callee.number == "0709998887")
        #expect(record.answeredBy == nil)
    }

    @Test("a DAHDI channel is named by its place in the hardware: a call from the network on its 33rd is from outside")
    func hardware() throws {
        let a = Line("DAHDI/33-1", "0701112223", id: 1, exten: "5001")
        let b = Line("SIP/111-0000007b", "111", id: 2, of: 1)
        let record = try #require(
            told(
                events(
                    [
                        (0, .newChannel(a.snapshot(.ring))), (0.2, .newChannel(b.snapshot(.down))),
                        (0.3, dial(a, b, "111")),
                    ] + talk(a, b, from: 2, to: 5))
            ).first)
        #expect(record.direction == .inbound)
        #expect(record.agents.map(\.number) == ["111"])
    }

    @Test("a call that comes in on s is to the number its dialplan turns to; a phone dialled from s has its own number")
    func withoutNumber() throws {
        let a = Line("DAHDI/4-1", "0701112223", id: 1)
        let b = Line("SIP/1111-0000008b", "s", id: 2, of: 1)
        func record(from place: String) throws -> CallRecord {
            var dialling = a
            dialling.location.exten = place
            return try #require(
                told(
                    events(
                        [
                            (0, .newChannel(a.snapshot(.ring))), (0.2, .newChannel(b.snapshot(.down))),
                            (0.3, dial(dialling, b, "1111")),
                        ] + talk(dialling, b, from: 2, to: 5))
                ).first)
        }
        #expect(try record(from: "s").answeredBy?.number == "1111")
        let turned = try record(from: "5001")
        #expect(turned.callee.number == "5001")
        #expect(turned.direction == .inbound)
    }
}
