import Glibc
import TestGround

/// A TCP relay before a manager port that can be cut: what a firewall, a switch or a restarted router does to a connection.
///
/// Bytes pass both ways untouched. While it is cut, open connections are closed and new ones refused, as by a host that is up
/// and has no such port; the port stays ours by number only, so nothing else may take ports of that range meanwhile.
public final class ManagerRelay: @unchecked Sendable {
    /// Where the daemon connects to.
    public let port: UInt16
    private let target: UInt16
    private let monitor = Monitor()
    // Invariant: guarded by `monitor`.
    private var isCut = false
    private var isStopped = false
    /// What came to the daemon, one for each connection so far.
    private var heard: [HeardConnection] = []

    /// Listens at once.
    /// - Parameter target: Asterisk's manager port on loopback.
    public init(to target: UInt16) throws(LabError) {
        self.target = target
        port = Loopback.freePort()
        let listener = try listen()
        startThread("relay-\(port)") { [self] in run(listener) }
    }

    /// Ends all connections and refuses new ones until `mend`.
    public func cut() { monitor.locked { isCut = true } }
    /// How much of the call of that caller came to the daemon.
    func extent(of caller: String) -> HeardConnection.Extent {
        monitor.locked { heard.map { $0.extent(of: caller) }.max() ?? .part }
    }
    /// Lets connections through again.
    public func mend() { monitor.locked { isCut = false } }
    /// Ends the relay.
    public func stop() { monitor.locked { isStopped = true } }

    private func listen() throws(LabError) -> Int32 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let bound = Loopback.withAddress(port) { bind(listener, $0, $1) }
        guard bound == 0, Glibc.listen(listener, 16) == 0 else {
            let reason = String(cString: strerror(errno))
            close(listener)
            throw LabError("the relay cannot listen on \(port)", reason)
        }
        return listener
    }

    /// One connection through the relay.
    private struct Pair {
        let client: Int32
        let server: Int32
        /// Place in `heard`.
        let number: Int
    }

    /// One thread serves all: the listener, and each connection as a pair of descriptors.
    private func run(_ first: Int32) {
        var listener = first
        var pairs: [Pair] = []
        defer {
            if listener >= 0 { close(listener) }
            for pair in pairs { end(pair) }
        }
        while true {
            let (isCut, isStopped) = monitor.locked { (self.isCut, self.isStopped) }
            if isStopped { return }
            if isCut, listener >= 0 {
                close(listener)
                listener = -1
                for pair in pairs { end(pair) }
                pairs = []
            }
            if !isCut, listener < 0 { listener = (try? listen()) ?? -1 }
            var watched = pairs.flatMap { [$0.client, $0.server] }
                .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            if listener >= 0 { watched.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
            _ = poll(&watched, nfds_t(watched.count), 10)
            for (index, pair) in pairs.enumerated().reversed() {
                let isOpen =
                    (watched[2 * index].revents == 0 || passUp(pair))
                    && (watched[2 * index + 1].revents == 0 || passDown(pair))
                guard !isOpen else { continue }
                end(pair)
                pairs.remove(at: index)
            }
            guard listener >= 0, watched.last?.revents != 0 else { continue }
            let client = accept(listener, nil, nil)
            guard client >= 0 else { continue }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            guard let server = connectToTarget() else {
                close(client)
                continue
            }
            let number = monitor.locked { () -> Int in
                heard.append(HeardConnection())
                return heard.count - 1
            }
            pairs.append(Pair(client: client, server: server, number: number))
        }
    }

    /// What the daemon says. False: the connection is over.
    private func passUp(_ pair: Pair) -> Bool {
        let bytes = read(pair.client)
        // Asterisk closes a connection that is logged off: it is the daemon's end all the same.
        if bytes.isEmpty || String(decoding: bytes, as: UTF8.self).contains("Logoff") { noteDaemonsEnd(of: pair) }
        return !bytes.isEmpty && writeAll(pair.server, bytes)
    }

    /// What Asterisk says. False: the connection is over.
    private func passDown(_ pair: Pair) -> Bool {
        let bytes = read(pair.server)
        guard !bytes.isEmpty else { return false }
        guard writeAll(pair.client, bytes) else {
            noteDaemonsEnd(of: pair)
            return false
        }
        monitor.locked { heard[pair.number].take(bytes, at: monotonicSeconds()) }
        return true
    }

    private func noteDaemonsEnd(of pair: Pair) {
        monitor.locked { heard[pair.number].wasEndedByDaemon(at: monotonicSeconds()) }
    }

    private func read(_ descriptor: Int32) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        return count > 0 ? Array(buffer[..<count]) : []
    }

    private func connectToTarget() -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let result = Loopback.withAddress(target) { connect(descriptor, $0, $1) }
        if result == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    /// Ends a connection for everybody, also where a child process of ours was started in the moment before its descriptor
    /// was marked.
    private func end(_ pair: Pair) {
        for descriptor in [pair.client, pair.server] {
            shutdown(descriptor, Int32(SHUT_RDWR))
            close(descriptor)
        }
    }
}
