public import Telephony

/// Something a person should know of: told to the log, to endpoints that list `alert`, and to `check`.
///
/// Holds no number, no name and no secret; `subject` is a configured name.
public struct Alert: Sendable, Equatable, CustomStringConvertible {
    /// What happened; the raw value is the JSON word.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The first failure of an endpoint after it worked, or ever.
        case endpointFailing = "endpoint_failing"
        /// 401 or 403: a token has expired, a key was revoked.
        case unauthorized
        /// The circuit breaker of an endpoint or lookup opened: what waits behind it is tried one at a time.
        case breakerOpen = "breaker_open"
        /// The end of `breakerOpen` for an endpoint; of a lookup, of any failure.
        case endpointRecovered = "endpoint_recovered"
        /// 410: disabled until an operator enables it.
        case endpointDisabled = "endpoint_disabled"
        /// A message has used up its attempts; it is kept, and can be sent again.
        case deadLetter = "dead_letter"
        /// The oldest message of an endpoint has waited too long.
        case oldestPending = "oldest_pending"
        /// A disposition the endpoint's map does not have.
        case unmappedDisposition = "unmapped_disposition"
        /// Little is left on the state folder's volume, or a write has found no room.
        case diskLow = "disk_low"
        /// Twice the limit is free again.
        case diskRecovered = "disk_recovered"
        /// SQLite's check found faults in the file.
        case databaseDamaged = "database_damaged"
        /// The manager connection broke or cannot be made. Told once for the whole outage.
        case managerLost = "manager_lost"
        /// Logged in again; calls in progress are being looked up.
        case managerRecovered = "manager_recovered"
        /// Asterisk has channels, but none of their events come, or no call has been recorded for ten minutes.
        case noRecords = "no_records"
        /// The oldest file of the spool has waited for more than ten minutes.
        case spoolNotDrained = "spool_not_drained"
        /// The spool's files are taken up again, none waits for a minute.
        case spoolDrained = "spool_drained"

        /// Whether it tells of the end of a trouble.
        public var isGood: Bool {
            switch self {
            case .endpointRecovered, .diskRecovered, .managerRecovered, .spoolDrained: true
            default: false
            }
        }
    }
    /// What `AlertGate` counts repeats by, within one subject.
    public var kind: Kind
    /// The endpoint, PBX or folder it is about.
    public var subject: String
    /// One sentence, without data of callers.
    public var message: String
    /// By the wall clock; the `webhook-id` is made of it, in milliseconds.
    public var at: Instant
    /// For the log alone: one of this kind and subject was told to people within the last minute, and what follows it is told
    /// together when the minute is over.
    public var isRepeat = false

    /// Told to everybody; `AlertGate` marks what is a repeat.
    public init(_ kind: Kind, subject: String, message: String, at: Instant) {
        (self.kind, self.subject, self.message, self.at) = (kind, subject, message, at)
    }
    /// `breaker_open crm: fails too often: …`, without the time.
    public var description: String { "\(kind.rawValue) \(subject): \(message)" }

    /// `{"kind":"disk_low","subject":"/var/lib/hookswitch","message":"…","at":"2026-11-21T05:00:00.000Z"}`
    public func write(to w: inout JSONWriter) {
        w.beginObject()
        w.member("kind", kind.rawValue)
        w.member("subject", subject)
        w.member("message", message)
        w.member("at", at as Instant?)
        w.endObject()
    }
}
