public import Telephony

extension InsideWitness {
    /// Reads what a dialplan says by `AGI(agi://…/call-complete?role=caller,dialstatus=ANSWER,cdr.billsec=7,…)`.
    ///
    /// Each value is a parameter `name=value`, percent-encoded by `URIENCODE()`, in the query or as an argument of its own;
    /// of a repeated name the first counts. Names that are not known are passed over, so that a newer dialplan file works
    /// with an older daemon.
    ///
    /// | parameter | from |
    /// |---|---|
    /// | `linkedid` `hangupsource` | `CHANNEL(linkedid)`, `CHANNEL(hangupsource)` |
    /// | `role` | `caller` or `callee`, by the file that pushed the handler |
    /// | `number` `name` | `CALLERID(num)`, `CALLERID(name)`; else the environment's |
    /// | `dnid` | `CALLERID(dnid)`, the number dialled at the start; else `agi_dnid`, else `exten` |
    /// | `context` `exten` | where the dialplan asked for the report, not the handler's own place |
    /// | `dialstatus` `dialedtime` `answeredtime` `hangupcause` | the variables |
    /// | `peer` `peernumber` | `DIALEDPEERNAME` or `BRIDGEPEER`, `DIALEDPEERNUMBER` |
    /// | `cdr.start` `cdr.answer` `cdr.end` `cdr.duration` `cdr.billsec` `cdr.disposition` `cdr.src` `cdr.dst` `cdr.dstchannel` `cdr.accountcode` `cdr.userfield` | `CDR(…)`, the times with option `u` |
    /// | `recording` | `MIXMONITOR_FILENAME` |
    /// | `ref_id` `direction` | `HOOKSWITCH_REF`, `HOOKSWITCH_DIRECTION` |
    /// | `queuestatus` `queue` `member` `interface` | `QUEUESTATUS`, `QUEUENAME`, `MEMBERNAME`, `MEMBERINTERFACE` |
    /// | `queuehold` `queueposition` | `QEHOLDTIME`, `QEORIGINALPOS` |
    /// | `system` | `HOOKSWITCH_SYSTEM`: the `[pbx:…]` section's name |
    /// | `var.NAME` | any other variable; of a tag, each parameter that is not above |
    ///
    /// Returns nil where the environment has no channel or uniqueid: then it is nobody's witness.
    public init?(
        _ environment: AGIEnvironment, _ request: AGIRequest, occasion: Occasion, path: Path, receivedAt: Instant
    ) {
        guard let channel = environment.known("channel"), let uniqueID = environment.known("uniqueid") else {
            return nil
        }
        self.init(
            occasion: occasion, path: path, receivedAt: receivedAt, uniqueID: UniqueID(printable(uniqueID)),
            channel: ChannelName(printable(channel)))
        func known(_ name: StaticString) -> String? { environment.known(name).map(printable) }
        callerNumber = known("callerid")
        callerName = known("calleridname")
        dialledNumber = known("dnid")
        // In a subroutine of Hookswitch's own the environment's place says nothing.
        if let place = known("context"), !place.hasPrefix("hookswitch") {
            context = place
            exten = known("extension")
        }
        accountCode = known("accountcode")
        isDamaged = environment.isDamaged

        var seen: Set<String> = []
        func take(_ pair: AGIParameters.Pair, into witness: inout InsideWitness) {
            guard seen.insert(pair.name).inserted else { return }
            let value = printable(pair.value)
            if value.isEmpty { return }
            witness.set(pair.name, value)
        }
        for pair in request.parameters.pairs { take(pair, into: &self) }
        var arguments = AGIParameters()
        for argument in environment.rawArguments where argument.contains(UInt8(ascii: "=")) {
            arguments.append(parsing: argument)
        }
        for pair in arguments.pairs { take(pair, into: &self) }
        if dialledNumber == nil, let exten, exten != "s" { dialledNumber = exten }
    }

    private mutating func set(_ name: String, _ value: String) {
        switch name {
        case "linkedid": linkedID = LinkedID(value)
        case "role": role = Role(rawValue: value)
        case "number": callerNumber = value
        case "name": callerName = value
        case "dnid": dialledNumber = value
        case "context": context = value
        case "exten": exten = value
        case "dialstatus": dialStatus = value
        case "dialedtime": dialedSeconds = InsideWitness.seconds(value)
        case "answeredtime": answeredSeconds = InsideWitness.seconds(value)
        case "hangupcause": hangupCause = Int(value).map(HangupCause.init(rawValue:))
        case "hangupsource": hangupSource = value
        case "peer": peerChannel = ChannelName(value)
        case "peernumber": peerNumber = value
        case "cdr.start": cdr.start = CDRTime(value)
        case "cdr.answer": cdr.answer = CDRTime(value)
        case "cdr.end": cdr.end = CDRTime(value)
        case "cdr.duration": cdr.duration = InsideWitness.seconds(value)
        case "cdr.billsec": cdr.billsec = InsideWitness.seconds(value)
        case "cdr.disposition": cdr.disposition = value
        case "cdr.src": cdr.source = value
        case "cdr.dst": cdr.destination = value
        case "cdr.dstchannel": cdr.destinationChannel = ChannelName(value)
        case "cdr.accountcode": cdr.accountCode = value
        case "cdr.userfield": cdr.userField = value
        case "recording": recordingPath = value
        case "ref_id": refID = value
        case "direction": direction = value
        case "queuestatus": queueStatus = value
        case "queue": queueName = value
        case "member": memberName = value
        case "interface": memberInterface = value
        case "queuehold": queueHoldSeconds = InsideWitness.seconds(value)
        case "queueposition": queuePosition = InsideWitness.seconds(value)
        case "system": system = value
        default:
            if name.hasPrefix("var.") {
                let variable = String(name.dropFirst(4))
                setVariable(variable, value)
            } else if occasion == .tag {
                setVariable(name, value)
            }
        }
    }
    private mutating func setVariable(_ name: String, _ value: String) {
        if InsideWitness.isVariableName(name), variables[name] == nil { variables[name] = value }
    }

    /// Whole seconds, of `7` or `7.25`; nil for a negative or anything else. No call lasts for decades.
    private static func seconds(_ text: String) -> Int? {
        let whole = text.prefix { $0 != "." }
        guard let value = Int(whole), value >= 0, value < 2_147_483_648 else { return nil }
        return value
    }
}
