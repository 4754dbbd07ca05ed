/// How much of one message a decoder will hold.
public struct AMILimits: Sendable {
    /// Bytes of one message, its empty line included.
    public var messageBytes: Int
    /// Bytes of one line, its CR LF included.
    public var lineBytes: Int
    /// Headers of one message, repeated ones counted each.
    public var headers: Int

    /// The defaults are an order of magnitude over the largest message seen (a `Status` item with 60 variables).
    public init(messageBytes: Int = 262_144, lineBytes: Int = 65_536, headers: Int = 2048) {
        (self.messageBytes, self.lineBytes, self.headers) = (messageBytes, lineBytes, headers)
    }
}
