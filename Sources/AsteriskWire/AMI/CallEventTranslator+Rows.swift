import Telephony

/// Rows of Asterisk's own books that come as events: cdr_manager's and cel_manager's.
extension CallEventTranslator {
    /// A `Cdr` event; ids are spelt `UniqueID` and, only where cdr_manager.conf maps it, `LinkedID`.
    /// - Throws: without a channel or its id.
    func cdr(_ m: borrowing AMIMessage) throws(Damage) -> CallEvent.Body {
        guard let uniqueID = m.uniqueID(.cdrUniqueID), let channel = m.known(.channel) else {
            throw Damage("Cdr without Channel or UniqueID")
        }
        var row = CDRRow(uniqueID: uniqueID, channel: ChannelName(channel))
        row.linkedID = m.uniqueID(.cdrLinkedID).map(LinkedID.init)
        row.sequence = m.integer(.sequence)
        row.source = m.known(.source)
        row.destination = m.known(.destination)
        row.context = m.known(.destinationContext)
        row.callerID = m.known(.callerID)
        row.destinationChannel = m.known(.destinationChannel).map(ChannelName.init)
        row.lastApplication = m.known(.lastApplication)
        row.lastData = m.known(.lastData)
        row.start = m.civilTime(.startTime)
        row.answer = m.civilTime(.answerTime)
        row.end = m.civilTime(.endTime)
        row.duration = m.integer(.duration)
        row.billableSeconds = m.integer(.billableSeconds)
        row.disposition = m.known(.disposition)
        row.accountCode = m.known(.accountCode)
        row.peerAccount = m.known(.peerAccount)
        row.userField = m.known(.userField)
        return .cdr(row)
    }

    /// A `CEL` event, whatever its type.
    /// - Throws: without a type or an id.
    func cel(_ m: borrowing AMIMessage) throws(Damage) -> CallEvent.Body {
        guard let event = m.known(.celEventName), let uniqueID = m.uniqueID(.cdrUniqueID),
            let linkedID = m.uniqueID(.cdrLinkedID)
        else { throw Damage("CEL without EventName or ids") }
        // EventTime is microseconds of the same clock as Timestamp, without a zone; the latter is preferred.
        let time = m.timestamp ?? m.civilTime(.celEventTime)?.asUTC ?? Instant(microseconds: 0)
        var row = CELRow(
            event: event, at: time, uniqueID: uniqueID, linkedID: LinkedID(linkedID),
            channel: ChannelName(m.string(.channel) ?? ""))
        row.number = m.known(.celCallerIDnum)
        row.name = m.known(.celCallerIDname)
        row.ani = m.known(.celCallerIDani)
        row.dnid = m.known(.celCallerIDdnid)
        row.exten = m.string(.exten) ?? ""
        row.context = m.string(.context) ?? ""
        row.application = m.known(.application)
        row.applicationData = m.known(.appData)
        row.accountCode = m.known(.accountCode)
        row.peer = m.known(.peer)
        row.extra = CELExtra.read(m.string(.extra) ?? "", of: event)
        return .cel(row)
    }
}
