extension CallRecord {
    /// The record as the contract's JSON object, keys in the contract's order.
    public var json: [UInt8] {
        var writer = JSONWriter(reserving: 2048)
        write(to: &writer)
        return writer.bytes
    }

    /// Writes the record as one JSON object.
    public func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("id", id)
        w.member("system", system)
        w.member("uniqueid", uniqueID.description)
        w.member("linkedid", linkedID.description)
        w.member("direction", direction.rawValue)
        w.member("disposition", knownDisposition?.rawValue)
        w.key("caller")
        caller.write(to: &w)
        w.key("callee")
        callee.write(to: &w)
        w.key("answered_by")
        CallRecord.write(answeredBy, to: &w)
        w.key("agents")
        w.beginArray()
        for agent in agents { agent.write(to: &w) }
        w.endArray()
        w.key("agent")
        CallRecord.write(agent, to: &w)
        w.member("started_at", startedAt)
        w.member("answered_at", answeredAt)
        w.member("ended_at", isInProgress ? nil : endedAt)
        w.member("duration", duration)
        w.member("billsec", billableSeconds)
        w.member("talk_seconds", seconds: talk)
        w.member("ring_seconds", seconds: ring)
        w.member("hold_seconds", seconds: hold)
        w.member("park_seconds", seconds: park)
        w.member("hungup_by", isInProgress ? nil : hungUpBy?.rawValue)
        w.key("hangup_cause")
        if isInProgress {
            w.null()
        } else {
            w.beginObject()
            w.member("code", hangupCause.rawValue)
            w.member("text", hangupCauseText)
            w.endObject()
        }
        w.key("queue")
        if let queue { queue.write(to: &w) } else { w.null() }
        w.key("transfers")
        w.beginArray()
        for transfer in transfers { transfer.write(to: &w) }
        w.endArray()
        w.key("recordings")
        w.beginArray()
        for recording in recordings { recording.write(to: &w) }
        w.endArray()
        w.member("recording_path", recordingPath)
        w.key("legs")
        w.beginArray()
        for leg in legs { leg.write(to: &w) }
        w.endArray()
        w.key("variables")
        w.beginObject()
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
            w.key(text: name)
            w.value(value)
        }
        w.endObject()
        w.member("ref_id", refID)
        w.member("accountcode", accountCode)
        w.member("userfield", userField)
        w.member("completeness", completeness.rawValue)
        w.key("sources")
        w.beginArray()
        for source in sources.sorted() { w.value(source.rawValue) }
        w.endArray()
        w.key("notes")
        w.beginArray()
        for note in notes { w.value(note) }
        w.endArray()
        w.endObject()
    }

    private static func write(_ party: Party?, to w: inout JSONWriter) {
        if let party { party.write(to: &w) } else { w.null() }
    }
}

extension CallRecord.Caller {
    func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("number", number)
        w.member("name", name)
        w.endObject()
    }
}

extension CallRecord.Party {
    func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("number", number)
        w.member("name", name)
        w.member("channel", channel.description)
        if let agent {
            w.member("agent", agent)
        }
        w.endObject()
    }
}

extension CallRecord.Queue {
    func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("name", name)
        w.member("wait_seconds", seconds: wait)
        w.key("position")
        if let position { w.value(position) } else { w.null() }
        w.member("result", result?.rawValue)
        w.endObject()
    }
}

extension CallRecord.Transfer {
    func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("kind", kind.rawValue)
        w.member("by", by)
        w.member("to", to)
        w.member("at", at)
        w.member("ok", isOK)
        w.endObject()
    }
}

extension CallRecord.Recording {
    func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("path", path)
        w.member("channel", channel.description)
        w.member("started_at", startedAt)
        w.member("ended_at", endedAt)
        w.key("seconds")
        if let length { w.value(seconds: length) } else { w.null() }
        w.key("bytes")
        if let bytes { w.value(bytes) } else { w.null() }
        w.member("state", state.rawValue)
        w.endObject()
    }
}

extension CallRecord.Leg {
    func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("uniqueid", uniqueID.description)
        w.member("channel", channel.description)
        w.member("number", number)
        w.member("name", name)
        w.member("role", role.rawValue)
        w.member("started_at", startedAt)
        w.member("ringing_at", ringingAt)
        w.member("answered_at", answeredAt)
        w.member("ended_at", endedAt)
        w.member("dial_status", dialStatus?.rawValue)
        w.key("hangup_cause")
        if let cause {
            w.beginObject()
            w.member("code", cause.rawValue)
            w.member("text", causeText ?? cause.text)
            w.endObject()
        } else {
            w.null()
        }
        w.member("tech_cause", techCause)
        w.member("answered_elsewhere", isAnsweredElsewhere)
        w.key("bridged")
        w.beginArray()
        for interval in bridged {
            w.beginObject()
            w.member("from", interval.from)
            w.member("to", interval.to)
            w.key("with")
            w.beginArray()
            for channel in interval.with { w.value(channel.description) }
            w.endArray()
            w.endObject()
        }
        w.endArray()
        w.endObject()
    }
}
