import Telephony
import Testing

@testable import CallAssembly

/// Who called, who was called and who took the call, in tables whose rows change numbers, names and extensions on the way.
@Suite("CEL tables tell who is who")
struct CELPartyTests {
    private typealias Channel = CELTable.Channel
    private static let caller = Channel(name: "PJSIP/zk81mq-0000004c", number: 76, callerID: "3120", callerName: "Ruth")
    private static let callee = Channel(
        name: "PJSIP/h2vv0a-0000004d", number: 77, callerID: "3144", callerName: "Sven Åberg", second: 1)
    private let a = CELPartyTests.caller
    private let b = CELPartyTests.callee

    /// The same channel as it shows another caller id.
    private func shown(_ channel: Channel, _ number: String, _ name: String) -> Channel {
        var channel = channel
        (channel.callerID, channel.callerName) = (number, name)
        return channel
    }

    /// `a` and `b` talk from `from` to `to`, and `b` hangs up.
    private func talk(
        _ table: inout CELTable, _ a: Channel, _ b: Channel, from: Double, to: Double, exten: String = "s"
    ) {
        table.add("ANSWER", from, b, exten)
        table.add("ANSWER", from, a, exten)
        table.add("BRIDGE_ENTER", from, b, extra: CELTable.bridge("t"))
        table.add("BRIDGE_ENTER", from, a, exten, extra: CELTable.bridge("t"))
        table.add("BRIDGE_EXIT", to, b, extra: CELTable.bridge("t"))
        table.end(to, b, by: b.name)
        table.add("BRIDGE_EXIT", to, a, exten, extra: CELTable.bridge("t"))
        table.end(to, a, by: b.name, status: "ANSWER")
        table.add("LINKEDID_END", to, a)
    }

    @Test(
        "an outside line that shows a word of the dialplan for its number is the number that was asked for, even without channel names"
    )
    func wordForANumber() throws {
        let trunk = Channel(name: "PJSIP/upstream-0000004f", number: 79, callerID: "leave", second: 1)
        var table = CELTable(a)
        table.add("CHAN_START", 0, a, "4631990000", context: "staff")
        table.add("APP_START", 0.5, a, "leave", context: "outbound", app: "Dial", data: "PJSIP/4631990000@upstream")
        table.add("CHAN_START", 1, trunk, "s", context: "upstream", callerID: "")
        talk(&table, a, trunk, from: 5, to: 25, exten: "leave")
        for missing in [[], ["channame", "appname", "appdata", "peer", "extra"]] as [Set<String>] {
            let records = table.records(without: missing)
            let record = try #require(records.first)
            #expect(records.count == 1 && record.direction == .outbound && record.callee.number == "4631990000")
            #expect(record.answeredBy?.number == "4631990000" && record.agents.map(\.number) == ["3120"])
            #expect(record.talk == .seconds(20))
        }
    }

    @Test("a log that begins in mid-call tells the number dialled, where the channel driver keeps it")
    func dialledNumberKept() throws {
        let text = #"""
            eventtype,eventtime,cid_name,cid_num,cid_dnid,exten,context,channame,uniqueid,linkedid,extra
            ANSWER,2026-03-02 09:00:05.000000,Ruth,+46850009999,8460,s,menu,PJSIP/upstream-00000050,1772442000.80,1772442000.80,
            HANGUP,2026-03-02 09:00:25.000000,Ruth,+46850009999,8460,3,menu,PJSIP/upstream-00000050,1772442000.80,1772442000.80,"{""hangupcause"":16,""hangupsource"":""PJSIP/upstream-00000050"",""dialstatus"":""""}"
            CHAN_END,2026-03-02 09:00:25.000000,Ruth,+46850009999,8460,3,menu,PJSIP/upstream-00000050,1772442000.80,1772442000.80,
            LINKEDID_END,2026-03-02 09:00:25.000000,Ruth,+46850009999,8460,3,menu,PJSIP/upstream-00000050,1772442000.80,1772442000.80,

            """#
        let record = try #require(CELTable.records(text).first)
        #expect(record.callee.number == "8460" && record.completeness == .partial)
    }

