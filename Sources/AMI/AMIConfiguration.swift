public import AsteriskWire
public import EventLoop

/// Where a manager listens, who we are there, and how patient to be.
public struct AMIConfiguration: Sendable {
    /// How the secret is shown to Asterisk.
    public enum Login: Sendable {
        /// MD5 of a challenge and the secret: the secret does not cross the network.
        case challenge
        /// The secret itself; for proxies that know no Challenge.
        case plain
    }

    /// Name or address; one of IPv6 without brackets.
    public var host: String
    /// 5038; 5039 is usual with TLS.
    public var port: UInt16
    /// Nil: no TLS.
    public var tls: TLSClientOptions?
    /// The section's name in manager.conf.
    public var username: String
    /// Its `secret`; never in an error or a log.
    public var secret: String
    /// How the secret is shown.
    public var login: Login = .challenge
    /// The `Events` header of Login: `on`, `off`, or classes such as `call,cdr`.
    public var eventMask = "on"

    /// For name look-up, connect and TLS handshake, each.
    public var connectDeadline: Duration = .seconds(10)
    /// From the connection to the answer of Login.
    public var loginDeadline: Duration = .seconds(10)
    /// For the answer to any other action, unless `send` is told otherwise; lists must be complete by then.
    public var actionDeadline: Duration = .seconds(10)
    /// How long to wait for FullyBooted before asking for the live channels: it never comes without class `system`.
    public var bootDeadline: Duration = .seconds(2)
    /// After this long without a byte a Ping is sent, after as long again without an answer the peer is taken for dead.
    public var pingInterval: Duration = .seconds(15)
    /// Waits between attempts to connect.
    public var backoff = AMIBackoff()
    /// Bounds on one message; a longer one ends the session.
    public var limits = AMILimits()

    /// Ask for the live channels after each login. Off for one-shot tools.
    public var resyncs = true
    /// Channel variables and functions asked for with each live channel.
    public var resyncVariables = ["CDR(answer)", "CDR(start)", "CDR(answer,u)", "CDR(start,u)"]

    /// Without TLS, and patient as the defaults are.
    public init(host: String, port: UInt16 = 5038, username: String, secret: String) {
        (self.host, self.port, self.username, self.secret) = (host, port, username, secret)
    }

    /// `pbx.example.com:5038`, as messages name it.
    public var place: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
