import Telephony

extension DeliveryState {
    /// What the column `state` holds; partial indices name these numbers.
    var number: Int64 {
        switch self {
        case .ready: 0
        case .waiting: 1
        case .delivered: 2
        case .dead: 3
        }
    }
    /// Anything but 0, 1 and 2 is taken for dead, so that a number of a later release is not sent.
    init(number: Int64) {
        switch number {
        case 0: self = .ready
        case 1: self = .waiting
        case 2: self = .delivered
        default: self = .dead
        }
    }
}

extension EndpointStatus {
    /// The count of one state.
    subscript(state: DeliveryState) -> Int {
        get {
            switch state {
            case .ready: ready
            case .waiting: waiting
            case .delivered: delivered
            case .dead: dead
            }
        }
        set {
            switch state {
            case .ready: ready = newValue
            case .waiting: waiting = newValue
            case .delivered: delivered = newValue
            case .dead: dead = newValue
            }
        }
    }
}

/// The outbox.
///
/// Order within a call is kept by state, not by search: of one call and endpoint at most one unsettled row is `ready`, the
/// others are `waiting` and outside the due index, so claiming never walks over blocked rows. Settling the one promotes
/// the next.
extension Ledger {
    /// Writes a message and its body. It is `waiting` where another of the same call and endpoint is not settled yet;
    /// one whose message id that call and endpoint have already adds nothing.
    ///
    /// An endpoint not seen before gets its row, configured or not.
    func enqueue(_ draft: OutboxDraft) throws(StorageError) {
        var draft = draft
        // Made just before the clock was put back: it would lie until the clock is there again.
        draft.dueAt = min(draft.dueAt, now)
        let index = try endpoint(named: draft.endpoint)
        let endpointID = endpoints[index].id
        var state = DeliveryState.ready
        let find = statements.findMessages.use
        find.bind(1, draft.callID)
        find.bind(2, endpointID)
        while try find.step() {
            if find.text(0) == draft.messageID {
                find.reset()
                return
            }
            if find.integer(1) < 2 { state = .waiting }
        }

        let insert = statements.insertMessage.use
        insert.bind(1, draft.messageID)
        insert.bind(2, endpointID)
        insert.bind(3, draft.callID)
        insert.bind(4, draft.event)
        insert.bind(5, draft.sequence)
        insert.bind(6, state.number)
        insert.bind(7, now)
        insert.bind(8, draft.dueAt)
        insert.bind(9, draft.contentType)
        try insert.run()
        let row = connection.lastInsertedRow

        let body = statements.insertBody.use
        body.bind(1, row)
        try draft.body.withUnsafeBytesTyped { (bytes) throws(StorageError) in
            body.borrow(2, blob: bytes)
            try body.run()
        }
        change(endpoint: index) { $0[state] += 1 }
        if state == .ready { add(.fresh(OutboxEntry(id: row, draft: draft))) }
    }

