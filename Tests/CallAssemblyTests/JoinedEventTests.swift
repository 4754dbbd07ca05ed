import AsteriskWire
import Daemon
import Telephony
import Testing

@testable import CallAssembly

/// Events of two channels whose linked ids show, with that very event, that two calls have become one.
@Suite("Two channels in one event")
struct JoinedEventTests {
    private static let at = Instant(seconds: 1_795_227_460)
    private static let location = CallEvent.Location(context: "from-trunk", exten: "5001", priority: 1)
    /// The older call's channel and the younger's, as both show the older linked id.
    private static let older = CallEvent.Channel(uniqueID: UniqueID("1795227460.1"), linkedID: LinkedID("1795227460.1"))
    private static let younger = CallEvent.Channel(
        uniqueID: UniqueID("1795227460.2"), linkedID: LinkedID("1795227460.1"))

    private static func snapshot(_ channel: CallEvent.Channel, _ name: String, alone: Bool = false)
        -> CallEvent.Snapshot
    {
        var channel = channel
        if alone { channel.linkedID = LinkedID(channel.uniqueID) }
        return CallEvent.Snapshot(
            channel: channel, name: ChannelName(name), state: .ring, number: "1001", callerName: nil, accountCode: nil,
            location: location)
    }

    /// Every event that names two channels, `one` first.
    private static func events(_ one: CallEvent.Channel, _ two: CallEvent.Channel) -> [(String, CallEvent.Body)] {
        let agent = CallEvent.AgentCall(queue: "support", member: "Alice", interface: "PJSIP/1001", destination: two)
        let attended = CallEvent.AttendedTransfer(
            original: one, second: two, transferee: two, target: one, application: nil, succeeded: true)
        return [
            (
                "DialBegin",
                .dialBegin(source: one, at: location, destination: snapshot(two, "PJSIP/b-2"), dialString: "b")
            ),
            ("DialEnd", .dialEnd(source: one, destination: two, status: .answer, forward: nil)),
            ("LocalBridge", .localBridge(one: one, two: two)),
            (
                "BlindTransfer",
                .blindTransfer(transferer: one, transferee: two, exten: "1002", context: "internal", succeeded: true)
            ),
            ("AttendedTransfer", .attendedTransfer(attended)),
            ("Pickup", .pickup(by: one, target: two)),
            ("UnParkedCall", .unParkedCall(one, retriever: two)),
            ("AgentConnect", .agentConnect(one, agent)),
        ]
    }

    @Test("make one call of two, whichever is named first and whichever shows the new linked id")
    func oneCall() throws {
        for (one, two) in [(Self.older, Self.younger), (Self.younger, Self.older)] {
            for (name, body) in Self.events(one, two) {
                var assembler = CallAssembler(AssemblyConfiguration(system: "pbx1"))
                var told: [FinishedCall] = []
                let take: (AssemblyEffect) -> Void = { if case .finished(let call) = $0 { told.append(call) } }
                func apply(_ body: CallEvent.Body) { assembler.apply(CallEvent(at: Self.at, body: body), take) }
                apply(.newChannel(Self.snapshot(Self.older, "PJSIP/a-1", alone: true)))
                apply(.newChannel(Self.snapshot(Self.younger, "PJSIP/b-2", alone: true)))
                let queue = CallEvent.Body.queueCallerJoin(
                    CallEvent.Channel(uniqueID: one.uniqueID, linkedID: LinkedID(one.uniqueID)), queue: "support",
                    position: 1, at: Self.location)
                apply(queue)
                apply(body)
                assembler.finishAll(take)
                #expect(told.count == 1, "\(name) of \(one.uniqueID) and \(two.uniqueID)")
                #expect(told.first?.record.legs.count == 2, "\(name) of \(one.uniqueID) and \(two.uniqueID)")
                #expect(told.first?.record.linkedID == Self.older.linkedID)
            }
        }
    }

    @Test("of two calls that stay apart give neither the other's channel")
    func twoCalls() throws {
        // The queue's member is a channel of a call with more lines than the caller's own.
        var assembler = CallAssembler(AssemblyConfiguration(system: "pbx1"))
        var told: [FinishedCall] = []
        let take: (AssemblyEffect) -> Void = { if case .finished(let call) = $0 { told.append(call) } }
        func apply(_ body: CallEvent.Body) { assembler.apply(CallEvent(at: Self.at, body: body), take) }
        apply(.newChannel(Self.snapshot(Self.older, "PJSIP/a-1", alone: true)))
        apply(.queueCallerJoin(Self.older, queue: "support", position: 1, at: Self.location))
        let members = (2...4).map { number in
            CallEvent.Channel(uniqueID: UniqueID("1795227460.\(number)"), linkedID: LinkedID("1795227460.2"))
        }
        for (i, member) in members.enumerated() { apply(.newChannel(Self.snapshot(member, "PJSIP/m-\(i)"))) }
        let agent = CallEvent.AgentCall(
            queue: "support", member: "Alice", interface: "PJSIP/m", destination: members[2])
        apply(.agentConnect(Self.older, agent))
        assembler.finishAll(take)
        #expect(told.map(\.record.legs.count).sorted() == [1, 3])
    }
}
