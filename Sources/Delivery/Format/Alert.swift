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
        case breakerOpen = "breaker_open"
        case endpointRecovered = "endpoint_recovered"
        /// 410: disabled until an operator enables it.
        case endpointDisabled = "endpoint_disabled"
        case deadLetter = "dead_letter"
        /// The oldest message of an endpoint has waited too long.
        case oldestPending = "oldest_pending"
        /// A disposition the endpoint's map does not have.
        case unmappedDisposition = "unmapped_disposition"
        case diskLow = "disk_low"
        case diskRecovered = "disk_recovered"
        /// SQLite's check found faults in the file.
        case databaseDamaged = "database_damaged"
        case managerLost = "manager_lost"
        case managerRecovered = "manager_recovered"
        /// Channels are seen, but no call was ever recorded.
        case noRecords = "no_records"
        case spoolNotDrained = "spool_not_drained"
        case spoolDrained = "spool_drained"

        /// Whether it tells of the end of a trouble.
        public var isGood: Bool {
            switch self {
            case .endpointRecovered, .diskRecovered, .managerRecovered, .spoolDrained: true
            default: false
            }
        }
    }
    public var kind: Kind
    /// The endpoint, PBX or folder it is about.
    public var subject: String
    /// One sentence, without data of callers.
    public var message: String
    public var at: Instant
    /// For the log alone: one of this kind and subject was told to people within the last minute, and what follows it is told
    /// together when the minute is over.
    public var isRepeat = false

    public init(_ kind: Kind, subject: String, message: String, at: Instant) {
        (self.kind, self.subject, self.message, self.at) = (kind, subject, message, at)
    }
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
