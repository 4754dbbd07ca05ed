import Glibc

/// Saves everything a manager connection sends, byte for byte, with the time of each read, and knows which channels
/// live: the lab's own simple reader of the stream.
///
/// A stream of several connections is one file: `events.ami`. Its index `events.ts` has one line a read,
/// `connection offset length monotonic epoch`; lines with `#` mark connects and ends.
final class StreamRecorder: @unchecked Sendable {
    private static let followed: Set = ["Newchannel", "Hangup", "Rename", "FullyBooted"]
    private let port: UInt16
    private let monitor = Monitor()
    // Invariant: guarded by `monitor`.
    private var bytes: [UInt8] = []
    private var index = ""
    private var scan = EventScan(for: StreamRecorder.followed)
    private var connection = 0
    private var live: [String: String] = [:]  // unique id to channel name
    private var isStopped = false
    private var isConnected = false
    private var isBooted = false

    /// Connects and stays connected: after an end it tries again until `stop()`.
    init(port: UInt16) {
        self.port = port
        startThread("lab-recorder") { [self] in
            while !monitor.locked({ isStopped }) {
                record()
                pause(0.1)
            }
        }
    }

    /// Lets the recorder's thread end after its present connection.
    func stop() { monitor.locked { isStopped = true } }

    private func record() {
        guard let socket = try? ManagerSocket(port: port) else { return }
        socket.send([("Action", "Login"), ("Username", "lab"), ("Secret", "lab"), ("ActionID", "login")])
        monitor.locked {
            connection += 1
            live = [:]
            scan = EventScan(for: StreamRecorder.followed)
            isConnected = true
            isBooted = false
            index += "# connect \(connection) \(monotonicSeconds()) \(epochSeconds())\n"
        }
        while true {
            let chunk = socket.receive()
            let goesOn = monitor.locked { () -> Bool in
                guard !chunk.isEmpty, !isStopped else {
                    index += "# end \(connection) \(monotonicSeconds()) \(epochSeconds())\n"
                    isConnected = false
                    return false
                }
                index += "\(connection) \(bytes.count) \(chunk.count) \(monotonicSeconds()) \(epochSeconds())\n"
                bytes += chunk
                scan.take(chunk) { follow($0, $1) }
                return true
            }
            if !goesOn { return }
        }
    }

    /// Follows births, renames and ends of channels.
    private func follow(_ name: String, _ headers: [String: String]) {
        if name == "FullyBooted" { isBooted = true }
        guard let id = headers["Uniqueid"] else { return }
        switch name {
        case "Newchannel": live[id] = headers["Channel"]
        case "Rename": live[id] = headers["Newname"]
        default: live[id] = nil
        }
    }

    /// The newest live channel whose name begins so.
    func channel(beginning prefix: String) -> String? {
        monitor.locked {
            live.filter { $0.value.hasPrefix(prefix) }.max {
                $0.key.count == $1.key.count ? $0.key < $1.key : $0.key.count < $1.key.count
            }?.value
        }
    }

    /// Waits until a channel of that name lives.
    func awaitChannel(beginning prefix: String) throws(LabError) -> String {
        let found: String? = monitor.wait(seconds: 5) { live.values.first { $0.hasPrefix(prefix) } }
        guard found != nil, let name = channel(beginning: prefix) else { throw LabError("no channel \(prefix)") }
        return name
    }

    /// Waits until the stream is open and Asterisk booted.
    func awaitConnection(seconds: Double = 60) throws(LabError) {
        guard monitor.wait(seconds: seconds, until: { isConnected && isBooted ? true : nil }) != nil else {
            throw LabError("the manager stream did not open")
        }
    }

    /// The unique id of the newest live channel whose name begins so.
    func uniqueID(beginning prefix: String) -> String? {
        guard let name = channel(beginning: prefix) else { return nil }
        return monitor.locked { live.first { $0.value == name }?.key }
    }

    /// Takes Asterisk's own word that nothing is alive: a forged event can hide a real end from us.
    func forgetChannels() { monitor.locked { live = [:] } }

    /// Waits until no channel is alive.
    func awaitQuiet(seconds: Double = 30) throws(LabError) {
        guard monitor.wait(seconds: seconds, until: { live.isEmpty ? true : nil }) != nil else {
            throw LabError("channels live on", monitor.locked { live.values.joined(separator: ", ") })
        }
    }

    /// Where the stream stands; a scenario's own bytes begin here.
    var mark: (offset: Int, indexOffset: Int, connection: Int) {
        monitor.locked { (bytes.count, index.utf8.count, connection) }
    }

    /// What came since a mark, and its index, offsets counted from there.
    func since(_ mark: (offset: Int, indexOffset: Int, connection: Int)) -> (stream: [UInt8], index: String) {
        monitor.locked {
            let lines = String(decoding: Array(index.utf8)[mark.indexOffset...], as: UTF8.self).split(separator: "\n")
            var out = ""
            for line in lines {
                let parts = line.split(separator: " ")
                if parts.first == "#" {
                    out += line + "\n"
                } else if parts.count == 5, let offset = Int(parts[1]) {
                    out += "\(parts[0]) \(offset - mark.offset) \(parts[2]) \(parts[3]) \(parts[4])\n"
                }
            }
            return (Array(bytes[mark.offset...]), out)
        }
    }
}
