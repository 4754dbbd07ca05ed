import Telephony

/// Where each of a channel event's fields stands in a row: by the header's names, or found from what stands in the rows.
struct CELColumns {
    /// What a column may hold, of `CELRow`'s fields; the raw value is its place in `places`. `userType` is the name of
    /// a `USER_DEFINED` entry.
    enum Field: Int, CaseIterable {
        case event, time, name, number, ani, dnid, exten, context, channel, application, data, accountCode, uniqueID
        case linkedID, peer, userField, extra, userType

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
            }
        }
    }

    /// Each field's column from 0, in the order of the cases; -1 where the file has none.
    private var places: [Int]
    /// Without these a row says nothing.
    var isEnough: Bool { self[.event] >= 0 && self[.time] >= 0 && (self[.uniqueID] >= 0 || self[.linkedID] >= 0) }

    /// The field's column; -1 where the file has none.
    subscript(field: Field) -> Int { places[field.rawValue] }

    /// By the table's column names: of several that fit the first.
    init(_ table: LogTable) {
        places = Field.allCases.map { table.column($0.names) ?? -1 }
    }

    /// Finds the columns of a file without a header from a sample of its rows.
    ///
    /// The event is what `cel.h` names, the time what is one; of the columns that hold ids `linkedid` is the one that is never
    /// younger. The channel has a slash and a serial. The others stand beside these as in the sample `cel_custom.conf`.
    init(_ sample: LogSample) {
        places = [Int](repeating: -1, count: Field.allCases.count)
        func best(_ candidates: [Int], _ holds: (String) -> Bool) -> Int? {
            let most = candidates.filter { sample.mostly($0, holds) }.map { (i: $0, n: sample.count($0, holds)) }
            return most.max { $0.n != $1.n ? $0.n < $1.n : $0.i > $1.i }?.i
        }
        let all = Array(0..<sample.width)
        // Seconds of a call look like numbers of types: where calls have a disposition, these are detail records.
        if all.contains(where: { sample.mostly($0, LogSample.isDisposition) }) { return }
        // A user-defined event may have any name; the sample holds enough of the others.
        guard let event = best(all, { CELType.isKnown($0) }) else { return }
        places[Field.event.rawValue] = event
        let rest = all.filter { $0 != event }
        // Epoch seconds look like an id; they stand beside the event.
        let neighbour = [event + 1, event - 1].first { sample.mostly($0, CELColumns.isID) }
        let time = best(rest) { LogTime($0) != nil && !CELColumns.isID($0) } ?? neighbour ?? -1
        places[Field.time.rawValue] = time
        let ids = rest.filter { $0 != time && sample.mostly($0, CELColumns.isID) }.prefix(2)
        var unique = ids.first ?? -1
        var linked = ids.dropFirst().first ?? -1
        if linked >= 0 {
            let pairs = sample.rows.filter { $0.count > linked }.map { (UniqueID($0[unique]), UniqueID($0[linked])) }
            // The usual order holds unless the other one is told by a row.
            if pairs.contains(where: { $0.0 < $0.1 }), !pairs.contains(where: { $0.0 > $0.1 }) {
                swap(&unique, &linked)
            }
        }
        places[Field.uniqueID.rawValue] = unique
        places[Field.linkedID.rawValue] = linked
        let channel = best(rest.filter { $0 != time && $0 != unique && $0 != linked }, LogSample.isChannel) ?? -1
        beside(event, time, unique, linked, channel, sample)
    }

    private mutating func beside(
        _ event: Int, _ time: Int, _ unique: Int, _ linked: Int, _ channel: Int,
        _ sample: LogSample
    ) {
        let taken = Set([event, time, unique, linked, channel])
        func put(_ field: Field, _ i: Int) {
            if i >= 0, i < sample.width, !taken.contains(i), !places.contains(i) { places[field.rawValue] = i }
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
            (0..<sample.width).last { sample.count($0) { $0.hasPrefix("{") } > 0 } ?? sample.width - 1
        put(.extra, extra)
        let after = max(unique, linked)
        for (i, field) in zip((after + 1)..., [Field.peer, .userField, .userType]) where i < extra { put(field, i) }
    }

    private static func isID(_ text: String) -> Bool {
        LogSample.isID(text) && !isFineTime(text)
    }
    /// Epoch seconds with microseconds; an id's counter is shorter for years.
    private static func isFineTime(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[1].utf8.count == 6 && Int64(parts[0]) != nil && Int64(parts[1]) != nil
    }
}
