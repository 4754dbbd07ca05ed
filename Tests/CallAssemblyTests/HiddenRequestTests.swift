import Telephony
import Testing

@testable import CallAssembly

/// `eventfilter` of a manager user may hide HangupRequest, SoftHangupRequest or both, while all else comes. Nobody can tell then who
/// hung up, and that nobody did is not what was seen.
@Suite("Requests for an end that a filter hides")
struct HiddenRequestTests {
    /// A call that ends as `hides` lets it be seen.
    private func call(_ number: Int, _ hides: (CallEvent.Body) -> Bool) -> [(Double, CallEvent.Body)] {
        let at = Double(number) * 10
        let caller = StoryLine("PJSIP/trunk-\(number)", "15551230001", id: number * 2, exten: "5001")
        let phone = StoryLine("PJSIP/1001-\(number)", "1001", id: number * 2 + 1, of: number * 2)
        var story: [(Double, CallEvent.Body)] = [
            (at, .newChannel(caller.snapshot(.ring))), (at, .newChannel(phone.snapshot(.down))),
            (at, phone.dialled(by: caller, "1001")),
        ]
        story += caller.talk(with: phone, from: at + 1, to: at + 4)
        // The dialplan's end, as Asterisk tells it after every call.
        story.insert((at + 4, .softHangupRequest(caller.channel)), at: story.count - 2)
        return story.filter { !hides($0.1) }
    }
    private func isHangupRequest(_ body: CallEvent.Body) -> Bool {
        if case .hangupRequest = body { true } else { false }
    }
    private func isRequest(_ body: CallEvent.Body) -> Bool {
        if case .softHangupRequest = body { true } else { isHangupRequest(body) }
    }

    @Test("both are hidden: who hung up was not seen, from the first call on")
    func both() {
        let records = StoryLine.told((0..<3).flatMap { call($0, isRequest) })
        #expect(records.count == 3 && records.allSatisfy { $0.hungUpBy == nil && $0.completeness == .full })
    }

    @Test("only those of the parties are hidden: not seen, once several conversations in a row had none")
    func parties() {
        let records = StoryLine.told((0..<8).flatMap { call($0, isHangupRequest) })
        #expect(records.count == 8 && records.dropFirst(3).allSatisfy { $0.hungUpBy == nil })
    }

    @Test("a connection on which somebody was heard to hang up hides nothing: the PBX ended the others")
    func system() {
        let heard = call(0) { _ in false }
        let records = StoryLine.told(heard + (1..<10).flatMap { call($0, isHangupRequest) })
        #expect(records.first?.hungUpBy == .caller)
        #expect(records.count == 10 && records.dropFirst().allSatisfy { $0.hungUpBy == .system })
    }
}
