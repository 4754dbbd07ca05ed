import Glibc

/// Tells the service manager how the daemon is: sd_notify(3) by hand, one datagram a message.
///
/// Without `NOTIFY_SOCKET` all of it does nothing. A message that cannot be sent is dropped: the daemon's work does not depend
/// on who watches it.
public struct ServiceNotifier: Sendable {
    private let path: String?
    /// How often `watchdog()` has to be called: half of what `WATCHDOG_USEC` allows; nil without a watchdog.
    public let watchdogInterval: Duration?

    /// - Parameter variable: looks up an environment variable.
    public init(variable: (String) -> String?) {
        self.init(variable: variable, processID: getpid())
    }
    /// - Parameter processID: held against `WATCHDOG_PID`; tests put their own.
    init(variable: (String) -> String?, processID: Int32) {
        path = variable("NOTIFY_SOCKET").flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        // sd_watchdog_enabled(3): WATCHDOG_PID, where set, says whom the watchdog is meant for.
        let isForUs = variable("WATCHDOG_PID").map { $0 == String(processID) } ?? true
        watchdogInterval = variable("WATCHDOG_USEC").flatMap(Int64.init)
            .flatMap { $0 > 0 && isForUs ? .microseconds($0 / 2) : nil }
    }

    /// Everything is started; also the end of a reload.
    public func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }
    /// One line for `systemctl status`.
    public func status(_ status: String) { send("STATUS=\(status)") }
    /// The stop has begun.
    public func stopping() { send("STOPPING=1") }
    /// Still alive.
    public func watchdog() { send("WATCHDOG=1") }
    /// A reload begins; `ready` ends it. systemd 253 asks for the time with it.
    public func reloading() {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        send("RELOADING=1\nMONOTONIC_USEC=\(Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)")
    }

    private func send(_ message: String) {
        guard let path else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        // An abstract name starts with a zero byte, written as @.
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + name.count)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(descriptor, message, message.utf8.count, Int32(MSG_NOSIGNAL), address, length)
            }
        }
    }
}
