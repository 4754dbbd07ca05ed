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
    /// Where its lines and headers stand; the decoder's one table, so it holds for this message only.
    private let index: AMIHeaderIndex
    private let limits: AMILimits
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

    /// A view of a whole message. `index` must hold its line ends already.
    @inline(__always)
    init(base: UnsafeRawPointer, length: Int, offset: Int64, index: AMIHeaderIndex, limits: AMILimits) {
        unsafe self.base = base
        self.length = length
        self.offset = offset
        self.index = index
        self.limits = limits
        // Zero stands for "headers not split yet".
        index.headerCount = 0
        if length > 7, unsafe memcmp(base, "Event: ", 7) == 0 {
            var end = 7
            while end < length, unsafe (base + end).load(as: UInt8.self) != 13 { end += 1 }
            kind = unsafe .event(AMIEventName(bytes: base + 7, count: end - 7))
        } else if length > 9, unsafe memcmp(base, "Response:", 9) == 0 {
            kind = .response
        } else if length > 22, unsafe memcmp(base, "Asterisk Call Manager/", 22) == 0 {
            kind = .banner
        } else {
            kind = .unknown
        }
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
        return index.repeated
    }
    /// Genuine events have `Privilege:` as their second line.
    public var hasPrivilegeSecond: Bool {
        split()
        return index.secondIsPrivilege
    }

    /// Whether the header is there, be it empty.
    public func has(_ header: AMIHeader) -> Bool {
        split()
        return unsafe index.slots[header.slot].generation == index.generation
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
    /// The event's own time: the `Timestamp` header, seconds with a fraction; nil without `timestampevents = yes`.
    public var timestamp: Instant? {
        guard let bytes = unsafe value(.timestamp) else { return nil }
        var whole: Int64 = 0
        var fraction: Int64 = 0
        var scale: Int64 = 1_000_000
        var inFraction = false
        for i in 0..<bytes.count {
            let byte = unsafe bytes[i]
            if byte == UInt8(ascii: "."), !inFraction {
                inFraction = true
            } else if byte >= 48, byte <= 57 {
                if !inFraction {
                    if whole > 99_999_999_999 { return nil }
                    whole = whole * 10 + Int64(byte - 48)
                } else if scale > 1 {
                    scale /= 10
                    fraction += Int64(byte - 48) * scale
                }
            } else {
                return nil
            }
        }
        return whole == 0 ? nil : Instant(microseconds: whole * 1_000_000 + fraction)
    }
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
        return index.otherEnd > index.otherStart
    }
    /// Calls `body` for each `…ChanVariable: name=value`: the header's prefix (empty, `Dest`, …), the variable's bare name
    /// (inheritance underscores removed), and its value with C escapes taken back.
    public func forEachVariable(_ body: (_ prefix: String, _ name: String, _ value: String) -> Void) {
        split()
        var at = Int(index.otherStart)
        let end = Int(index.otherEnd)
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
        let lines = index.lineCount
        guard lines > 2, lines <= index.lineRoom else { return true }
        // The line ends were noted on the way to the message's end.
        let start = unsafe Int(index.lineEnds[lines - 3]) + 1
        let end = unsafe Int(index.lineEnds[lines - 2]) - 1
        let lastEnd = unsafe Int(index.lineEnds[lines - 1]) - 1
        let prefix = name.utf8CodeUnitCount
        guard lastEnd - (end + 2) >= last.utf8CodeUnitCount, end - start > prefix,
            unsafe memcmp(base + (end + 2), last.utf8Start, last.utf8CodeUnitCount) == 0,
            unsafe memcmp(base + start, name.utf8Start, prefix) == 0
        else { return true }
        var from = start + prefix
        while from < end, unsafe (base + from).load(as: UInt8.self) == UInt8(ascii: "_") { from += 1 }
        return unsafe names.contains(UnsafeRawBufferPointer(start: base + from, count: end - from))
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
        split()
        let slot = unsafe index.slots[header.slot]
        guard slot.generation == index.generation else { return nil }
        return unsafe UnsafeRawBufferPointer(start: base + Int(slot.start), count: Int(slot.length))
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
        if index.headerCount == 0 { splitNow() }
    }
    private func splitNow() {
        let x = index
        x.generation &+= 1
        if x.generation == 0 {
            // After four thousand million messages an old mark could be taken for a new one.
            for i in 0..<AMIHeaderIndex.all.count { unsafe x.slots[i] = AMIHeaderIndex.Slot() }
            x.generation = 1
        }
        x.repeated = nil
        x.secondIsPrivilege = false
        x.otherStart = 0
        x.otherEnd = 0
        if x.lineCount > limits.headers { x.exceeded = (.tooManyHeaders, limits.headers) }
        let lines = min(x.lineCount, x.lineRoom)
        note(lines)
        x.headerCount = max(1, lines)
    }

    /// Notes where the headers of the message's first `lines` lines stand.
    @inline(__always)
    private func note(_ lines: Int) {
        let x = index
        let prefixes = unsafe x.prefixes
        let prefixCount = x.prefixCount
        let event = if case .event(let name) = kind { name } else { AMIEventName.other }
        let shape = unsafe x.shapes + event.ordinal * AMIHeaderIndex.shapeLines
        let ends = unsafe x.lineEnds
        let slots = unsafe x.slots
        let generation = x.generation
        let expected = min(lines, AMIHeaderIndex.shapeLines)
        // The additions cannot overflow: all are of offsets within one message. A line a word can be read from begins before this.
        let lastWord = length - 8
        var start = 0
        for i in 0..<lines {
            let end = unsafe Int(ends[i]) &- 1
            let count = end &- start
            let from = start
            start = end &+ 2
            if count > limits.lineBytes { x.exceeded = (.lineTooLong, limits.lineBytes) }
            let line = unsafe base + from
            var ordinal = i < expected ? unsafe Int(shape[i]) : Int(AMIHeaderIndex.noHeader)
            var nameLength = 0
            if ordinal < prefixCount, from <= lastWord {
                nameLength = unsafe prefixes[ordinal].length(beginning: line, count: count)
            }
            if nameLength == 0 {
                guard let found = unsafe search(line, count, at: from, &nameLength) else { continue }
                ordinal = found
                if i < expected { unsafe shape[i] = UInt8(truncatingIfNeeded: found) }
            }
            let slot = unsafe slots + ordinal
            if unsafe slot.pointee.generation == generation {
                if !AMIHeader.mayRepeat(AMIHeaderIndex.all[ordinal]) { x.repeated = AMIHeaderIndex.all[ordinal] }
                continue
            }
            // The colon, and the blank that Asterisk writes after it.
            var skipped = nameLength &+ 1
            if skipped < count, unsafe (line + skipped).load(as: UInt8.self) == UInt8(ascii: " ") { skipped &+= 1 }
            unsafe slot.pointee = AMIHeaderIndex.Slot(
                start: Int32(truncatingIfNeeded: from &+ skipped), length: Int32(truncatingIfNeeded: count &- skipped),
                generation: generation)
            if i == 1, ordinal == AMIHeader.privilege.slot { x.secondIsPrivilege = true }
        }
    }

    /// The ordinal of the header a line begins with, and its length; nil where it is none that is known.
    private func search(_ line: UnsafeRawPointer, _ count: Int, at start: Int, _ nameLength: inout Int) -> Int? {
        nameLength = 0
        while nameLength < count, unsafe (line + nameLength).load(as: UInt8.self) != UInt8(ascii: ":") {
            nameLength += 1
        }
        if nameLength == count { return nil }
        if let found = unsafe AMIHeaderIndex.names.ordinal(of: line, count: nameLength) { return found }
        if unsafe AMIMessage.variablePrefix(UnsafeRawBufferPointer(start: line, count: nameLength)) != nil {
            if index.otherEnd == 0 { index.otherStart = Int32(start) }
            index.otherEnd = Int32(start + count + 2)
        }
        return nil
    }
}
