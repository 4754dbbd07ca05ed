/// One line of log before it is written.
public struct LogEntry: Sendable {
    /// Microseconds since the epoch, UTC.
    public var time: Int64
    /// How grave; never below `threshold`.
    public var level: LogLevel
    /// The part of the program that speaks: `ami`, `delivery`…
    public var component: String
    /// A constant sentence.
    public var message: String
    /// What is known beside it, in order; keys may repeat.
    public var metadata: LogMetadata
    /// The level the log is set to: decides what `Redacted` shows.
    public var threshold: LogLevel

    /// For handlers' tests; `Logger` makes all others.
    public init(
        time: Int64, level: LogLevel, component: String, message: String, metadata: LogMetadata, threshold: LogLevel
    ) {
        (self.time, self.level, self.component) = (time, level, component)
        (self.message, self.metadata, self.threshold) = (message, metadata, threshold)
    }

    /// The text of one value as this entry may show it; control characters escaped.
    public func shown(_ value: LogValue) -> String {
        switch value {
        case .text(let text): LogEntry.escapingControls(text)
        case .number(let number): String(number)
        case .flag(let flag): flag ? "true" : "false"
        case .redacted(let hidden): LogEntry.escapingControls(hidden.shown(at: threshold))
        }
    }

    /// A value with line ends in it could forge a log line: everything below U+0020, U+007F and the C1 range is written out.
    static func escapingControls(_ text: String) -> String {
        func isControl(_ s: Unicode.Scalar) -> Bool { s.value < 0x20 || (0x7F...0x9F).contains(s.value) }
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                out.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            } else {
                out.append(scalar)
            }
        }
        return String(out)
    }
}
