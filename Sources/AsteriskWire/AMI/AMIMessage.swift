import Glibc
public import Telephony

/// One manager message: a view of the bytes it came in, valid only while the decoder's `body` runs.
///
/// It cannot be copied, so it cannot be kept; `AMIEvent(message)` makes a copy that can.
@safe public struct AMIMessage: ~Copyable {
    private let base: UnsafeRawPointer
    /// Bytes, the empty line included.
    public let length: Int
    /// Stream offset of the first byte: since connect, or in the capture.
    public let offset: Int64
    /// Where its headers stand; the decoder's one table, so it holds for this message only.
    private let index: UnsafeMutablePointer<AMIHeaderIndex>
    /// The message's kind, told from its first line alone.
    public let kind: Kind

    /// What a message is, as far as its first line tells.
    public enum Kind: Sendable, Equatable {
        /// `Asterisk Call Manager/11.0.0`: the greeting of a new connection.
        case banner
        /// Starts with `Event:`; the name if it is one Hookswitch reads, else `.other`.
        case event(AMIEventName)
        /// Starts with `Response:`.
        case response
        /// Starts with neither: noise, or the rest of something broken.
        case unknown
    }

    /// A view of a whole message, which ends with an empty line unless it is a greeting.
    @inline(__always)
    init(
        _ kind: Kind, base: UnsafeRawPointer, length: Int, offset: Int64, index: UnsafeMutablePointer<AMIHeaderIndex>
    ) {
        self.kind = kind
        unsafe self.base = base
        self.length = length
        self.offset = offset
        unsafe self.index = index
        unsafe index.pointee.isSplit = false
    }

    /// What kind of message begins here, told from `count` bytes, which may be more than the message, or less: then the kind
    /// does not hold.
    @inline(__always)
    static func kind(_ base: UnsafeRawPointer, _ count: Int) -> Kind {
        if count > 7, unsafe memcmp(base, "Event: ", 7) == 0 {
            let end = unsafe LineScan.first(13, in: base, count, from: 7) ?? count
            return unsafe .event(AMIEventName(bytes: base + 7, count: end - 7))
        }
        if count > 9, unsafe memcmp(base, "Response:", 9) == 0 { return .response }
        if count > 22, unsafe memcmp(base, "Asterisk Call Manager/", 22) == 0 { return .banner }
        return .unknown
    }

