import Telephony

/// Transfers, parking and pickup: who moved the call where. Whether it arrived is decided at the call's end.
extension CallAssembler {
    /// Takes an event of a transfer, pickup or parking, from the manager stream or translated from CEL; any other is
    /// left alone.
    mutating func move(_ body: CallEvent.Body, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        switch body {
        case .blindTransfer(let transferer, let transferee, let exten, _, let succeeded):
            let (by, moved) = locate(transferer, transferee, mark)
            guard let by else { return }
            calls[by.call]!.add(
                Call.Move(
                    kind: .blind, at: mark, by: by.part, moved: moved?.call == by.call ? moved?.part : nil, to: exten,
                    succeeded: succeeded))
            if succeeded { tell(.transferred, by.call, effect) }
        case .attendedTransfer(let transfer): attended(transfer, mark, effect)
        case .pickup(let picker, let target):
            // The picker's channel shows the call's linked id only afterwards; the two are one call from here on.
            guard case (let a?, let b?) = locate(picker, target, mark) else { return }
            if a.call != b.call { merge(a.call, b.call) }
            guard let by = index[picker.uniqueID], let rang = index[target.uniqueID] else { return }
            calls[by.call]!.add(
                Call.Move(
                    kind: .pickup, at: mark, by: by.part, moved: rang.part, taker: by.part, to: nil, succeeded: true))
        case .parkedCall(let parkee, let parker, let space):
            guard let place = locate(parkee, mark) else { return }
            calls[place.call]!.add(
                Call.Move(
                    kind: .park, at: mark, by: nil, moved: place.part, to: space, byText: parker, succeeded: false))
        case .unParkedCall(let parkee, let retriever):
            let (place, other) = locate(parkee, retriever, mark)
            if let place, let other, place.call != other.call { merge(place.call, other.call) }
            guard let now = index[parkee.uniqueID] else { return }
            let taker = retriever.flatMap { index[$0.uniqueID] }?.part
            overPark(now, mark, taker: taker, succeeded: true)
        case .parkedCallTimeOut(let parkee), .parkedCallGiveUp(let parkee):
            guard let place = locate(parkee, mark) else { return }
            overPark(place, mark, taker: nil, succeeded: false)
        default: break
        }
    }

    private mutating func attended(
        _ transfer: CallEvent.AttendedTransfer, _ mark: Mark, _ effect: (AssemblyEffect) -> Void
    ) {
        guard locate(transfer.original, mark) != nil else { return }
        // The consultation may still be a call of its own: its channel keeps its linked id to its end. The session of an agent who
        // transfers stays one: the call is his customer's.
        var first: UniqueID?
        for channel in [transfer.original, transfer.second, transfer.transferee, transfer.target] {
            guard let channel, let place = locate(channel, mark), !calls[place.call]!.isAgentSession else { continue }
            if let one = first.flatMap({ index[$0] }), one.call != place.call { merge(one.call, place.call) }
            first = first ?? channel.uniqueID
        }
        guard let now = first.flatMap({ index[$0] }) ?? index[transfer.original.uniqueID] else { return }
        func part(_ channel: CallEvent.Channel?) -> Int? {
            guard let channel, let place = index[channel.uniqueID] else { return nil }
            if place.call == now.call { return place.part }
            return calls[now.call]!.parts.firstIndex { $0.isGuest && $0.uniqueID == channel.uniqueID }
        }
        let moved = transfer.transferee.flatMap { index[$0.uniqueID] }
        if transfer.application != nil, let second = transfer.second.flatMap({ index[$0.uniqueID] }), let moved {
            inherit(from: second, moved, mark)
        }
        calls[now.call]!.add(
            Call.Move(
                kind: .attended, at: mark, by: part(transfer.original), moved: part(transfer.transferee),
                taker: part(transfer.target), asker: part(transfer.second), to: transfer.application,
                succeeded: transfer.succeeded))
        if transfer.succeeded { tell(.transferred, now.call, effect) }
    }

    /// Into an application (ConfBridge, Queue) the transferred channel goes in place of the consulting one: in its conference
    /// and at its place in the queue, without an event for either.
    private mutating func inherit(from second: Place, _ moved: Place, _ mark: Mark) {
        guard second.call == moved.call else { return }
        for i in calls[moved.call]!.queueVisits.indices
        where calls[moved.call]!.queueVisits[i].part == second.part && calls[moved.call]!.queueVisits[i].leave == nil {
            calls[moved.call]!.queueVisits[i].part = moved.part
        }
        guard let open = self[second].stays.lastIndex(where: { $0.to == nil }) else { return }
        let stay = self[second].stays[open]
        let bridge = calls[second.call]!.bridges[stay.bridge]
        self[second].stays[open].to = mark
        let former = self[second].uniqueID
        self[moved].stays.append(Call.Stay(bridge: stay.bridge, from: mark))
        guard bridge.kind == .conference || conferences[bridge.id] != nil else { return }
        part(from: bridge.id, former, mark)
        meet(bridge.id, bridge.kind, moved, mark)
    }

    private mutating func overPark(_ place: Place, _ mark: Mark, taker: Int?, succeeded: Bool) {
        guard
            let i = calls[place.call]!.moves.lastIndex(where: {
                $0.kind == .park && $0.moved == place.part && $0.over == nil
            })
        else { return }
        calls[place.call]!.moves[i].over = mark
        calls[place.call]!.moves[i].taker = taker
        calls[place.call]!.moves[i].succeeded = succeeded
    }
}
