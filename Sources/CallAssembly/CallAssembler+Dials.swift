import Telephony

/// Who rings whom.
extension CallAssembler {
    /// DialBegin: notes who rings whom. A dialled channel that was not told of before is added by its snapshot here.
    /// - Parameters:
    ///   - source: nil where Asterisk itself dials (Originate).
    ///   - location: where the source is in the dialplan; nil without one.
    mutating func beginDial(
        _ source: CallEvent.Channel?, _ location: CallEvent.Location?, _ destination: CallEvent.Snapshot,
        _ dialString: String?, _ mark: Mark, _ effect: (AssemblyEffect) -> Void
    ) {
        if index[destination.channel.uniqueID] == nil { addChannel(destination, mark, effect) }
        let (from, to) = locate(source, destination.channel, mark)
        guard let to else { return }
        if let from, let location { self[from].location = location }
        if let number = destination.number, number != self[to].number {
            (self[to].number, self[to].shown) = (number, mark)
        }
        calls[to.call]!.dials.append(
            Call.Dial(
                source: from?.call == to.call ? from?.part : nil, destination: to.part, begin: mark,
                sourceLocation: location, dialString: dialString))
    }

    /// DialEnd: how the latest dial of that line ended; the first answer by a person's line is told as progress.
    mutating func endDial(
        _ source: CallEvent.Channel?, _ destination: CallEvent.Channel, _ status: DialStatus, _ forward: String?,
        _ mark: Mark,
        _ effect: (AssemblyEffect) -> Void
    ) {
        let (from, place) = locate(source, destination, mark)
        guard let place else { return }
        // A queue ends a dial twice; the first word stands, unless the second says it was answered.
        if let i = calls[place.call]!.dials.lastIndex(where: { $0.destination == place.part }) {
            if calls[place.call]!.dials[i].end == nil || status == .answer {
                calls[place.call]!.dials[i].end = mark
                calls[place.call]!.dials[i].status = status
                calls[place.call]!.dials[i].forward = forward
            }
        } else if status == .answer || forward != nil {
            // Who picks a call up is told as answering a dial that never began.
            calls[place.call]!.dials.append(
                Call.Dial(
                    source: from?.call == place.call ? from?.part : nil, destination: place.part, begin: mark,
                    sourceLocation: nil, dialString: nil, end: mark, status: status, forward: forward))
        }
        if status == .answer, settings.reportsProgress, !calls[place.call]!.hasToldAnswer,
            !self[place].isInternal
        {
            calls[place.call]!.hasToldAnswer = true
            tell(.answered, place.call, effect)
        }
    }
}
