/// Why a configuration cannot be used: everything that is wrong with it, so that one look mends all.
///
/// The program ends with exit code 3. No description holds a value that may be a secret: only keys, names and numbers.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One mistake and where it stands.
    public struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// The configuration's path, as it was given.
        public var file: String
        /// From 1; 0 where the mistake has no line, as a file that cannot be read.
        public var line: Int
        /// As written, `webhook:crm`; empty outside of any section.
        public var section: String
        /// Empty where a whole section or line is meant.
        public var key: String
        /// What is wrong, in words.
        public var problem: String
        /// What is allowed, or what was probably meant.
        public var hint: String

        /// - Parameter problem: no value that may be a secret.
        public init(
            file: String, line: Int = 0, section: String = "", key: String = "", problem: String, hint: String
        ) {
            (self.file, self.line, self.section) = (file, line, section)
            (self.key, self.problem, self.hint) = (key, problem, hint)
        }

        /// `hookswitch.conf:12: [webhook:crm] timeot: unknown key; did you mean "timeout"?`
        public var description: String {
            var text = file
            if line > 0 { text += ":\(line)" }
            text += ":"
            if !section.isEmpty { text += " [\(section)]" }
            if !key.isEmpty { text += " \(key):" }
            text += " \(problem)"
            return hint.isEmpty ? text : "\(text); \(hint)"
        }
    }

    /// Everything that is wrong, not the first of it; never empty.
    public let problems: [Problem]
    /// - Parameter problems: at least one.
    public init(_ problems: [Problem]) { self.problems = problems }

    /// One line a problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
