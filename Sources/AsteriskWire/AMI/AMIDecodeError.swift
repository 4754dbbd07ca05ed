/// A manager stream that cannot be read on: nothing after the place named can be trusted.
public struct AMIDecodeError: Error, Hashable, CustomStringConvertible {
    /// Which limit of `AMILimits` was passed; the raw value is what people and metrics are shown.
    public enum Code: String, Sendable {
        /// A message is longer than allowed, or never ends.
        case messageTooLong
        /// One line of a message is longer than allowed.
        case lineTooLong
        /// A message has more headers than allowed.
        case tooManyHeaders
    }
    /// Which limit was passed.
    public let code: Code
    /// Bytes from the start of the stream to the message's first.
    public let offset: Int64
    /// What was allowed.
    public let limit: Int

    public var description: String { "manager stream at byte \(offset): \(code.rawValue), at most \(limit) allowed" }
    /// What an operator can do.
    public var hint: String {
        "Something other than Asterisk's manager answers on this port, or a variable is too large for a channel event."
    }
}
