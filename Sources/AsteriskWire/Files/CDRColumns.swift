import Telephony

/// Where each of a call detail record's fields stands in a row: by the header's names, or found from what stands in the rows.
struct CDRColumns {
    /// What a column may hold, of `CDRRow`'s fields; the raw value is its place in `places`.
    enum Field: Int, CaseIterable {
        case start, answer, end, callerID, source, destination, context, channel, destinationChannel, application, data
        case duration, billableSeconds, disposition, accountCode, uniqueID, linkedID, peerAccount, sequence, userField
        case did, callerNumber, callerName, recordingFile

        /// The column's names in tables, files, JSON and manager events, as `LogTable.name` makes them.
        var names: [String] {
            switch self {
            case .start: ["calldate", "start", "starttime", "startdate"]
            case .answer: ["answer", "answertime", "answerdate"]
            case .end: ["end", "endtime", "enddate", "hangup"]
            case .callerID: ["clid", "callerid"]
            case .source: ["src", "source"]
            case .destination: ["dst", "destination"]
            case .context: ["dcontext", "destinationcontext"]
            case .channel: ["channel"]
            case .destinationChannel: ["dstchannel", "destinationchannel"]
            case .application: ["lastapp", "lastapplication"]
            case .data: ["lastdata"]
            case .duration: ["duration"]
            case .billableSeconds: ["billsec", "billableseconds"]
            case .disposition: ["disposition"]
            case .accountCode: ["accountcode"]
            case .uniqueID: ["uniqueid"]
            case .linkedID: ["linkedid"]
            case .peerAccount: ["peeraccount"]
            case .sequence: ["sequence"]
            case .userField: ["userfield"]
            case .did: ["did"]
            case .callerNumber: ["cnum"]
            case .callerName: ["cnam"]
            case .recordingFile: ["recordingfile"]
            }
        }
    }

    /// Each field's column from 0, in the order of the cases; -1 where the file has none.
    private var places: [Int]
    /// The field's column; -1 where the file has none.
    subscript(field: Field) -> Int { places[field.rawValue] }
    /// Without these a row says nothing.
    var isEnough: Bool { self[.channel] >= 0 && (self[.start] >= 0 || self[.uniqueID] >= 0) }

    /// By the table's column names: of several that fit the first.
    init(_ table: LogTable) {
        places = Field.allCases.map { table.column($0.names) ?? -1 }
    }

    /// Finds the columns of a file without a header from a sample of its rows.
    ///
    /// `cdr_csv` and the sample `cdr_custom.conf` write channel, dstchannel, lastapp, lastdata, start, answer, end, duration, billsec and
    /// disposition beside each other; a mapping of one's own is told by what its columns hold.
    init(_ sample: LogSample) {
        places = [Int](repeating: -1, count: Field.allCases.count)
        let times = (0..<sample.width).filter {
            sample.mostly($0) {
                CivilTime($0) != nil || LogTime($0).map { !$0.isLocal } ?? false && $0.utf8.count > 17
            }
        }
        guard let start = times.first else { return }
        if start >= 5, sample.mostly(start - 4, LogSample.isChannel) {
            usual(start, sample)
        } else {
            own(start, times, sample)
        }
    }

    private mutating func put(_ field: Field, _ i: Int?) { if let i { places[field.rawValue] = i } }

    private mutating func usual(_ start: Int, _ sample: LogSample) {
        let row: [Field] = [
            .channel, .destinationChannel, .application, .data, .start, .answer, .end, .duration, .billableSeconds,
            .disposition,
        ]
        for (i, field) in row.enumerated() { put(field, start - 4 + i) }
        // Before the channel: caller id first (cdr_custom) or last (cdr_csv).
        let isCallerIDFirst = start == 8
        let before: [Field] =
            isCallerIDFirst
            ? [.callerID, .source, .destination, .context] : [.accountCode, .source, .destination, .context, .callerID]
        for (i, field) in before.enumerated() { put(field, i) }
        // After it: amaflags, perhaps accountcode, the ids, userfield, and from 11 on peeraccount, linkedid and sequence.
        let ids = ((start + 6)..<max(sample.width, start + 6)).filter { sample.mostly($0, LogSample.isID) }
        guard let unique = ids.first else {
            put(.userField, start + 7)
            return
        }
        put(.uniqueID, unique)
        if isCallerIDFirst, unique > start + 7 { put(.accountCode, start + 7) }
        guard let linked = ids.dropFirst().first else {
            put(.userField, unique + 1)
            return
        }
        put(.linkedID, linked)
        if linked > unique + 1 { put(.userField, unique + 1) }
        // cdr_csv writes peeraccount before the linked id, the sample of cdr_custom behind it.
        put(.peerAccount, linked == unique + 3 ? unique + 2 : linked + 1)
        let last = sample.width - 1
        if last > linked, sample.count(last, { Int($0) != nil }) > 0 { put(.sequence, last) }
    }

    private mutating func own(_ start: Int, _ times: [Int], _ sample: LogSample) {
        let all = 0..<sample.width
        put(.start, start)
        if times.count > 1, let end = times.last {
            put(.end, end)
            if end > start + 1 { put(.answer, start + 1) }
        }
        let channels = all.filter { sample.count($0, LogSample.isChannel) > 0 && !times.contains($0) }
        put(.channel, channels.first)
        put(.destinationChannel, channels.dropFirst().first { $0 == channels[0] + 1 })
        if let said = all.first(where: { sample.mostly($0, LogSample.isDisposition) }) {
            put(.disposition, said)
            let numbers = (0..<said).filter { sample.count($0) { Int($0) != nil && $0.utf8.count < 7 } > 0 }.suffix(2)
            if numbers.count == 2, numbers.last == said - 1 {
                put(.duration, numbers.first)
                put(.billableSeconds, numbers.last)
            }
        }
        let ids = all.filter { sample.count($0, LogSample.isID) > 0 && !times.contains($0) }
        put(.uniqueID, ids.first)
        put(.linkedID, ids.dropFirst().first)
        let caller = all.first { sample.count($0) { $0.hasSuffix(">") && $0.contains("<") } > 0 }
        put(.callerID, caller)
        // Who and whom: the first two columns of numbers that mean nothing else.
        let free = all.filter { i in !places.contains(i) && !times.contains(i) }
        let numbers = free.filter { sample.count($0) { $0.allSatisfy { "+*#0123456789".contains($0) } } > 0 }
        put(.source, numbers.first)
        put(.destination, numbers.dropFirst().first)
    }
}
