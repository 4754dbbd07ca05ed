import Telephony
import Testing

@testable import CallAssembly

/// Attended transfers that are completed while the other end still rings: to the manager they went into the application Dial.
@Suite("A transfer to somebody who rings")
struct EarlyTransferTests {
    private let a = StoryLine("SIP/carrier-00000091", "0701112223", id: 1, exten: "5001")
    private let b = StoryLine("SIP/1001-00000092", "1001", id: 2, of: 1)
    /// The second line of `b`'s phone, and whom it asks.
    private let second = StoryLine("SIP/1001-00000093", "1001", id: 3, exten: "1002")
    private let c = StoryLine("SIP/1002-00000094", "1002", id: 4, of: 3)

    private func told(_ end: [(Double, CallEvent.Body)]) throws -> CallRecord {
        let first = BridgeID("first")
        let transfer = CallEvent.AttendedTransfer(
            original: b.channel, second: second.channel, transferee: a.channel, target: nil, application: "Dial",
            succeeded: true)
        let story: [(Double, CallEvent.Body)] = [
            (0, .newChannel(a.snapshot(.ring))), (0.1, .newChannel(b.snapshot(.down))), (0.2, b.dialled(by: a, "1001")),
            (1, .newState(b.channel, .up)), (1, b.answered(a, .answer)), (1, .newState(a.channel, .up)),
            (1, .bridgeEnter(b.channel, first, .talk, at: b.location)),
            (1, .bridgeEnter(a.channel, first, .talk, at: a.location)),
            (3, .newChannel(second.snapshot(.ring))), (3.1, .newChannel(c.snapshot(.down))),
            (3.2, c.dialled(by: second, "1002")), (3.5, .newState(c.channel, .ringing)),
            (5, .attendedTransfer(transfer)), (5, .bridgeLeave(b.channel, first, at: b.location)),
            (5, b.ended()), (5, .bridgeLeave(a.channel, first, at: a.location)), (5, second.ended()),
        ]
        return try #require(StoryLine.told(story + end).first)
    }

    @Test("is not done when that one refuses, and names the number that was asked")
    func refused() throws {
        let record = try told([(6, c.answered(a, .busy)), (6, c.ended(.userBusy)), (6.1, a.ended(.userBusy))])
        let transfer = try #require(record.transfers.first)
        #expect(record.transfers.count == 1)
        #expect(transfer.kind == .attended)
        #expect(transfer.isOK == false)
        #expect(transfer.to == "1002")
        #expect(record.agents.map(\.number) == ["1001"])
        #expect(record.talk == .seconds(4))
    }

    @Test("is done when that one answers")
    func answered() throws {
        let talk = BridgeID("second")
        let record = try told([
            (6, .newState(c.channel, .up)), (6, c.answered(a, .answer)),
            (6, .bridgeEnter(c.channel, talk, .talk, at: c.location)),
            (6, .bridgeEnter(a.channel, talk, .talk, at: a.location)), (9, .hangupRequest(a.channel, nil)),
            (9, .bridgeLeave(a.channel, talk, at: a.location)), (9, .bridgeLeave(c.channel, talk, at: c.location)),
            (9, a.ended()), (9, c.ended()),
        ])
        let transfer = try #require(record.transfers.first)
        #expect(transfer.isOK == true)
        #expect(transfer.to == "1002")
        #expect(record.agents.map(\.number) == ["1001", "1002"])
        #expect(record.talk == .seconds(7))
    }
}
