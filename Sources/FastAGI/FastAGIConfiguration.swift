public import AsteriskWire
public import EventLoop

/// How a FastAGI server behaves; the defaults are those of Hookswitch's `[fastagi]` section.
public struct FastAGIConfiguration: Sendable {
    /// Networks that may connect; everybody else's connection is closed unread. Default: loopback.
    public var permit: [NetworkPrefix]
    /// How long a session may last, from its connection on, where its route says nothing else. The socket is then closed,
    /// whatever the handler does, and the dialplan goes on.
    public var deadline: Duration
    /// Sessions at once, handlers that outlived their session included; connections beyond are closed unread.
    public var maximumSessions: Int
    /// Bounds on what one peer may send.
    public var limits: AGILimits

    /// The defaults are those of the configuration file's `[fastagi]` section.
    public init(
        permit: [NetworkPrefix] = FastAGIConfiguration.loopback, deadline: Duration = .seconds(3),
        maximumSessions: Int = 4096, limits: AGILimits = AGILimits()
    ) {
        (self.permit, self.deadline) = (permit, deadline)
        (self.maximumSessions, self.limits) = (maximumSessions, limits)
    }

    /// `127.0.0.0/8` and `::1`.
    public static let loopback = ["127.0.0.0/8", "::1"].compactMap { NetworkPrefix($0) }
}
