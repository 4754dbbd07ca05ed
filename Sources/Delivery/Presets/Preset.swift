/// A receiver Hookswitch can speak to as the system it was written for does: body, headers, times and retries.
public enum Preset: String, Sendable, Hashable, CaseIterable {
    /// The contract's own body.
    case hookswitch
    /// The ViciDial guide's call-complete payload, JSON or form (requirements S2.1).
    case vicidial
    /// VICIdial's Dispo Call URL: a GET with `--A--name--B--` (requirements S1.3).
    case vicidialGet = "vicidial_get"
    /// The Smartflo webhook with its 32 variables (S3.2).
    case smartflo
    /// The Intellicall callback (S4.4 to S4.11).
    case intellicall
    /// CloudEvents 1.0, structured JSON.
    case cloudevents
    /// Yeastar P-Series event 30012, "Call End Details Notification".
    case yeastar30012
    /// Twilio's voice status callback, a form with `X-Twilio-Signature`.
    case twilio

    /// The content type where the section names none.
    var contentType: String {
        switch self {
        case .twilio: ContentType.form
        case .cloudevents: "application/cloudevents+json"
        default: ContentType.json
        }
    }
    /// The content types the preset can be written in.
    var contentTypes: [String] {
        switch self {
        case .vicidial: [ContentType.json, ContentType.form]
        default: [contentType]
        }
    }
    /// What applies where the section has no `retry`.
    var retry: RetryPolicy { self == .intellicall ? .intellicall : .standard }
    /// Whether the receiver knows one event a call only, its end.
    var isOneEvent: Bool { self != .hookswitch && self != .cloudevents }

    /// The query of the VICIdial-style GET: what a Dispo Call URL usually carries.
    static let vicidialQuery = [
        "lead_id": "lead_id", "dispo": "dispo", "talk_time": "talk_time", "agent": "user", "phone": "phone_number",
        "vendor_code": "vendor_lead_code", "recording": "recording_filename", "uniqueid": "uniqueid",
        "campaign": "campaign", "first_name": "first_name", "last_name": "last_name",
    ].sorted { $0.key < $1.key }.map { "\($0.key)=--A--\($0.value)--B--" }.joined(separator: "&")
}
