/// Replaces numbers and names in a manager stream, each everywhere by the same other one, and changes nothing else: not the length of
/// a line, not one structural byte. What is masked replays as the original did.
///
/// Masked are the values of headers that hold names of people (`CallerIDName`, `ConnectedLineName`, …), every number wherever it
/// stands (a channel's name, a dial string, a file name), and the names again where text is free: in a CDR's caller id, variables,
/// the words of an application. Short internal numbers, up to four digits, stay: they are needed to read a call and name nobody.
/// Keys that were pressed (class dtmf), one an event, all become 0: together they may be a PIN. The mapping is keyed by a number drawn at the
/// start, so that two captures do not share it.
public struct StreamMask: Sendable {
    private let key: UInt64
    /// What of a line has not come yet.
    private var carried: [UInt8] = []

    /// - Parameter key: what the numbers of a capture are drawn from; a fixed one is for tests alone, as it would let
    ///   two captures be compared.
    public init(key: UInt64 = .random(in: .min ... .max)) { self.key = key }

    /// Names of people that came lately, by their first byte, the newest last; looked for where text is free.
    private var known: [UInt8: [[UInt8]]] = [:]
    private var order: [[UInt8]] = []
    /// So many are remembered: each costs every free text some comparisons.
    private static let mostKnown = 256

    /// Whether a header's whole value is a person's name: `DestCallerIDName`, `TransfereeConnectedLineName`, …
    private static func isName(_ header: String) -> Bool {
        header.hasSuffix("calleridname") || header.hasSuffix("connectedlinename") || header.hasSuffix("membername")
            || header == "calleridani2name"
    }
    /// Whether a header's value is text in which a name may stand anywhere.
    private static func isFree(_ header: String) -> Bool {
        ["appdata", "applicationdata", "value", "variable", "extra", "userfield", "data"].contains(header)
            || header.contains("chanvariable")
    }
    /// Headers that hold times, ids and counts, which long runs of digits are no numbers of people.
    private static let kept: Set<String> = [
        "timestamp", "uniqueid", "linkedid", "actionid", "eventtime", "starttime", "answertime", "endtime", "privilege",
        "bridgeuniqueid", "event", "response", "lastreload", "uptime", "duration", "seconds", "challenge", "key",
    ]

