import Telephony

/// Which channel and which call a row is of, where its ids do not say it.
extension CallAssembler {
    /// Two channels under one id, as a table put together by hand has them: the second one is known by its name too.
    mutating func tellTwinsApart(_ row: inout CELRow) {
        if let twin = twins[row.uniqueID] {
            guard twin.name == row.channel else { return }
            if row.event == "CHAN_END" { twins[row.uniqueID] = nil }
            row.uniqueID = twin.id
            return
        }
        guard row.event == "CHAN_START", let place = index[row.uniqueID],
            self[place].name != row.channel
        else { return }
        let id = UniqueID("\(row.uniqueID)/\(row.channel)")
        twins[row.uniqueID] = (row.channel, id)
        row.uniqueID = id
    }

    /// Before Asterisk 12 a channel that was sent elsewhere took over another's place: from then on its name stands under another
    /// id, and what is left of the other is called a zombie. The person stays with the name.
    mutating func followMasquerade(_ row: CELRow) {
        guard let place = index[row.uniqueID], self[place].name != row.channel else { return }
        let parts = calls[place.call]!.parts
        let name = row.channel.description
        let other: Int?
        if name.hasSuffix("<ZOMBIE>") {
            let base = name.dropLast(8)
            // `AsyncGoto/SIP/trunk-1` is where SIP/trunk-1 goes on.
            other =
                base == parts[place.part].name.description
                ? parts.indices.last { parts[$0].name.description.hasSuffix("/\(base)") && parts[$0].end == nil } : nil
        } else {
            other = parts.indices.last { $0 != place.part && parts[$0].name == row.channel && parts[$0].end == nil }
        }
        guard let other else {
            if !name.hasSuffix("<ZOMBIE>"), !row.channel.description.isEmpty, parts[place.part].isInternal {
                self[place].name = row.channel
                self[place].isInternal = row.channel.isInternalToAsterisk
            }
            return
        }
        let (mine, his) = (parts[place.part].uniqueID, parts[other].uniqueID)
        self[place].uniqueID = his
        calls[place.call]!.parts[other].uniqueID = mine
        index[mine] = Place(call: place.call, part: other)
        index[his] = place
    }

    /// A table without linked ids, as the sample of `cel_sqlite3_custom` makes one: a channel is of the call whose application dials its
    /// device, of its other half's, or of the one whose bridge it enters.
    mutating func link(_ row: inout CELRow) {
        func call(where isIt: (Call.Part) -> Bool) -> Int? {
            calls.indices.last { calls[$0]?.parts.contains { $0.end == nil && isIt($0) } ?? false }
        }
        guard let place = index[row.uniqueID] else {
            guard row.event == "CHAN_START" else { return }
            let half = row.channel.otherHalf
            let device = row.channel.device
            let isDialled = row.exten.isEmpty || row.exten == "s" || row.channel.isLocal
            let known =
                half.flatMap { half in call { $0.name == half } }
                ?? (isDialled ? call { $0.application.map { $0.data.contains(device) } ?? false } : nil)
            if let known { row.linkedID = calls[known]!.linkedID }
            return
        }
        var other: Int?
        if row.event == "BRIDGE_ENTER", row.application != "ConfBridge",
            let id = row.extra["bridge_id"].map({ BridgeID($0) })
        {
            other = unlinkedBridges[id].flatMap { index[$0]?.call }
            // Bridges that are gone: none of a table's calls needs as many at once.
            if unlinkedBridges.count > 10_000 { unlinkedBridges.removeAll() }
            unlinkedBridges[id] = row.uniqueID
        } else if row.event == "BRIDGE_START", let peer = row.peer, !peer.isEmpty {
            other = call { $0.name == ChannelName(peer) }
        }
        if let other, other != place.call { merge(place.call, other) }
        if let now = index[row.uniqueID] { row.linkedID = self[now].linkedID }
    }
}
