/// What a section's proxy did instead of leading to the receiver, which then knows nothing of the request.
public enum ProxyFault: Sendable, Hashable {
    /// Its name has no address.
    case unknownName
    /// Nobody takes the connection there, at once or until the time was over.
    case unreachable
    /// It answered, with this HTTP status, and made no way; nil: a SOCKS proxy, which has none.
    case refused(status: Int?)
    /// It took the connection and ended it, answered nothing in time, or is no proxy of that kind.
    case silent

    /// What happened, for an alert.
    var words: String {
        switch self {
        case .unknownName: "the proxy's name has no address"
        case .unreachable: "the proxy cannot be reached"
        case .refused(let status?): "the proxy answered \(status)"
        case .refused(nil): "the proxy refused"
        case .silent: "the proxy gave no answer"
        }
    }

    /// What to do about it.
    /// - Parameter section: `hookswitch.conf, [webhook:crm]`.
    public func advice(section: String) -> String {
        switch self {
        case .unknownName: "\(section): proxy names a host that has no address; check the name and /etc/resolv.conf"
        case .unreachable:
            "\(section): nobody takes connections at the host and port of proxy; check both, and the proxy"
        case .refused(407): "\(section): the proxy wants to know who asks: proxy = SCHEME://USER:PASSWORD@HOST:PORT"
        case .refused(let status?) where status < 500:
            "the proxy forbids it: have the receiver's host and port allowed there, or correct proxy in \(section)"
        case .refused(.some): "the proxy cannot reach the receiver: see the proxy's log; does it know the name in url?"
        case .refused(nil): "the SOCKS proxy forbids it or wants to know who asks: socks5h://USER:PASSWORD@HOST:PORT"
        case .silent: "is it a proxy that listens there, and of the scheme that proxy has in \(section)? see its log"
        }
    }
}