    /// The whole message as it came.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: length))
    }
    /// The greeting's version text, as `11.0.0`; empty for any other message.
    public var bannerVersion: String {
        guard kind == .banner else { return "" }
        let text = unsafe String(decoding: UnsafeRawBufferPointer(start: base + 22, count: length - 22), as: UTF8.self)
        return String(text.prefix { !$0.isWhitespace && !$0.isNewline })
    }
    /// The event's name as it stands, of any event; empty for other messages.
    public var eventName: String {
        guard case .event = kind else { return "" }
        var end = 7
        while end < length, unsafe (base + end).load(as: UInt8.self) != 13 { end += 1 }
        return unsafe String(decoding: UnsafeRawBufferPointer(start: base + 7, count: end - 7), as: UTF8.self)
    }

    // MARK: Headers

    /// A known header that stands twice and must not: the message is forged or two messages run together.
    public var repeatedHeader: AMIHeader? {
        split()
        return unsafe index.pointee.repeated
    }
    /// Genuine events have `Privilege:` as their second line.
    public var hasPrivilegeSecond: Bool {
        line(of: .privilege) == 1
    }

    /// Whether the header is there, be it empty.
    public func has(_ header: AMIHeader) -> Bool {
        line(of: header) != nil
    }
    /// The value as text, UTF-8 repaired; nil where the header is missing.
    public func string(_ header: AMIHeader) -> String? {
        unsafe value(header).map { unsafe String(decoding: $0, as: UTF8.self) }
    }
    /// The value as text; nil where it is missing, empty, `<unknown>` or `<none>`: nobody is named so.
    public func known(_ header: AMIHeader) -> String? {
        guard let bytes = unsafe value(header), bytes.count > 0, unsafe !AMIMessage.isUnknown(bytes) else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
    /// `known`, with Asterisk's C escapes (`\"`, `\\`, `\r`, `\n`) taken back, for the headers that have them.
    public func unescaped(_ header: AMIHeader) -> String? {
        guard let bytes = unsafe value(header), bytes.count > 0, unsafe !AMIMessage.isUnknown(bytes) else { return nil }
        return unsafe AMIMessage.unescape(bytes)
    }
    /// The number a value begins with, at most 18 digits of it; nil where it begins with none or is missing.
    public func integer(_ header: AMIHeader) -> Int? {
        guard let bytes = unsafe value(header) else { return nil }
        var number = 0
        var digits = 0
        var negative = false
        for i in 0..<bytes.count {
            let byte = unsafe bytes[i]
            if i == 0, byte == UInt8(ascii: "-") {
                negative = true
                continue
            }
            guard byte >= 48, byte <= 57, digits < 18 else { break }
            number = number * 10 + Int(byte - 48)
            digits += 1
        }
        return digits == 0 ? nil : negative ? -number : number
    }
    /// Date and time of day, as `2026-11-21 02:17:40`; nil where it is missing or none.
    public func civilTime(_ header: AMIHeader) -> CivilTime? {
        unsafe value(header).flatMap { unsafe CivilTime(bytes: $0) }
    }
    /// The id of a channel; nil where it is missing, empty or `<unknown>`.
    public func uniqueID(_ header: AMIHeader) -> UniqueID? {
        guard let bytes = unsafe value(header), bytes.count > 0, unsafe !AMIMessage.isUnknown(bytes) else { return nil }
        return unsafe UniqueID(bytes)
    }
    /// The id of a bridge; nil where it is missing, empty or `<unknown>`.
    func bridgeID(_ header: AMIHeader) -> BridgeID? {
        guard let bytes = unsafe value(header), bytes.count > 0, unsafe !AMIMessage.isUnknown(bytes) else { return nil }
        return unsafe BridgeID(bytes)
    }
    /// The event's own time: the `Timestamp` header, seconds with a fraction; nil without `timestampevents = yes`.
    public var timestamp: Instant? { unsafe value(.timestamp).flatMap { unsafe Instant(epochText: $0) } }
    /// Whether the value is exactly this ASCII word.
    @inline(__always)
    public func equals(_ header: AMIHeader, _ word: StaticString) -> Bool {
        guard let bytes = unsafe value(header) else { return false }
        return unsafe bytes.count == word.utf8CodeUnitCount
            && memcmp(bytes.baseAddress!, word.utf8Start, word.utf8CodeUnitCount) == 0
    }

    /// Calls `body` with name and value of each header in order, repeated ones each time.
    public func forEachHeader(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void) {
        var at = 0
        while let line = unsafe nextLine(&at) {
            if let (name, value) = unsafe AMIMessage.cut(line) { unsafe body(name, value) }
        }
    }
    /// Whether channel variables ride on the message.
    @inline(__always) public var hasVariables: Bool {
        split()
        return unsafe index.pointee.otherEnd > index.pointee.otherStart
    }
    /// Calls `body` for each `…ChanVariable: name=value`: the header's prefix (empty, `Dest`, …), the variable's bare name
    /// (inheritance underscores removed), and its value with C escapes taken back.
    public func forEachVariable(_ body: (_ prefix: String, _ name: String, _ value: String) -> Void) {
        split()
        var at = unsafe Int(index.pointee.otherStart)
        let end = unsafe Int(index.pointee.otherEnd)
        while at < end, let line = unsafe nextLine(&at) {
            guard let (name, value) = unsafe AMIMessage.cut(line) else { continue }
            guard let prefixLength = unsafe AMIMessage.variablePrefix(name) else { continue }
            guard let equals = unsafe value.firstIndex(of: UInt8(ascii: "=")) else { continue }
            var start = 0
            while start < equals, unsafe value[start] == UInt8(ascii: "_") { start += 1 }
            let variable = unsafe String(
                decoding: UnsafeRawBufferPointer(rebasing: value[start..<equals]), as: UTF8.self)
            let text = unsafe AMIMessage.unescape(UnsafeRawBufferPointer(rebasing: value[(equals + 1)...]))
            let prefix = unsafe String(decoding: UnsafeRawBufferPointer(rebasing: name[..<prefixLength]), as: UTF8.self)
            body(prefix, variable, text)
        }
    }

    /// Whether a `VarSet` is of one of these variables, told without splitting the message where its last two lines are
    /// `Variable` and `Value`, as Asterisk writes them. True where they are not: then the headers must decide.
    func lastVariable(isIn names: NameFilter) -> Bool { secondLast("Variable: ", before: "Value:", isIn: names) }

    /// The same for a `Newexten`, whose last two lines are `Application` and `AppData`.
    func lastApplication(isIn names: NameFilter) -> Bool {
        secondLast("Application: ", before: "AppData:", isIn: names)
    }

    private func secondLast(_ name: StaticString, before last: StaticString, isIn names: NameFilter) -> Bool {
        guard !passesHeaderLimit else { return true }
        // Behind the last line come its CR LF and the empty one.
        let lastEnd = length - 4
        guard lastEnd > 0, case let lastStart = unsafe LineScan.lastLine(base, endingBefore: lastEnd), lastStart > 2,
            case let end = lastStart - 2, case let start = unsafe LineScan.lastLine(base, endingBefore: end), start > 0
        else { return true }
        let prefix = name.utf8CodeUnitCount
        guard lastEnd - lastStart >= last.utf8CodeUnitCount, end - start > prefix,
            unsafe memcmp(base + lastStart, last.utf8Start, last.utf8CodeUnitCount) == 0,
            unsafe memcmp(base + start, name.utf8Start, prefix) == 0
        else { return true }
        var from = start + prefix
        while from < end, unsafe (base + from).load(as: UInt8.self) == UInt8(ascii: "_") { from += 1 }
        return unsafe names.contains(UnsafeRawBufferPointer(start: base + from, count: end - from))
    }

    /// Whether the message has more lines than the limit allows; only a long one is counted.
    private var passesHeaderLimit: Bool {
        // The shortest line has one byte and its CR LF.
        let room = unsafe index.pointee.lineRoom
        guard length > 3 * room else { return false }
        return unsafe LineScan.lineStarts(base, length - 2, into: index.pointee.lineStarts, room: room) > room
    }

    // MARK: Bytes

    /// Length of what stands before `ChanVariable` in a header's name; nil if it is no such header.
    @inline(__always)
    private static func variablePrefix(_ name: UnsafeRawBufferPointer) -> Int? {
        var end = name.count
        guard end >= 12 else { return nil }
        if unsafe name[end - 1] == UInt8(ascii: ")") {
            // OriginateResponse writes ChanVariable(<channel>).
            end = unsafe name.firstIndex(of: UInt8(ascii: "(")) ?? end
            guard end >= 12 else { return nil }
        }
        return unsafe memcmp(name.baseAddress! + (end - 12), "ChanVariable", 12) == 0 ? end - 12 : nil
    }

    private static func isUnknown(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard unsafe bytes[0] == UInt8(ascii: "<") else { return false }
        return unsafe (bytes.count == 9 && memcmp(bytes.baseAddress!, "<unknown>", 9) == 0)
            || (bytes.count == 6 && memcmp(bytes.baseAddress!, "<none>", 6) == 0)
    }

    private static func unescape(_ bytes: UnsafeRawBufferPointer) -> String {
        guard bytes.count > 0, unsafe memchr(bytes.baseAddress!, 0x5C, bytes.count) != nil else {
            return unsafe String(decoding: bytes, as: UTF8.self)
        }
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var i = 0
        let n = bytes.count
        while i < n {
            let byte = unsafe bytes[i]
            i += 1
            guard byte == 0x5C, i < n else {
                out.append(byte)
                continue
            }
            let next = unsafe bytes[i]
            i += 1
            switch next {
            case UInt8(ascii: "n"): out.append(10)
            case UInt8(ascii: "r"): out.append(13)
            case UInt8(ascii: "t"): out.append(9)
            case UInt8(ascii: "\""), 0x5C, UInt8(ascii: "'"), UInt8(ascii: "?"): out.append(next)
            default:
                out.append(byte)
                out.append(next)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    @inline(__always)
    private func value(_ header: AMIHeader) -> UnsafeRawBufferPointer? {
        guard let line = line(of: header) else { return nil }
        var start = unsafe Int(index.pointee.lineStarts[line])
        let end = unsafe Int(index.pointee.lineStarts[line &+ 1]) &- 2
        // The colon, and the blank that Asterisk writes after it.
        start &+= unsafe Int(index.pointee.prefixes[header.slot].length) &+ 1
        if start < end, unsafe (base + start).load(as: UInt8.self) == UInt8(ascii: " ") { start &+= 1 }
        return unsafe UnsafeRawBufferPointer(start: base + start, count: end &- start)
    }

    /// The first line that has this header, counted from 0; nil where the message has none.
    @inline(__always)
    private func line(of header: AMIHeader) -> Int? {
        split()
        let line = unsafe Int(index.pointee.placesInHand[header.slot])
        guard unsafe line < index.pointee.lineCount else { return nil }
        return line < AMIHeaderIndex.shapeLines || stands(header, on: line) ? line : nil
    }
    /// Whether one of the message's lines is of this header, told from the line itself.
    @inline(never)
    private func stands(_ header: AMIHeader, on line: Int) -> Bool {
        let start = unsafe Int(index.pointee.lineStarts[line])
        let count = unsafe Int(index.pointee.lineStarts[line + 1]) - 2 - start
        guard let colon = unsafe LineScan.first(UInt8(ascii: ":"), in: base + start, count, from: 0) else {
            return false
        }
        return unsafe AMIHeaderIndex.names.ordinal(of: base + start, count: colon) == header.slot
    }

    /// The next line without its CR LF; nil at the empty line or the end.
    @inline(__always)
    private func nextLine(_ at: inout Int) -> UnsafeRawBufferPointer? {
        var from = at
        while from < length, let lf = unsafe memchr(base + from, 10, length - from) {
            let end = unsafe UnsafeRawPointer(lf) - base
            if end > at, unsafe (base + (end - 1)).load(as: UInt8.self) == 13 {
                let line = unsafe UnsafeRawBufferPointer(start: base + at, count: end - 1 - at)
                at = end + 1
                return unsafe line.count == 0 ? nil : line
            }
            from = end + 1  // a lone LF is data
        }
        return nil
    }

    /// Name and value of a line; nil where it has no colon.
    @inline(__always)
    private static func cut(_ line: UnsafeRawBufferPointer) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer)? {
        let n = line.count
        let p = line.baseAddress!
        var colon = 0
        while colon < n, unsafe (p + colon).load(as: UInt8.self) != UInt8(ascii: ":") { colon += 1 }
        if colon == n { return nil }
        var start = colon + 1
        if start < n, unsafe (p + start).load(as: UInt8.self) == UInt8(ascii: " ") { start += 1 }
        return unsafe (
            UnsafeRawBufferPointer(start: p, count: colon), UnsafeRawBufferPointer(start: p + start, count: n - start)
        )
    }

    /// Fills the index, once a message, when the first header is asked for.
    @inline(__always)
    private func split() {
        if unsafe !index.pointee.isSplit { splitNow() }
    }
    private func splitNow() {
        unsafe index.pointee.isSplit = true
        unsafe index.pointee.repeated = nil
        unsafe index.pointee.otherStart = 0
        unsafe index.pointee.otherEnd = 0
        switch kind {
        case .event(let name): noteHeaders(name)
        case .response, .unknown: noteHeaders(.other)
        // A greeting has none.
        case .banner: unsafe index.pointee.lineCount = 0
        }
    }

    /// Looks where the message's headers stand, line by line: mostly where they stood in the last message of this name.
    @inline(__always)
    private func noteHeaders(_ event: AMIEventName) {
        let shape = unsafe index.pointee.shapes + event.ordinal &* AMIHeaderIndex.shapeLines
        let prefixes = unsafe index.pointee.prefixes
        let starts = unsafe index.pointee.lineStarts
        let room = unsafe index.pointee.lineRoom
        // Without the empty line.
        let found =
            unsafe index.pointee.areLinesNoted
            ? index.pointee.lineCount : LineScan.lineStarts(base, length - 2, into: starts, room: room)
        let lines = min(found, room)
        unsafe index.pointee.lineCount = lines
        unsafe index.pointee.wasSplit[event.ordinal] = true
        unsafe index.pointee.placesInHand = index.pointee.places + event.ordinal &* index.pointee.headerCount
        // Of nearly every event all of them: only of the last one it may be that no word can be read from its beginning.
        var expected = min(lines, AMIHeaderIndex.shapeLines)
        while expected > 0, unsafe Int(starts[expected &- 1]) > length &- 8 { expected &-= 1 }
        var from = 0
        for i in 0..<expected {
            // The additions cannot overflow: all are of offsets within one message.
            let next = unsafe Int(starts[i &+ 1])
            let isExpected =
                unsafe prefixes[Int(shape[i])].begins(base + from, count: next &- 2 &- from)
            if !isExpected { unsafe noteLine(i, shape) }
            from = next
        }
        for i in expected..<lines { unsafe noteLine(i, shape) }
        let limits = unsafe index.pointee.limits
        if found > limits.headers { unsafe index.pointee.exceeded = (.tooManyHeaders, limits.headers) }
        if length > limits.lineBytes { checkLineLengths() }
    }

    /// Looks for the header of a line on which no known one was expected, or another one.
    @inline(never)
    private func noteLine(_ line: Int, _ shape: UnsafeMutablePointer<UInt8>) {
        let places = unsafe index.pointee.placesInHand
        let start = unsafe Int(index.pointee.lineStarts[line])
        let count = unsafe Int(index.pointee.lineStarts[line + 1]) - 2 - start
        let found = unsafe search(base + start, count, at: start)
        if line < AMIHeaderIndex.shapeLines {
            let expected = unsafe shape[line]
            if found == expected { return }
            if expected != AMIHeaderIndex.noHeader { unsafe places[Int(expected)] = AMIHeaderIndex.nowhere }
            unsafe shape[line] = AMIHeaderIndex.noHeader
        }
        guard let found else { return }
        let header = AMIHeaderIndex.all[Int(found)]
        let other = unsafe Int(places[Int(found)])
        if other < line, other < AMIHeaderIndex.shapeLines || stands(header, on: other) {
            if !AMIHeader.mayRepeat(header) { unsafe index.pointee.repeated = header }
            return
        }
        // Expected further down: there it would be a second one.
        if other < AMIHeaderIndex.shapeLines { unsafe shape[other] = AMIHeaderIndex.noHeader }
        unsafe places[Int(found)] = UInt16(line)
        if line < AMIHeaderIndex.shapeLines { unsafe shape[line] = found }
    }

    /// The ordinal of the header a line begins with; nil where it is none that is known.
    private func search(_ line: UnsafeRawPointer, _ count: Int, at start: Int) -> UInt8? {
        guard let colon = unsafe LineScan.first(UInt8(ascii: ":"), in: line, count, from: 0) else { return nil }
        if let found = unsafe AMIHeaderIndex.names.ordinal(of: line, count: colon) {
            return UInt8(truncatingIfNeeded: found)
        }
        if unsafe AMIMessage.variablePrefix(UnsafeRawBufferPointer(start: line, count: colon)) != nil {
            if unsafe index.pointee.otherEnd == 0 { unsafe index.pointee.otherStart = Int32(start) }
            unsafe index.pointee.otherEnd = Int32(start + count + 2)
        }
        return nil
    }

    /// A message that is longer than one line may be can have a line that is.
    @inline(never)
    private func checkLineLengths() {
        let starts = unsafe index.pointee.lineStarts
        let limit = unsafe index.pointee.limits.lineBytes
        for i in 0..<(unsafe index.pointee.lineCount) where unsafe Int(starts[i + 1] - starts[i]) - 2 > limit {
            unsafe index.pointee.exceeded = (.lineTooLong, limit)
        }
    }
}
