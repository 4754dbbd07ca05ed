/// One piece of data in a log line. There is no conversion from a plain string: `.text` is a promise by the caller that the
/// value is neither a party's number or name, nor a secret, nor a payload. Those are `.redacted`.
public enum LogValue: Sendable, Hashable {
    /// Shown as it is, control characters escaped.
    case text(String)
    /// A count, a code, or a measure whose unit the key's name ends in.
    case number(Int)
    /// `true` or `false`.
    case flag(Bool)
    /// Shown as its kind and the log's level allow.
    case redacted(Redacted)

    /// A whole number of milliseconds, for keys whose name ends in `_ms`.
    public static func milliseconds(_ duration: Duration) -> LogValue {
        let (seconds, attoseconds) = duration.components
        return .number(Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}

/// Data for one log line, in the order it was written.
public struct LogMetadata: Sendable, ExpressibleByDictionaryLiteral {
    /// In the order they were given; a key may stand twice.
    public private(set) var items: [(key: LogKey, value: LogValue)]

    public init(dictionaryLiteral elements: (LogKey, LogValue)...) { items = elements.map { ($0.0, $0.1) } }

    /// The first value under `key`.
    public subscript(key: LogKey) -> LogValue? { items.first { $0.key == key }?.value }
    /// Adds one more value at the end.
    public mutating func append(_ key: LogKey, _ value: LogValue) { items.append((key, value)) }
    /// These, then `other`'s.
    public func adding(_ other: LogMetadata) -> LogMetadata {
        var sum = self
        sum.items.append(contentsOf: other.items)
        return sum
    }
}
