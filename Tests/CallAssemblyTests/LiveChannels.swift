import Telephony

@testable import CallAssembly

/// What Asterisk would list of its live channels, from the events of a capture up to a moment.
struct LiveChannels {
    private var snapshots: [UniqueID: CallEvent.Snapshot] = [:]
    private var bridges: [UniqueID: BridgeID] = [:]
    private var births: [UniqueID: Instant] = [:]
    private var answers: [UniqueID: Instant] = [:]

    /// - Parameter numbers: the caller ids that the event shows of its channels.
    mutating func take(_ event: CallEvent, _ numbers: [UniqueID: String]) {
        defer { for (id, number) in numbers { snapshots[id]?.number = number } }
        switch event.body {
        case .newChannel(let snapshot):
            snapshots[snapshot.channel.uniqueID] = snapshot
            births[snapshot.channel.uniqueID] = event.at
            if snapshot.state == .up { answers[snapshot.channel.uniqueID] = event.at }
        case .newState(let channel, let state):
            see(channel)
            snapshots[channel.uniqueID]?.state = state
            if state == .up, answers[channel.uniqueID] == nil { answers[channel.uniqueID] = event.at }
        case .bridgeEnter(let channel, let bridge, _, let location):
            see(channel)
            bridges[channel.uniqueID] = bridge
            snapshots[channel.uniqueID]?.location = location
        case .bridgeLeave(let channel, let bridge, let location):
            see(channel)
            if bridges[channel.uniqueID] == bridge { bridges[channel.uniqueID] = nil }
            snapshots[channel.uniqueID]?.location = location
        case .hangup(let channel, _, _, _, _): snapshots[channel.uniqueID] = nil
        default: break
        }
    }
    private mutating func see(_ channel: CallEvent.Channel) {
        snapshots[channel.uniqueID]?.channel.linkedID = channel.linkedID
    }

    func list(at time: Instant) -> [CallEvent] {
        snapshots.values.sorted { $0.channel.uniqueID < $1.channel.uniqueID }.map { snapshot in
            let id = snapshot.channel.uniqueID
            let born = births[id] ?? time
            var listed = CallEvent.Listed(
                snapshot: snapshot, bridge: bridges[id], age: time - born, started: CivilTime(born),
                answered: answers[id].map { CivilTime($0) })
            (listed.startedAt, listed.answeredAt) = (born, answers[id])
            return CallEvent(at: time, body: .listed(listed))
        }
    }
}
