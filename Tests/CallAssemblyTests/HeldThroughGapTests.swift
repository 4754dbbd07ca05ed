import Telephony
import Testing

@testable import CallAssembly

/// A phone holds its caller, and the manager connection is lost meanwhile. CEL tells nothing of holds; but the music that the other
/// party hears ends with the hold, by an Unhold, a transfer or a hangup, and always before that party leaves the bridge (seen on 16 and
/// 22: `hold_for_ever`, `in_hold_and_hang_up`, `customer_holds`).
@Suite("A hold that a gap begins in")
struct HeldThroughGapTests {
    private static let caller = StoryLine("PJSIP/trunk-1", "15551230001", id: 1, exten: "5001")
    private static let phone = StoryLine("PJSIP/1001-2", "1001", id: 2, of: 1)
    private static let bridge = BridgeID("talk-\(phone.channel.uniqueID)")

    /// They talk from second 1 on; the phone holds at 3; nothing is heard from 4 to 6; the caller hangs up at 10.
    /// - Parameters:
    ///   - heard: what is heard between the gap and the end.
    ///   - hasMusicToTheEnd: the caller hears music until he goes.
    private func told(_ heard: [(Double, CallEvent.Body)], hasMusicToTheEnd: Bool = false) throws -> CallRecord {
        let (caller, phone) = (HeldThroughGapTests.caller, HeldThroughGapTests.phone)
        let talk = caller.talk(with: phone, from: 1, to: 10)
        let answered = talk.filter { $0.0 < 10 }
        let end = talk.filter { $0.0 >= 10 }
        func listed(_ line: StoryLine) -> (Double, CallEvent.Body) {
            let listed = CallEvent.Listed(
                snapshot: line.snapshot(.up), bridge: HeldThroughGapTests.bridge, age: .seconds(6), started: nil,
                answered: nil)
            return (6, .listed(listed))
        }
        var story: [(Double, CallEvent.Body)] = [
            (0, .newChannel(caller.snapshot(.ring))), (0, .newChannel(phone.snapshot(.down))),
            (0, phone.dialled(by: caller, "1001")),
        ]
        story += answered
        story += [(3, .hold(phone.channel)), (3, .musicOnHold(caller.channel, isPlaying: true)), (4, .disconnected)]
        story += [(6, .connected), (6, .listBegan), listed(caller), listed(phone), (6, .listComplete)]
        story += heard
        if hasMusicToTheEnd { story.append((10, .musicOnHold(caller.channel, isPlaying: false))) }
        let records = StoryLine.told(story + end)
        #expect(records.count == 1)
        let record = try #require(records.first)
        #expect(record.completeness == .partial && record.hungUpBy == .caller && record.duration == 10)
        #expect(record.talk + record.hold == .seconds(9))
        return record
    }
    private func isUnsure(_ record: CallRecord) -> Bool { record.notes.contains { $0.hasPrefix("when a hold ended") } }

    @Test("its end was heard: it lasted until then")
    func ended() throws {
        let record = try told([
            (8, .unhold(HeldThroughGapTests.phone.channel)),
            (8, .musicOnHold(HeldThroughGapTests.caller.channel, isPlaying: false)),
        ])
        #expect(record.hold == .seconds(5) && !isUnsure(record))
    }

    @Test("the music ended with the call: it lasted until then")
    func neverEnded() throws {
        let record = try told([], hasMusicToTheEnd: true)
        #expect(record.hold == .seconds(7) && !isUnsure(record))
    }

    @Test("no music ended any more: it ended in the gap, and counts until that began; the record says so")
    func endedUnheard() throws {
        let record = try told([])
        #expect(record.hold == .seconds(1) && isUnsure(record))
    }

    @Test("held again: the first hold ended in the gap")
    func heldAgain() throws {
        let (caller, phone) = (HeldThroughGapTests.caller.channel, HeldThroughGapTests.phone.channel)
        let record = try told([
            (7, .hold(phone)), (7, .musicOnHold(caller, isPlaying: true)), (9, .unhold(phone)),
            (9, .musicOnHold(caller, isPlaying: false)),
        ])
        #expect(record.hold == .seconds(3) && isUnsure(record))
    }
}
