/// A channel's name, as `PJSIP/1001-00000001` or `Local/1001@agents-00000003;2`: technology, address, serial, half.
public struct ChannelName: Hashable, Sendable, CustomStringConvertible {
    /// The text as Asterisk sent it.
    public let description: String
    /// Takes any text; of one without a `/` technology is empty and address all of it.
    public init(_ text: String) { description = text }

    /// What stands before the first `/`: `PJSIP`, `SIP`, `IAX2`, `DAHDI`, `Local`, `Message`, …; empty if there is none.
    public var technology: Substring {
        let (slash, _) = joints
        return slash < 0 ? "" : cut(0, slash)
    }
    /// The endpoint, peer or address: what stands between the `/` and the last `-`, as `1001` or `1001@agents`.
    public var address: Substring {
        let (slash, end) = joints
        return cut(slash + 1, end)
    }
    /// Technology and address, the part that is the same on each call of the same device: `PJSIP/1001`.
    public var device: Substring { cut(0, joints.end) }

    /// The three of them, for who asks for all.
    public var cuts: (technology: Substring, address: Substring, device: Substring) {
        let (slash, end) = joints
        return (slash < 0 ? "" : cut(0, slash), cut(slash + 1, end), cut(0, end))
    }

    /// Offsets of the first `/`, -1 where there is none, and of the last `-` behind it; the text's length where that is missing.
    private var joints: (slash: Int, end: Int) {
        unsafe description.utf8.withContiguousStorageIfAvailable { unsafe ChannelName.joints($0) }
            ?? ChannelName.joints(Array(description.utf8))
    }
    @inline(__always)
    private static func joints<Bytes: RandomAccessCollection<UInt8>>(_ bytes: Bytes) -> (slash: Int, end: Int)
    where Bytes.Index == Int {
        var slash = 0
        while slash < bytes.count, bytes[slash] != UInt8(ascii: "/") { slash += 1 }
        if slash == bytes.count { return (-1, slash) }
        var dash = bytes.count - 1
        while dash > slash, bytes[dash] != UInt8(ascii: "-") { dash -= 1 }
        return (slash, dash > slash ? dash : bytes.count)
    }
    private func cut(_ from: Int, _ to: Int) -> Substring {
        let bytes = description.utf8
        // Up to 15 bytes stand in a String itself: nothing is counted where they are handed on, as they are some ten times a call.
        if to - from <= 15,
            let short = unsafe bytes.withContiguousStorageIfAvailable({
                unsafe String(decoding: UnsafeBufferPointer(rebasing: $0[from..<to]), as: UTF8.self)
            })
        {
            return Substring(short)
        }
        let start = bytes.index(bytes.startIndex, offsetBy: from)
        return Substring(bytes[start..<bytes.index(start, offsetBy: to - from)])
    }
    /// Half of a Local channel: a joint inside the PBX, never somebody's line.
    public var isLocal: Bool { description.utf8.starts(with: "Local/".utf8) }
    /// Made by Asterisk for itself (announcers and recorders of conferences, snoops, messages): nobody's line either.
    public var isInternalToAsterisk: Bool {
        // What is on most calls first, and uncut; the rest as a String, for one of up to 15 bytes is compared in two words.
        if description.hasPrefix("PJSIP/") || description.hasPrefix("SIP/") { return false }
        return switch String(technology) {
        case "IAX2", "DAHDI": false
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
