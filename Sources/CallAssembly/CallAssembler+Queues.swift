import Telephony

/// Queues: when the caller came, who was rung, who took the call, how the wait ended.
extension CallAssembler {
    /// Takes an event of a queue or of a member; those that decide nothing (a member rung in vain, the end of a talk)
    /// are left alone.
    mutating func queue(_ body: CallEvent.Body, _ mark: Mark) {
        switch body {
        case .queueCallerJoin(let channel, let queue, let position, let location):
            guard let place = locate(channel, mark) else { return }
            calls[place.call]!.queueVisits.append(
                Call.QueueVisit(
                    part: place.part, name: queue, join: mark, location: location, position: position))
        case .queueCallerLeave(let channel, let queue, let location):
            withVisit(channel, queue, mark) { visit in
                guard visit.leave == nil else { return }
                visit.leave = mark
                // A queue that gives up goes on in the dialplan where it stands; who is elsewhere already was sent there.
                guard let before = visit.location, !location.exten.isEmpty else { return }
                visit.wasSentElsewhere = before.exten != location.exten || before.context != location.context
            }
        case .queueCallerAbandon(let channel, let queue):
            withVisit(channel, queue, mark) { $0.abandon = mark }
        case .agentConnect(let caller, let agent):
            guard let caller else { return }
            let (place, destination) = locate(caller, agent.destination, mark)
            withVisit(caller, agent.queue, mark) { visit in
                visit.connect = mark
                visit.member = agent.member
                visit.interface = agent.interface
                visit.destination = destination?.call == place?.call ? destination?.part : nil
            }
        case .agentCalled(_, let agent):
            // A queue's members are inside, whatever number their channels show; with /n it is a Local channel that rings.
            if let interface = agent.interface, !interface.hasPrefix("Local/") {
                knowledge.learn(Substring(interface), isOutside: false)
            }
        default: break
        }
    }

    private mutating func withVisit(
        _ channel: CallEvent.Channel, _ queue: String, _ mark: Mark, _ body: (inout Call.QueueVisit) -> Void
    ) {
        guard let place = locate(channel, mark),
            let i = calls[place.call]!.queueVisits.lastIndex(where: { $0.part == place.part && $0.name == queue })
        else { return }
        body(&calls[place.call]!.queueVisits[i])
    }
}
