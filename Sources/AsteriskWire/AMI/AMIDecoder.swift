import Glibc

/// Cuts a manager stream into messages, wherever the reads happened to cut it.
///
/// Bytes go in as they were read; each complete message is handed out once, as a view of those bytes that is valid only
/// during the call. Only a message that straddles two reads is copied. Lines end only at CR LF: a lone CR or LF is data.
///
/// **Isolation**: a value without I/O; call it from one place at a time.
@safe public struct AMIDecoder: ~Copyable {
    /// The beginning of a message whose end has not come yet.
    private var carried: [UInt8] = []
    /// Stream offset of `carried`'s first byte, or of the next byte to come where nothing is carried.
    private var offset: Int64
    /// Where the headers of the message in hand stand. Invariant: allocated and set for the decoder's whole life.
    private let index: UnsafeMutablePointer<AMIHeaderIndex>
    private let limits: AMILimits
    /// How many messages have been handed out.
    public private(set) var messageCount: Int64 = 0

    /// - Parameter offset: the stream offset of the first byte that will be fed; 0 at a connect.
    public init(limits: AMILimits = AMILimits(), offset: Int64 = 0) {
        self.limits = limits
        self.offset = offset
        unsafe index = .allocate(capacity: 1)
        unsafe index.initialize(to: AMIHeaderIndex(limits: limits))
    }
    deinit {
        unsafe index.deinitialize(count: 1)
        unsafe index.deallocate()
    }

    /// Stream offset just behind the last byte fed.
    public var bytesFed: Int64 { offset + Int64(carried.count) }
    /// True in the middle of a message: at the end of a stream, something was cut off.
    public var isMidMessage: Bool { !carried.isEmpty }

    /// Takes the next bytes of the stream and calls `body` for each message that is complete with them.
    ///
    /// - Throws: when a message passes a limit; the decoder is then at the end of its use, the session must be closed.
    /// - Complexity: one pass over the bytes; headers are split only when `body` asks for one.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer, _ body: (borrowing AMIMessage) -> Void)
        throws(AMIDecodeError)
    {
        guard bytes.count > 0, let base = bytes.baseAddress else { return }
        var at = 0
        if !carried.isEmpty {
            at = try unsafe completeCarried(base, bytes.count, body)
            if !carried.isEmpty { return }
        }
        while at < bytes.count {
            let start = unsafe base + at
            let left = bytes.count - at
            let kind = unsafe AMIMessage.kind(start, left)
            guard let length = unsafe messageLength(start, left, kind) else {
                if left > limits.messageBytes { throw tooLong() }
                unsafe carried.append(contentsOf: UnsafeRawBufferPointer(start: start, count: left))
                return
            }
            try unsafe hand(kind, start, length, body)
            at += length
            offset += Int64(length)
        }
    }

    /// `feed` for an array, as tests and file readers have it.
    public mutating func feed(_ bytes: [UInt8], _ body: (borrowing AMIMessage) -> Void) throws(AMIDecodeError) {
        // A typed throw does not pass through withUnsafeBytes of an array; the result carries it.
        let result: Result<Void, AMIDecodeError> = unsafe bytes.withUnsafeBytes { raw in
            do throws(AMIDecodeError) {
                try unsafe feed(raw, body)
                return .success(())
            } catch { return .failure(error) }
        }
        try result.get()
    }

    /// Ends a carried message with bytes of the new read; returns how many it took.
    private mutating func completeCarried(
        _ base: UnsafeRawPointer, _ count: Int, _ body: (borrowing AMIMessage) -> Void
    ) throws(AMIDecodeError) -> Int {
        if carried.count >= limits.messageBytes { throw tooLong() }
        // The end may lie across the cut: look at up to three carried bytes with the new ones, then at the new ones alone.
        var taken = 0
        while taken < min(count, 3) {
            carried.append(unsafe (base + taken).load(as: UInt8.self))
            taken += 1
            if carriedIsComplete { return try finishCarried(taken, body) }
        }
        // A greeting, or what may still become one, ends with its line: it is short, so the simple way will do.
        while taken < count, isGreeting {
            carried.append(unsafe (base + taken).load(as: UInt8.self))
            taken += 1
            if carriedIsComplete { return try finishCarried(taken, body) }
        }
        guard taken < count else { return taken }
        let from = max(0, taken - 3)
        let end = unsafe LineScan.messageEnd(base + from, count - from).map { $0 + from }
        let more = (end ?? count) - taken
        if carried.count + more > limits.messageBytes { throw tooLong() }
        unsafe carried.append(contentsOf: UnsafeRawBufferPointer(start: base + taken, count: more))
        guard end != nil else { return count }
        return try finishCarried(taken + more, body)
    }