    @Test("who takes a queue's call from a ringing phone is one call with it, though no row says so before the end")
    func pickedUpInQueue() throws {
        let picker = Channel(name: "PJSIP/w77-0000004e", number: 78, callerID: "3177", callerName: "Ida", second: 6)
        var table = CELTable(a)
        table.add("CHAN_START", 0, a, "3900")
        table.add("ANSWER", 0.25, a, "3900", app: "Answer")
        table.add("APP_START", 1, a, "s", app: "Queue", data: "support,t")
        table.add("CHAN_START", 1.25, b, "s")
        table.add("CHAN_START", 6, picker, "*83144", linked: picker)
        table.add("ANSWER", 6.125, picker, "*83144", linked: picker, app: "Pickup", data: "3144@staff")
        table.end(6.25, b, 26)
        table.add(
            "BRIDGE_ENTER", 7, picker, "s", linked: picker, app: "AppQueue", data: "(Outgoing Line)",
            extra: CELTable.bridge("q"))
        table.add("LINKEDID_END", 7.001, picker, "s", linked: picker)
        table.add(
            "BRIDGE_ENTER", 7.002, a, "s", app: "Queue", data: "support,t", peer: picker.name,
            extra: CELTable.bridge("q"))
        // Nothing more is written while they talk, for longer than a retired linked id is waited for.
        table.add("BRIDGE_EXIT", 47, picker, "s", app: "AppQueue", extra: CELTable.bridge("q"))
        table.add("BRIDGE_EXIT", 47, a, "s", app: "Queue", data: "support,t", extra: CELTable.bridge("q"))
        table.end(47, picker, by: picker.name)
        table.end(47, a, by: picker.name)
        table.add("LINKEDID_END", 47, a)
        let records = table.records()
        #expect(records.count == 1)
        let record = try #require(records.first)
        #expect(record.caller.number == "3120" && record.callee.number == "3900")
        #expect(record.answeredBy?.number == "3177" && record.hungUpBy == .callee)
        #expect(abs((record.talk - .milliseconds(39_998)).wholeMilliseconds) <= 2)
        #expect(record.queue?.name == "support" && record.queue?.result == .answered)
        #expect(record.endedAt == CELTable.instant(47))
    }

    @Test("a phone that shows the number the company was called by is a phone, at each of its calls")
    func calledByCompanyNumber() throws {
        var table: CELTable?
        for call in 0..<2 {
            let trunk = Channel(
                name: "PJSIP/carrier-000000a\(call)", number: 80 + call, callerID: "0701112223", second: call)
            let phone = Channel(
                name: "PJSIP/ws4kd0x1-000000b\(call)", number: 90 + call, callerID: "+46850001000", second: call)
            var one = CELTable(trunk)
            one.add("CHAN_START", 0, trunk, "+46850001000", context: "from-carrier")
            one.add("CHAN_START", 0.25, phone, "s", callerID: "")
            talk(&one, trunk, phone, from: 3, to: 8, exten: "+46850001000")
            for i in one.rows.indices { one.rows[i].at += Double(call * 20) }
            table = table ?? CELTable(trunk)
            table!.rows += one.rows
        }
        let records = try #require(table).records()
        #expect(records.count == 2)
        for record in records {
            #expect(record.direction == .inbound)
            #expect(record.agents.map { $0.channel.description.prefix(14) } == ["PJSIP/ws4kd0x1"])
            #expect(record.hungUpBy == .callee)
        }
    }

    @Test("two who enter one conference by themselves stay two calls", arguments: ["ConfBridge", ""])
    func conference(application: String) {
        var table = CELTable(a)
        for (n, channel) in [a, b].enumerated() {
            let at = Double(n)
            table.add("CHAN_START", at, channel, "3800", linked: channel)
            table.add("ANSWER", at + 0.5, channel, "3800", linked: channel)
            table.add(
                "BRIDGE_ENTER", at + 2, channel, "3800", linked: channel, app: application,
                extra: CELTable.bridge("c", "softmix"))
        }
        for (n, channel) in [a, b].enumerated() {
            let at = 20 + Double(n)
            table.add(
                "BRIDGE_EXIT", at, channel, "3800", linked: channel, app: application,
                extra: CELTable.bridge("c", "softmix"))
            table.add("HANGUP", at, channel, linked: channel, extra: CELTable.hangup(16, by: channel.name))
            table.add("CHAN_END", at, channel, linked: channel)
            table.add("LINKEDID_END", at, channel, linked: channel)
        }
        #expect(table.records().map(\.caller.number) == ["3120", "3144"])
    }

    @Test("where a line's dialplan goes after what it dialled has ended is not what it called")
    func laterExtension() throws {
        var table = CELTable(a)
        table.add("CHAN_START", 0, a, "s")
        table.add("ANSWER", 1, shown(a, "3144", "3144"))
        table.add("APP_START", 1.125, a, "s", context: "sub-user", app: "Dial", data: "PJSIP/h2vv0a")
        table.add("CHAN_START", 1.25, b, "s")
        table.end(14, b, 19)
        table.add("HANGUP", 14.125, a, "goodbye,silently", extra: CELTable.hangup(16, by: "dialplan/builtin"))
        table.add("CHAN_END", 14.125, a, "goodbye,silently")
        let record = try #require(table.records().first)
        #expect(record.caller.number == "3120" && record.callee.number == "3144" && record.answeredBy == nil)
    }

