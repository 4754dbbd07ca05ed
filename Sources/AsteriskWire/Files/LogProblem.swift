/// A line of a log that could not be read, and why; the others are.
public struct LogProblem: Sendable, Hashable {
    /// From 1, the header included.
    public var line: Int
    /// A phrase for people, with what would have been right where that is not plain.
    public var reason: String
    public init(line: Int, reason: String) { (self.line, self.reason) = (line, reason) }
}
