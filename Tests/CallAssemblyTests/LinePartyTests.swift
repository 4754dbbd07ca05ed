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
        let record = try #require(
            StoryLine.told(
                [(0, .newChannel(a.snapshot(.ring)))] + a.dial(b, "111", at: 0.2) + a.talk(with: b, from: 2, to: 5)
            ).first)
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
}
