import Glibc

/// Sends the phones' audio: a tone every 20 ms for each open stream, and digits as RFC 4733 events in its place.
///
/// One thread for the process; it stops when the process does. Incoming audio is left in the sockets' buffers.
final class MediaPump: @unchecked Sendable {
    /// The process's only one.
    static let shared = MediaPump()

    // Invariant: guarded by `monitor`; streams are touched by the pump's thread only while it holds it.
    private var streams: [ObjectIdentifier: MediaStream] = [:]
    private let monitor = Monitor()

    private init() {
        startThread("lab-media") { [self] in
            var next = monotonicSeconds()
            while true {
                next += 0.02
                let wait = next - monotonicSeconds()
                if wait > 0 { pause(wait) } else { next = monotonicSeconds() }
                monitor.locked { for stream in streams.values { stream.tick() } }
            }
        }
    }

    /// Sends for this stream from the next tick on.
    func add(_ stream: MediaStream) { monitor.locked { streams[ObjectIdentifier(stream)] = stream } }
    /// Sends nothing more for it once this returns.
    func remove(_ stream: MediaStream) { monitor.locked { _ = streams.removeValue(forKey: ObjectIdentifier(stream)) } }
    /// Changes a stream between two ticks.
    func change(_ body: () -> Void) { monitor.locked(body) }
}

/// One direction of audio: from a phone's line to Asterisk.
final class MediaStream {
    /// A port of its own, which the session description names.
    let socket: UDPSocket
    /// Where Asterisk wants it; nil sends nothing.
    var destination: UInt16?
    /// A phone on hold sends nothing.
    var isMuted = false
    private var digits: [UInt8] = []
    private var digitTick = 0
    private var sequence = UInt16.random(in: 0 ... .max)
    private var timestamp = UInt32.random(in: 0 ... .max)
    private var eventTimestamp: UInt32 = 0
    private let source = UInt32.random(in: 0 ... .max)
    private var phase = 0

    /// Silent until it has a destination.
    init() throws(LabError) { socket = try UDPSocket() }

    /// Queues keys to press: 120 ms each, 100 ms apart.
    func press(_ keys: String) {
        let codes: [Character: UInt8] = ["*": 10, "#": 11, "A": 12, "B": 13, "C": 14, "D": 15]
        for key in keys {
            if let digit = key.wholeNumberValue {
                digits.append(UInt8(digit))
            } else if let code = codes[key] {
                digits.append(code)
            }
        }
    }

    /// Keys wait, or one is down.
    var isPressing: Bool { !digits.isEmpty }

    /// One 20 ms step: an audio packet, or a packet of the event being pressed.
    func tick() {
        guard let destination else { return }
        timestamp &+= 160
        if let digit = digits.first {
            digitTick += 1
            // 6 packets while pressed, 3 with the end bit, then 5 steps of silence before the next key.
            switch digitTick {
            case 1...9:
                if digitTick == 1 { eventTimestamp = timestamp }
                let isEnd = digitTick > 6
                let duration = UInt16(min(digitTick, 6) * 160)
                let event: [UInt8] = [
                    digit, (isEnd ? 0x80 : 0) | 10, UInt8(duration >> 8), UInt8(duration & 0xff),
                ]
                send(event, type: 101, marker: digitTick == 1, timestamp: eventTimestamp, to: destination)
                return
            case 10...14: break
            default:
                digits.removeFirst()
                digitTick = 0
            }
        }
        guard !isMuted else { return }
        // A square tone of 500 Hz: 8 samples up, 8 down, in µ-law.
        let audio = (0..<160).map { ($0 + phase) / 8 % 2 == 0 ? UInt8(0x9e) : UInt8(0x1e) }
        phase = (phase + 160) % 16
        send(audio, type: 0, marker: false, timestamp: timestamp, to: destination)
    }

    private func send(_ payload: [UInt8], type: UInt8, marker: Bool, timestamp: UInt32, to port: UInt16) {
        sequence &+= 1
        var packet: [UInt8] = [0x80, (marker ? 0x80 : 0) | type, UInt8(sequence >> 8), UInt8(sequence & 0xff)]
        for value in [timestamp, source] {
            packet += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
        }
        socket.send(packet + payload, to: port)
    }
}
