public import Telephony

/// What another fold, that of Asterisk's CEL file, knows of calls whose events were not all heard; see `CallAssembler.complete`.
///
/// The fold of the file is told which channels are of interest (`sought`) before it begins, and keeps the facts of their calls.
public struct FoundCalls: Sendable {
    var calls: [Call] = []
    public init() {}
    public var isEmpty: Bool { calls.isEmpty }

    public static func += (mine: inout FoundCalls, others: FoundCalls) { mine.calls += others.calls }
}

extension CallAssembler {
    /// Channels of the calls in progress of which something was not heard.
    public var channelsInDoubt: Set<UniqueID> {
        var ids: Set<UniqueID> = []
        for call in calls {
            guard let call, call.deafSince != nil else { continue }
            for part in call.parts where !part.isGuest { ids.insert(part.uniqueID) }
        }
        return ids
    }

    /// Keeps a call's facts if it is one of those that are sought.
    mutating func keep(_ call: Call) {
        guard call.parts.contains(where: { sought.contains($0.uniqueID) }) else { return }
        found.calls.append(call)
    }

    /// Puts what a file tells of a gap into the calls in progress.
    /// - Returns: the calls it told something of, and whether it has their end.
    mutating func fill(from found: FoundCalls) -> [LinkedID: Bool] {
        var isEndWritten: [LinkedID: Bool] = [:]
        for told in found.calls {
            var slot: Int?
            for part in told.parts where !part.isGuest {
                guard let place = index[part.uniqueID], calls[place.call]!.deafSince != nil else { continue }
                guard let known = slot, known != place.call else {
                    slot = place.call
                    continue
                }
                // The gap hid what made the two one call.
                guard !calls[known]!.isAgentSession, !calls[place.call]!.isAgentSession else { continue }
                merge(known, place.call)
                slot = index[part.uniqueID]?.call
            }
            guard let slot, let since = calls[slot]!.deafSince else { continue }
            // Whole-second times of a file are up to one early.
            let gap = Call.Window(since: since - .seconds(1), until: (listedAt ?? clock) + .seconds(1))
            let isOthers = told.parts.map { part in
                isRecent(part.uniqueID) || index[part.uniqueID].map { $0.call != slot } ?? false
            }
            calls[slot]!.fill(from: told, gap, leavingOut: isOthers)
            let id = calls[slot]!.linkedID
            isEndWritten[id] = (isEndWritten[id] ?? true) && told.emptySince != nil
        }
        return isEndWritten
    }
}
