import Telephony

/// The bridges in which people of different calls hear each other: conferences, and the sessions of logged-in agents.
///
/// Each call keeps the others it met as guests: they are heard and counted as who spoke, but they are no leg of the call.
extension CallAssembler {
    /// A channel entered such a bridge: it and those of other calls meet.
    mutating func meet(_ id: BridgeID, _ kind: CallEvent.BridgeKind, _ place: Place, _ mark: Mark) {
        let me = self[place].uniqueID
        // The first time a bridge turns out to be shared, somebody may be in it already.
        var members = conferences[id] ?? membersSoFar(id)
        for other in members where other != me {
            guard let his = index[other], his.call != place.call else { continue }
            welcome(his, to: place.call, id, kind, mark)
            welcome(place, to: his.call, id, kind, mark)
        }
        if !members.contains(me) { members.append(me) }
        conferences[id] = members
    }

    /// A channel left: the others' guest is gone, and if none of its call is left, so are its own.
    mutating func part(from id: BridgeID, _ channel: UniqueID, _ mark: Mark) {
        conferences[id]?.removeAll { $0 == channel }
        let left = (conferences[id] ?? []).compactMap { index[$0] }
        for place in left { dismiss(channel, from: place.call, id, mark) }
        if let mine = index[channel], !left.contains(where: { $0.call == mine.call }) {
            for part in calls[mine.call]!.parts where part.isGuest { dismiss(part.uniqueID, from: mine.call, id, mark) }
        }
        if left.isEmpty { conferences[id] = nil }
    }

    /// A recorder that sits in a conference (VICIdial places a Local channel there) is nobody's call: its file belongs to
    /// the calls it heard. They learn of it when the first of the two ends.
    mutating func shareRecordings(_ slot: Int) {
        guard let call = calls[slot] else { return }
        if call.isNobodys {
            guard !call.recordings.isEmpty else { return }
            let own = Set(call.parts.lazy.filter { !$0.isGuest }.map(\.uniqueID))
            for other in calls.indices where other != slot && calls[other] != nil && !calls[other]!.isNobodys {
                if let guest = calls[other]!.parts.firstIndex(where: { $0.isGuest && own.contains($0.uniqueID) }) {
                    give(call, to: other, as: guest)
                }
            }
        } else {
            for (i, guest) in call.parts.enumerated() where guest.isGuest && guest.isLocal {
                if let place = index[guest.uniqueID], let other = calls[place.call], other.isNobodys {
                    give(other, to: slot, as: i)
                }
            }
        }
    }

    private mutating func give(_ recorder: Call, to slot: Int, as guest: Int) {
        for recording in recorder.recordings
        where !calls[slot]!.recordings.contains(where: { $0.path == recording.path }) {
            let end = recording.to ?? recorder.parts[recording.part].end ?? Mark.unseen(clock)
            calls[slot]!.recordings.append(
                Call.RecordingStart(part: guest, from: recording.from, to: end, path: recording.path))
        }
    }

    /// Who sits in a conference behind a Local channel (an agent whose phone is rung through the dialplan) is heard by the calls that
    /// met that channel. The two calls learn of each other's people when the first of them ends.
    mutating func shareCompany(_ slot: Int) {
        guard let call = calls[slot] else { return }
        let met = call.parts.filter { $0.isGuest }.map(\.uniqueID)
        let halves = call.parts.filter { $0.isLocal && !$0.isGuest }.map(\.uniqueID)
        for id in met {
            guard let place = index[id], place.call != slot, calls[place.call] != nil else { continue }
            bringCompany(of: place, to: slot)
            for half in halves {
                if let mine = index[half], mine.call == slot { bringCompany(of: mine, to: place.call) }
            }
        }
    }

    /// Makes those whom a Local channel's half carries into a conference guests of a call that met it there.
    private mutating func bringCompany(of half: Place, to slot: Int) {
        let call = calls[half.call]!
        guard call.parts[half.part].isLocal,
            let seat = calls[slot]!.parts.firstIndex(where: {
                $0.isGuest && $0.uniqueID == call.parts[half.part].uniqueID
            })
        else { return }
        var seats = [half.part: seat]
        var reached = [half.part]
        while let at = reached.popLast() {
            var next: [Int] = []
            for (one, two) in call.localPairs {
                if one == at { next.append(two) }
                if two == at { next.append(one) }
            }
            for stay in call.parts[at].stays where call.bridges[stay.bridge].kind == .talk {
                next += call.parts.indices.filter { i in call.parts[i].stays.contains { $0.bridge == stay.bridge } }
            }
            for i in next where seats[i] == nil && !call.parts[i].isGuest {
                guard !calls[slot]!.parts.contains(where: { $0.uniqueID == call.parts[i].uniqueID }) else { continue }
                seats[i] = addGuest(call.parts[i], of: call, to: slot)
                reached.append(i)
            }
        }
        for (one, two) in call.localPairs {
            if let one = seats[one], let two = seats[two] { calls[slot]!.localPairs.append((one, two)) }
        }
    }

    /// Adds another call's channel as a guest, with the times it was bridged.
    private mutating func addGuest(_ other: Call.Part, of call: Call, to slot: Int) -> Int {
        var part = other.asGuest
        for i in part.stays.indices {
            let bridge = call.bridges[part.stays[i].bridge]
            part.stays[i].bridge = calls[slot]!.bridge(bridge.id, bridge.kind)
        }
        part.holds = other.holds
        calls[slot]!.parts.append(part)
        return calls[slot]!.parts.count - 1
    }

    /// Takes a channel that was hung up out of the shared bridges that it was not seen to leave.
    mutating func leaveConferences(_ place: Place, _ mark: Mark) {
        guard !conferences.isEmpty else { return }
        let channel = self[place].uniqueID
        for (id, members) in conferences where members.contains(channel) { part(from: id, channel, mark) }
    }

    private func membersSoFar(_ id: BridgeID) -> [UniqueID] {
        calls.lazy.compactMap { $0 }.flatMap { call in
            call.parts.filter { part in
                !part.isGuest && part.stays.contains { $0.to == nil && call.bridges[$0.bridge].id == id }
            }
            .map(\.uniqueID)
        }
    }

    private mutating func welcome(
        _ guest: Place, to call: Int, _ id: BridgeID, _ kind: CallEvent.BridgeKind, _ mark: Mark
    ) {
        var part = self[guest].asGuest
        let bridge = calls[call]!.bridge(id, kind)
        let known = calls[call]!.parts.firstIndex { $0.isGuest && $0.uniqueID == part.uniqueID }
        if let known {
            if calls[call]!.parts[known].stays.last.map({ $0.to == nil && $0.bridge == bridge }) ?? false { return }
            calls[call]!.parts[known].stays.append(Call.Stay(bridge: bridge, from: mark))
            return
        }
        part.stays = [Call.Stay(bridge: bridge, from: mark)]
        calls[call]!.parts.append(part)
    }

    private mutating func dismiss(_ guest: UniqueID, from call: Int, _ id: BridgeID, _ mark: Mark) {
        guard let bridge = calls[call]!.bridges.firstIndex(where: { $0.id == id }) else { return }
        for i in calls[call]!.parts.indices
        where calls[call]!.parts[i].isGuest && calls[call]!.parts[i].uniqueID == guest {
            if let last = calls[call]!.parts[i].stays.indices.last, calls[call]!.parts[i].stays[last].bridge == bridge,
                calls[call]!.parts[i].stays[last].to == nil
            {
                calls[call]!.parts[i].stays[last].to = mark
            }
        }
    }
}
