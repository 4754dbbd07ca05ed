import Telephony

/// Transfers, pickups, parking and forwards as CEL tells them.
extension CallAssembler {
    /// Hands a row on as the event that says the same; FORWARD is noted at the dial that still rings.
    mutating func moved(_ place: Place, _ row: CELRow, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        func channel(_ key: String) -> CallEvent.Channel? {
            guard let id = row.extra[key + "_uniqueid"].map({ UniqueID($0) }), let place = index[id] else { return nil }
            return CallEvent.Channel(uniqueID: id, linkedID: self[place].linkedID)
        }
        func named(_ name: String?) -> CallEvent.Channel? {
            guard let name, !name.isEmpty else { return nil }
            let part = calls.lazy.compactMap { $0 }.flatMap(\.parts).last {
                $0.name == ChannelName(name) && !$0.isGuest
            }
            return part.map { CallEvent.Channel(uniqueID: $0.uniqueID, linkedID: $0.linkedID) }
        }
        let me = CallEvent.Channel(uniqueID: row.uniqueID, linkedID: row.linkedID)
        // Before Asterisk 12 the other channel is told by name, in Peer.
        let peer = named(row.peer)
        switch row.event {
        case "BLINDTRANSFER":
            move(
                .blindTransfer(
                    transferer: me, transferee: channel("transferee_channel") ?? peer,
                    exten: row.extra["extension"] ?? "", context: row.extra["context"] ?? "", succeeded: true),
                mark, effect)
        case "ATTENDEDTRANSFER":
            move(
                .attendedTransfer(
                    CallEvent.AttendedTransfer(
                        original: me, second: channel("channel2"), transferee: channel("transferee_channel"),
                        target: channel("transfer_target_channel") ?? peer,
                        application: row.extra["app"] ?? row.extra["extension"], succeeded: true)),
                mark, effect)
        case "PICKUP":
            guard let picker = channel("pickup_channel") ?? peer else { return }
            move(.pickup(by: picker, target: me), mark, effect)
        case "PARK_START":
            move(
                .parkedCall(me, parker: row.extra["parker_dial_string"], space: row.extra["parking_space"]), mark,
                effect)
        case "PARK_END":
            if let retriever = named(row.extra["retriever"]) {
                move(.unParkedCall(me, retriever: retriever), mark, effect)
            } else {
                let reason = row.extra["reason"] ?? ""
                move(reason.hasSuffix("TimeOut") ? .parkedCallTimeOut(me) : .parkedCallGiveUp(me), mark, effect)
            }
        case "FORWARD":
            let i = calls[place.call]!.dials.lastIndex {
                $0.end == nil && !calls[place.call]!.parts[$0.destination].isLocal
            }
            if let i { calls[place.call]!.dials[i].forward = row.extra["forward"] }
        default: break
        }
    }
}