    /// Writes one attempt and what becomes of its message.
    func finish(_ result: AttemptResult) throws(StorageError) {
        let read = statements.readMessage.use
        read.bind(1, result.entry)
        guard try read.step() else { return }  // retention took it meanwhile
        let state = DeliveryState(number: read.integer(0))
        let attempts = read.integer(1) + 1
        let ordinal = read.integer(2) + attempts
        let endpointID = read.integer(3)
        let callID = read.text(4)
        read.reset()

        try insert(result.attempt, message: result.entry, ordinal: ordinal)
        add(.settled(result.entry))
        guard let index = endpoint(id: endpointID) else { return }
        switch (state, result.verdict) {
        case (.ready, .retry(let at)):
            let s = statements.retryMessage.use
            s.bind(1, result.entry)
            s.bind(2, attempts)
            s.bind(3, at)
            s.bind(4, result.attempt.status.map(Int64.init))
            s.bind(5, result.attempt.error)
            try s.run()
            add(.due(endpoint: endpoints[index].status.name, at: at))
        case (.ready, .delivered), (.ready, .dead):
            let settled: DeliveryState = result.verdict == .delivered ? .delivered : .dead
            try settle(result, as: settled, attempts: attempts)
            change(endpoint: index) {
                $0[.ready] -= 1
                $0[settled] += 1
            }
            if endpoints[index].status.waiting > 0 { try promoteNext(call: callID, endpoint: index) }
        case (.waiting, _), (.delivered, _), (.dead, _):
            // Its lease ended and another attempt settled it first: the attempt is kept, counted with the others.
            try settle(result, as: state, attempts: attempts)
        }
    }
    private func settle(_ result: AttemptResult, as state: DeliveryState, attempts: Int64) throws(StorageError) {
        let s = statements.settleMessage.use
        s.bind(1, result.entry)
        s.bind(2, state.number)
        s.bind(3, attempts)
        s.bind(4, state == .waiting ? nil : now)
        s.bind(5, result.attempt.status.map(Int64.init))
        s.bind(6, result.attempt.error)
        try s.run()
    }
    private func insert(_ attempt: Attempt, message: Int64, ordinal: Int64) throws(StorageError) {
        let s = statements.insertAttempt.use
        s.bind(1, message)
        s.bind(2, ordinal)
        s.bind(3, attempt.at)
        s.bind(4, attempt.duration.wholeMicroseconds)
        s.bind(5, attempt.status.map(Int64.init))
        s.bind(6, attempt.error)
        s.bind(7, copying: attempt.response)
        try s.run()
    }
    /// The next message of the call, if one waits, may go.
    private func promoteNext(call: String, endpoint index: Int) throws(StorageError) {
        let find = statements.findNext.use
        find.bind(1, call)
        find.bind(2, endpoints[index].id)
        guard try find.step() else { return }
        let row = find.integer(0)
        let due = max(find.instant(1), now)
        find.reset()
        statements.promote.bind(1, row)
        statements.promote.bind(2, due)
        try statements.promote.run()
        change(endpoint: index) {
            $0[.waiting] -= 1
            $0[.ready] += 1
        }
        add(.due(endpoint: endpoints[index].status.name, at: due))
    }

    /// Reads the longest due rows of an endpoint that are not `held`, with their bodies.
    ///
    /// - Parameter isHeld: rows lent or already in memory; they stand in the index and are stepped over.
    /// - Returns: the entries, and when the first row not among them falls due.
    func due(endpoint name: String, limit: Int, maxBytes: Int, now: Instant, isHeld: (Int64) -> Bool)
        throws(StorageError) -> (entries: [OutboxEntry], next: Instant?)
    {
        guard let index = endpoints.firstIndex(where: { $0.status.name == name }) else { return ([], nil) }
        var entries: [OutboxEntry] = []
        var bytes = 0
        let s = statements.claimDue.use
        s.bind(1, endpoints[index].id)
        while try s.step() {
            let row = s.integer(0)
            if isHeld(row) { continue }
            let due = s.instant(7)
            guard due <= now, entries.count < limit, bytes < maxBytes else {
                s.reset()
                return (entries, due)
            }
            let draft = OutboxDraft(
                messageID: s.text(1), endpoint: name, callID: s.text(2), event: s.text(3), sequence: Int(s.integer(4)),
                contentType: s.text(5), body: try body(of: row), dueAt: due)
            entries.append(OutboxEntry(id: row, draft: draft, attempts: Int(s.integer(6))))
            bytes += draft.body.count
        }
        return (entries, nil)
    }
    private func body(of row: Int64) throws(StorageError) -> [UInt8] {
        statements.readBody.bind(1, row)
        guard try statements.readBody.step() else { return [] }
        defer { statements.readBody.reset() }
        return statements.readBody.bytes(0)
    }

