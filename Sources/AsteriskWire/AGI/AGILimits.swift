/// How much of a peer's text an AGI decoder takes before it gives the peer up. Each is inclusive.
public struct AGILimits: Hashable, Sendable {
    /// Bytes of one line of the environment, its end not counted.
    public var lineBytes: Int
    /// Bytes of the whole environment, line ends counted.
    public var environmentBytes: Int
    /// Lines of the environment, the empty last one not counted.
    public var environmentLines: Int
    /// Bytes of one reply, all its lines and whatever had to be skipped before it.
    public var replyBytes: Int

    /// The defaults leave room for everything Asterisk can send of its own: a dialplan application's data is at most
    /// 8,192 bytes (`EXT_DATA_SIZE`, pbx.c) and appears up to three times (script, request, arguments); arguments are at
    /// most 127 (`MAX_ARGS`, res_agi.c) beside 22 fixed lines. A function's value can be longer than 64 KiB only where a
    /// dialplan made it so.
    public init(
        lineBytes: Int = 9 << 10, environmentBytes: Int = 40 << 10, environmentLines: Int = 160,
        replyBytes: Int = 64 << 10
    ) {
        (self.lineBytes, self.environmentBytes) = (lineBytes, environmentBytes)
        (self.environmentLines, self.replyBytes) = (environmentLines, replyBytes)
    }
}
