extension CallRecord {
    /// Reads a record back from its own JSON, as a store or a note keeps it.
    ///
    /// Times come back to the millisecond, which is what JSON has of them. Nil where a field that every record has is missing.
    public init?(json: JSONValue) {
        guard let id = json["id"]?.string, let system = json["system"]?.string,
            let uniqueID = json["uniqueid"]?.string, let linkedID = json["linkedid"]?.string,
            let direction = json["direction"]?.string.flatMap(Direction.init(rawValue:)),
            let disposition = json["disposition"]?.string.flatMap(Disposition.init(rawValue:)),
            let started = json["started_at"]?.time, let ended = json["ended_at"]?.time,
            let cause = json["hangup_cause"], let code = cause["code"]?.integer
        else { return nil }
        self.init(
            id: id, system: system, uniqueID: UniqueID(uniqueID), linkedID: LinkedID(linkedID), direction: direction,
            disposition: disposition, caller: Caller(json: json["caller"]), callee: Caller(json: json["callee"]),
            startedAt: started, endedAt: ended, hangupCause: HangupCause(rawValue: code))
        hangupCauseText = cause["text"]?.string ?? hangupCauseText
        answeredBy = Party(json: json["answered_by"])
        agents = (json["agents"]?.array ?? []).compactMap(Party.init(json:))
        agent = Party(json: json["agent"])
        answeredAt = json["answered_at"]?.time
        talk = json["talk_seconds"]?.seconds ?? .zero
        ring = json["ring_seconds"]?.seconds ?? .zero
        hold = json["hold_seconds"]?.seconds ?? .zero
        park = json["park_seconds"]?.seconds ?? .zero
        hungUpBy = json["hungup_by"]?.string.flatMap(HungUpBy.init(rawValue:))
        queue = Queue(json: json["queue"])
        transfers = (json["transfers"]?.array ?? []).compactMap(Transfer.init(json:))
        recordings = (json["recordings"]?.array ?? []).compactMap(Recording.init(json:))
        legs = (json["legs"]?.array ?? []).compactMap(Leg.init(json:))
        for member in json["variables"]?.object ?? [] { variables[member.name] = member.value.string }
        refID = json["ref_id"]?.string
        accountCode = json["accountcode"]?.string
        userField = json["userfield"]?.string
        completeness = json["completeness"]?.string.flatMap(Completeness.init(rawValue:)) ?? .full
        sources = Set((json["sources"]?.array ?? []).compactMap { $0.string.flatMap(Source.init(rawValue:)) })
        notes = (json["notes"]?.array ?? []).compactMap(\.string)
    }
}

extension JSONValue {
    /// An RFC 3339 time in UTC.
    fileprivate var time: Instant? { string.flatMap { CivilTime($0)?.asUTC } }
    /// A number of seconds, to the millisecond; nil for one that no call lasts: negative, or 35,000 years (2^40 s).
    fileprivate var seconds: Duration? {
        double.flatMap { $0 >= 0 && $0 < 0x1p40 ? .milliseconds(Int64(($0 * 1000).rounded())) : nil }
    }
}

extension CallRecord.Caller {
    fileprivate init(json: JSONValue?) { self.init(number: json?["number"]?.string, name: json?["name"]?.string) }
}

extension CallRecord.Party {
    fileprivate init?(json: JSONValue?) {
        guard let json, let channel = json["channel"]?.string else { return nil }
        self.init(
            number: json["number"]?.string, name: json["name"]?.string, channel: ChannelName(channel),
            agent: json["agent"]?.string)
    }
}

extension CallRecord.Queue {
    fileprivate init?(json: JSONValue?) {
        guard let json, let name = json["name"]?.string else { return nil }
        self.init(
            name: name, wait: json["wait_seconds"]?.seconds, position: json["position"]?.integer,
            result: json["result"]?.string.flatMap(Result.init(rawValue:)))
    }
}

extension CallRecord.Transfer {
    fileprivate init?(json: JSONValue) {
        guard let kind = json["kind"]?.string.flatMap(Kind.init(rawValue:)), let at = json["at"]?.time else {
            return nil
        }
        self.init(
            kind: kind, by: json["by"]?.string, to: json["to"]?.string, at: at, isOK: json["ok"]?.bool ?? false)
    }
}

extension CallRecord.Recording {
    fileprivate init?(json: JSONValue) {
        guard let path = json["path"]?.string, let started = json["started_at"]?.time else { return nil }
        self.init(
            path: path, channel: ChannelName(json["channel"]?.string ?? ""), startedAt: started,
            endedAt: json["ended_at"]?.time,
            state: json["state"]?.string.flatMap(State.init(rawValue:)) ?? .pending)
        length = json["seconds"]?.seconds
        bytes = json["bytes"]?.integer
    }
}

extension CallRecord.Leg {
    fileprivate init?(json: JSONValue) {
        guard let uniqueID = json["uniqueid"]?.string, let channel = json["channel"]?.string,
            let role = json["role"]?.string.flatMap(Role.init(rawValue:)), let started = json["started_at"]?.time
        else { return nil }
        self.init(uniqueID: UniqueID(uniqueID), channel: ChannelName(channel), role: role, startedAt: started)
        number = json["number"]?.string
        name = json["name"]?.string
        ringingAt = json["ringing_at"]?.time
        answeredAt = json["answered_at"]?.time
        endedAt = json["ended_at"]?.time
        dialStatus = json["dial_status"]?.string.flatMap(DialStatus.init(rawValue:))
        cause = json["hangup_cause"]?["code"]?.integer.map(HangupCause.init(rawValue:))
        causeText = json["hangup_cause"]?["text"]?.string
        techCause = json["tech_cause"]?.string
        isAnsweredElsewhere = json["answered_elsewhere"]?.bool ?? false
        bridged = (json["bridged"]?.array ?? []).compactMap { interval in
            guard let from = interval["from"]?.time, let to = interval["to"]?.time else { return nil }
            let with = (interval["with"]?.array ?? []).compactMap { $0.string.map(ChannelName.init) }
            return Bridged(from: from, to: to, with: with)
        }
    }
}
