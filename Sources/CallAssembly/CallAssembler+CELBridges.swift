import Telephony

/// Bridges as CEL tells them: by id from Asterisk 12 on, by the names of two channels before, and by neither where the table was
/// exported without its `extra` and `peer`.
extension CallAssembler {
    /// BRIDGE_ENTER: opens a stay, unless one in that bridge is open already.
    mutating func enterBridge(_ place: Place, _ row: CELRow, _ mark: Mark) {
        let i: Int
        if let id = row.extra["bridge_id"] {
            i = calls[place.call]!.bridge(BridgeID(id), CallAssembler.kind(row))
        } else {
            i = unnamedBridge(place, row, mark)
        }
        let stays = self[place].stays
        if stays.contains(where: { $0.bridge == i && $0.to == nil }) { return }
        self[place].stays.append(Call.Stay(bridge: i, from: mark, to: nil))
        // Who picks a queue's call up has no PICKUP row, and shows the caller's linked id when the talk is over. What mixes many
        // may be a conference, whose members have a call each.
        if let id = row.extra["bridge_id"], calls[place.call]!.bridges[i].kind == .talk,
            row.extra["bridge_technology"] != "softmix", !CallAssembler.agentPool.contains(row.application ?? "")
        {
            joinWhoIsThere(BridgeID(id), place)
        }
    }
    /// A logged-in agent's customers have a call each (`app_agent_pool.c`).
    private static let agentPool: Set<String> = ["AgentLogin", "AgentRequest"]

    private static func kind(_ row: CELRow) -> CallEvent.BridgeKind {
        let technology = row.extra["bridge_technology"] ?? ""
        let isParking = row.application == "Park" || row.application == "ParkedCall"
        if technology == "holding_bridge" || technology.isEmpty && isParking { return isParking ? .parking : .holding }
        return row.application == "ConfBridge" || row.application == "MeetMe" ? .conference : .talk
    }

    /// Which bridge a channel enters where the row does not say: that of the channels it names as peers, that of the conference
    /// its application names, that of who waits for a partner, or a new one.
    private mutating func unnamedBridge(_ place: Place, _ row: CELRow, _ mark: Mark) -> Int {
        let kind = CallAssembler.kind(row)
        if kind == .conference, let data = row.applicationData {
            return calls[place.call]!.bridge(BridgeID("conference \(data.prefix { $0 != "," })"), kind)
        }
        let call = calls[place.call]!
        func openStay(_ part: Int) -> Call.Stay? { call.parts[part].stays.last { $0.to == nil } }
        if kind == .talk {
            for peer in (row.peer ?? "").split(separator: ",") {
                let known = call.parts.indices.last { call.parts[$0].name.description == peer }
                if let known, let stay = openStay(known) { return stay.bridge }
            }
            // The two halves of a Local channel are in two bridges; and nobody enters the one just left.
            let mine = call.parts[place.part]
            let half = mine.name.otherHalf
            let left = mine.stays.last.flatMap { stay in
                stay.to.flatMap { mark.at - $0.at < .milliseconds(500) ? stay.bridge : nil }
            }
            var waiting: [Int: (count: Int, since: Instant)] = [:]
            for part in call.parts.indices where part != place.part && !call.parts[part].isGuest {
                guard let stay = openStay(part), call.bridges[stay.bridge].kind == .talk else { continue }
                let since = max(waiting[stay.bridge]?.since ?? stay.from.at, stay.from.at)
                // A half there keeps the other out, however many wait.
                let count = call.parts[part].name == half ? 1000 : 1
                waiting[stay.bridge] = ((waiting[stay.bridge]?.count ?? 0) + count, since)
            }
            let open = waiting.filter { $0.key != left && $0.value.count < 1000 }
            let alone = open.filter { $0.value.count == 1 }
            let best = (alone.isEmpty ? open : alone).max { $0.value.since < $1.value.since }
            // A third one joins only where it is told to; two who talk are left alone otherwise.
            if let best, !alone.isEmpty || left != nil { return best.key }
        }
        return calls[place.call]!.bridge(BridgeID("\(row.uniqueID)@\(mark.at.microseconds)"), kind)
    }

    /// BRIDGE_EXIT: closes the latest open stay in that bridge; in whichever it is where the row names none (nil).
    mutating func closeStay(_ place: Place, _ bridge: String?, _ mark: Mark) {
        let stays = self[place].stays
        let i = stays.lastIndex { stay in
            stay.to == nil && (bridge == nil || calls[place.call]!.bridges[stay.bridge].id == BridgeID(bridge!))
        }
        if let i { self[place].stays[i].to = mark }
    }

    /// Asterisk 11: one row for both sides of a bridge, which is named only by its two channels.
    mutating func oldBridge(_ place: Place, _ row: CELRow, _ mark: Mark) {
        let parts = calls[place.call]!.parts
        let named = row.peer.flatMap { peer in
            parts.firstIndex { $0.name == ChannelName(peer) && $0.end == nil }
        }
        // A table without peers: who answered last and is in no bridge.
        let answered = parts.indices.filter { i in
            i != place.part && parts[i].up != nil && parts[i].end == nil && !parts[i].stays.contains { $0.to == nil }
        }
        .max { parts[$0].up!.at < parts[$1].up!.at }
        guard let other = named ?? (row.event == "BRIDGE_START" ? answered : nil) else { return }
        closeOldBridge(place, row, mark)
        let id = BridgeID("\(row.uniqueID)+\(parts[other].name)@\(mark.at.microseconds)")
        let i = calls[place.call]!.bridge(id, .talk)
        for part in [place.part, other] {
            calls[place.call]!.parts[part].stays.append(Call.Stay(bridge: i, from: mark, to: nil))
        }
        // The peer of a bridge was reached.
        if let dial = calls[place.call]!.dials.lastIndex(where: { $0.destination == other && $0.end == nil }) {
            calls[place.call]!.dials[dial].end = mark
            calls[place.call]!.dials[dial].status = .answer
        }
    }

    /// BRIDGE_END of Asterisk 11: closes the stay of everybody who is in the bridge that this channel is in.
    mutating func closeOldBridge(_ place: Place, _ row: CELRow, _ mark: Mark) {
        guard let open = self[place].stays.last(where: { $0.to == nil }) else { return }
        for part in calls[place.call]!.parts.indices {
            for i in calls[place.call]!.parts[part].stays.indices
            where calls[place.call]!.parts[part].stays[i].bridge == open.bridge
                && calls[place.call]!.parts[part].stays[i].to == nil
            {
                calls[place.call]!.parts[part].stays[i].to = mark
            }
        }
    }
}
