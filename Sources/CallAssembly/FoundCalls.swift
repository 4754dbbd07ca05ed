public import Telephony

/// What another fold, that of Asterisk's CEL file, knows of calls whose events were not all heard; see `CallAssembler.complete`.
///
/// The fold of the file is told which channels are of interest (`sought`) before it begins, and keeps the facts of their calls.
public struct FoundCalls: Sendable {
    /// Their facts as that fold had them, also of calls that the file shows no end of (`emptySince` is nil).
    var calls: [Call] = []
    /// Nothing found.
    public init() {}
    /// The file has nothing of the channels that were sought.
    public var isEmpty: Bool { calls.isEmpty }

    /// Adds what the files of another source told: each PBX has its own.
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

    /// Whether CDRs have come of calls that nothing else told of so far.
    public var hasStrayRows: Bool { !strays.isEmpty }

    /// Channels of the calls that CDRs alone have told of, and that wait for a CEL file to tell more; none where none is read.
    public var strayRows: Set<UniqueID> { settings.readsCEL ? Set(strays.map(\.row.uniqueID)) : [] }

    /// The files have told the calls of these channels: their CDRs say no more.
    public mutating func forgetStrayRows(of ids: Set<UniqueID>) {
        for stray in strays where ids.contains(stray.row.uniqueID) { recent.insert(stray.row.uniqueID) }
        strays.removeAll { ids.contains($0.row.uniqueID) }
    }

    /// When the oldest channel was made of what waits for the files, calls that are over and CDRs; nil: nothing does.
    public var awaitedSince: Instant? {
        let over = calls.compactMap { call in
            call.flatMap { $0.awaitsFiles && $0.alive == 0 ? $0.parts.first?.created.at : nil }
        }
        return (over + strayRows.map { $0.created ?? clock }).min()
    }

    /// Whether a channel in progress has its CDR, which Asterisk writes as a channel goes: the end of it may have been hidden.
    public var mayHaveMissedEnds: Bool {
        calls.contains { call in
            guard let call, call.emptySince == nil else { return false }
            return call.cdrRows.contains { row in
                call.parts.contains { $0.uniqueID == row.uniqueID && $0.end == nil && !$0.isGuest }
            }
        }
    }

    /// Keeps a call's facts if it is one of those that are sought.
    mutating func keep(_ call: Call) {
        guard call.parts.contains(where: { sought.contains($0.uniqueID) }) else { return }
        found.calls.append(call)
    }

    /// Puts what a file tells of a gap into the calls in progress. Of a call that is over the whole story is waited for: what half of
    /// it looks like may be something else.
    /// - Returns: the calls it told something of, and whether it has their end.
    mutating func fill(from found: FoundCalls) -> [LinkedID: Bool] {
        var anchors: [(told: Call, channel: UniqueID)] = []
        for told in found.calls {
            var anchor: (slot: Int, channel: UniqueID)?
            for part in told.parts where !part.isGuest {
                guard let place = index[part.uniqueID], calls[place.call]!.deafSince != nil else { continue }
                guard let known = anchor?.slot, known != place.call else {
                    anchor = (place.call, part.uniqueID)
                    continue
                }
                // The gap hid what made the two one call.
                guard !calls[known]!.isAgentSession, !calls[place.call]!.isAgentSession else { continue }
                merge(known, place.call)
                anchor = index[part.uniqueID].map { ($0.call, part.uniqueID) }
            }
            if let anchor { anchors.append((told, anchor.channel)) }
        }
        var stories: [Int: [Call]] = [:]
        for (told, channel) in anchors { stories[index[channel]!.call, default: []].append(told) }
        var isEndWritten: [LinkedID: Bool] = [:]
        for (slot, story) in stories {
            let isWhole = story.allSatisfy { $0.emptySince != nil }
            calls[slot]!.story = story
            if isWhole || calls[slot]!.alive > 0 { fillFromStory(slot) }
            takeStrays(slot)
            isEndWritten[calls[slot]!.linkedID] = isWhole
        }
        return isEndWritten
    }

    /// Puts into a call what the file told of the gap in it.
    mutating func fillFromStory(_ slot: Int) {
        let story = calls[slot]!.story
        calls[slot]!.story = []
        guard let since = calls[slot]!.deafSince else { return }
        // The next gap has a story of its own.
        calls[slot]!.deafSince = nil
        // Whole-second times of a file are up to one early.
        let gap = Call.Window(since: since - .seconds(1), until: (listedAt ?? clock) + .seconds(1))
        for told in story {
            let isOthers = told.parts.map { part in
                isRecent(part.uniqueID) || index[part.uniqueID].map { $0.call != slot } ?? false
            }
            calls[slot]!.fill(from: told, gap, leavingOut: isOthers)
        }
    }
}
