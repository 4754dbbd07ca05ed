import Telephony

extension FieldEvidence {
    /// Evidence as it is stored: `[["billsec","Hangup",1795227460996000,1234,"the reason"],…]`; time in microseconds,
    /// the offset `null` where there is none.
    static func json(_ evidence: [FieldEvidence]) -> [UInt8] {
        var w = JSONWriter(reserving: 2 + 128 * evidence.count)
        w.array(evidence) { item, w in
            w.beginArray()
            w.value(item.field)
            w.value(item.event)
            w.value(item.at.microseconds)
            w.value(item.offset)
            w.value(item.reason)
            w.endArray()
        }
        return w.bytes
    }
    /// The other way; what cannot be read is left out.
    static func list(from json: [UInt8]) -> [FieldEvidence] {
        guard let items = (try? JSONValue(parsing: json))?.array else { return [] }
        return items.compactMap { item in
            guard let field = item[0]?.string, let event = item[1]?.string, let at = item[2]?.integer,
                let reason = item[4]?.string
            else { return nil }
            return FieldEvidence(
                field: field, event: event, at: Instant(microseconds: Int64(at)),
                offset: item[3]?.integer.map(Int64.init),
                reason: reason)
        }
    }
}
