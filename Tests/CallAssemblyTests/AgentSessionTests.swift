import Telephony
import Testing

@testable import CallAssembly

/// AgentLogin: one channel of the agent's stays up from login to logoff, and the customers meet it in a bridge.
@Suite("The session of a logged-in agent")
struct AgentSessionTests {
    @Test("an agent hands his customer on by REFER: the customer's call goes on, the session is none of it")
    func attendedTransfer() throws {
        let agent = StoryLine("PJSIP/1001-1", "1001", id: 1, exten: "4020")
        let customer = StoryLine("PJSIP/trunk-2", "15551230001", id: 2, exten: "5001")
        let second = StoryLine("PJSIP/1001-3", "1001", id: 3, exten: "1002")
        let bob = StoryLine("PJSIP/1002-4", "1002", id: 4, of: 3)
        let (desk, consultation) = (BridgeID("desk"), BridgeID("consultation"))
        func left(_ line: StoryLine, _ bridge: BridgeID) -> CallEvent.Body {
            .bridgeLeave(line.channel, bridge, at: line.location)
        }
        func entered(_ line: StoryLine, _ bridge: BridgeID) -> CallEvent.Body {
            .bridgeEnter(line.channel, bridge, .talk, at: line.location)
        }
        let transfer = CallEvent.AttendedTransfer(
            original: agent.channel, second: second.channel, transferee: customer.channel, target: bob.channel,
            application: nil, succeeded: true)
        let story: [(Double, CallEvent.Body)] = [
            (0, .newChannel(agent.snapshot(.ring))), (0, .newState(agent.channel, .up)),
            (0, .agentLogin(agent.channel, agent: "7001")),
            (5, .newChannel(customer.snapshot(.ring))), (6, .newState(customer.channel, .up)),
            (6, entered(agent, desk)), (6, entered(customer, desk)),
            (8, .newChannel(second.snapshot(.ring))), (8, .newChannel(bob.snapshot(.down))),
            (8, bob.dialled(by: second, "1002")), (9, .newState(bob.channel, .up)),
            (9, bob.answered(second, .answer)), (9, .newState(second.channel, .up)),
            (9, entered(bob, consultation)), (9, entered(second, consultation)),
            (12, left(customer, desk)), (12, left(second, consultation)), (12, entered(customer, consultation)),
            (12, .attendedTransfer(transfer)), (12, left(agent, desk)), (12, second.ended()), (12, agent.ended()),
            (20, .hangupRequest(customer.channel, .normalClearing)), (20, left(customer, consultation)),
            (20, left(bob, consultation)), (20, customer.ended()), (20, bob.ended()),
        ]
        let records = StoryLine.told(story)
        #expect(records.count == 2)
        let call = try #require(records.first { $0.caller.number == "15551230001" })
        #expect(call.duration == 15 && call.hungUpBy == .caller)
        #expect(call.transfers.map(\.kind) == [.attended] && call.transfers.map(\.isOK) == [true])
        #expect(call.agents.map(\.number) == ["1001", "1002"])
        let session = try #require(records.first { $0.uniqueID == agent.channel.uniqueID })
        #expect(session.duration == 12 && !session.legs.contains { $0.uniqueID == customer.channel.uniqueID })
    }
}
