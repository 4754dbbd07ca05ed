import Telephony

/// One thing that `check` looked at.
public struct Finding: Sendable, Equatable {
    /// How bad it is.
    public enum Level: String, Sendable, Comparable {
        /// Looked at, and as it should be.
        case ok
        /// Could not be looked at from here.
        case unknown
        /// No call is lost by it, but something is worse than it could be.
        case warning
        /// A call could be lost or told wrong.
        case failure

        private var rank: Int {
            switch self {
            case .ok: 0
            case .unknown: 1
            case .warning: 2
            case .failure: 3
            }
        }
        /// By what it may cost: a `warning` is worse than what could not be looked at.
        public static func < (a: Level, b: Level) -> Bool { a.rank < b.rank }
    }
    /// Only a `failure` changes the exit code of `check`.
    public var level: Level
    /// What was looked at: `manager main`, `webhook crm`, `disk`.
    public var subject: String
    /// What was found, as one sentence without a full stop.
    public var text: String
    /// What to write where; empty where nothing is wrong.
    public var fix: String

    /// - Parameter fix: names file, section and line to write; left out where nothing is to be done.
    public init(_ level: Level, _ subject: String, _ text: String, fix: String = "") {
        (self.level, self.subject, self.text, self.fix) = (level, subject, text, fix)
    }

    /// `{"level":"failure","subject":"manager main","text":"…","fix":"…"}`
    public var json: [UInt8] {
        var w = JSONWriter(reserving: 200)
        w.beginObject()
        w.member("level", level.rawValue)
        w.member("subject", subject)
        w.member("text", text)
        w.member("fix", fix.isEmpty ? nil : fix)
        w.endObject()
        return w.bytes
    }
}
