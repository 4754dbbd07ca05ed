/// The tables, and how a database of an earlier release becomes one of this.
///
/// `PRAGMA user_version` counts the steps that have been taken. A step that has been released is never changed; the next
/// change of the tables is a further step. Times are milliseconds since 1970, UTC.
///
/// ```
/// calls ─1:1─ call_documents      endpoints ─1:n─ outbox ─1:1─ outbox_bodies
///   └──1:n─ legs (uniqueid → call)                  └──1:n─ attempts
/// open_calls (waiting)            requests (from the command line to the daemon)
/// ```
enum Schema {
    /// The version this program writes.
    static var current: Int64 { Int64(steps.count) }

    /// Step n brings a database of version n to n + 1; the first makes all tables of the first release.
    static let steps: [String] = [
        """
        CREATE TABLE calls (
            row INTEGER PRIMARY KEY,
            id TEXT NOT NULL,
            system TEXT NOT NULL,
            uniqueid TEXT NOT NULL,
            linkedid TEXT NOT NULL,
            started_at_ms INTEGER NOT NULL,
            answered_at_ms INTEGER,
            ended_at_ms INTEGER NOT NULL,
            direction TEXT NOT NULL,
            disposition TEXT NOT NULL,
            caller_number TEXT,
            callee_number TEXT,
            numbers TEXT NOT NULL,          -- every number of the call, each between line feeds
            agents TEXT NOT NULL,           -- numbers and names of the agents, each between line feeds
            queue TEXT,
            duration_s INTEGER NOT NULL,
            billsec INTEGER NOT NULL,
            completeness TEXT NOT NULL,
            hangup_cause INTEGER NOT NULL,
            stored_at_ms INTEGER NOT NULL,
            amended_at_ms INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX calls_by_id ON calls (id);
        CREATE INDEX calls_by_start ON calls (started_at_ms);

        -- Apart from calls, so that a search over many calls does not read their documents.
        CREATE TABLE call_documents (
            call INTEGER PRIMARY KEY,
            record TEXT NOT NULL,
            evidence TEXT NOT NULL          -- [[field, event, at_us, offset or null, reason], ...]
        ) STRICT;

        CREATE TABLE legs (
            uniqueid TEXT NOT NULL,         -- a channel's, or the linkedid
            call INTEGER NOT NULL,
            channel TEXT NOT NULL,
            PRIMARY KEY (uniqueid, call)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE open_calls (
            id TEXT PRIMARY KEY,
            system TEXT NOT NULL,
            linkedid TEXT NOT NULL,
            started_at_ms INTEGER NOT NULL,
            snapshot BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE endpoints (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            condition TEXT NOT NULL DEFAULT 'active',
            reason TEXT NOT NULL DEFAULT '',
            since_ms INTEGER,
            ready INTEGER NOT NULL DEFAULT 0,       -- counts of outbox rows by state, kept by the writer
            waiting INTEGER NOT NULL DEFAULT 0,
            delivered INTEGER NOT NULL DEFAULT 0,
            dead INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE outbox (
            row INTEGER PRIMARY KEY,                -- not used again: retention spares the newest row
            message_id TEXT NOT NULL,
            endpoint INTEGER NOT NULL,
            call_id TEXT NOT NULL,
            event TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            state INTEGER NOT NULL,                 -- 0 ready, 1 waiting, 2 delivered, 3 dead
            attempts INTEGER NOT NULL,              -- since it was last made ready
            attempts_before INTEGER NOT NULL,       -- of earlier rounds
            created_at_ms INTEGER NOT NULL,
            due_at_ms INTEGER NOT NULL,
            settled_at_ms INTEGER,
            last_status INTEGER,
            last_error TEXT,
            content_type TEXT NOT NULL
        ) STRICT;
        CREATE INDEX outbox_due ON outbox (endpoint, due_at_ms) WHERE state = 0;
        CREATE INDEX outbox_dead ON outbox (row) WHERE state = 3;
        CREATE INDEX outbox_by_call ON outbox (call_id, endpoint);

        CREATE TABLE outbox_bodies (
            message INTEGER PRIMARY KEY,
            body BLOB NOT NULL
        ) STRICT;

        CREATE TABLE attempts (
            message INTEGER NOT NULL,
            ordinal INTEGER NOT NULL,
            at_ms INTEGER NOT NULL,
            duration_us INTEGER NOT NULL,
            status INTEGER,
            error TEXT,
            response BLOB NOT NULL,
            PRIMARY KEY (message, ordinal)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE requests (
            row INTEGER PRIMARY KEY AUTOINCREMENT,
            request TEXT NOT NULL,                  -- a JSON object
            created_at_ms INTEGER NOT NULL,
            answer TEXT                             -- a JSON object; NULL until the daemon has done it
        ) STRICT;
        """,
        """
        -- Rows ascend as they are written, and stand so in each index: the first here is the one that has waited longest.
        CREATE INDEX outbox_pending ON outbox (endpoint) WHERE state = 0;
        """,
    ]

    /// Brings a database to the current version, each step in a transaction of its own.
    /// - Throws: `newerVersion` where a later release has written it; `damaged`, `diskFull`, `io`.
    static func migrate(_ connection: borrowing Connection, path: String) throws(StorageError) {
        let found = try connection.number("PRAGMA user_version")
        guard found <= current else {
            throw StorageError(
                .newerVersion, "open \(path)", underlying: "its schema is \(found), this program knows \(current)")
        }
        if found == 0 {
            // Before the first table, or it has no effect (pragma.html#pragma_auto_vacuum).
            try connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        }
        for step in Int(found)..<steps.count {
            try connection.execute("BEGIN IMMEDIATE")
            do throws(StorageError) {
                try connection.execute(steps[step])
                try connection.execute("PRAGMA user_version = \(step + 1)")
                try connection.execute("COMMIT")
            } catch {
                if connection.isInTransaction { try? connection.execute("ROLLBACK") }
                throw error
            }
        }
    }
}
