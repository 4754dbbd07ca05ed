import Telephony

/// Where each of a channel event's fields stands in a row: by the header's names, or found from what stands in the rows.
struct CELColumns {
    enum Field: Int, CaseIterable {
        case event, time, name, number, ani, dnid, exten, context, channel, application, data, accountCode, uniqueID
        case linkedID, peer, userField, extra, userType, peerAccount

        /// The column's names in tables, files and JSON, as `LogTable.name` makes them.
        var names: [String] {
            switch self {
            case .event: ["eventtype", "event", "eventname"]
            case .time: ["eventtime", "time", "timestamp", "eventdate"]
            case .name: ["cidname", "calleridname", "callername"]
            case .number: ["cidnum", "calleridnum", "calleridnumber", "callernum"]
            case .ani: ["cidani", "calleridani", "ani"]
            case .dnid: ["ciddnid", "calleriddnid", "dnid"]
            case .exten: ["exten", "extension"]
            case .context: ["context"]
            case .channel: ["channame", "channel", "channelname"]
            case .application: ["appname", "app", "application"]
            case .data: ["appdata", "applicationdata"]
            case .accountCode: ["accountcode", "account"]
            case .uniqueID: ["uniqueid"]
            case .linkedID: ["linkedid"]
            case .peer: ["peer", "bridgepeer"]
            case .userField: ["userfield"]
            case .extra: ["eventextra", "extra"]
            case .userType: ["userdeftype", "userdefinedtype", "userevent"]
            case .peerAccount: ["peeraccount"]
            }
        }
    }

    private var places: [Int]
    /// Without these a row says nothing.
    var isEnough: Bool { self[.event] >= 0 && self[.time] >= 0 && (self[.uniqueID] >= 0 || self[.linkedID] >= 0) }

    subscript(field: Field) -> Int { places[field.rawValue] }

    init(_ table: LogTable) {
        places = Field.allCases.map { table.column($0.names) ?? -1 }
    }

    /// Finds the columns of a file without a header from a sample of its rows.
    ///
    /// The event is what `cel.h` names, the time what is one; of the columns that hold ids `linkedid` is the one that is never
    /// younger. The channel has a slash and a serial. The others stand beside these as in the sample `cel_custom.conf`.
    init(sample rows: [[String]]) {
        places = [Int](repeating: -1, count: Field.allCases.count)
        let width = rows.map(\.count).max() ?? 0
        func share(_ i: Int, _ holds: (String) -> Bool) -> Int {
            rows.count { $0.count > i && !$0[i].isEmpty && holds($0[i]) }
        }
        func best(_ candidates: [Int], _ holds: (String) -> Bool) -> Int? {
            let most = candidates.map { (i: $0, n: share($0, holds)) }.filter { $0.n * 2 > rows.count }
            return most.max { $0.n != $1.n ? $0.n < $1.n : $0.i > $1.i }?.i
        }
        let all = Array(0..<width)
        // Seconds of a call look like numbers of types: where calls have a disposition, these are detail records.
        if all.contains(where: { share($0) { CDRFile.disposition($0) != nil && Int($0) == nil } * 2 > rows.count }) {
            return
        }
        // A user-defined event may have any name; the sample holds enough of the others.
        guard let event = best(all, { CELType.isKnown($0) }) else { return }
        places[Field.event.rawValue] = event
        let rest = all.filter { $0 != event }
        // Epoch seconds look like an id; they stand beside the event.
        let neighbour = [event + 1, event - 1].first { $0 >= 0 && share($0, CELColumns.isID) * 2 > rows.count }
        let time = best(rest) { LogTime($0) != nil && !CELColumns.isID($0) } ?? neighbour ?? -1
        places[Field.time.rawValue] = time
        let ids = rest.filter { $0 != time && share($0, CELColumns.isID) * 2 > rows.count }.prefix(2)
        var unique = ids.first ?? -1
        var linked = ids.dropFirst().first ?? -1
        if linked >= 0 {
            let pairs = rows.filter { $0.count > linked }.map { (UniqueID($0[unique]), UniqueID($0[linked])) }
            // The usual order holds unless the other one is told by a row.
            if pairs.contains(where: { $0.0 < $0.1 }), !pairs.contains(where: { $0.0 > $0.1 }) {
                swap(&unique, &linked)
            }
        }
        places[Field.uniqueID.rawValue] = unique
        places[Field.linkedID.rawValue] = linked
        let channel = best(rest.filter { $0 != time && $0 != unique && $0 != linked }, CELColumns.isChannel) ?? -1
        beside(event, time, unique, linked, channel, width, rows)
    }

