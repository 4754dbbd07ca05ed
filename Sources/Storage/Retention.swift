/// How long each kind of row is kept; nil is for ever. Nothing that is not settled is ever removed.
public struct Retention: Sendable, Equatable {
    /// Records with their legs and evidence, from the call's start.
    public var calls: Duration?
    /// Delivered messages with their attempts and bodies, from delivery.
    public var delivered: Duration?
    /// Dead letters, from the last attempt.
    public var dead: Duration?
    public init(
        calls: Duration? = .seconds(365 * 86400), delivered: Duration? = .seconds(30 * 86400),
        dead: Duration? = .seconds(90 * 86400)
    ) {
        (self.calls, self.delivered, self.dead) = (calls, delivered, dead)
    }
}

/// What a round of upkeep removed.
public struct UpkeepReport: Sendable, Equatable {
    /// Records removed, each with its legs and documents.
    public var calls = 0
    /// Messages removed, delivered and dead, each with its attempts and body.
    public var messages = 0
    /// Pages given back to the file system.
    public var pages = 0
}
