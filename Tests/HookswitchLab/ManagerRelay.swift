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
    /// Connections made so far.
    private var accepted = 0

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

    /// One thread serves all: the listener, and each connection as a pair of descriptors.
    private func run(_ first: Int32) {
        var listener = first
        var pairs: [(Int32, Int32)] = []
        defer {
            if listener >= 0 { close(listener) }
            for (one, other) in pairs { closeBoth(one, other) }
        }
        while true {
            let (isCut, isStopped) = monitor.locked { (self.isCut, self.isStopped) }
            if isStopped { return }
            if isCut, listener >= 0 {
                close(listener)
                listener = -1
                for (one, other) in pairs { closeBoth(one, other) }
                pairs = []
            }
            if !isCut, listener < 0 { listener = (try? listen()) ?? -1 }
            var watched = pairs.flatMap { [$0.0, $0.1] }.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            if listener >= 0 { watched.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
            _ = poll(&watched, nfds_t(watched.count), 10)
            for (index, pair) in pairs.enumerated().reversed() {
                let isOpen =
                    (watched[2 * index].revents == 0 || pass(pair.0, pair.1))
                    && (watched[2 * index + 1].revents == 0 || pass(pair.1, pair.0))
                guard !isOpen else { continue }
                closeBoth(pair.0, pair.1)
                pairs.remove(at: index)
            }
            guard listener >= 0, watched.last?.revents != 0 else { continue }
            let client = accept(listener, nil, nil)
            guard client >= 0 else { continue }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            if let server = connectToTarget() { pairs.append((client, server)) } else { close(client) }
        }
    }

    private func pass(_ from: Int32, _ to: Int32) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = read(from, &buffer, buffer.count)
        return count > 0 && writeAll(to, Array(buffer[..<count]))
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
    private func closeBoth(_ one: Int32, _ other: Int32) {
        for descriptor in [one, other] {
            shutdown(descriptor, Int32(SHUT_RDWR))
            close(descriptor)
        }
    }
}