    private mutating func beside(
        _ event: Int, _ time: Int, _ unique: Int, _ linked: Int, _ channel: Int, _ width: Int, _ rows: [[String]]
    ) {
        let taken = Set([event, time, unique, linked, channel])
        func put(_ field: Field, _ i: Int) {
            if i >= 0, i < width, !taken.contains(i), !places.contains(i) { places[field.rawValue] = i }
        }
        if channel >= 0 {
            places[Field.channel.rawValue] = channel
            put(.context, channel - 1)
            put(.exten, channel - 2)
            put(.application, channel + 1)
            put(.data, channel + 2)
        }
        // What stands between the time and the extension: name, number, ANI, redirecting number, dialled number.
        let first = max(event, time) + 1
        let last = self[.exten] >= 0 ? self[.exten] : channel
        if last > first {
            let between = Array(first..<last).filter { !taken.contains($0) }
            if between.count == 1 { put(.number, between[0]) }
            for (i, field) in zip(between, [Field.name, .number, .ani]) where between.count > 1 { put(field, i) }
            if between.count > 3, let dialled = between.last { put(.dnid, dialled) }
        }
        put(.accountCode, min(unique, linked < 0 ? unique : linked) - 1)
        let extra =
            (0..<width).last { i in rows.contains { $0.count > i && $0[i].hasPrefix("{") } } ?? width - 1
        put(.extra, extra)
        let after = max(unique, linked)
        for (i, field) in zip((after + 1)..., [Field.peer, .userField, .userType]) where i < extra { put(field, i) }
    }

    private static func isID(_ text: String) -> Bool {
        UniqueID(text).created.map { $0.seconds > 100_000_000 } ?? false && !isFineTime(text)
    }
    /// Epoch seconds with microseconds; an id's counter is shorter for years.
    private static func isFineTime(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[1].utf8.count == 6 && Int64(parts[0]) != nil && Int64(parts[1]) != nil
    }
    private static func isChannel(_ text: String) -> Bool {
        guard let slash = text.firstIndex(of: "/"), !text.hasPrefix("/"), !text.contains(",") else { return false }
        return text[slash...].contains("-") && !text[..<slash].contains(" ")
    }
}

/// Asterisk's names and numbers of channel event types.
enum CELType {
    /// cel.h from 12 on.
    private static let names = [
        "ALL", "CHAN_START", "CHAN_END", "HANGUP", "ANSWER", "APP_START", "APP_END", "PARK_START", "PARK_END",
        "BRIDGE_ENTER", "BRIDGE_EXIT", "USER_DEFINED", "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "FORWARD",
        "LINKEDID_END", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN", "STREAM_BEGIN", "STREAM_END", "DTMF",
    ]
    /// cel.h of 1.8 to 11.
    private static let oldNames = [
        "ALL", "CHAN_START", "CHAN_END", "HANGUP", "ANSWER", "APP_START", "APP_END", "BRIDGE_START", "BRIDGE_END",
        "CONF_START", "CONF_END", "PARK_START", "PARK_END", "BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER",
        "HOOKFLASH",
        "3WAY_START", "3WAY_END", "CONF_ENTER", "CONF_EXIT", "USER_DEFINED", "LINKEDID_END", "BRIDGE_UPDATE", "PICKUP",
        "FORWARD",
    ]
    private static let known = Set(names + oldNames).union(["MIXMONITOR_START", "MIXMONITOR_STOP"]).subtracting(["ALL"])

    /// A name of cel.h, or a number of it.
    static func isKnown(_ text: String) -> Bool {
        known.contains(text.uppercased()) || Int(text).map { $0 > 0 && $0 < oldNames.count } ?? false
    }
    /// Whether a number is one that only the old list has.
    static func isOld(_ text: String) -> Bool { Int(text).map { $0 >= 22 && $0 < oldNames.count } ?? false }

    /// The name of what a row calls its type: some back ends write the number.
    static func name(_ text: String, isOld: Bool) -> String {
        guard let number = Int(text) else { return text.uppercased() }
        let list = isOld ? oldNames : names
        return list.indices.contains(number) ? list[number] : text
    }
}
