/// Why the store could not do what it was asked, in a form an operator can act on.
///
/// `description` names files, operations and SQLite's own result code; it never holds a number, a name or a body.
public struct StorageError: Error, Equatable, CustomStringConvertible {
    /// What kind of trouble; a bounded set, fit for a metric label.
    public enum Code: String, Sendable, CaseIterable {
        /// The state folder does not exist and cannot be made, or this user may not write in it.
        case unwritable
        /// Another process owns the state folder.
        case locked
        /// The database was written by a newer Hookswitch than this one.
        case newerVersion
        /// The database fails SQLite's integrity check, or is no database at all.
        case damaged
        /// No space left for the next transaction; what was asked for is not done and may be asked again.
        case diskFull
        /// The disk refused a read, a write or a sync.
        case io
        /// Another connection held the database longer than the busy time-out.
        case busy
        /// The store has been closed.
        case closed
        /// No database at the place named: the daemon has not run here yet.
        case missing
        /// A statement of ours SQLite would not take: a bug here.
        case statement
    }
    /// What a program decides by; `context` and the rest are for people.
    public let code: Code
    /// What was being done and to what: `open /var/lib/hookswitch/hookswitch.db`.
    public let context: String
    /// SQLite's or the system's words; empty where it had none.
    public let underlying: String
    /// SQLite's extended result code, or the system's errno; 0 where neither applies.
    public let number: Int32

    /// - Parameter context: must name no caller, number or body, as it is logged.
    public init(_ code: Code, _ context: String, underlying: String = "", number: Int32 = 0) {
        (self.code, self.context, self.underlying, self.number) = (code, context, underlying, number)
    }

    /// The sentence an operator needs.
    public var hint: String {
        switch code {
        case .unwritable: "create the folder and give it to the user hookswitch runs as, or set state_dir"
        case .locked: "stop the other hookswitch, or give this one its own state_dir"
        case .newerVersion: "install the Hookswitch that wrote it, or restore a backup made before the upgrade"
        case .damaged: "keep the file, restore the latest backup, and run backfill for the calls since"
        case .diskFull: "free space on the volume of state_dir; nothing is lost, the write is repeated"
        case .io: "check the disk and the kernel log; the write is repeated"
        case .busy: "another program holds the database open for writing; close it"
        case .closed: "the daemon is stopping"
        case .missing: "start the daemon once with this state_dir, or name the right configuration with --config"
        case .statement: "this is a defect in Hookswitch; please report the line above"
        }
    }
    /// Whether the same call may well succeed later without anybody changing a configuration.
    public var isTransient: Bool { code == .diskFull || code == .io || code == .busy }

    /// One line: where, what, SQLite's words and code, and what to do about it.
    public var description: String {
        if code == .locked, !underlying.isEmpty { return "storage: \(context): \(underlying); \(hint)" }
        var text = "storage: \(context): \(code.rawValue)"
        if !underlying.isEmpty { text += " (\(underlying)\(number == 0 ? "" : ", \(number)"))" }
        return "\(text); \(hint)"
    }
}
