import Telephony
import Testing

@testable import CallAssembly

/// One answered call, and a manager connection that is lost after each of its events and comes back before each later one.
/// What its hangup handler and its CDR say is told where the events were not heard.
///
/// Seen on real Asterisk, where eight hangup handlers hold a channel for seconds: a call that was answered and over within the
/// gap, its caller's channel still in the list, was told without who answered and as having lasted until the list.
@Suite("A gap anywhere in a call")
struct GapSweepTests {
    struct Case: Sendable, CustomStringConvertible {
        /// So many events were heard before the gap, and those from `back` on after it.
        var heard: Int
        var back: Int
        /// Whether the handler speaks as the party leaves, or as its channel goes, or never.
        var handler: Handler
        var hasCDR: Bool
        /// How long the channels live on after their parties: other handlers run.
        var slow: Duration
        enum Handler: Sendable { case none, early, late }
        var description: String {
            "heard \(heard), back before \(back), handler \(handler)\(hasCDR ? ", CDR" : ""), slow \(slow)"
        }
    }
    private static let call = SyntheticCall(number: 1, at: Instant(milliseconds: 1_795_300_000_897))

    static let cases = (1...14).flatMap { heard in
        (heard...14).flatMap { back in
            [Case.Handler.none, .early, .late].flatMap { handler in
                [false, true].flatMap { cdr in
                    [.zero, Duration.seconds(5)].map {
                        Case(heard: heard, back: back, handler: handler, hasCDR: cdr, slow: $0)
                    }
                }
            }
        }
    }

    /// What the fold gets to hear, in order.
    private func events(_ c: Case) -> [CallEvent] {
        let call = GapSweepTests.call
        let all = call.events.enumerated().map { index, event in
            // The caller's channel runs its handlers, its phone is gone.
            guard index == 13 else { return event }
            var late = event
            late.at = event.at + c.slow
            return late
        }
        let lost = all[c.heard - 1].at + .microseconds(100)
        let listAt =
            c.back < all.count
            ? all[c.back].at - (c.back == 13 ? c.slow / 5 : .zero) - .microseconds(100)
            : all.last!.at + .milliseconds(500)
        var heard = Array(all.prefix(c.heard)) + all.dropFirst(c.back)
        var words = call.witness
        words.receivedAt =
            c.handler == .late ? all.last!.at - .microseconds(500) : all[11].at + .microseconds(500)
        words.cdr.end = .instant(all[11].at)
        if c.handler != .none { heard.append(CallEvent(at: words.receivedAt, body: .witness(words))) }
        let cdrAt = all.last!.at + .microseconds(10)
        if c.hasCDR, c.back < all.count { heard.append(CallEvent(at: cdrAt, body: .cdr(call.row))) }
        heard.append(CallEvent(at: lost, body: .disconnected))
        heard.sort { $0.at < $1.at }
        let repair =
            [.connected, .fullyBooted(uptime: .seconds(99_999)), .listBegan].map { CallEvent(at: listAt, body: $0) }
            + call.listed(at: listAt, of: all) + [CallEvent(at: listAt, body: .listComplete)]
        heard.insert(contentsOf: repair, at: heard.firstIndex { $0.at > listAt } ?? heard.count)
        return heard
    }

    @Test("who answered, and when it began and ended, is told by whoever saw it", arguments: cases)
    func told(_ c: Case) throws {
        let call = GapSweepTests.call
        var fold = FoldRun()
        fold.apply(events(c))
        fold.advance(to: call.at + .seconds(60))
        #expect(fold.records.count == 1 && fold.assembler.openCallCount == 0)
        let record = try #require(fold.records.first)
        #expect(record.caller.number == "15551230001" && record.callee.number == "5001" && record.direction == .inbound)
        #expect(
            record.startedAt == call.at && (record.completeness == .partial) == (c.heard < 14))
        #expect(record.hungUpBy == nil || record.hungUpBy == .callee, "\(record.hungUpBy!)")
        let isCDRHeard = c.hasCDR && c.back < 14
        let isAnswerHeard = c.heard > 5 || c.back <= 4
        if c.handler != .none || isCDRHeard || isAnswerHeard {
            #expect(record.disposition == .answered)
            #expect(record.answeredBy?.number == "1001")
            let answered = try #require(record.answeredAt)
            #expect(abs(answered.microseconds - call.at.microseconds - 1_002_000) <= 1_000_000)
        }
        // That somebody said yes is not yet that they spoke.
        if c.handler != .none || isCDRHeard || c.heard >= 9 || c.back <= 8 {
            #expect(record.agents.map(\.number) == ["1001"])
        }
        if c.handler != .none || isCDRHeard || c.heard >= 12 || c.back <= 9 {
            #expect(abs(record.duration - 4) <= 1 && abs(record.billableSeconds - 3) <= 1, "ended \(record.endedAt)")
            #expect(record.talk >= .milliseconds(1900) && record.talk <= .milliseconds(4000), "talked \(record.talk)")
        }
        if c.handler != .none || c.heard >= 10 || c.back <= 9 { #expect(record.hungUpBy == .callee) }
    }

