import Storage
import Telephony

/// A finished call as bytes, for the overflow file.
///
/// **Shape**: `{"times":[…],"record":{…},"evidence":[{…}]}` on one line.
extension FinishedCall {
    /// One line without its line feed: all there is of the call, its times exact.
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