    @Test("a call placed through a Local channel is to the line it dialled, not to the Local channel's own extension")
    func namedByID() throws {
        let id = "6b0e24d1-5f39-4c7a-9c60-2d8e41f7a953"
        let one = Channel(name: "Local/\(id)@lines-00000001;1", number: 70)
        let two = Channel(name: "Local/\(id)@lines-00000001;2", number: 71)
        var table = CELTable(one)
        table.add("CHAN_START", 0, one, id, context: "lines")
        table.add("CHAN_START", 0.01, two, id, context: "lines")
        table.add("APP_START", 0.125, two, id, context: "lines", app: "Dial", data: "PJSIP/zk81mq")
        table.add("CHAN_START", 0.25, a, "s")
        table.add("ANSWER", 2, a, id)
        table.add("ANSWER", 2, two, id, context: "lines")
        table.add("ANSWER", 2, one, id, context: "lines")
        table.add("BRIDGE_ENTER", 2.01, a, extra: CELTable.bridge("in"))
        table.add("BRIDGE_ENTER", 2.01, two, id, extra: CELTable.bridge("in"))
        table.add("APP_START", 3, one, "s", context: "sub-user", app: "Dial", data: "PJSIP/h2vv0a")
        table.add("CHAN_START", 3.01, b, "s")
        table.add("ANSWER", 5, b, "s")
        table.add("BRIDGE_ENTER", 5.01, b, extra: CELTable.bridge("out"))
        table.add("BRIDGE_ENTER", 5.01, one, "s", context: "sub-user", extra: CELTable.bridge("out"))
        table.add("BRIDGE_EXIT", 15, b, extra: CELTable.bridge("out"))
        table.end(15, b, by: b.name)
        table.add("BRIDGE_EXIT", 15, one, extra: CELTable.bridge("out"))
        table.add("BRIDGE_EXIT", 15, two, id, extra: CELTable.bridge("in"))
        table.end(15, two)
        table.add("BRIDGE_EXIT", 15, a, extra: CELTable.bridge("in"))
        table.end(15, a)
        table.end(15, one, by: b.name, status: "ANSWER")
        let record = try #require(table.records().first)
        #expect(record.caller.number == "3120" && record.callee.number == "3144" && record.answeredBy?.number == "3144")
    }

    @Test(
        "a name that comes with another number than the line's own is what is shown to the other side, not the line's")
    func shownName() throws {
        var table = CELTable(a)
        table.add("CHAN_START", 0, a, "3144")
        // CALLERID(all) for the leg that follows, on both sides.
        table.add("APP_START", 0.5, shown(a, "5550001234", "Ruth of Sales"), "s", context: "out", app: "Dial")
        table.add("CHAN_START", 1, b, "s")
        talk(&table, shown(a, "5550001234", "Ruth of Sales"), shown(b, "3120", "Ruth"), from: 5, to: 9)
        let record = try #require(table.records().first)
        #expect(record.caller == CallRecord.Caller(number: "3120", name: "Ruth"))
        #expect(record.answeredBy?.number == "3144" && record.answeredBy?.name == "Sven Åberg")
    }

    @Test(
        "a name looked up for the caller's own number is the caller's, however that number is written",
        arguments: ["+15550107788", "15550107788", "5550107788", "(555) 010-7788"])
    func lookedUpName(number: String) throws {
        let line = Channel(name: "PJSIP/carrier-0000004c", number: 76, callerID: "+15550107788")
        var table = CELTable(line)
        table.add("CHAN_START", 0, line, "3144", context: "in")
        table.add("APP_START", 0.5, shown(line, number, "Moss & Sons"), "s", app: "Dial")
        table.add("CHAN_START", 1, b, "s")
        talk(&table, shown(line, number, "Moss & Sons"), b, from: 5, to: 9)
        let record = try #require(table.records().first)
        #expect(record.caller.name == "Moss & Sons" && record.direction == .inbound)
    }

    @Test(
        "a code the PBX answers itself leads nowhere outside, however long it is",
        arguments: ["*41250219", "#41250219"])
    func code(exten: String) throws {
        var table = CELTable(a)
        table.add("CHAN_START", 0, a, exten)
        table.add("ANSWER", 2, a, "member", context: "room")
        table.end(12, a, by: a.name)
        let record = try #require(table.records().first)
        #expect(record.direction == .internal && record.disposition == .answered && record.callee.number == exten)
        #expect(record.answeredAt == CELTable.instant(2) && record.billableSeconds == 10)
    }

    @Test("an outside number that the PBX answered itself was answered when it did so")
    func answeredByPBX() throws {
        var table = CELTable(a)
        table.add("CHAN_START", 0, a, "15550107788")
        table.add("ANSWER", 2, a, "no-credit", context: "announce")
        table.end(12, a, by: a.name)
        let record = try #require(table.records().first)
        #expect(record.disposition == .answered && record.answeredAt == CELTable.instant(2))
        #expect(record.billableSeconds == 10)
    }

    @Test("a call that comes in on `s` is to the first number its dialplan turns to before it dials")
    func comesInOnS() throws {
        let line = Channel(name: "DAHDI/3-1", number: 76, callerID: "0401234567")
        var table = CELTable(line)
        table.add("CHAN_START", 0, line, "s", context: "in")
        table.add("FROM_S", 0.25, line, "3144", context: "in")
        table.add("APP_START", 0.5, line, "s", context: "sub-user", app: "Dial")
        table.add("CHAN_START", 1, b, "s")
        talk(&table, line, b, from: 5, to: 9, exten: "3199")
        let record = try #require(table.records().first)
        #expect(record.direction == .inbound && record.callee.number == "3144" && record.answeredBy?.number == "3144")
    }
}