    @Test(
        "a call that ended in the gap without a handler's word waits for what Asterisk's own files say",
        arguments: 1...13)
    func files(heard: Int) throws {
        let call = GapSweepTests.call
        var fold = FoldRun(filesWait: .seconds(15))
        fold.apply(events(Case(heard: heard, back: 14, handler: .none, hasCDR: false, slow: .zero)))
        fold.advance(to: call.at + .seconds(10))
        #expect(fold.records.isEmpty)
        // Another call, over while this one waits, is told in its own time.
        fold.apply(SyntheticCall(number: 7, at: call.at + .seconds(10), talk: 500).events)
        fold.advance(to: call.at + .seconds(12))
        #expect(fold.records.map(\.linkedID) == [LinkedID("1795300010.14")])
        var stranger = CDRRow(uniqueID: UniqueID("1795300003.99"), channel: ChannelName("PJSIP/1002-9"))
        stranger.linkedID = LinkedID("1795300003.99")
        fold.complete(from: [stranger, call.row])
        let record = try #require(fold.records.last)
        #expect(fold.records.count == 2 && record.uniqueID == UniqueID("1795300000.2"))
        #expect(fold.assembler.openCallCount == 0)
        #expect(record.answeredBy?.number == "1001" && record.agents.map(\.number) == ["1001"])
        #expect(abs(record.duration - 4) <= 1 && abs(record.billableSeconds - 3) <= 1, "ended \(record.endedAt)")
        #expect(record.sources == [.ami, .cdr] && record.completeness == .partial)
    }

