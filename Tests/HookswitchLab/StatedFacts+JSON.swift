import Telephony

extension Scenario {
    /// The stated facts as saved beside a capture: one object a call, ranges as `[from, to]`, alternatives as arrays.
    var factsJSON: [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.member("name", name)
        json.member("story", story)
        if let cdrDiffers { json.member("cdr_differs", cdrDiffers) }
        json.key("calls")
        json.beginArray()
        for call in calls { call.write(to: &json) }
        json.endArray()
        json.endObject()
        return json.bytes + [10]
    }
}

extension StatedFacts {
    fileprivate func write(to json: inout JSONWriter) {
        func list(_ name: StaticString, _ texts: [String?]?) {
            guard let texts else { return }
            json.key(name)
            json.beginArray()
            for text in texts { json.value(text) }
            json.endArray()
        }
        func range(_ name: StaticString, _ range: ClosedRange<Double>?) {
            guard let range else { return }
            json.key(name)
            json.value(raw: Array("[\(range.lowerBound), \(range.upperBound)]".utf8))
        }
        func wide(_ range: ClosedRange<Int>?) -> ClosedRange<Double>? {
            range.map { Double($0.lowerBound)...Double($0.upperBound) }
        }
        json.beginObject()
        json.member("direction", direction)
        json.member("caller", caller)
        list("callee", callee)
        list("disposition", disposition)
        range("billsec", wide(billsec))
        range("talk_seconds", talk)
        range("duration", wide(duration))
        range("hold_seconds", hold)
        range("park_seconds", park)
        if let answeredBy { json.member("answered_by", answeredBy) }
        list("agents", agents)
        if let agent { json.member("agent", agent) }
        list("hungup_by", hungUpBy)
        if let cause { list("hangup_cause", cause.map(String.init)) }
        if let queue {
            json.key("queue")
            json.beginObject()
            json.member("name", queue.name)
            json.member("result", queue.result)
            range("wait_seconds", queue.wait)
            json.endObject()
        }
        list("transfers", transfers?.map(\.kind))
        list("recordings", recordings)
        if let callerName { json.member("caller_name", callerName) }
        if let accountCode { json.member("accountcode", accountCode) }
        if let userField { json.member("userfield", userField) }
        if !variables.isEmpty {
            json.key("variables")
            json.beginObject()
            for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
                json.key(text: name)
                json.value(value)
            }
            json.endObject()
        }
        if let completeness { json.member("completeness", completeness) }
        json.endObject()
    }
}
