/// What an AGI codec refuses, on either side of the wire.
public struct AGIError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kinds of refusal; the raw value is the label of a metric.
    public enum Code: String, Hashable, Sendable, CaseIterable {
        /// A line of the environment is longer than the limit.
        case lineTooLong = "line_too_long"
        /// The environment as a whole is longer than the limit, in bytes or in lines.
        case environmentTooLong = "environment_too_long"
        /// A reply, with what was skipped before it, is longer than the limit.
        case replyTooLong = "reply_too_long"
        /// The first lines are no AGI environment: the peer speaks something else.
        case notAGI = "not_agi"
        /// An argument holds CR, LF or NUL: it would end the command and begin another.
        case argumentNotALine = "argument_not_a_line"
        /// The command is longer than Asterisk's 2,047 bytes: the rest would be read as another command.
        case commandTooLong = "command_too_long"
        /// A spool file is not one, or is cut.
        case notASpoolFile = "not_a_spool_file"
    }
    /// What was refused.
    public let code: Code
    /// Bytes from the start of what was being read or written.
    public let offset: Int

    /// - Parameter offset: 0 where no byte is to blame.
    public init(_ code: Code, at offset: Int = 0) { (self.code, self.offset) = (code, offset) }

    public var description: String { "\(code.rawValue) at byte \(offset)" }
    /// What an operator can do about it.
    public var hint: String {
        switch code {
        case .lineTooLong, .environmentTooLong: "send fewer or shorter arguments in AGI(...)"
        case .replyTooLong: "ask for a shorter value, or raise the reply limit"
        case .notAGI: "something other than Asterisk connects to the FastAGI port: look at what is permitted"
        case .argumentNotALine: "remove line ends from the value, or pass it through URIENCODE"
        case .commandTooLong: "set long values in parts"
        case .notASpoolFile: "the file was cut or not written by hookswitch-spool; it was set aside"
        }
    }
}