    @Test(
        "rights taken away in mid-call: it ended when Asterisk says, not when the connection went that had nothing to tell",
        arguments: [3, 5, 7, 9], [false, true])
    func restricted(heard: Int, isTableRead: Bool) throws {
        let call = GapSweepTests.call
        let all = call.events
        func list(_ at: Instant, _ channels: [CallEvent]) -> [CallEvent] {
            [CallEvent(at: at - .milliseconds(1), body: .disconnected)]
                + [.connected, .listBegan].map { CallEvent(at: at, body: $0) } + channels
                + [CallEvent(at: at, body: .listComplete)]
        }
        let (login, over) = (all[heard - 1].at + .milliseconds(2), all.last!.at)
        var fold = FoldRun(filesWait: .seconds(15))
        fold.apply(Array(all.prefix(heard)) + list(login, call.listed(at: login, of: all)))
        // From here on the manager user sees CDRs, at best.
        if !isTableRead { fold.apply([CallEvent(at: over + .microseconds(10), body: .cdr(call.row))]) }
        fold.apply(list(over + .seconds(10), []))
        fold.complete(from: isTableRead ? [call.row] : [])
        fold.advance(to: over + .seconds(60))
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && record.completeness == .partial)
        #expect(record.disposition == .answered && record.answeredBy?.number == "1001")
        #expect(abs(record.duration - 4) <= 1 && abs(record.billableSeconds - 3) <= 1, "ended \(record.endedAt)")
        #expect(record.talk >= .milliseconds(1900) && record.talk <= .milliseconds(4000), "talked \(record.talk)")
    }

    /// The connection was lost as the parties talked; it is back, and the channels that live then have been listed; the list's end is still to come.
    private func lostInTalk(backAt back: Instant) -> FoldRun {
        let call = GapSweepTests.call
        let all = call.events
        var fold = FoldRun()
        fold.apply(Array(all.prefix(9)) + [CallEvent(at: all[8].at + .milliseconds(10), body: .disconnected)])
        fold.apply([.connected, .listBegan].map { CallEvent(at: back, body: $0) } + call.listed(at: back, of: all))
        return fold
    }

    @Test(
        "the parties left in the gap, and a busy Asterisk ends the caller's channel seconds after it: who hung up was not seen"
    )
    func slowEnd() throws {
        let call = GapSweepTests.call
        let all = call.events
        let back = all[11].at + .milliseconds(1)
        var end = all[13]
        end.at = end.at + .seconds(3)
        var fold = lostInTalk(backAt: back)
        fold.apply([CallEvent(at: back, body: .listComplete)])
        fold.apply([CallEvent(at: end.at, body: .softHangupRequest(call.caller.channel)), end])
        fold.advance(to: end.at + .seconds(60))
        let record = try #require(fold.records.first)
        #expect(record.completeness == .partial && record.hungUpBy == nil)
    }

    @Test(
        "the parties hung up in the gap, and what came of it is heard before the list: who hung up was not seen",
        arguments: 10...13)
    func endBeforeTheList(back: Int) throws {
        let call = GapSweepTests.call
        let all = call.events
        var fold = FoldRun()
        fold.apply(Array(all.prefix(9)) + [CallEvent(at: all[8].at + .milliseconds(10), body: .disconnected)])
        let over = all[13].at
        fold.apply([CallEvent(at: all[back].at - .microseconds(1), body: .connected)] + all[back..<13])
        // Every end in the dialplan comes with one, whoever wished it.
        fold.apply([CallEvent(at: over, body: .softHangupRequest(call.caller.channel)), all[13]])
        fold.apply([.listBegan, .listComplete].map { CallEvent(at: over + .milliseconds(1), body: $0) })
        fold.advance(to: over + .seconds(60))
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && record.completeness == .partial && record.hungUpBy == nil)
        #expect(record.disposition == .answered && record.duration == 4)
    }

    @Test("a list on a connection that stands shows that a call is gone: how it ended is read from the CEL file")
    func goneFromALaterList() throws {
        let call = GapSweepTests.call
        let (all, over) = (call.events, call.events.last!.at)
        var fold = FoldRun(filesWait: .seconds(15), readsCEL: true)
        let login = call.at + .milliseconds(1500)
        // The manager user sees CDRs only, and the call is there as he logs in.
        fold.apply([.listBegan].map { CallEvent(at: login, body: $0) } + call.listed(at: login, of: all))
        fold.apply([CallEvent(at: login, body: .listComplete)])
        fold.complete(from: [], reading: call.celRows.filter { $0.at <= login })
        fold.apply([CallEvent(at: over + .microseconds(10), body: .cdr(call.row))])
        // The list comes while the file is read for other calls.
        fold.complete(
            from: [call.row], reading: call.celRows,
            meanwhile: [.listBegan, .listComplete].map { CallEvent(at: over + .seconds(5), body: $0) })
        // Asterisk writes its CDRs in batches: the same row may come late, and tells no more.
        fold.apply([CallEvent(at: over + .seconds(6), body: .cdr(call.row))])
        // The Hangup might still be on its way.
        fold.advance(to: over + .seconds(8))
        #expect(fold.records.isEmpty && fold.assembler.awaitedSince != nil)
        fold.complete(from: [], reading: call.celRows)
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && record.completeness == .partial)
        #expect(record.hungUpBy == .callee && record.duration == 4 && record.billableSeconds == 3)
        #expect(record.sources == [.ami, .cdr, .cel])
    }

    @Test(
        "a CDR in mid-call, as of a Local channel that is optimised away, to a user who sees CDRs only: the call goes on",
        arguments: [false, true])
    func rowInMidCall(readsCEL: Bool) throws {
        let call = GapSweepTests.call
        let over = call.events.last!.at
        var fold = FoldRun(filesWait: .seconds(15), readsCEL: readsCEL, strayCDRWait: .seconds(1))
        func list(_ at: Instant) {
            fold.apply(
                [CallEvent(at: at, body: .listBegan)] + call.listed(at: at)
                    + [CallEvent(at: at, body: .listComplete)])
        }
        list(call.at - .seconds(1))
        var early = call.row
        (early.uniqueID, early.end) = (UniqueID("\(call.at.seconds).77"), early.answer)
        (early.channel, early.duration, early.billableSeconds) = (ChannelName("Local/1001@agents-1;2"), 1, 0)
        fold.apply([CallEvent(at: call.at + .milliseconds(1010), body: .cdr(early))])
        list(call.at + .milliseconds(1500))
        fold.advance(to: call.at + .milliseconds(3500))
        #expect(fold.records.isEmpty && fold.assembler.openCallCount == 1)
        fold.apply([CallEvent(at: over + .microseconds(10), body: .cdr(call.row))])
        list(over + .seconds(5))
        fold.advance(to: over + .seconds(60))
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && record.linkedID == call.caller.channel.linkedID)
        #expect(record.answeredBy?.number == "1001" && abs(record.duration - 4) <= 1, "\(record.duration) s")
        #expect(record.completeness == .partial && record.sources == [.ami, .cdr])
    }

    @Test(
        "a filter that hides who leaves: a call that was over within its first second lasted no longer than its CDR says"
    )
    func briefAndFiltered() throws {
        let caller = StoryLine("PJSIP/trunk-1", "15551230001", id: 1, exten: "5001")
        let phone = StoryLine("PJSIP/1001-2", "1001", id: 2, of: 1)
        var story: [(Double, CallEvent.Body)] = [
            (0.4, .newChannel(caller.snapshot(.ring))), (0.4, .newChannel(phone.snapshot(.down))),
            (0.4, phone.dialled(by: caller, "1001")),
        ]
        // What a filter on Hangup, HangupRequest, SoftHangupRequest and BridgeLeave lets through.
        story += caller.talk(with: phone, from: 0.6, to: 0.7).prefix(5)
        var row = CDRRow(uniqueID: caller.channel.uniqueID, channel: caller.name)
        (row.linkedID, row.destinationChannel) = (caller.channel.linkedID, phone.name)
        (row.source, row.destination, row.disposition) = ("15551230001", "5001", "ANSWERED")
        row.start = CivilTime(StoryLine.start)
        (row.answer, row.end) = (row.start, row.start)
        (row.duration, row.billableSeconds) = (0, 0)
        story += [(0.8, .cdr(row)), (5.4, .disconnected), (5.5, .connected), (5.5, .listBegan), (5.5, .listComplete)]
        let record = try #require(StoryLine.told(story).first)
        #expect(record.duration <= 1 && record.billableSeconds <= 1, "\(record.duration) s")
        #expect(record.disposition == .answered && record.hungUpBy == nil && record.completeness == .partial)
    }

    @Test("found in progress and over before the files of the gap are read: who asked for the end is read there")
    func overBeforeTheReading() throws {
        let call = GapSweepTests.call
        let all = call.events
        // A daemon starts when the phone has hung up and the caller's channel runs its handlers.
        let start = all[12].at + .microseconds(100)
        var fold = FoldRun(filesWait: .seconds(15), readsCEL: true)
        fold.apply([CallEvent(at: start, body: .listBegan)] + call.listed(at: start, of: all))
        fold.apply([CallEvent(at: start, body: .listComplete), all[13]])
        fold.apply([CallEvent(at: all[13].at + .microseconds(10), body: .cdr(call.row))])
        fold.advance(to: start + .seconds(2))
        fold.complete(from: [], reading: call.celRows)
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && fold.assembler.openCallCount == 0)
        #expect(record.hungUpBy == .callee && record.answeredBy?.number == "1001" && record.duration == 4)
        #expect(record.completeness == .partial && record.sources == [.ami, .cdr, .cel])
    }

    @Test(
        "its handler speaks while the live channels are being listed, and the other side's end is hidden: it ended then"
    )
    func spokenIntoTheList() throws {
        let call = GapSweepTests.call
        let all = call.events
        let back = all[11].at + .microseconds(500)
        var words = call.witness
        words.receivedAt = back + .microseconds(100)
        words.cdr.end = nil
        var fold = lostInTalk(backAt: back)
        fold.apply([CallEvent(at: words.receivedAt, body: .witness(words))])
        fold.apply([CallEvent(at: words.receivedAt, body: .listComplete)])
        // A filter hides what follows, until the next login.
        let login = back + .seconds(6)
        fold.apply([.disconnected, .connected, .listBegan, .listComplete].map { CallEvent(at: login, body: $0) })
        fold.advance(to: login + .seconds(60))
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && record.hungUpBy == .callee && record.completeness == .partial)
        #expect(record.duration == 4 && record.billableSeconds == 3, "\(record.duration) s")
    }

    @Test("of which the files say nothing is told after the wait")
    func noFiles() {
        let call = GapSweepTests.call
        var fold = FoldRun(filesWait: .seconds(15))
        fold.apply(events(Case(heard: 7, back: 14, handler: .none, hasCDR: false, slow: .zero)))
        fold.complete(from: [])
        #expect(
            fold.assembler.nextDeadline.map { $0 > call.at + .seconds(19) } ?? false, "15 s from the list on")
        #expect(fold.records.isEmpty && fold.assembler.nextDeadline != nil)
        fold.advance(to: call.at + .seconds(30))
        #expect(fold.records.count == 1 && fold.assembler.openCallCount == 0)
    }
}
