import Telephony

/// The exact times of a call, beside its record: that has milliseconds, and its whole-second durations are counted from these.
///
/// **Shape**: `{"times":[START,ANSWER,END]}` in microseconds since the epoch; ANSWER may be null. The note that the store keeps
/// of a call that waits for its recordings.
struct CallTimes: Equatable {
    /// The record's start, to the microsecond.
    var startedAt: Instant
    /// Its answer, to the microsecond; nil where nobody answered.
    var answeredAt: Instant?
    /// Its end, to the microsecond.
    var endedAt: Instant

    /// Those of a record that still has its microseconds: one of the fold, not one read from JSON.
    init(of record: CallRecord) {
        (startedAt, answeredAt, endedAt) = (record.startedAt, record.answeredAt, record.endedAt)
    }
    /// Nil for anything that is no such note; a whole call's is none.
    init?(noteBytes: [UInt8]) {
        guard let json = try? JSONValue(parsing: noteBytes), json["record"] == nil else { return nil }
        self.init(json)
    }
    /// Of an object that has them under `times`, a note of a whole call too.
    init?(_ json: JSONValue) {
        guard let start = json["times"]?[0]?.integer, let end = json["times"]?[2]?.integer else { return nil }
        startedAt = Instant(microseconds: Int64(start))
        answeredAt = json["times"]?[1]?.integer.map { Instant(microseconds: Int64($0)) }
        endedAt = Instant(microseconds: Int64(end))
    }

    /// The note itself.
    var noteBytes: [UInt8] {
        var w = JSONWriter(reserving: 96)
        w.beginObject()
        write(to: &w)
        w.endObject()
        return w.bytes
    }
    /// Writes `times` into an object that has been begun.
    func write(to w: inout JSONWriter) {
        w.key("times")
        w.beginArray()
        w.value(startedAt.microseconds)
        w.value(answeredAt?.microseconds)
        w.value(endedAt.microseconds)
        w.endArray()
    }
    /// Gives a record read from JSON its microseconds back.
    func restore(_ record: inout CallRecord) {
        (record.startedAt, record.answeredAt, record.endedAt) = (startedAt, answeredAt, endedAt)
    }
}
