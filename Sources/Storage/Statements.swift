/// The statements of every call's path, prepared once and kept for the connection's life.
final class Statements {
    /// A transaction's ends. There is no prepared ROLLBACK: after some errors SQLite has done it itself.
    let begin, commit: Statement
    /// The call's row, its documents and its legs. `insertCall` and `updateCall` share parameters 1 to 18
    /// (`Ledger.bind`).
    let insertCall, updateCall, findCall, insertDocument, findDocument, insertLeg, deleteLegs, findLeg: Statement
    /// The marks of calls that wait for their recordings.
    let insertOpen, deleteOpen: Statement
    /// An endpoint's row, and its condition and counts at the end of a transaction.
    let insertEndpoint, updateEndpoint: Statement
    /// A new message: first what its call and endpoint have already, which gives both repetition and order.
    let findMessages, insertMessage, insertBody: Statement
    /// The end of an attempt. `settleMessage` takes a row out of the due index, `retryMessage` moves it within.
    let readMessage, settleMessage, retryMessage, insertAttempt: Statement
    /// `findNext` and `promote` let a call's next message go; `claimDue` and `readBody` read a backlog.
    let findNext, promote, claimDue, readBody: Statement

    /// Prepares them all, so that a table or column that is missing shows at start and not with the first call.
    init(_ c: borrowing Connection) throws(StorageError) {
        // IMMEDIATE: the write lock is taken at once, and waiting for it honours the busy time-out.
        begin = try c.prepare("BEGIN IMMEDIATE")
        commit = try c.prepare("COMMIT")

        insertCall = try c.prepare(
            """
            INSERT INTO calls (id, system, uniqueid, linkedid, started_at_ms, answered_at_ms, ended_at_ms, direction,
                disposition, caller_number, callee_number, numbers, agents, queue, duration_s, billsec, completeness,
                hangup_cause, stored_at_ms)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
            ON CONFLICT (id) DO NOTHING
            """)
        updateCall = try c.prepare(
            """
            UPDATE calls SET id = ?1, system = ?2, uniqueid = ?3, linkedid = ?4, started_at_ms = ?5,
                answered_at_ms = ?6, ended_at_ms = ?7, direction = ?8, disposition = ?9, caller_number = ?10,
                callee_number = ?11, numbers = ?12, agents = ?13, queue = ?14, duration_s = ?15, billsec = ?16,
                completeness = ?17, hangup_cause = ?18, amended_at_ms = ?19
            WHERE row = ?20
            """)
        findCall = try c.prepare("SELECT row FROM calls WHERE id = ?1")
        insertDocument = try c.prepare(
            "INSERT OR REPLACE INTO call_documents (call, record, evidence) VALUES (?1, ?2, ?3)")
        findDocument = try c.prepare("SELECT record FROM call_documents WHERE call = ?1")
        insertLeg = try c.prepare("INSERT OR IGNORE INTO legs (uniqueid, call, channel) VALUES (?1, ?2, ?3)")
        // The legs' ids stand in the record, which spares an index by call that every call would pay for.
        deleteLegs = try c.prepare(
            """
            DELETE FROM legs WHERE call = ?1 AND uniqueid IN (
                SELECT value ->> 'uniqueid' FROM call_documents d, json_each(d.record, '$.legs') WHERE d.call = ?1
                UNION SELECT uniqueid FROM calls WHERE row = ?1 UNION SELECT linkedid FROM calls WHERE row = ?1)
            """)
        findLeg = try c.prepare(
            "SELECT 1 FROM legs JOIN calls ON calls.row = legs.call WHERE legs.uniqueid = ?1 AND calls.system = ?2")

        insertOpen = try c.prepare(
            """
            INSERT OR REPLACE INTO open_calls (id, system, linkedid, started_at_ms, snapshot)
            VALUES (?1, ?2, ?3, ?4, ?5)
            """)
        deleteOpen = try c.prepare("DELETE FROM open_calls WHERE id = ?1")

        insertEndpoint = try c.prepare("INSERT INTO endpoints (name) VALUES (?1)")
        updateEndpoint = try c.prepare(
            """
            UPDATE endpoints SET condition = ?1, reason = ?2, since_ms = ?3, ready = ?4, waiting = ?5, delivered = ?6,
                dead = ?7 WHERE id = ?8
            """)

        findMessages = try c.prepare("SELECT message_id, state FROM outbox WHERE call_id = ?1 AND endpoint = ?2")
        insertMessage = try c.prepare(
            """
            INSERT INTO outbox (message_id, endpoint, call_id, event, sequence, state, attempts, attempts_before,
                created_at_ms, due_at_ms, content_type)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7, ?8, ?9)
            """)
        insertBody = try c.prepare("INSERT INTO outbox_bodies (message, body) VALUES (?1, ?2)")

        readMessage = try c.prepare(
            "SELECT state, attempts, attempts_before, endpoint, call_id, due_at_ms FROM outbox WHERE row = ?1")
        settleMessage = try c.prepare(
            """
            UPDATE outbox SET state = ?2, attempts = ?3, settled_at_ms = ?4, last_status = ?5, last_error = ?6
            WHERE row = ?1
            """)
        retryMessage = try c.prepare(
            "UPDATE outbox SET attempts = ?2, due_at_ms = ?3, last_status = ?4, last_error = ?5 WHERE row = ?1")
        insertAttempt = try c.prepare(
            """
            INSERT OR IGNORE INTO attempts (message, ordinal, at_ms, duration_us, status, error, response)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """)
        findNext = try c.prepare(
            """
            SELECT row, due_at_ms FROM outbox WHERE call_id = ?1 AND endpoint = ?2 AND state = 1
            ORDER BY sequence, row LIMIT 1
            """)
        promote = try c.prepare("UPDATE outbox SET state = 0, due_at_ms = ?2 WHERE row = ?1")
        claimDue = try c.prepare(
            """
            SELECT row, message_id, call_id, event, sequence, content_type, attempts, due_at_ms
            FROM outbox INDEXED BY outbox_due WHERE endpoint = ?1 AND state = 0 ORDER BY due_at_ms
            """)
        readBody = try c.prepare("SELECT body FROM outbox_bodies WHERE message = ?1")
    }
}