    /// Whether the carried bytes are a greeting's beginning.
    private var isGreeting: Bool {
        carried.count < limits.lineBytes
            && (carried.count < AMIDecoder.bannerStart.count
                ? AMIDecoder.bannerStart.starts(with: carried) : carried.starts(with: AMIDecoder.bannerStart))
    }

    /// Whether the byte just appended completed the carried message; nothing before it did.
    private var carriedIsComplete: Bool {
        let n = carried.count
        guard carried[n - 1] == 10 else { return false }
        if n == 2 { return carried[0] == 13 }
        if n >= 4, carried[n - 2] == 13, carried[n - 3] == 10, carried[n - 4] == 13 { return true }
        return n <= limits.lineBytes && carried.starts(with: AMIDecoder.bannerStart)
    }

    private mutating func finishCarried(
        _ taken: Int, _ body: (borrowing AMIMessage) -> Void
    ) throws(AMIDecodeError) -> Int {
        let length = carried.count
        var message: [UInt8] = []
        swap(&message, &carried)
        let result: Result<Void, AMIDecodeError> = unsafe message.withUnsafeBytes { raw in
            do throws(AMIDecodeError) {
                unsafe index.pointee.areLinesNoted = false
                let kind = unsafe AMIMessage.kind(raw.baseAddress!, raw.count)
                try unsafe hand(kind, raw.baseAddress!, raw.count, body)
                return .success(())
            } catch { return .failure(error) }
        }
        try result.get()
        offset += Int64(length)
        message.removeAll(keepingCapacity: true)
        swap(&message, &carried)
        return taken
    }

    private mutating func hand(
        _ kind: AMIMessage.Kind, _ start: UnsafeRawPointer, _ length: Int, _ body: (borrowing AMIMessage) -> Void
    ) throws(AMIDecodeError) {
        if length > limits.messageBytes { throw tooLong() }
        if length == 2 { return }  // an empty line on its own, as some proxies send between messages
        messageCount += 1
        let message = unsafe AMIMessage(kind, base: start, length: length, offset: offset, index: index)
        if case .banner = kind, length > limits.lineBytes {
            throw AMIDecodeError(code: .lineTooLong, offset: offset, limit: limits.lineBytes)
        }
        body(message)
        if case .event(let name) = kind, unsafe !index.pointee.isSplit {
            unsafe index.pointee.wasSplit[name.ordinal] = false
        }
        if let exceeded = unsafe index.pointee.exceeded {
            throw AMIDecodeError(code: exceeded.0, offset: offset, limit: exceeded.1)
        }
    }

    private func tooLong() -> AMIDecodeError {
        AMIDecodeError(code: .messageTooLong, offset: offset, limit: limits.messageBytes)
    }

    /// What Asterisk's greeting begins with, whatever its version (manager.c).
    static let bannerStart = Array("Asterisk Call Manager/".utf8)

    /// Length of the message at `p`, its end included; nil if it is not complete.
    ///
    /// A message ends at its empty line. The greeting is one line; an empty line at the start is a message of its own.
    @inline(__always)
    private func messageLength(_ p: UnsafeRawPointer, _ n: Int, _ kind: AMIMessage.Kind) -> Int? {
        unsafe index.pointee.areLinesNoted = false
        if case .event(let name) = kind, unsafe index.pointee.wasSplit[name.ordinal] {
            let room = unsafe index.pointee.lineRoom
            if let found = unsafe LineScan.linesOfMessage(p, n, into: index.pointee.lineStarts, room: room) {
                unsafe index.pointee.lineCount = found.lines
                unsafe index.pointee.areLinesNoted = true
                return found.end
            }
        }
        let first = unsafe p.load(as: UInt8.self)
        if first == UInt8(ascii: "A"), unsafe AMIDecoder.isBanner(p, n) {
            if let lf = unsafe memchr(p, 10, min(n, limits.lineBytes)) { return unsafe UnsafeRawPointer(lf) - p + 1 }
            // One that is longer than a line may be ends where a message does, and is refused then.
            if n < limits.lineBytes { return nil }
        }
        if first == 13 {
            if n < 2 { return nil }
            if unsafe (p + 1).load(as: UInt8.self) == 10 { return 2 }
        }
        return unsafe LineScan.messageEnd(p, n)
    }

    private static func isBanner(_ p: UnsafeRawPointer, _ n: Int) -> Bool {
        unsafe bannerStart.withUnsafeBytes { unsafe memcmp($0.baseAddress!, p, min(n, $0.count)) == 0 }
    }
}
