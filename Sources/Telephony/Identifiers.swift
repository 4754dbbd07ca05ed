/// Asterisk's name of one channel for its whole life: the `Uniqueid` header.
///
/// **Shape**: `[systemname-]EPOCH.COUNTER`, as `1795227460.0` or `pbx-a-1795227460.12`, unless the originator chose the
/// id (`ChannelId` of the Originate action), which may be any text. The usual form is kept as two numbers, so that
/// comparing, hashing and copying ids allocates nothing; `description` gives the very text Asterisk sent.
public struct UniqueID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// What the two numbers do not say.
    private final class Text: Sendable {
        let text: String
        init(_ text: String) { self.text = text }
    }
    /// The text before the epoch seconds, with its hyphen, nil for none; the whole text where the id has not the usual form.
    private let text: Text?
    /// Epoch seconds of the channel's creation, then 30 bits of Asterisk's count of channels since its start, plus one, so that
    /// it orders as they do; 0 where the id has not the usual form.
    private let numbers: UInt64

    /// Takes an id's bytes as Asterisk sent them, which need not be UTF-8.
    public init(_ bytes: UnsafeRawBufferPointer) {
        if let (prefixLength, epoch, counter) = unsafe UniqueID.split(bytes), epoch < 1 << 33, counter < 1 << 30 {
            unsafe text =
                prefixLength == 0 ? nil : Text(String(decoding: bytes.prefix(prefixLength), as: UTF8.self))
            numbers = (UInt64(epoch) << 30 | UInt64(counter)) + 1
        } else {
            unsafe text = bytes.isEmpty ? nil : Text(String(decoding: bytes, as: UTF8.self))
            numbers = 0
        }
    }
    public init(_ text: String) {
        var text = text
        self = text.withUTF8 { unsafe UniqueID(UnsafeRawBufferPointer($0)) }
    }

    private var epoch: Int64 { Int64((numbers - 1) >> 30) }

    /// When the channel was created, to the second; nil where the id does not say.
    public var created: Instant? { numbers == 0 ? nil : Instant(seconds: epoch) }
    public var isEmpty: Bool { numbers == 0 && text == nil }

    public var description: String {
        let prefix = text?.text ?? ""
        return numbers == 0 ? prefix : "\(prefix)\(epoch).\((numbers - 1) & (1 << 30 - 1))"
    }

    /// Older first. Of two ids of the usual form, by creation second and then by counter, as Asterisk itself does.
    public static func < (a: UniqueID, b: UniqueID) -> Bool {
        if a.numbers != b.numbers { return a.numbers < b.numbers }
        if a.text == nil, b.text == nil { return false }
        return (a.text?.text ?? "") < (b.text?.text ?? "")
    }
    public static func == (a: UniqueID, b: UniqueID) -> Bool {
        a.numbers == b.numbers && (a.text === b.text || a.text?.text == b.text?.text)
    }
    public func hash(into hasher: inout Hasher) {
        // Equal ids have equal numbers; the prefix tells systems apart, which are never in one table.
        hasher.combine(numbers)
        if numbers == 0, let text { hasher.combine(text.text) }
    }

    /// The usual form's parts, or nil. Only text that prints back to the same bytes is split (no leading zeros).
    private static func split(_ b: UnsafeRawBufferPointer) -> (prefixLength: Int, epoch: Int64, counter: Int64)? {
        var i = b.count
        guard let counter = unsafe number(b, endingAt: &i), i > 1, unsafe b[i - 1] == UInt8(ascii: ".") else {
            return nil
        }
        i -= 1
        guard let epoch = unsafe number(b, endingAt: &i), unsafe i == 0 || b[i - 1] == UInt8(ascii: "-") else {
            return nil
        }
        return (i, epoch, counter)
    }

    /// The decimal number that ends before `end`, which is moved to its start; nil if there is none in canonical form.
    @inline(__always)
    private static func number(_ b: UnsafeRawBufferPointer, endingAt end: inout Int) -> Int64? {
        var value: Int64 = 0
        var scale: Int64 = 1
        let last = end
        while end > 0, last - end < 16 {
            let byte = unsafe b[end - 1]
            guard byte >= 48, byte <= 57 else { break }
            value += Int64(byte - 48) * scale
            scale *= 10
            end -= 1
        }
        let digits = last - end
        return unsafe digits == 0 || digits > 15 || digits > 1 && b[end] == 48 ? nil : value
    }
}

/// Asterisk's name of a whole call: the `Linkedid` header, which is the `UniqueID` of the call's oldest channel.
///
/// A different type, because the channel it names may be gone, or be of no interest (half of a Local channel).
public struct LinkedID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The channel the call is named after.
    public let oldest: UniqueID
    public init(_ oldest: UniqueID) { self.oldest = oldest }
    public init(_ text: String) { oldest = UniqueID(text) }
    public var description: String { oldest.description }
    public static func < (a: LinkedID, b: LinkedID) -> Bool { a.oldest < b.oldest }
}

/// A bridge: the `BridgeUniqueid` header, usually a UUID.
public struct BridgeID: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ text: String) { description = text }
}

/// A channel's name, as `PJSIP/1001-00000001` or `Local/1001@agents-00000003;2`: technology, address, serial, half.
public struct ChannelName: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ text: String) { description = text }

    /// What stands before the first `/`: `PJSIP`, `SIP`, `IAX2`, `DAHDI`, `Local`, `Message`, …; empty if there is none.
    public var technology: Substring {
        guard let slash = description.utf8.firstIndex(of: UInt8(ascii: "/")) else { return "" }
        return description[..<slash]
    }
    /// The endpoint, peer or address: what stands between the `/` and the last `-`, as `1001` or `1001@agents`.
    public var address: Substring {
        let u = description.utf8
        guard let slash = u.firstIndex(of: UInt8(ascii: "/")) else { return description[...] }
        let start = u.index(after: slash)
        let end = u[start...].lastIndex(of: UInt8(ascii: "-")) ?? u.endIndex
        return description[start..<end]
    }
    /// Technology and address, the part that is the same on each call of the same device: `PJSIP/1001`.
    public var device: Substring {
        let u = description.utf8
        guard let slash = u.firstIndex(of: UInt8(ascii: "/")) else { return description[...] }
        let end = u[u.index(after: slash)...].lastIndex(of: UInt8(ascii: "-")) ?? u.endIndex
        return description[..<end]
    }
    /// Half of a Local channel: a joint inside the PBX, never somebody's line.
    public var isLocal: Bool { description.utf8.starts(with: "Local/".utf8) }
    /// Made by Asterisk for itself (announcers and recorders of conferences, snoops, messages): nobody's line either.
    public var isInternalToAsterisk: Bool {
        switch technology {
        case "Local", "CBAnn", "CBRec", "Announcer", "Recorder", "Snoop", "Message", "Surrogate", "Bridge",
            "MulticastRTP",
            "UnicastRTP", "AsyncGoto", "Parked":
            true
        default: false
        }
    }
    /// The other half of a Local channel: `…;1` for `…;2` and the other way round; nil for any other channel.
    public var otherHalf: ChannelName? {
        if description.hasSuffix(";1") { return ChannelName(description.dropLast() + "2") }
        if description.hasSuffix(";2") { return ChannelName(description.dropLast() + "1") }
        return nil
    }
}
