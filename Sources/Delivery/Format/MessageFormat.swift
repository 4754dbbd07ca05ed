import Telephony

/// How one endpoint's messages are written: compiled once when the configuration is read.
///
/// What it makes is the same for the same event, whenever it is made: nothing in it depends on the clock or on the attempt.
struct MessageFormat: Sendable {
    /// What stands in the body, or for GET in the query.
    enum Body: Sendable {
        /// `{"type","id","timestamp","data"}`, or its fields as a form.
        case standard
        /// One that is no template of its own: `PresetBodies`, or CloudEvents. An alert is written as `standard`. With
        /// GET nothing is added to the query.
        case preset(Preset)
        /// The section's `body`, or the preset's own where that is a template (Smartflo, VICIdial's GET).
        case template(Template)
    }
    /// What the section's `preset` and `body` come to.
    var body: Body
    /// Path and query where they hold fields; nil where the URL is used as it is.
    var target: Template?
    /// Said of the body, and decides between JSON and form for `standard` and `vicidial`; not sent with GET.
    var contentType: String
    /// GET, which has no body: the fields go into the query.
    var isInQuery: Bool
    /// How fields are written, wherever they stand: body, query or path.
    var values: ValueFormat

    /// The stored message: the body, or, where path and query differ from call to call, a line `>/path?query` and the body.
    ///
    /// - Parameter fixedTarget: path and query of the configured URL, for requests without a body.
    func message(for event: WebhookEvent, recordJSON: [UInt8]?, fixedTarget: String) -> [UInt8] {
        let context = FieldContext(event, recordJSON: recordJSON, format: values)
        guard target != nil || isInQuery else { return bodyBytes(context) }
        var out: [UInt8] = [UInt8(ascii: ">")]
        if let target { target.append(context, to: &out) } else { out.append(contentsOf: fixedTarget.utf8) }
        if isInQuery {
            let query = queryBytes(context)
            if !query.isEmpty {
                let separator = out.contains(UInt8(ascii: "?")) ? UInt8(ascii: "&") : UInt8(ascii: "?")
                if out.last != separator, out.last != UInt8(ascii: "?") { out.append(separator) }
                out.append(contentsOf: query)
            }
        } else {
            out.append(UInt8(ascii: "\n"))
            out.append(contentsOf: bodyBytes(context))
        }
        return out
    }

    private func bodyBytes(_ context: FieldContext) -> [UInt8] {
        switch body {
        case .template(let template): return template.rendered(context)
        case .standard where contentType == ContentType.form: return formBytes(context, withLists: true)
        case .standard: return MessageFormat.envelope(context)
        case .preset(let preset):
            guard let record = context.record else {
                // An alert has no preset; it is written as the request says it is.
                return contentType == ContentType.form
                    ? formBytes(context, withLists: false) : MessageFormat.envelope(context)
            }
            return presetBytes(preset, record, context)
        }
    }

    /// The contract's section 4.
    static func envelope(_ context: FieldContext) -> [UInt8] {
        let event = context.event
        var w = JSONWriter(reserving: (context.recordJSON?.count ?? 2048) + 160)
        w.beginObject()
        w.member("type", event.type.rawValue)
        w.member("id", event.id)
        w.member("timestamp", event.timestamp as Instant?)
        w.key("data")
        writeData(context, to: &w)
        w.endObject()
        return w.bytes
    }
    private static func writeData(_ context: FieldContext, to w: inout JSONWriter) {
        if let json = context.recordJSON {
            w.value(raw: json)
        } else {
            switch context.event.subject {
            case .call(let record): record.write(to: &w)
            case .alert(let alert): alert.write(to: &w)
            }
        }
    }

    private func presetBytes(_ preset: Preset, _ record: CallRecord, _ context: FieldContext) -> [UInt8] {
        var w = JSONWriter(reserving: 1024)
        switch preset {
        case .hookswitch, .vicidialGet, .smartflo: return MessageFormat.envelope(context)
        case .vicidial:
            let members = PresetBodies.vicidial(record, context)
            guard contentType != ContentType.form else {
                var out: [UInt8] = []
                PresetBodies.appendForm(members, to: &out)
                return out
            }
            PresetBodies.writeObject(members, to: &w)
        case .intellicall: PresetBodies.writeObject(PresetBodies.intellicall(record, context), to: &w)
        case .yeastar30012:
            var inner = JSONWriter(reserving: 1024)
            PresetBodies.writeObject(PresetBodies.yeastar(record, context), to: &inner)
            w.beginObject()
            w.member("type", 30012)
            w.member("sn", context.format.account ?? record.system)
            w.member("msg", String(decoding: inner.bytes, as: UTF8.self))
            w.endObject()
        case .twilio:
            var out: [UInt8] = []
            PresetBodies.appendForm(PresetBodies.twilio(record, context), to: &out)
            return out
        case .cloudevents: MessageFormat.writeCloudEvent(record, context, to: &w)
        }
        return w.bytes
    }

    /// CloudEvents 1.0, JSON event format, structured mode.
    private static func writeCloudEvent(_ record: CallRecord, _ context: FieldContext, to w: inout JSONWriter) {
        var system: [UInt8] = []
        Escaping.appendURL(record.system, to: &system)
        w.beginObject()
        w.member("specversion", "1.0")
        w.member("id", context.event.id)
        w.member("source", "/hookswitch/" + String(decoding: system, as: UTF8.self))
        w.member("type", "hookswitch." + context.event.type.rawValue)
        w.member("subject", record.id)
        w.member("time", context.event.timestamp as Instant?)
        w.member("datacontenttype", ContentType.json)
        w.key("data")
        writeData(context, to: &w)
        w.endObject()
    }

    private func queryBytes(_ context: FieldContext) -> [UInt8] {
        switch body {
        case .template(let template): template.rendered(context)
        case .standard where target == nil: formBytes(context, withLists: false)
        case .standard, .preset: []
        }
    }
    private func formBytes(_ context: FieldContext, withLists: Bool) -> [UInt8] {
        var members: PresetBodies.Members
        switch context.event.subject {
        case .call(let record): members = PresetBodies.flat(record, context, withLists: withLists)
        case .alert(let alert):
            members = [
                ("type", .text(context.event.type.rawValue)), ("id", .text(context.event.id)),
                ("timestamp", .time(context.event.timestamp)), ("kind", .text(alert.kind.rawValue)),
                ("subject", .text(alert.subject)), ("message", .text(alert.message)),
            ]
        }
        // A query or form says nothing of what is not there.
        members.removeAll { $0.value == .null }
        var out: [UInt8] = []
        PresetBodies.appendForm(members, to: &out)
        return out
    }

    /// Splits a stored message into path and query (nil: those of the configured URL) and body.
    static func split(_ stored: [UInt8]) -> (target: String?, body: ArraySlice<UInt8>) {
        guard stored.first == UInt8(ascii: ">") else { return (nil, stored[...]) }
        let end = stored.firstIndex(of: UInt8(ascii: "\n")) ?? stored.endIndex
        return (String(decoding: stored[1..<end], as: UTF8.self), stored[min(end + 1, stored.endIndex)...])
    }
}
