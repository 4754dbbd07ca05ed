public import Telephony

/// The index beside a capture, which tells the time each part came and where connections began and ended.
extension CaptureReplay {
    /// Where bytes came in and connections ended, as an index tells.
    public struct Mark: Sendable, Equatable {
        /// What an index line tells of: a connection that began, bytes that came in one read, a connection that ended.
        public enum Kind: Sendable { case opened, read, closed }
        /// What happened at `offset`.
        public var kind: Kind
        /// Byte offset in the capture.
        public var offset: Int
        /// By the wall clock of whoever captured, as far as the index gives it.
        public var at: Instant
    }

    /// What came in one read each, with when it did; one part of unknown time where there is no index.
    static func parts(of connection: Range<Int>, _ marks: [Mark]) -> [(bytes: Range<Int>, at: Instant?)] {
        var starts: [(offset: Int, at: Instant?)] = [(connection.lowerBound, nil)]
        for mark in marks where mark.kind == .read && mark.offset < connection.upperBound {
            if mark.offset <= connection.lowerBound {
                starts[0].at = mark.at
            } else {
                starts.append((mark.offset, mark.at))
            }
        }
        let ends = starts.dropFirst().map(\.offset) + [connection.upperBound]
        return zip(starts, ends).map { ($0.offset..<$1, $0.at) }
    }

    /// The byte ranges of single connections, with when each ended if the index says.
    ///
    /// Without an index a new connection is seen by its greeting followed by a login's answer; what a stranger could write
    /// into one header cannot be both.
    static func connections(_ bytes: [UInt8], _ marks: [Mark]) -> [(Range<Int>, Instant?)] {
        // What an index says of bytes that are not there, as of a capture cut by a full disk, is left out.
        var opened = marks.filter { $0.kind == .opened && $0.offset <= bytes.count }
        if let first = opened.first, first.offset > 0, let start = marks.first {
            // The first connection was there when the capture began.
            opened.insert(Mark(kind: .opened, offset: 0, at: start.at), at: 0)
        }
        if opened.count > 0 {
            return opened.enumerated().map { i, mark in
                let to = i + 1 < opened.count ? opened[i + 1].offset : bytes.count
                let next = i + 1 < opened.count ? opened[i + 1].at : nil
                let closed = marks.last { candidate in
                    candidate.kind == .closed && candidate.at >= mark.at && (next.map { candidate.at <= $0 } ?? true)
                }
                // The end of the last connection is the end of the capture, not a loss.
                return (mark.offset..<to, next == nil ? nil : closed?.at)
            }
        }
        let greeting = Array("Asterisk Call Manager/".utf8)
        var starts: [Int] = []
        var at = 0
        while at + greeting.count < bytes.count {
            guard let first = bytes[at...].firstIndex(of: greeting[0]) else { break }
            at = first + 1
            guard bytes[first...].starts(with: greeting),
                let end = bytes[first...].firstIndex(of: 10), bytes[(end + 1)...].starts(with: "Response:".utf8)
            else { continue }
            starts.append(first)
        }
        if starts.first != 0 { starts.insert(0, at: 0) }
        return starts.enumerated().map { i, start in
            (start..<(i + 1 < starts.count ? starts[i + 1] : bytes.count), nil)
        }
    }

    /// Reads an index: `conn offset length mono epoch` for each read; `# conn N opened … epoch=SECONDS`, `# connect N mono SECONDS`
    /// and the same with `closed` or `end` for the connections themselves.
    public static func marks(index text: String) -> [Mark] {
        var marks: [Mark] = []
        var offset = 0
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("#") {
                let epoch = words.last { $0.hasPrefix("epoch=") }?.dropFirst(6) ?? words.last ?? ""
                guard let at = instant(epoch) else { continue }
                if words.contains("opened") || words.contains("connect") {
                    marks.append(Mark(kind: .opened, offset: offset, at: at))
                } else if words.contains("closed") || words.contains("end") {
                    marks.append(Mark(kind: .closed, offset: offset, at: at))
                }
            } else if words.count >= 5, let length = Int(words[2]), (0...1 << 30).contains(length),
                let at = instant(words[4])
            {
                marks.append(Mark(kind: .read, offset: offset, at: at))
                offset += length
            }
        }
        return marks
    }

    private static func instant(_ text: some StringProtocol) -> Instant? {
        let parts = text.split(separator: ".", maxSplits: 1)
        guard let first = parts.first, let seconds = Int64(first), (0...1 << 40).contains(seconds) else { return nil }
        var fraction = parts.count > 1 ? String(parts[1].prefix(6)) : ""
        while fraction.count < 6 { fraction += "0" }
        return Instant(microseconds: seconds * 1_000_000 + (Int64(fraction) ?? 0))
    }
}
