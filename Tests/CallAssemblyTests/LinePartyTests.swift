import Telephony
import Testing

@testable import CallAssembly

/// Who is outside, who calls and who is called, where lines are not named like the extensions their people have: hosted
/// systems and multi-tenant ones name a subscriber's line by an account.
@Suite("Manager events tell who is who")
struct LinePartyTests {
    @Test(
        "a line that shows its own name is a subscriber's, and its caller is known by the extension the dialplan gives him",
        arguments: ["820017004", "ws4kd0x1"])
    func ownName(_ account: String) throws {
        var a = StoryLine("SIP/\(account)-0000002b", account, id: 1, exten: "312")
        let b = StoryLine("SIP/820017005-0000002c", "312", id: 2, of: 1)
        let record = try #require(
            StoryLine.told(
                [
                    (0, .newChannel(a.snapshot(.ring))), (0.1, a.show(account, "Ebba Lind")),
                    (0.1, a.show("311", "Ebba Lind")),
                ] + a.dial(b, "820017005", at: 0.2) + [(0.5, .newState(b.channel, .ringing))]
                    + a.talk(with: b, from: 2, to: 5)
            ).first)
        #expect(record.direction == .internal)
        #expect(record.caller.number == "311")
        #expect(record.caller.name == "Ebba Lind")
        #expect(record.callee.number == "312")
        #expect(record.answeredBy?.channel.description == "SIP/820017005-0000002c")
    }

    /// Dial() gives a line without a caller id of its own the number that was called (app_dial.c, `ast_set_callerid`).
    @Test(
        "a phone that shows the number the company was called by is the phone of its own name",
        arguments: ["8400", "8401"])
    func givenTheCompanysNumber(_ called: String) throws {
        let a = StoryLine("PJSIP/carrier-00000061", "+441632960111", id: 1, exten: called)
        let b = StoryLine("PJSIP/4021-00000062", called, id: 2, of: 1)
        let record = try a.called(b, "4021", from: 4, to: 9)
        #expect(record.direction == .inbound && record.callee.number == called)
        #expect(record.answeredBy?.number == "4021" && record.agents.map(\.number) == ["4021"])
    }

    @Test("phones of a group that show the group's number are told apart by their names")
    func givenTheGroupsNumber() throws {
        let a = StoryLine("PJSIP/4001-00000063", "4001", id: 1, exten: "4900")
        let b = StoryLine("PJSIP/4021-00000064", "4900", id: 2, of: 1)
        let c = StoryLine("PJSIP/4022-00000065", "4900", id: 3, of: 1)
        let record = try #require(
            StoryLine.told(
                [(0, .newChannel(a.snapshot(.ring)))] + a.dial(b, "4021", at: 0.2) + a.dial(c, "4022", at: 0.2)
                    + [(3.9, c.answered(a, .cancel)), (3.9, c.ended(HangupCause(rawValue: 26)))]
                    + a.talk(with: b, from: 4, to: 9)
            ).first)
        #expect(record.direction == .internal && record.callee.number == "4900")
        #expect(record.answeredBy?.number == "4021")
        #expect(record.legs.map(\.number) == ["4001", "4021", "4022"])
    }

    /// `exten => 700,1,Park()`, or the lot's own `parkext`: both tell of the transfer and of the parking.
    @Test("a transfer to the extension that parks is a parking, and the parker who gets the call back stands as before")
    func parkedByTransfer() throws {
        let a = StoryLine("PJSIP/carrier-00000068", "+441632960112", id: 1, exten: "8402")
        let b = StoryLine("PJSIP/4021-00000069", "4021", id: 2, of: 1)
        let c = StoryLine("PJSIP/4021-0000006a", "4021", id: 3, of: 1)
        let talk = BridgeID("talk")
        let lot = BridgeID("lot")
        let record = try #require(
            StoryLine.told(
                [(0, .newChannel(a.snapshot(.ring)))] + a.dial(b, "4021", at: 0.2) + [
                    (2, .newState(b.channel, .up)), (2, b.answered(a, .answer)), (2, .newState(a.channel, .up)),
                    (2, .bridgeEnter(b.channel, talk, .talk, at: b.location)),
                    (2, .bridgeEnter(a.channel, talk, .talk, at: a.location)),
                    (
                        7,
                        .blindTransfer(
                            transferer: b.channel, transferee: a.channel, exten: "700", context: "parkedcalls",
                            succeeded: true)
                    ), (7, .bridgeLeave(a.channel, talk, at: a.location)),
                    (7.001, .bridgeEnter(a.channel, lot, .parking, at: a.location)),
                    (7.001, .parkedCall(a.channel, parker: "PJSIP/4021", space: "701")),
                    (7.002, .bridgeLeave(b.channel, talk, at: b.location)), (7.003, b.ended()),
                    (27, .parkedCallTimeOut(a.channel)), (27, .bridgeLeave(a.channel, lot, at: a.location)),
                ] + a.dial(c, "4021", at: 27.1) + [
                    (30, .newState(c.channel, .up)), (30, c.answered(a, .answer)),
                    (30, .bridgeEnter(c.channel, talk, .talk, at: c.location)),
                    (30, .bridgeEnter(a.channel, talk, .talk, at: a.location)), (35, .hangupRequest(c.channel, nil)),
                    (35, .bridgeLeave(c.channel, talk, at: c.location)),
                    (35, .bridgeLeave(a.channel, talk, at: a.location)), (35, c.ended()), (35, a.ended()),
                ]
            ).first)
        #expect(record.transfers.map(\.kind) == [.park] && record.transfers.first?.by == "4021")
        #expect(record.hungUpBy == .callee && record.agents.map(\.number) == ["4021"])
        #expect(record.talk == .seconds(10) && record.park == .milliseconds(19_999))
    }

    @Test("a phone of an account that is dialled by its extension is known by that")
    func givenItsExtension() throws {
        let a = StoryLine("PJSIP/4001-00000066", "4001", id: 1, exten: "212")
        let b = StoryLine("PJSIP/70212-00000067", "212", id: 2, of: 1)
        let record = try a.called(b, "70212", from: 4, to: 9)
        #expect(record.answeredBy?.number == "212" && record.callee.number == "212")
    }

    @Test("a subscriber who calls outside keeps his own name, whatever number the other side is shown")
    func ownNameOutbound() throws {
        var a = StoryLine("SIP/820017004-0000003b", "820017004", id: 1, exten: "0701234567")
        let b = StoryLine("SIP/carrier-0000003c", "0701234567", id: 2, of: 1)
        let record = try #require(
            StoryLine.told(
                [(0, .newChannel(a.snapshot(.ring))), (0.1, a.show("+46850001000", "The Company"))]
                    + a.dial(b, "0701234567@carrier", at: 0.2) + a.talk(with: b, from: 2, to: 5)
            ).first)
        #expect(record.direction == .outbound)
        #expect(record.caller.number == "820017004")
        #expect(record.caller.name == nil)
        #expect(record.callee.number == "0701234567")
        #expect(record.agents.map(\.channel.description) == ["SIP/820017004-0000003b"])
    }

    @Test("a phone that is given the dialled number at each call is not taken for a trunk after some of them")
    func dialledByDevice() throws {
        var all: [(Double, CallEvent.Body)] = []
        for call in 0..<4 {
            let id = call * 2 + 1
            let a = StoryLine("PJSIP/carrier-0000004\(id)", "+46701112223", id: id, exten: "+46850001000")
            let b = StoryLine("PJSIP/ws4kd0x1-0000004\(id + 1)", "+46850001000", id: id + 1, of: id)
            let story =
                [(0, .newChannel(a.snapshot(.ring)))] + a.dial(b, "ws4kd0x1", at: 0.2)
                + [(0.5, .newState(b.channel, .ringing))] + a.talk(with: b, from: 2, to: 5)
            all += story.map { ($0 + Double(call) * 10, $1) }
        }
        let records = StoryLine.told(all)
        #expect(records.count == 4)
        for record in records {
            #expect(record.direction == .inbound)
            #expect(record.agents.map { $0.channel.description.prefix(14) } == ["PJSIP/ws4kd0x1"])
        }
    }

    @Test("two outside lines that Asterisk calls and joins: the first calls the second")
    func joinedOutsiders() throws {
        let a = StoryLine("PJSIP/carrier-0000005b", "0701112223", id: 1, exten: "0709998887")
        let b = StoryLine("PJSIP/carrier-0000005c", "0709998887", id: 2, of: 1)
        let record = try #require(
            StoryLine.told(
                [
                    (0, .newChannel(a.snapshot(.down))), (0.1, a.dialled(by: nil, "0701112223@carrier")),
                    (0.5, .newState(a.channel, .ringing)), (2, .newState(a.channel, .up)),
                    (2, a.answered(nil, .answer)),
                ] + a.dial(b, "0709998887@carrier", at: 2.2) + [(2.5, .newState(b.channel, .ringing))]
                    + a.talk(with: b, from: 4, to: 8)
            ).first)
        #expect(record.direction == .outbound)
        #expect(record.caller.number == "0701112223")
        #expect(record.callee.number == "0709998887")
        #expect(record.answeredBy?.number == "0709998887")
        #expect(record.answeredAt == StoryLine.start + .seconds(4))
        #expect(record.hungUpBy == .caller)
        #expect(record.talk == .seconds(4))
    }

    @Test("the second of two outside lines refuses: the call was busy, and nobody was reached")
    func joinedOutsidersBusy() throws {
        let a = StoryLine("PJSIP/carrier-0000006b", "0701112223", id: 1, exten: "0709998887")
        let b = StoryLine("PJSIP/carrier-0000006c", "0709998887", id: 2, of: 1)
        let record = try #require(
            StoryLine.told(
                [
                    (0, .newChannel(a.snapshot(.down))), (0.1, a.dialled(by: nil, "0701112223@carrier")),
                    (2, .newState(a.channel, .up)),
                    (2, a.answered(nil, .answer)),
                ] + a.dial(b, "0709998887@carrier", at: 2.2) + [
                    (4, b.answered(a, .busy)), (4, b.ended(.userBusy)), (4, a.ended(.userBusy)),
                ]
            ).first)
        #expect(record.disposition == .busy)
        #expect(record.caller.number == "0701112223")
        #expect(record.callee.number == "0709998887")
        #expect(record.answeredBy == nil)
    }

    @Test("a DAHDI channel is named by its place in the hardware: a call from the network on its 33rd is from outside")
    func hardware() throws {
        let a = StoryLine("DAHDI/33-1", "0701112223", id: 1, exten: "5001")
        let b = StoryLine("SIP/111-0000007b", "111", id: 2, of: 1)
        let record = try a.called(b, "111", from: 2, to: 5)
        #expect(record.direction == .inbound)
        #expect(record.agents.map(\.number) == ["111"])
    }

    @Test("a call that comes in on s is to the number its dialplan turns to; a phone dialled from s has its own number")
    func withoutNumber() throws {
        let a = StoryLine("DAHDI/4-1", "0701112223", id: 1)
        let b = StoryLine("SIP/1111-0000008b", "s", id: 2, of: 1)
        func record(from place: String) throws -> CallRecord {
            var dialling = a
            dialling.location.exten = place
            return try #require(
                StoryLine.told(
                    [(0, .newChannel(a.snapshot(.ring)))] + dialling.dial(b, "1111", at: 0.2)
                        + dialling.talk(with: b, from: 2, to: 5)
                ).first)
        }
        #expect(try record(from: "s").answeredBy?.number == "1111")
        let turned = try record(from: "5001")
        #expect(turned.callee.number == "5001")
        #expect(turned.direction == .inbound)
    }

    /// Of a phone that it called itself and that did not answer in time Asterisk's REST interface sends no DialEnd, just its Hangup.
    @Test("who hangs up after the only phone that was called has stopped ringing did not cut the ringing off")
    func givenUpByApplication() throws {
        let a = StoryLine("PJSIP/carrier-00000071", "441632960222", id: 1, exten: "8500")
        let b = StoryLine("PJSIP/4031-00000072", "4031", id: 2, of: 1)
        let record = try #require(
            StoryLine.told([
                (0, .newChannel(a.snapshot(.ring))), (0.1, .newState(a.channel, .up)),
                (1, .newChannel(b.snapshot(.down))), (1.1, b.dialled(by: nil, "4031")),
                (1.2, .newState(b.channel, .ringing)), (11, b.ended(HangupCause(rawValue: 19))),
                (16, .hangupRequest(a.channel, nil)), (16, a.ended()),
            ]).first)
        #expect(record.disposition == .noAnswer && record.hungUpBy == .caller)
    }

    /// What `PJSIP_DIAL_CONTACTS()` gives Dial(): the line and the address its phone has registered with.
    @Test("a subscriber's line that is dialled by its registered address is a phone, whatever number its account has")
    func dialledByContact() throws {
        let a = StoryLine("PJSIP/820017004-00000081", "820017004", id: 1, exten: "313")
        var b = StoryLine("PJSIP/820017009-00000082", nil, id: 2, of: 1)
        let record = try #require(
            StoryLine.told(
                [
                    (0, .newChannel(a.snapshot(.ring))), (0.2, .newChannel(b.snapshot(.down))), (0.2, b.show("313")),
                    (0.3, b.dialled(by: a, "820017009/sip:820017009@192.0.2.9:5060")),
                ] + a.talk(with: b, from: 3, to: 8)
            ).first)
        #expect(record.direction == .internal && record.callee.number == "313")
        #expect(record.answeredBy?.number == "313" && record.agents.map(\.number) == ["313"])
    }
}
