import Storage
import Telephony

/// A finished call as bytes, for notes that survive a kill and for the overflow file.
///
/// **Shape**: `{"times":[START,ANSWER,END],"record":{…},"evidence":[{…}]}` on one line; times in microseconds since the epoch,
/// as the record's JSON has milliseconds and whole-second durations are counted from the exact ones. ANSWER may be null.
extension FinishedCall {
    var noteBytes: [UInt8] {
        var w = JSONWriter(reserving: 4096)
        w.beginObject()
        w.key("times")
        w.beginArray()
        w.value(record.startedAt.microseconds)
        if let answered = record.answeredAt { w.value(answered.microseconds) } else { w.null() }
        w.value(record.endedAt.microseconds)
        w.endArray()
        w.key("record")
        record.write(to: &w)
        w.key("evidence")
        w.beginArray()
        for item in evidence {
            w.beginObject()
            w.member("field", item.field)
            w.member("event", item.event)
            w.key("at")
            w.value(item.at.microseconds)
            w.key("offset")
            if let offset = item.offset { w.value(offset) } else { w.null() }
            w.member("reason", item.reason)
            w.endObject()
        }
        w.endArray()
        w.endObject()
        return w.bytes
    }

    /// Nil for anything that is no note of a call.
    init?(noteBytes: some Collection<UInt8>) {
        guard let json = try? JSONValue(parsing: Array(noteBytes)), let body = json["record"],
            var record = CallRecord(json: body)
        else { return nil }
        if let start = json["times"]?[0]?.integer { record.startedAt = Instant(microseconds: Int64(start)) }
        if let answer = json["times"]?[1]?.integer { record.answeredAt = Instant(microseconds: Int64(answer)) }
        if let end = json["times"]?[2]?.integer { record.endedAt = Instant(microseconds: Int64(end)) }
        let evidence = (json["evidence"]?.array ?? []).compactMap { item -> FieldEvidence? in
            guard let field = item["field"]?.string, let event = item["event"]?.string, let at = item["at"]?.integer
            else { return nil }
            return FieldEvidence(
                field: field, event: event, at: Instant(microseconds: Int64(at)),
                offset: item["offset"]?.integer.map(Int64.init), reason: item["reason"]?.string ?? "")
        }
        self.init(record: record, evidence: evidence)
    }
}