    /// Masks what is complete of the stream with these bytes; the beginning of a line waits for its end.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        carried.append(contentsOf: bytes)
        guard let end = carried.lastIndex(of: 10) else { return [] }
        var out: [UInt8] = []
        out.reserveCapacity(end + 1)
        var start = 0
        while start <= end {
            let next = carried[start...].firstIndex(of: 10)!
            mask(carried[start...next], into: &out)
            start = next + 1
        }
        carried.removeFirst(end + 1)
        return out
    }

    /// What was left of a stream that ended within a line.
    public mutating func finish() -> [UInt8] {
        var out: [UInt8] = []
        mask(carried[...], into: &out)
        carried = []
        return out
    }

    private mutating func mask(_ line: ArraySlice<UInt8>, into out: inout [UInt8]) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon - line.startIndex <= 64 else {
            return maskDigits(line, into: &out)
        }
        let header = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        out.append(contentsOf: line[...colon])
        let value = line[(colon + 1)...]
        if StreamMask.isName(header) {
            remember(value)
            maskName(value, into: &out)
        } else if StreamMask.kept.contains(header) || header.hasSuffix("uniqueid") || header.hasSuffix("linkedid") {
            out.append(contentsOf: value)
        } else if header == "callerid", let open = value.firstIndex(of: UInt8(ascii: "\"")),
            let close = value.lastIndex(of: UInt8(ascii: "\"")), open < close
        {
            // A CDR's: "NAME" <NUMBER>
            out.append(contentsOf: value[...open])
            maskName(value[(open + 1)..<close], into: &out)
            maskDigits(value[close...], into: &out)
        } else if header == "digit" || header == "extra" && value.starts(with: #" {"digit":"#.utf8) {
            out.append(contentsOf: value.map { (48...57).contains($0) ? 48 : $0 })
        } else if StreamMask.isFree(header) {
            maskFree(value, into: &out)
        } else {
            maskDigits(value, into: &out)
        }
    }

    private mutating func remember(_ value: ArraySlice<UInt8>) {
        let name = Array(value.drop { $0 == 0x20 }.prefix { $0 != 13 && $0 != 10 })
        // Short words and numbers stand in too many places that are no names.
        guard name.count >= 3, let first = name.first, !name.allSatisfy({ (48...57).contains($0) }),
            !name.elementsEqual("<unknown>".utf8), known[first]?.contains(name) != true
        else { return }
        known[first, default: []].append(name)
        order.append(name)
        if order.count > StreamMask.mostKnown {
            let oldest = order.removeFirst()
            known[oldest[0]]?.removeAll { $0 == oldest }
        }
    }

    /// Masks remembered names and numbers in a text.
    private func maskFree(_ value: ArraySlice<UInt8>, into out: inout [UInt8]) {
        var plain = value.startIndex
        var at = value.startIndex
        while at < value.endIndex {
            guard let name = known[value[at]]?.last(where: { value[at...].starts(with: $0) }) else {
                at += 1
                continue
            }
            maskDigits(value[plain..<at], into: &out)
            maskName(value[at..<(at + name.count)], into: &out)
            at += name.count
            plain = at
        }
        maskDigits(value[plain...], into: &out)
    }

    /// Letters become other letters, digits other digits; `<unknown>` and blanks stay.
    private func maskName(_ value: ArraySlice<UInt8>, into out: inout [UInt8]) {
        let text = value.drop { $0 == 0x20 }.prefix { $0 != 13 && $0 != 10 }
        guard !text.isEmpty, !text.elementsEqual("<unknown>".utf8) else { return out.append(contentsOf: value) }
        var stream = generator(for: text)
        for (i, byte) in zip(value.indices, value) {
            guard text.indices.contains(i) else {
                out.append(byte)
                continue
            }
            switch byte {
            case 65...90: out.append(65 + UInt8(next(&stream) % 26))
            case 97...122: out.append(97 + UInt8(next(&stream) % 26))
            case 48...57: out.append(48 + UInt8(next(&stream) % 10))
            // A byte of another script becomes a letter: one byte for one byte, and always valid text.
            case 128...: out.append(97 + UInt8(next(&stream) % 26))
            default: out.append(byte)
            }
        }
    }

    /// Runs of five and more digits become other digits; Asterisk's own ids stay.
    private func maskDigits(_ value: ArraySlice<UInt8>, into out: inout [UInt8]) {
        var at = value.startIndex
        func isDigit(_ i: Int) -> Bool { i < value.endIndex && (48...57).contains(value[i]) }
        while at < value.endIndex {
            guard isDigit(at) else {
                out.append(value[at])
                at += 1
                continue
            }
            var end = at
            while isDigit(end) { end += 1 }
            if end - at >= 5, !isAsterisks(value, at, end) {
                var stream = generator(for: value[at..<end])
                for _ in at..<end { out.append(48 + UInt8(next(&stream) % 10)) }
            } else {
                out.append(contentsOf: value[at..<end])
            }
            at = end
        }
    }

    /// A uniqueid (ten digits, a point, a digit), or the serial number at a channel's name (`-` and eight hexadecimal digits).
    private func isAsterisks(_ value: ArraySlice<UInt8>, _ at: Int, _ end: Int) -> Bool {
        if end - at == 10, end + 1 < value.endIndex, value[end] == UInt8(ascii: "."), (48...57).contains(value[end + 1])
        {
            return true
        }
        var start = at
        while start > value.startIndex, (97...102).contains(value[start - 1]) || (48...57).contains(value[start - 1]) {
            start -= 1
        }
        guard start > value.startIndex, value[start - 1] == UInt8(ascii: "-") else { return false }
        let run = value[start...].prefix { (48...57).contains($0) || (97...102).contains($0) }
        return run.count == 8
    }

    // MARK: One word, one replacement

    /// FNV-1a over key and text: the same text gives the same replacement for the whole capture.
    private func generator(for text: ArraySlice<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ key
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
    /// SplitMix64.
    private func next(_ state: inout UInt64) -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
