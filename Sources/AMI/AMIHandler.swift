public import AsteriskWire

/// Who gets what a client reads. Both functions are called on the loop and must return soon: while they run nothing is
/// read, and Asterisk drops a reader that stalls for seconds.
@safe public struct AMIHandler {
    /// Each message of the stream, banner and answers included; a view that is valid only during the call.
    /// `message.offset` is its place in the stream since connect.
    public var message: (borrowing AMIMessage) -> Void
    /// What happens to the connection, in step with the messages.
    public var report: (AMIReport) -> Void
    /// The bytes of each read before they are decoded, for captures; nil: not wanted.
    public var bytes: ((UnsafeRawBufferPointer) -> Void)?

    /// What is not given is not wanted.
    public init(
        message: @escaping (borrowing AMIMessage) -> Void = { _ in }, report: @escaping (AMIReport) -> Void = { _ in }
    ) {
        (self.message, self.report) = (message, report)
    }
}
