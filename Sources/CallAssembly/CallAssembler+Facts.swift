public import Telephony

/// What rides along or comes from elsewhere: variables, recordings, originations and CDRs.
extension CallAssembler {
    /// Takes over a variable's value, if it is wanted in the record or decides something there. Empty is no value; one of a
    /// channel that is in no call in progress is dropped.
    mutating func set(_ variable: CallEvent.Variable, _ mark: Mark) {
        guard let place = index[variable.channel] else { return }
        switch variable.name {
        case "MIXMONITOR_FILENAME":
            // With class dialplan it comes just before the start; with channelvars it rides on the start itself.
            if !variable.value.isEmpty { calls[place.call]!.variables.set("MIXMONITOR_FILENAME", variable.value, mark) }
            nameRecording(place, variable.value)
        case "HOOKSWITCH_REF", "HOOKSWITCH_DIRECTION", "HOOKSWITCH_AGENT", "HOOKSWITCH_QUEUE", "QUEUESTATUS":
            if !variable.value.isEmpty { calls[place.call]!.variables.set(variable.name, variable.value, mark) }
        default:
            // A channel that never had the variable shows it empty: that is no new value.
            if !variable.value.isEmpty, isWanted(variable.name) {
                calls[place.call]!.variables.set(variable.name, variable.value, mark)
            }
        }
    }

    /// Whether a variable is copied into the record.
    func isWanted(_ name: String) -> Bool { settings.variables?.contains(name) ?? true }

    /// Notes that a recording began. Without a path (nil or empty) it has the last `MIXMONITOR_FILENAME` of the call,
    /// if that was told.
    mutating func startRecording(_ place: Place, _ path: String?, _ mark: Mark) {
        let known = path.flatMap { $0.isEmpty ? nil : $0 } ?? calls[place.call]!.variables["MIXMONITOR_FILENAME"]
        calls[place.call]!.recordings.append(Call.RecordingStart(part: place.part, from: mark, path: known))
    }

    /// Gives a path to a recording of this channel that started without one.
    private mutating func nameRecording(_ place: Place, _ path: String) {
        guard !path.isEmpty else { return }
        if let i = calls[place.call]!.recordings.lastIndex(where: { $0.part == place.part && $0.path == nil }) {
            calls[place.call]!.recordings[i].path = path
        }
    }

    /// Notes what an Originate action came to: at the channel it names, kept for it if that is still to come; a failed
    /// one names none, and is matched by the device that was dialled.
    mutating func take(_ originate: CallEvent.Originate, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        if let id = originate.channel {
            if let place = index[id] {
                (calls[place.call]!.originate, calls[place.call]!.originateMark) = (originate, mark)
            } else if !isRecent(id) {
                if earlyOriginates.count == 64 { earlyOriginates.removeFirst() }
                earlyOriginates.append((originate, mark))
            }
            return
        }
        // A failed origination names no channel: the one that Asterisk dialled to the same device and nobody has answered.
        let device = originate.dialled.hasSuffix("/n") ? String(originate.dialled.dropLast(2)) : originate.dialled
        let candidates = calls.indices.filter { slot in
            guard let call = calls[slot], call.originate == nil else { return false }
            return call.dials.contains {
                $0.source == nil && call.parts[$0.destination].name.device == device[...] && $0.status != .answer
            }
        }
        if let slot = candidates.max(by: { calls[$0]!.linkedID < calls[$1]!.linkedID }) {
            (calls[slot]!.originate, calls[slot]!.originateMark) = (originate, mark)
            if calls[slot]!.emptySince != nil { settle(slot, effect) }
        }
    }

    /// Adds a CDR to the call of its channel or linked id, and tells that call if it waited for no more. A row of no
    /// call heard of becomes a stray.
    mutating func take(_ row: consuming CDRRow, _ mark: Mark, _ effect: (AssemblyEffect) -> Void) {
        learnZone(row)
        let slot = index[row.uniqueID]?.call ?? row.linkedID.flatMap { linked[$0] }
        guard let slot else { return takeStray(row, mark) }
        calls[slot]!.cdrRows.append(Call.Row(row, mark))
        calls[slot]!.sources.insert(.cdr)
        heardCDR()
        if calls[slot]!.emptySince != nil { settle(slot, effect) }
    }

    /// A CDR of a call that nothing told: where the manager user sees no more than these, or saw no more for a while, they are the
    /// call.
    private mutating func takeStray(_ row: CDRRow, _ mark: Mark) {
        guard settings.strayCDRWait > .zero, !isRecent(row.uniqueID),
            row.linkedID.map({ !isRecent($0.oldest) }) ?? true
        else { return }
        strays.append((clock + settings.strayCDRWait, row, mark))
    }

    /// Gives a call in progress, found in a list or read of in a file, the CDRs that came of it before: of its Local channels that
    /// were optimised away, or of whoever handed it on.
    mutating func takeStrays(_ slot: Int) {
        guard !strays.isEmpty, let call = calls[slot] else { return }
        func isOwn(_ row: CDRRow) -> Bool {
            row.linkedID.map(call.aliases.contains) ?? false
                || call.parts.contains { $0.uniqueID == row.uniqueID && !$0.isGuest }
        }
        for stray in strays where isOwn(stray.row) {
            calls[slot]!.cdrRows.append(Call.Row(stray.row, stray.mark))
            calls[slot]!.sources.insert(.cdr)
        }
        strays.removeAll { isOwn($0.row) }
    }

    /// Gives the calls with a gap what Asterisk's own files have of it, and tells those that are over. Those of which nothing is
    /// written yet, or not their end, wait on (`awaitsFiles`): the files may be read again.
    /// - Parameters:
    ///   - found: what the fold of the CEL file found for `channelsInDoubt`.
    ///   - sought: those channels, as they were when that file was read; nil: as now.
    public mutating func complete(
        from rows: [CDRRow], _ found: FoundCalls, seeking sought: Set<UniqueID>? = nil,
        _ effect: (AssemblyEffect) -> Void
    ) {
        let isEndWritten = fill(from: found)
        for row in rows {
            guard let slot = index[row.uniqueID]?.call ?? row.linkedID.flatMap({ linked[$0] }), calls[slot]!.awaitsFiles
            else { continue }
            learnZone(row)
            calls[slot]!.cdrRows.append(Call.Row(row, Mark(at: instant(row.end) ?? clock, .cdr)))
            calls[slot]!.sources.insert(.cdr)
        }
        for slot in calls.indices {
            guard let call = calls[slot], call.awaitsFiles else { continue }
            // It was found to be over while the file was being read.
            if settings.readsCEL, let sought, !call.parts.contains(where: { sought.contains($0.uniqueID) }) {
                continue
            }
            if call.alive > 0 {
                // The files have said of the gap what they can.
                calls[slot]!.awaitsFiles = false
            } else if isEndWritten[call.linkedID] ?? call.isEndTold {
                finish(slot, effect)
            }
        }
    }

    /// Local time of a CDR beside the second in its channel's id tells the PBX's zone.
    mutating func learnZone(_ row: CDRRow) {
        if zoneOffset == nil { zoneOffset = CDRStory.zone(row) }
    }

    /// A CDR's local time as an instant; nil where the zone is not known yet.
    func instant(_ local: CivilTime?) -> Instant? {
        guard let local, let zoneOffset else { return nil }
        return local.asUTC - zoneOffset
    }
}
