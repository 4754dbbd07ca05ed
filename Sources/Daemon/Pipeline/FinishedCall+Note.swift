import Storage
import Telephony

/// The exact times of a call, beside its record: that has milliseconds, and its whole-second durations are counted from these.
///
/// **Shape**: `{"times":[START,ANSWER,END]}` in microseconds since the epoch; ANSWER may be null. The note that the store keeps
/// of a call that waits for its recordings.
struct CallTimes: Equatable {
    var startedAt: Instant
    var answeredAt: Instant?
    var endedAt: Instant

    init(of record: CallRecord) {
        (startedAt, answeredAt, endedAt) = (record.startedAt, record.answeredAt, record.endedAt)
    }
    /// Nil for anything that is no such note; a whole call's is none.
    init?(noteBytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: noteBytes), json["record"] == nil else { return nil }
        self.init(json)
    }
    fileprivate init?(_ json: JSONValue) {
        guard let start = json["times"]?[0]?.integer, let end = json["times"]?[2]?.integer else { return nil }
        startedAt = Instant(microseconds: Int64(start))
        answeredAt = json["times"]?[1]?.integer.map { Instant(microseconds: Int64($0)) }
        endedAt = Instant(microseconds: Int64(end))
    }

    var noteBytes: [UInt8] {
        var w = JSONWriter(reserving: 96)
        w.beginObject()
        write(to: &w)
        w.endObject()
        return w.bytes
    }
    fileprivate func write(to w: inout JSONWriter) {
        w.key("times")
        w.beginArray()
        w.value(startedAt.microseconds)
        w.value(answeredAt?.microseconds)
        w.value(endedAt.microseconds)
        w.endArray()
    }
    fileprivate func restore(_ record: inout CallRecord) {
        (record.startedAt, record.answeredAt, record.endedAt) = (startedAt, answeredAt, endedAt)
    }
}

/// A finished call as bytes, for the overflow file.
///
/// **Shape**: `{"times":[…],"record":{…},"evidence":[{…}]}` on one line.
extension FinishedCall {
    var noteBytes: [UInt8] {
        var w = JSONWriter(reserving: 4096)
        w.beginObject()
        CallTimes(of: record).write(to: &w)
        w.key("record")
        record.write(to: &w)
        w.array("evidence", evidence) { item, w in
            w.beginObject()
            w.member("field", item.field)
            w.member("event", item.event)
            w.member("at", item.at.microseconds)
            w.member("offset", item.offset)
            w.member("reason", item.reason)
            w.endObject()
        }
        w.endObject()
        return w.bytes
    }

    /// Nil for anything that is no note of a call.
    init?(noteBytes: some Collection<UInt8>) {
        guard let json = try? JSONValue(parsing: Array(noteBytes)), let body = json["record"],
            var record = CallRecord(json: body)
        else { return nil }
        CallTimes(json)?.restore(&record)
        let evidence = (json["evidence"]?.array ?? []).compactMap { item -> FieldEvidence? in
            guard let field = item["field"]?.string, let event = item["event"]?.string, let at = item["at"]?.integer
            else { return nil }
            return FieldEvidence(
                field: field, event: event, at: Instant(microseconds: Int64(at)),
                offset: item["offset"]?.integer.map(Int64.init), reason: item["reason"]?.string ?? "")
        }
        self.init(record: record, evidence: evidence)
    }

    /// A call as the store has it, with its exact times. Nil where its record cannot be read.
    init?(_ stored: StoredCall, times: CallTimes) {
        guard let json = try? JSONValue(parsing: stored.recordJSON), var record = CallRecord(json: json) else {
            return nil
        }
        times.restore(&record)
        self.init(record: record, evidence: stored.evidence)
    }
}