    /// Writes an endpoint's condition with why and since when, and has the desk follow after the commit.
    ///
    /// An endpoint not seen before gets its row, so that one can be paused before its first message.
    func setEndpoint(_ name: String, _ condition: EndpointCondition, reason: String, now: Instant)
        throws(StorageError)
    {
        let index = try endpoint(named: name)
        change(endpoint: index) { ($0.condition, $0.reason, $0.since) = (condition, reason, now) }
        add(.condition(endpoint: name, condition))
    }

    /// Moves the due times of what is not settled with the wall clock. Put forward, only what was not due yet waits on; put
    /// back, all that the clock has not reached comes with it, or it would lie until the clock is there again.
    /// - Complexity: the rows that wait for a time.
    func clockWasSet(by step: Duration) throws(StorageError) {
        let s = try connection.prepare(
            "UPDATE outbox SET due_at_ms = due_at_ms + ?1 WHERE state IN (?2, ?3) AND due_at_ms > ?4 AND created_at_ms <= ?5"
        )
        s.bind(1, step.wholeMilliseconds)
        s.bind(2, DeliveryState.ready.number)
        s.bind(3, DeliveryState.waiting.number)
        s.bind(4, min(now, now - step))
        // What was committed since then stands by the new time already.
        s.bind(5, now - step)
        try s.run()
        for endpoint in endpoints { add(.due(endpoint: endpoint.status.name, at: Instant(microseconds: .min))) }
    }

    /// Makes a row due at `due`, whatever became of it before; a waiting one goes on waiting.
    /// - Returns: whether there is such a row.
    func revive(_ row: Int64, due: Instant, onlySettled: Bool = false) throws(StorageError) -> Bool {
        let read = statements.readMessage.use
        read.bind(1, row)
        guard try read.step() else { return false }
        let state = DeliveryState(number: read.integer(0))
        let attempts = read.integer(1)
        let before = read.integer(2)
        let endpointID = read.integer(3)
        let callID = read.text(4)
        read.reset()
        if onlySettled, state == .ready || state == .waiting { return false }
        guard let index = endpoint(id: endpointID), state != .waiting else { return true }
        let name = endpoints[index].status.name
        if state == .ready {
            let s = try connection.prepare("UPDATE outbox SET due_at_ms = ?2 WHERE row = ?1")
            s.bind(1, row)
            s.bind(2, due)
            try s.run()
            add(.due(endpoint: name, at: due))
            return true
        }
        var next = DeliveryState.ready
        let find = statements.findMessages.use
        find.bind(1, callID)
        find.bind(2, endpointID)
        while try find.step() {
            if find.integer(1) < 2 { next = .waiting }
        }
        let s = try connection.prepare(
            """
            UPDATE outbox SET state = ?2, due_at_ms = ?3, attempts = 0, attempts_before = ?4, settled_at_ms = NULL
            WHERE row = ?1
            """)
        s.bind(1, row)
        s.bind(2, next.number)
        s.bind(3, due)
        s.bind(4, before + attempts)
        try s.run()
        change(endpoint: index) {
            $0[state] -= 1
            $0[next] += 1
        }
        if next == .ready { add(.due(endpoint: name, at: due)) }
        return true
    }
}

extension Ledger.EndpointRow {
    /// Every endpoint there is, in the order they were first seen.
    static func all(_ connection: borrowing Connection) throws(StorageError) -> [Ledger.EndpointRow] {
        let s = try connection.prepare(
            "SELECT id, name, condition, reason, since_ms, ready, waiting, delivered, dead FROM endpoints ORDER BY id")
        var rows: [Ledger.EndpointRow] = []
        while try s.step() {
            let status = EndpointStatus(
                name: s.text(1), condition: EndpointCondition(rawValue: s.text(2)) ?? .active, reason: s.text(3),
                since: s.optionalInstant(4), ready: Int(s.integer(5)), waiting: Int(s.integer(6)),
                dead: Int(s.integer(8)), delivered: Int(s.integer(7)))
            rows.append(Ledger.EndpointRow(id: s.integer(0), status: status))
        }
        return rows
    }
}
