import Telephony

/// Who is in a bridge with whom.
extension CallAssembler {
    /// BridgeEnter: opens a stay; in a bridge of several calls it makes guests, in a talk it may put two calls
    /// together.
    mutating func enter(
        _ channel: CallEvent.Channel, _ id: BridgeID, _ kind: CallEvent.BridgeKind, _ location: CallEvent.Location,
        _ mark: Mark
    ) {
        guard let place = locate(channel, mark) else { return }
        let mark = kind == .conference && id.isMeetMe ? mark.by(.meetmeJoin) : mark
        revive(place)
        self[place].location = location
        let bridge = calls[place.call]!.bridge(id, kind)
        if let last = self[place].stays.indices.last, self[place].stays[last].bridge == bridge,
            self[place].stays[last].to == nil, self[place].stays[last].from.event.isFound
        {
            // The list that found it there was ahead of this event.
            self[place].stays[last].from = mark
        } else {
            // Within a millisecond or two BridgeLeave may come after the next BridgeEnter.
            self[place].stays.append(Call.Stay(bridge: bridge, from: mark, to: nil))
        }
        if kind == .conference || conferences[id] != nil || calls[place.call]!.isAgentSession {
            meet(id, kind, place, mark)
        } else if kind == .talk, calls[place.call]!.alive == 1 {
            joinWhoIsThere(id, place)
        }
    }

    /// Two that meet in a talk are one call: Asterisk gives both the older linked id as the second comes in (`bridge_basic.c`),
    /// but shows it only with the younger's next event, which may come when the older is gone. Where both bring company they
    /// have met by dialling.
    mutating func joinWhoIsThere(_ id: BridgeID, _ place: Place) {
        for slot in calls.indices where slot != place.call && calls[slot] != nil {
            guard !calls[slot]!.isAgentSession, calls[place.call]!.alive == 1 || calls[slot]!.alive == 1,
                let bridge = calls[slot]!.bridges.firstIndex(where: { $0.id == id }),
                calls[slot]!.parts.contains(where: { part in
                    !part.isGuest && part.stays.contains { $0.bridge == bridge && $0.to == nil }
                })
            else { continue }
            return merge(place.call, slot)
        }
    }

    /// BridgeLeave: closes the stay, and notes a change of place in the dialplan as a relocation.
    mutating func leave(
        _ channel: CallEvent.Channel, _ id: BridgeID, _ location: CallEvent.Location, _ mark: Mark
    ) {
        guard let place = locate(channel, mark) else { return }
        let before = self[place].location
        if !location.exten.isEmpty, location.exten != before.exten || location.context != before.context {
            // Sent elsewhere while it talked: by a transfer, which has an event of its own, or by a manager's Redirect.
            calls[place.call]!.add(Call.Relocation(part: place.part, at: mark, to: location))
        }
        self[place].location = location
        guard let bridge = calls[place.call]!.bridges.firstIndex(where: { $0.id == id }) else { return }
        let isMeetMe = calls[place.call]!.bridges[bridge].kind == .conference && id.isMeetMe
        let mark = isMeetMe ? mark.by(.meetmeLeave) : mark
        let stays = self[place].stays
        if let i = stays.lastIndex(where: { $0.bridge == bridge && $0.to == nil }) {
            self[place].stays[i].to = mark
        } else if let i = stays.lastIndex(where: { $0.bridge == bridge }), stays[i].unseen != nil {
            // The list that did not find it there was ahead of this event.
            (self[place].stays[i].to, self[place].stays[i].unseen) = (mark, nil)
            if !calls[place.call]!.isPartial { self[place].heardAgain = nil }
        }
        if conferences[id] != nil { part(from: id, channel.uniqueID, mark) }
    }
}

extension BridgeID {
    /// A room of MeetMe, which has events of its own.
    fileprivate var isMeetMe: Bool { description.hasPrefix("meetme/") }
}
