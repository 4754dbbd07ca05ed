extension CallRecord {
    /// The record as the contract's JSON object, keys in the contract's order.
    public var json: [UInt8] {
        var writer = JSONWriter(reserving: 4096)
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
        w.member("caller", caller) { $0.write(to: &$1) }
        w.member("callee", callee) { $0.write(to: &$1) }
        w.member("answered_by", answeredBy) { $0.write(to: &$1) }
        w.array("agents", agents) { $0.write(to: &$1) }
        w.member("agent", agent) { $0.write(to: &$1) }
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
        w.member("hangup_cause", isInProgress ? nil : hangupCause) { $0.write(hangupCauseText, to: &$1) }
        w.member("queue", queue) { $0.write(to: &$1) }
        w.array("transfers", transfers) { $0.write(to: &$1) }
        w.array("recordings", recordings) { $0.write(to: &$1) }
        w.member("recording_path", recordingPath)
        w.array("legs", legs) { $0.write(to: &$1) }
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
        w.array("sources", sources.sorted()) { $1.value($0.rawValue) }
        w.array("notes", notes) { $1.value($0) }
        w.endObject()
    }
}

extension HangupCause {
    fileprivate func write(_ text: String, to w: inout JSONWriter) {
        w.beginObject()
        w.member("code", rawValue)
        w.member("text", text)
        w.endObject()
    }
}

extension CallRecord.Caller {
    /// Writes `{number, name}`.
    public func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("number", number)
        w.member("name", name)
        w.endObject()
    }
}

extension CallRecord.Party {
    /// Writes `{number, name, channel}`, and `agent` where one is named.
    public func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("number", number)
        w.member("name", name)
        w.member("channel", channel.description)
        if let agent { w.member("agent", agent) }
        w.endObject()
    }
}

extension CallRecord.Queue {
    /// Writes `{name, wait_seconds, position, result}`; all but the name may be null.
    func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("name", name)
        w.member("wait_seconds", wait) { $1.value(seconds: $0) }
        w.member("position", position)
        w.member("result", result?.rawValue)
        w.endObject()
    }
}

extension CallRecord.Transfer {
    /// Writes `{kind, by, to, at, ok}`; who and where may be null.
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
    /// Writes `{path, channel, started_at, ended_at, seconds, bytes, state}`; the length and the size are null until
    /// the file was read.
    func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("path", path)
        w.member("channel", channel.description)
        w.member("started_at", startedAt)
        w.member("ended_at", endedAt)
        w.member("seconds", length) { $1.value(seconds: $0) }
        w.member("bytes", bytes)
        w.member("state", state.rawValue)
        w.endObject()
    }
}

extension CallRecord.Leg {
    /// Writes one line's part with all its times, null where they were not seen; `hangup_cause` is null of a leg whose
    /// end was not.
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
        w.member("hangup_cause", cause) { $0.write(causeText ?? $0.text, to: &$1) }
        w.member("tech_cause", techCause)
        w.member("answered_elsewhere", isAnsweredElsewhere)
        w.array("bridged", bridged) { interval, w in
            w.beginObject()
            w.member("from", interval.from)
            w.member("to", interval.to)
            w.array("with", interval.with) { $1.value($0.description) }
            w.endObject()
        }
        w.endObject()
    }
}
