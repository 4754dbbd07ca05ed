public import Telephony

/// What a dialplan asks about one call.
public struct LookupQuestion: Sendable {
    /// `number` of the request, else the channel's caller id.
    public var number: String?
    /// `dialled` of the request, else `CALLERID(dnid)`.
    public var dialled: String?
    /// `name` of the request, else the caller's name.
    public var callerName: String?
    /// Of the channel that waits for the answer.
    public var uniqueID: UniqueID
    /// Likewise, as `PJSIP/trunk-00000012`.
    public var channel: ChannelName
    /// The request's own parameters, in their order.
    public var parameters: [LookupConfiguration.Variable]

    /// Takes what the AGI request has; nil is what the channel does not know, and empties its place in a template.
    public init(
        number: String?, dialled: String?, callerName: String?, uniqueID: UniqueID, channel: ChannelName,
        parameters: [LookupConfiguration.Variable]
    ) {
        (self.number, self.dialled, self.callerName) = (number, dialled, callerName)
        (self.uniqueID, self.channel, self.parameters) = (uniqueID, channel, parameters)
    }
}
