/// Asterisk's name of one channel for its whole life: the `Uniqueid` header.
///
/// **Shape**: `[systemname-]EPOCH.COUNTER`, as `1795227460.0` or `pbx-a-1795227460.12`, unless the originator chose the
/// id (`ChannelId` of the Originate action), which may be any text. The usual form is kept as two numbers, so that
/// comparing, hashing and copying ids allocates nothing; `description` gives the very text Asterisk sent.
public struct UniqueID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The text before the epoch seconds, with its hyphen; the whole text where the id has not the usual form.
    private let prefix: String
    /// Epoch seconds of the channel's creation; -1 where the id has not the usual form.
    private let epoch: Int64
    /// Asterisk's count of channels since its start.
    private let counter: Int64

    /// Takes an id's bytes, which need not be UTF-8.
    public init(_ bytes: some BidirectionalCollection<UInt8>) {
        if let (start, epoch, counter) = UniqueID.split(bytes) {
            prefix = start == bytes.startIndex ? "" : String(decoding: bytes[..<start], as: UTF8.self)
            (self.epoch, self.counter) = (epoch, counter)
        } else {
            (prefix, epoch, counter) = (String(decoding: bytes, as: UTF8.self), -1, 0)
        }
    }
    public init(_ text: String) { self.init(text.utf8) }

    /// When the channel was created, to the second; nil where the id does not say.
    public var created: Instant? { epoch < 0 ? nil : Instant(seconds: epoch) }
    public var isEmpty: Bool { epoch < 0 && prefix.isEmpty }

    public var description: String { epoch < 0 ? prefix : "\(prefix)\(epoch).\(counter)" }

    /// Older first. Of two ids of the usual form, by creation second and then by counter, as Asterisk itself does.
    public static func < (a: UniqueID, b: UniqueID) -> Bool {
        if a.epoch != b.epoch { return a.epoch < b.epoch }
        if a.counter != b.counter { return a.counter < b.counter }
        return a.prefix < b.prefix
    }
    public func hash(into hasher: inout Hasher) {
        // Equal ids have equal numbers; the prefix tells systems apart, which are never in one table.
        hasher.combine(epoch)
        if epoch < 0 { hasher.combine(prefix) } else { hasher.combine(counter) }
    }

    /// The usual form's parts, or nil. Only text that prints back to the same bytes is split (no leading zeros).
    private static func split<C: BidirectionalCollection<UInt8>>(_ b: C) -> (C.Index, Int64, Int64)? {
        var i = b.endIndex
        func number() -> Int64? {
            var value: Int64 = 0
            var scale: Int64 = 1
            var digits = 0
            var last: UInt8 = 0
            while i > b.startIndex {
                let byte = b[b.index(before: i)]
                guard byte >= 48, byte <= 57 else { break }
                digits += 1
                if digits > 15 { return nil }
                value += Int64(byte - 48) * scale
                scale *= 10
                last = byte
                i = b.index(before: i)
            }
            return digits == 0 || (last == 48 && digits > 1) ? nil : value
        }
        guard let counter = number(), i > b.startIndex else { return nil }
        i = b.index(before: i)
        guard b[i] == UInt8(ascii: "."), let epoch = number() else { return nil }
        if i > b.startIndex, b[b.index(before: i)] != UInt8(ascii: "-") { return nil }
        return (i, epoch, counter)
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
