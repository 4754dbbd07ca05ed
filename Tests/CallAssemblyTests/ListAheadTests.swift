import Telephony
import Testing

@testable import CallAssembly

/// A list of the live channels that is ahead of the events on the same connection: all of them come, only later.
///
/// A busy Asterisk answers `Status` and `CoreShowChannels` from what is, while the events that made it so still wait in its
/// queues. Seen on real Asterisk under load: the phone that was called stood in the list, its caller, who came into being while
/// the list was made, did not; the phone was taken for the caller, and a call of which nothing was missed was told as `partial`.
@Suite("A list ahead of the events")
struct ListAheadTests {
    struct Case: Sendable, CustomStringConvertible {
        /// So many events came before the list.
        var heard: Int
        /// The list shows what is after so many.
        var shown: Int
        /// Who is left out, because he came into being where the list had been already.
        var leftOut: LeftOut
        enum LeftOut: Sendable { case nobody, caller }
        var description: String { "\(heard) heard, list after \(shown), left out: \(leftOut)" }
    }
    private static let call = SyntheticCall(number: 1, at: Instant(milliseconds: 1_795_300_000_897))

    static let cases: [Case] = (0...13).flatMap { (heard: Int) -> [Case] in
        // A list may be behind as well: Asterisk says that somebody leaves a bridge, or is gone, and does it then.
        let first = heard > 2 ? heard - 1 : max(1, heard)
        let whole = (first...14).map { Case(heard: heard, shown: $0, leftOut: .nobody) }
        // Who was told of before the list was asked for is in it.
        return heard > 0 ? whole : whole + (1...13).map { Case(heard: 0, shown: $0, leftOut: .caller) }
    }
    private static var undisturbed: [CallRecord] {
        var fold = FoldRun()
        fold.apply(call.events)
        fold.advance(to: call.at + .seconds(60))
        return fold.records
    }

    /// A list that is told after so many of the events.
    private func list(_ c: Case) -> [CallEvent] {
        let call = ListAheadTests.call
        let listAt = call.events[max(c.shown, c.heard) - 1].at + .microseconds(100)
        let shown = call.listed(at: call.events[c.shown - 1].at + .microseconds(100)).compactMap {
            event -> CallEvent? in
            guard case .listed(let channel) = event.body,
                c.leftOut != .caller || channel.snapshot.channel != call.caller.channel
            else { return nil }
            return CallEvent(at: listAt, body: event.body)
        }
        return [CallEvent(at: listAt, body: .listBegan)] + shown + [CallEvent(at: listAt, body: .listComplete)]
    }

    @Test("nothing was missed, so the call is told as if there had been no list", arguments: cases)
    func told(_ c: Case) throws {
        let call = ListAheadTests.call
        var fold = FoldRun()
        fold.apply(Array(call.events.prefix(c.heard)) + list(c) + call.events.dropFirst(c.heard))
        fold.advance(to: call.at + .seconds(60))
        #expect(fold.assembler.openCallCount == 0)
        #expect(fold.records == ListAheadTests.undisturbed)
        #expect(fold.records.first?.completeness == .full && fold.records.first?.caller.number == "15551230001")
    }

    @Test("the same on a connection that was lost before the call: it began on the new one", arguments: cases)
    func afterGap(_ c: Case) throws {
        let call = ListAheadTests.call
        var fold = FoldRun()
        // Somebody else talks all the time, and is in no list: he hangs up in the gap.
        fold.apply(SyntheticCall(number: 7, at: call.at - .seconds(20), talk: 90_000).events.filter { $0.at < call.at })
        fold.apply([CallEvent(at: call.at - .seconds(2), body: .disconnected)])
        fold.apply([CallEvent(at: call.at - .milliseconds(1), body: .connected)])
        fold.apply(Array(call.events.prefix(c.heard)) + list(c) + call.events.dropFirst(c.heard))
        fold.advance(to: call.at + .seconds(60))
        #expect(fold.assembler.openCallCount == 0)
        #expect(fold.records.filter { $0.linkedID == call.caller.channel.linkedID } == ListAheadTests.undisturbed)
    }

    @Test("the connection is lost before the listed phone's own beginning comes: it is still the one that was called")
    func lostAgain() throws {
        let call = ListAheadTests.call
        var fold = FoldRun()
        let listed = list(Case(heard: 0, shown: 2, leftOut: .caller)).map { event -> CallEvent in
            // Nobody could be asked when it came into being: its id says that to the second.
            guard case .listed(var channel) = event.body else { return event }
            (channel.started, channel.startedAt) = (nil, nil)
            return CallEvent(at: event.at, body: .listed(channel))
        }
        fold.apply(listed + call.events.prefix(1))
        fold.apply([CallEvent(at: call.at + .milliseconds(1), body: .disconnected)])
        fold.apply([.connected, .listBegan, .listComplete].map { CallEvent(at: call.at + .seconds(20), body: $0) })
        fold.apply([CallEvent(at: call.at + .seconds(20), body: .cdr(call.row))])
        fold.advance(to: call.at + .seconds(60))
        let record = try #require(fold.records.first)
        #expect(fold.records.count == 1 && record.completeness == .partial && record.direction == .inbound)
        #expect(record.caller.number == "15551230001" && record.callee.number == "5001")
    }

    @Test("a hangup handler ahead of the events adds what it has to say, no more", arguments: 0...13)
    func handler(heard: Int) throws {
        let call = ListAheadTests.call
        let all = call.events
        var (ahead, inTime) = (FoldRun(), FoldRun())
        ahead.apply(Array(all.prefix(heard)) + [call.report] + all.dropFirst(heard))
        inTime.apply(Array(all.prefix(13)) + [call.report] + all.dropFirst(13))
        ahead.advance(to: call.at + .seconds(60))
        inTime.advance(to: call.at + .seconds(60))
        #expect(ahead.records == inTime.records && ahead.assembler.openCallCount == 0)
        #expect(ahead.records.first?.completeness == .full && ahead.records.first?.sources == [.ami, .agi])
    }
}
