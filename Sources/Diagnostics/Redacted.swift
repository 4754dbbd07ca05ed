/// A value that must not stand in a log as it is: a party's number, a channel's name, a secret, a webhook's body.
///
/// What is shown depends on its kind and on the log's level, never on the caller's care:
///
/// | kind | info and above | trace, debug |
/// |---|---|---|
/// | number | `***67` | as it is |
/// | name in which numbers may stand | `Local/***67@out-00000001;1` | as it is |
/// | secret | `(secret)` | `(secret)` |
/// | body | `(412 bytes)` | as it is |
///
/// Its `description` is the shown form of `info`, so that string interpolation leaks nothing either.
public struct Redacted: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    private enum Kind: Sendable, Hashable { case number, name, secret, body }
    private let kind: Kind
    private let value: String

    private init(_ kind: Kind, _ value: String) { (self.kind, self.value) = (kind, value) }

    /// A telephone number or extension; two digits stay visible, and only of one that has more than four.
    public init(number: String) { self.init(.number, number) }
    /// Text that may hold numbers: a channel's name, a dial string, a file name. Runs of five and more digits are masked.
    public init(name: String) { self.init(.name, name) }
    /// Something whose very length is nobody's business.
    public init(secret: String) { self.init(.secret, secret) }
    /// A payload: only its length is shown.
    public init(body: String) { self.init(.body, body) }

    /// What a log at `level` may show.
    public func shown(at level: LogLevel) -> String {
        if level <= .debug, kind != .secret { return value }
        switch kind {
        case .number:
            return value.utf8.count > 4 ? "***\(value.suffix(2))" : "***"
        case .name: return Redacted.maskingDigits(in: value)
        case .secret: return "(secret)"
        case .body: return "(\(value.utf8.count) bytes)"
        }
    }

    public var description: String { shown(at: .info) }
    public var debugDescription: String { description }

    /// Writes each run of five or more digits as `***` and its last two. What Asterisk itself made keeps its digits: a uniqueid
    /// (ten digits, `.`, a digit) and a channel name's serial number (`-` and eight hexadecimal digits at the end or before
    /// the `;1` of a Local half).
    static func maskingDigits(in text: String) -> String {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        var at = 0
        func isDigit(_ i: Int) -> Bool { i < bytes.count && (48...57).contains(bytes[i]) }
        while at < bytes.count {
            if at > 0, bytes[at - 1] == UInt8(ascii: "-"), isSerial(bytes[at...].prefix(9)) {
                out.append(contentsOf: bytes[at..<(at + 8)])
                at += 8
                continue
            }
            guard isDigit(at) else {
                out.append(bytes[at])
                at += 1
                continue
            }
            var end = at
            while isDigit(end) { end += 1 }
            let isUniqueID = end - at == 10 && end < bytes.count && bytes[end] == UInt8(ascii: ".") && isDigit(end + 1)
            if end - at >= 5, !isUniqueID {
                out.append(contentsOf: "***".utf8)
                out.append(contentsOf: bytes[(end - 2)..<end])
            } else {
                out.append(contentsOf: bytes[at..<end])
            }
            at = end
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isSerial(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count >= 8 && bytes.prefix(8).allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
            && bytes.dropFirst(8).allSatisfy { $0 == UInt8(ascii: ";") }
    }
}
