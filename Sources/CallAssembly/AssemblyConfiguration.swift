import Telephony

/// What the configuration says that changes a record.
public struct AssemblyConfiguration: Sendable {
    /// The PBX's name in each record.
    public var system: String
    /// Channels that lead outside (`PJSIP/trunk*`); empty: it is learned.
    public var trunks: [Glob]
    /// Internal numbers, as Asterisk patterns; default: two to six digits.
    public var internalNumbers: [NumberPattern]
    /// Channel variables copied into the record, by bare name; nil: all that ride on events (manager.conf's `channelvars`).
    public var variables: [String]?
    /// Where a relative recording name lives, as Asterisk sees it; without a trailing slash.
    public var recordings: String
    /// How long after the last hangup a call waits for its CDR.
    public var cdrWait: Duration
    /// How long a call whose end a gap hid waits for Asterisk's own files to be read (`complete`); zero: nobody reads them.
    public var filesWait: Duration
    /// Whether a CEL file is among them: it tells of a gap what neither the CDR nor a hangup handler does.
    public var readsCEL: Bool
    /// How long a CDR of a call that nothing else told waits for others of the same call before it is told; zero: it is not.
    public var strayCDRWait: Duration
    /// Whether `started`, `answered` and `transferred` effects are wanted; each costs a record of its own.
    public var reportsProgress: Bool

    /// What the daemon reads from its configuration; the defaults suit a capture: no files to read, no progress, and a
    /// call waits a quarter of a second for its CDR.
    public init(
        system: String, trunks: [Glob] = [], internalNumbers: [NumberPattern] = NumberPattern.twoToSixDigits,
        variables: [String]? = nil, recordings: String = "/var/spool/asterisk/monitor",
        cdrWait: Duration = .milliseconds(250), filesWait: Duration = .zero, readsCEL: Bool = false,
        strayCDRWait: Duration = .zero, reportsProgress: Bool = false
    ) {
        (self.system, self.trunks, self.internalNumbers) = (system, trunks, internalNumbers)
        (self.variables, self.recordings) = (variables, recordings)
        (self.cdrWait, self.filesWait, self.readsCEL) = (cdrWait, filesWait, readsCEL)
        (self.strayCDRWait, self.reportsProgress) = (strayCDRWait, reportsProgress)
    }

    /// Whether a channel is named like an extension: a phone's, whatever caller id it has.
    ///
    /// A DAHDI channel is named by its place in the hardware: `DAHDI/33-1` may as well be a line to the network.
    func isNamedLikeExtension(technology: Substring, address: Substring) -> Bool {
        technology != "DAHDI" && internalNumbers.match(address)
    }
}
