/// Every name that data in a log line may have. One list, so that a search for `call.linkedid` finds all of a call.
///
/// The raw value is what stands in the log, dotted by subject. Names of people and numbers go under these keys only as
/// `Redacted`.
public enum LogKey: String, Sendable, CaseIterable {
    // The call.
    case callID = "call.id"
    case linkedID = "call.linkedid"
    case uniqueID = "channel.uniqueid"
    case channel = "channel.name"
    case callerNumber = "call.number"
    case disposition = "call.disposition"
    case recordingPath = "recording.path"
    // The manager and AGI sides.
    case pbx = "pbx.name"
    case asteriskVersion = "asterisk.version"
    case managerVersion = "manager.version"
    case amiEvent = "ami.event"
    case agiScript = "agi.script"
    case lookup = "lookup.section"
    case peer = "net.peer"
    case address = "net.address"
    // Delivery.
    case endpoint = "endpoint.id"
    case webhookID = "webhook.id"
    case webhookEvent = "webhook.type"
    case attempt = "delivery.attempt"
    case httpStatus = "http.status"
    case url = "http.url"
    case body = "http.body"
    case retryIn = "delivery.retry_in_ms"
    // Alerts.
    case alertKind = "alert.kind"
    case alertSubject = "alert.subject"
    // Failures.
    case errorCode = "error.code"
    case error = "error.text"
    case hint = "hint"
    // The program.
    case file = "file.path"
    case line = "file.line"
    case count = "count"
    case bytes = "bytes"
    case milliseconds = "elapsed_ms"
    case signal = "signal"
    case version = "version"
    case processID = "process.id"
    case state = "state"
    /// How many equal lines were counted instead of printed since the last one printed.
    case repeated = "log.repeated"
}
