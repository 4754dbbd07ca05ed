import Telephony
import Testing

@testable import CallAssembly

/// A phone or a dialplan that sends one call around for hours costs no more than what is kept of it.
@Suite("A call that is moved without end")
struct EndlessMoveTests {
    @Test("keeps its first moves, says so, and is told with its right end")
    func transfers() throws {
        let a = StoryLine("PJSIP/carrier-00000001", "0701112223", id: 1, exten: "5001")
        let b = StoryLine("PJSIP/1001-00000002", "1001", id: 2, of: 1)
        let talk = a.talk(with: b, from: 1, to: 4000)
        let moves = (0..<3 * Call.mostMoves).map { n -> (Double, CallEvent.Body) in
            (
                2 + Double(n),
                .blindTransfer(
                    transferer: b.channel, transferee: a.channel, exten: "6\(n)", context: "subscribers",
                    succeeded: true)
            )
        }
        let story = [(0, .newChannel(a.snapshot(.ring)))] + a.dial(b, "1001", at: 0.5) + talk + moves
        let record = try #require(StoryLine.told(story.sorted { $0.0 < $1.0 }).first)
        #expect(record.transfers.count == Call.mostMoves)
        #expect(record.transfers.first?.to == "60")
        #expect(record.transfers.last?.to == "6\(Call.mostMoves - 1)")
        #expect(record.notes.contains("moved more than \(Call.mostMoves) times: the later moves are not told"))
        #expect(record.duration == 4000)
    }
}
