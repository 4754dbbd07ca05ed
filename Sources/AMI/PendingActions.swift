import AsteriskWire

/// The actions that wait for their answers, by ActionID. A value; what to do with a finished one is its own `completion`.
struct PendingActions {
    /// One action that was sent and not yet answered in full.
    struct Entry {
        /// For error texts.
        let name: String
        /// Its answer is a list: known from the action, else from `EventList: start` of its answer.
        var isList: Bool
        /// Keep the items; off where the handler sees them anyway.
        let collects: Bool
        /// The head of a list whose items are still coming; nil before the answer.
        var response: AMIResponse?
        /// Called by whoever takes the entry out, once.
        let completion: (Result<AMIResponse, AMIError>) -> Void
    }

    private var entries: [String: Entry] = [:]
    /// How many of them may get list items: while it is 0, events need not be looked at.
    private var listCount = 0
    /// More items than this in one list are an error: 100,000 channels are not one PBX.
    private static let itemLimit = 100_000

    /// Nothing is waited for.
    var isEmpty: Bool { entries.isEmpty }

    /// - Parameter id: its ActionID; one that is not used yet.
    mutating func add(_ entry: Entry, id: String) {
        entries[id] = entry
        if entry.isList { listCount += 1 }
    }

    /// Forgets an action; nil when it is done already.
    mutating func remove(_ id: String) -> Entry? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        if entry.isList { listCount -= 1 }
        return entry
    }

    /// Forgets all of them, for a session that is over; in no order.
    mutating func removeAll() -> [Entry] {
        defer { (entries, listCount) = ([:], 0) }
        return Array(entries.values)
    }

    /// Looks whether a message answers a waiting action; returns the action and its result when it is complete with it.
    mutating func take(
        _ message: borrowing AMIMessage, place: @autoclosure () -> String
    ) -> (Entry, Result<AMIResponse, AMIError>)? {
        switch message.kind {
        case .response:
            guard !entries.isEmpty, let id = message.string(.actionID), entries[id] != nil else { return nil }
            return answer(message, id, place())
        case .event:
            guard listCount > 0, let id = message.string(.actionID), entries[id]?.response != nil else { return nil }
            return item(message, id)
        case .banner, .unknown: return nil
        }
    }

    private mutating func answer(
        _ message: borrowing AMIMessage, _ id: String, _ place: String
    ) -> (Entry, Result<AMIResponse, AMIError>)? {
        if message.equals(.response, "Error") {
            let text = message.string(.message) ?? "no reason given"
            guard let entry = remove(id) else { return nil }
            let error =
                text.hasPrefix("Permission denied")
                ? AMIError.permissionMissing(entry.name, place: place)
                : AMIError(.actionFailed, operation: "do \(entry.name) on \(place)", detail: text)
            return (entry, .failure(error))
        }
        let response = AMIResponse(message)
        let saysList = message.string(.eventList)?.lowercased() == "start"
        guard var entry = entries[id] else { return nil }
        guard entry.isList || saysList else {
            _ = remove(id)
            return (entry, .success(response))
        }
        if !entry.isList { listCount += 1 }
        entry.isList = true
        entry.response = response
        entries[id] = entry
        return nil
    }

    private mutating func item(
        _ message: borrowing AMIMessage, _ id: String
    ) -> (Entry, Result<AMIResponse, AMIError>)? {
        // `EventList: Complete`; before Asterisk 12 some lists end only with an event of that name.
        let mark = message.string(.eventList)?.lowercased()
        let isLast = mark == "complete" || mark == "cancelled" || mark == nil && message.eventName.hasSuffix("Complete")
        if entries[id]!.collects { entries[id]!.response!.items.append(AMIEvent(message)) }
        if entries[id]!.response!.items.count > PendingActions.itemLimit {
            let entry = remove(id)!
            let error = AMIError(
                .actionFailed, operation: "do \(entry.name)", detail: "more than \(PendingActions.itemLimit) items")
            return (entry, .failure(error))
        }
        guard isLast, let entry = remove(id) else { return nil }
        if mark == "cancelled" {
            return (entry, .failure(AMIError(.actionFailed, operation: "do \(entry.name)", detail: "list cancelled")))
        }
        return (entry, .success(entry.response!))
    }
}
