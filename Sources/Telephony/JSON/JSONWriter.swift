/// Builds one JSON text as bytes, in the order of the calls; the caller keeps objects and arrays balanced.
///
/// Made for the path of every call: one growing buffer, no intermediate values. Text is written as UTF-8 with the
/// characters RFC 8259 requires escaped; control characters have been removed before (`printable`), and are escaped here
/// all the same.
public struct JSONWriter: Sendable {
    /// What has been written so far, UTF-8.
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// - Parameter capacity: bytes to have ready; it grows beyond.
    public init(reserving capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Writes `{`, after the comma if one is due. Each `begin` needs its `end`.
    public mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Writes `}`.
    public mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Writes `[`, after the comma if one is due.
    public mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Writes `]`.
    public mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a member's name. `name` is one of ours: it needs no escaping.
    public mutating func key(_ name: StaticString) {
        let name = unsafe UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        let isFirst = !needsComma
        append(upTo: name.count + 4) { out in
            if !isFirst { out.append(UInt8(ascii: ",")) }
            out.append(UInt8(ascii: "\""))
            unsafe out.append(name)
            out.append(UInt8(ascii: "\""))
            out.append(UInt8(ascii: ":"))
        }
        needsComma = false
    }
    /// Writes a member's name that comes from outside.
    public mutating func key(text name: String) {
        comma()
        appendQuoted(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A string, escaped.
    public mutating func value(_ text: String) {
        comma()
        appendQuoted(text)
    }
    /// A string, or `null` for nil.
    public mutating func value(_ text: String?) {
        if let text { value(text) } else { null() }
    }
    /// A whole number, or `null` for nil.
    public mutating func value(_ number: Int?) { value(number.map(Int64.init)) }
    /// A whole number, or `null` for nil.
    public mutating func value(_ number: Int64?) {
        guard let number else { return null() }
        comma()
        appendNumber(number)
    }
    /// `true` or `false`.
    public mutating func value(_ flag: Bool) {
        comma()
        bytes.append(contentsOf: flag ? "true".utf8 : "false".utf8)
    }
    /// `null`.
    public mutating func null() {
        comma()
        bytes.append(contentsOf: "null".utf8)
    }
    /// A time, quoted, RFC 3339 with milliseconds; `null` for nil.
    public mutating func value(_ time: Instant?) {
        guard let time else { return null() }
        comma()
        append(upTo: 26) { out in
            out.append(UInt8(ascii: "\""))
            out.append(time)
            out.append(UInt8(ascii: "\""))
        }
    }
    /// A duration as seconds with up to three decimals, without trailing zeros: `3.006`, `3`.
    public mutating func value(seconds duration: Duration) {
        comma()
        let whole = duration.wholeMicroseconds
        let milliseconds = whole / 1000 + (whole % 1000 >= 500 ? 1 : 0)
        appendNumber(milliseconds / 1000)
        let rest = Int(milliseconds % 1000)
        if rest > 0 {
            bytes.append(UInt8(ascii: "."))
            bytes.append(48 + UInt8(rest / 100))
            if rest % 100 > 0 { bytes.append(48 + UInt8(rest / 10 % 10)) }
            if rest % 10 > 0 { bytes.append(48 + UInt8(rest % 10)) }
        }
    }
    /// A value with all it holds, members in their order.
    public mutating func value(_ json: JSONValue) {
        switch json {
        case .null: null()
        case .bool(let flag): value(flag)
        case .number(let text): value(raw: text.utf8)
        case .string(let text): value(text)
        case .array(let items):
            beginArray()
            for item in items { value(item) }
            endArray()
        case .object(let members):
            beginObject()
            for (name, member) in members {
                key(text: name)
                value(member)
            }
            endObject()
        }
    }
    /// A finished JSON text, taken as it is.
    public mutating func value(raw json: some Sequence<UInt8>) {
        comma()
        bytes.append(contentsOf: json)
    }

    /// A member: its name and its value, which is `null` for nil; `name` is one of ours and is not escaped.
    public mutating func member(_ name: StaticString, _ text: String) {
        key(name)
        value(text)
    }
    public mutating func member(_ name: StaticString, _ text: String?) {
        key(name)
        value(text)
    }
    public mutating func member(_ name: StaticString, _ number: Int?) {
        key(name)
        value(number)
    }
    public mutating func member(_ name: StaticString, _ number: Int64?) {
        key(name)
        value(number)
    }
    public mutating func member(_ name: StaticString, _ flag: Bool) {
        key(name)
        value(flag)
    }
    public mutating func member(_ name: StaticString, _ time: Instant?) {
        key(name)
        value(time)
    }
    public mutating func member(_ name: StaticString, seconds duration: Duration) {
        key(name)
        value(seconds: duration)
    }

    /// A member as `write` writes its value; `null` for nil.
    public mutating func member<Value>(
        _ name: StaticString, _ value: Value?, _ write: (Value, inout JSONWriter) -> Void
    ) {
        key(name)
        if let value { write(value, &self) } else { null() }
    }
    /// A member that is an array, with each item as `write` writes it.
    public mutating func array<Item>(
        _ name: StaticString, _ items: some Sequence<Item>, _ write: (Item, inout JSONWriter) -> Void
    ) {
        key(name)
        array(items, write)
    }
    /// An array, with each item as `write` writes it.
    public mutating func array<Item>(_ items: some Sequence<Item>, _ write: (Item, inout JSONWriter) -> Void) {
        beginArray()
        for item in items { write(item, &self) }
        endArray()
    }

    private mutating func open(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }
    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }
    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
    /// Appends bytes, `count` of them at most, with one look at the array's room.
    @inline(__always)
    private mutating func append(upTo count: Int, _ body: (inout OutputSpan<UInt8>) -> Void) {
        // Doubled here: `append` alone makes just the room it is told of, and would move all that is written each time.
        if bytes.capacity - bytes.count < count { bytes.reserveCapacity(max(bytes.capacity * 2, bytes.count + count)) }
        bytes.append(addingCapacity: count, initializingWith: body)
    }
    private mutating func appendNumber(_ number: Int64) { append(upTo: 20) { $0.append(number) } }

    /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z.
    fileprivate static let firstTime = Instant(seconds: -62_167_219_200)
    fileprivate static let lastTime = Instant(seconds: 253_402_300_800) - .microseconds(1)

    /// Appends a time as text without quotes, always 24 characters: `2026-11-21T02:17:40.996Z`, cut to the millisecond.
    ///
    /// RFC 3339 has the years 0000 to 9999: a time outside them, as a broken log may bring, is written as the nearest in them.
    mutating func appendTime(_ time: Instant) { append(upTo: 24) { $0.append(time) } }

    private mutating func appendQuoted(_ text: String) {
        var text = text
        text.withUTF8 { text in
            guard unsafe JSONWriter.isPlain(text) else {
                bytes.append(UInt8(ascii: "\""))
                unsafe JSONWriter.escape(text, to: &bytes)
                return bytes.append(UInt8(ascii: "\""))
            }
            append(upTo: text.count + 2) { out in
                out.append(UInt8(ascii: "\""))
                unsafe out.append(text)
                out.append(UInt8(ascii: "\""))
            }
        }
    }

    /// Appends `text` as it stands between the quotes of a JSON string.
    public static func appendEscaped(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        text.withUTF8 { text in
            if unsafe JSONWriter.isPlain(text) { return unsafe bytes.append(contentsOf: text) }
            unsafe escape(text, to: &bytes)
        }
    }
    /// Whether nothing in it needs escaping. Eight bytes at a time, as nearly all text is plain.
    private static func isPlain(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let bytes = UnsafeRawBufferPointer(text)
        guard bytes.count >= 8 else {
            return unsafe bytes.allSatisfy { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C }
        }
        // The last eight may have been looked at in part.
        var i = 0
        while i < bytes.count {
            i = min(i, bytes.count - 8)
            guard isPlain(unsafe bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)) else { return false }
            i += 8
        }
        return true
    }
    /// The same of eight bytes: subtracting borrows into a byte's high bit where the byte is too small, and where it is none
    /// after the one sought has been taken off it.
    @inline(__always)
    private static func isPlain(_ eight: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let (quotes, backslashes) = (eight ^ ones &* 0x22, eight ^ ones &* 0x5C)
        let found =
            (eight &- ones &* 0x20) & ~eight | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes
        return found & (ones &* 0x80) == 0
    }
    private static func escape(_ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        for i in text.indices {
            let byte = unsafe text[i]
            switch byte {
            case 0x22, 0x5C:
                bytes.append(0x5C)
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
            case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
            case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
            case 0..<0x20:
                let hex: [UInt8] = Array("0123456789abcdef".utf8)
                bytes.append(contentsOf: #"\u00"#.utf8)
                bytes.append(hex[Int(byte >> 4)])
                bytes.append(hex[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
    }
}

extension OutputSpan<UInt8> {
    /// Appends bytes that there is room for.
    @inline(__always)
    fileprivate mutating func append(_ source: UnsafeBufferPointer<UInt8>) {
        precondition(source.count <= freeCapacity, "more was written than was told")
        unsafe withUnsafeMutableBufferPointer { buffer, count in
            guard let from = source.baseAddress, let to = buffer.baseAddress else { return }
            unsafe (to + count).update(from: from, count: source.count)
            count += source.count
        }
    }
    /// Appends a whole number, 20 characters at most.
    fileprivate mutating func append(_ number: Int64) {
        precondition(freeCapacity >= 20, "more was written than was told")
        if number < 0 { append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        var length = 1
        var limit: UInt64 = 10
        while length < 19, rest >= limit { (length, limit) = (length + 1, limit * 10) }
        unsafe withUnsafeMutableBufferPointer { buffer, count in
            for i in (count..<count + length).reversed() {
                unsafe buffer[i] = 48 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            count += length
        }
    }
    /// Appends a time, 24 characters.
    fileprivate mutating func append(_ time: Instant) {
        let c = CivilTime(min(max(time, JSONWriter.firstTime), JSONWriter.lastTime))
        let year = Int(c.year)
        append(year / 100, then: nil)
        append(year % 100, then: UInt8(ascii: "-"))
        append(c.month, then: UInt8(ascii: "-"))
        append(c.day, then: UInt8(ascii: "T"))
        append(c.hour, then: UInt8(ascii: ":"))
        append(c.minute, then: UInt8(ascii: ":"))
        append(c.second, then: UInt8(ascii: "."))
        append(48 + UInt8(truncatingIfNeeded: c.microsecond / 100_000))
        append(c.microsecond / 1000 % 100, then: UInt8(ascii: "Z"))
    }
    /// Appends a number of two digits, and what stands behind it.
    @inline(__always)
    private mutating func append(_ number: Int, then mark: UInt8?) {
        append(48 + UInt8(truncatingIfNeeded: number / 10))
        append(48 + UInt8(truncatingIfNeeded: number % 10))
        if let mark { append(mark) }
    }
}
