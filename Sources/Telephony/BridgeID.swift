/// A bridge: the `BridgeUniqueid` header, usually a UUID. Bridges that no event named (MeetMe, files, handlers) have
/// ids made up.
///
/// **Shape**: `5f3a9c1e-07b2-4d68-9e41-b6c0d2f7a835`, in lower case as Asterisk writes it. That form is kept as two numbers, for a
/// call's bridges are compared with each event that names one; `description` gives the text Asterisk sent.
public struct BridgeID: Hashable, Sendable, CustomStringConvertible {
    private enum Form: Hashable, Sendable {
        /// The first 16 digits and the last, the first of them lowest.
        case uuid(UInt64, UInt64)
        case text(String)
    }
    private let form: Form

    /// Takes an id's bytes as Asterisk sent them, which need not be UTF-8.
    public init(_ bytes: UnsafeRawBufferPointer) {
        form = unsafe BridgeID.uuid(bytes) ?? .text(String(decoding: bytes, as: UTF8.self))
    }
    /// Takes any text.
    public init(_ text: String) {
        var text = text
        self = text.withUTF8 { unsafe BridgeID(UnsafeRawBufferPointer($0)) }
    }

    /// The text as Asterisk sent it.
    public var description: String {
        guard case .uuid(let first, let last) = form else {
            guard case .text(let text) = form else { return "" }
            return text
        }
        var text = ""
        for place in 0..<32 {
            if [8, 12, 16, 20].contains(place) { text += "-" }
            let digit = (place < 16 ? first : last) >> UInt64(place % 16 * 4) & 15
            text += String(digit, radix: 16)
        }
        return text
    }

    /// Of 36 bytes that are a UUID's, in lower case; nil of others.
    private static func uuid(_ bytes: UnsafeRawBufferPointer) -> Form? {
        guard bytes.count == 36, let p = bytes.baseAddress,
            unsafe bytes[8] == hyphen && bytes[13] == hyphen && bytes[18] == hyphen && bytes[23] == hyphen
        else { return nil }
        let second = unsafe four(p + 9) | four(p + 14) << 32
        let third = unsafe four(p + 19) | four(p + 24) << 32
        guard let a = unsafe EightDigits.hexadecimal(p.loadUnaligned(as: UInt64.self)),
            let b = EightDigits.hexadecimal(second), let c = EightDigits.hexadecimal(third),
            let d = unsafe EightDigits.hexadecimal((p + 28).loadUnaligned(as: UInt64.self))
        else { return nil }
        return .uuid(a | b << 32, c | d << 32)
    }
    private static let hyphen = UInt8(ascii: "-")
    private static func four(_ p: UnsafeRawPointer) -> UInt64 {
        unsafe UInt64(p.loadUnaligned(as: UInt32.self))
    }
}
