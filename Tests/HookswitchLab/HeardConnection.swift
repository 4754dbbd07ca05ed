/// What one manager connection told a daemon of the calls of a crowd: whether he can know the whole of one.
///
/// It is read from the very bytes that came to him, in their order. No clock says it: under load a daemon takes seconds from
/// its login to its first list, and a phone hears of its call long after Asterisk's first event of it.
struct HeardConnection {
    /// What of one call came to a daemon, on whichever connection most of it did.
    enum Extent: Int, Comparable {
        /// No connection told both how it began and that its caller hung up: something is missing, and he must know.
        case part
        /// The caller had hung up before the connection ended, but not each channel was told as gone: the call was over, its
        /// handlers ran. Nobody can say whether that gap was still in it.
        case allButItsEnd
        /// All of it came, but so shortly before he was ended that nobody can say whether he read it.
        case wholeIfRead
        /// One connection told each of its channels from beginning to end.
        case whole

        static func < (one: Extent, other: Extent) -> Bool { one.rawValue < other.rawValue }
    }

    /// One call as this connection tells it.
    private struct Call {
        let caller: String
        var alive: Set<String>
        var isOver = false
        /// When the last of its channels was told as gone.
        var wholeAt: Double?
    }
    private var scan = EventScan(for: ["Newchannel", "HangupRequest", "Hangup"])
    /// By linked id: none of them changes its own, for nobody transfers.
    private var calls: [String: Call] = [:]
    /// What came later was perhaps not read; nil: all was, or will be.
    private var readUntil: Double?

    /// A process that is killed or stopped may leave this many seconds of what has come to it unread, by far.
    private static let unread = 3.0

    /// Takes what came at that time.
    mutating func take(_ bytes: some Sequence<UInt8>, at time: Double) {
        scan.take(bytes) { name, headers in
            guard let id = headers["Uniqueid"], let linked = headers["Linkedid"] else { return }
            switch name {
            case "Newchannel" where id == linked:
                calls[linked] = Call(caller: headers["CallerIDNum"] ?? "", alive: [id])
            case "Newchannel": calls[linked]?.alive.insert(id)
            case "HangupRequest": if id == linked { calls[linked]?.isOver = true }
            default:
                calls[linked]?.alive.remove(id)
                if calls[linked]?.alive.isEmpty == true { calls[linked]?.wholeAt = time }
            }
        }
    }

    /// The daemon's own side ended it; where another did, he reads first what came before.
    mutating func wasEndedByDaemon(at time: Double) { readUntil = time - HeardConnection.unread }

    /// How much of the call of that caller came on this connection.
    func extent(of caller: String) -> Extent {
        guard let call = calls.values.first(where: { $0.caller == caller }) else { return .part }
        guard let wholeAt = call.wholeAt else { return call.isOver ? .allButItsEnd : .part }
        return wholeAt <= readUntil ?? .infinity ? .whole : .wholeIfRead
    }
}
