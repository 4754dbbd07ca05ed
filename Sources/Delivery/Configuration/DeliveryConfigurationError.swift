/// What is wrong with one `[webhook:NAME]` or `[lookup]` section, and what to write instead.
///
/// Never holds a value that may be a secret: only the key, and the offending part where it is a name or a number.
public struct DeliveryConfigurationError: Error, Equatable, CustomStringConvertible {
    /// What kind of mistake it is.
    public enum Code: String, Sendable {
        /// The section has no such key.
        case unknownKey
        /// A key that must be there is not.
        case missingKey
        /// The key is there twice.
        case repeatedKey
        /// The value cannot be read as what the key takes.
        case badValue
        /// A template or filter names a field that no record has.
        case unknownField
        /// Two keys contradict each other.
        case conflict
    }
    /// The daemon goes by it: what is missing or in conflict after another mistake may be that mistake's doing, and is
    /// not told.
    public let code: Code
    /// As it stands between the brackets: `webhook:crm`, `lookup`.
    public let section: String
    /// The key as written; `set.` where any key of a family would do.
    public let key: String
    /// Line of the configuration file; 0 where there is none.
    public let line: Int
    /// The mistake in words, as `"10 parrots" is not a time`.
    public let problem: String
    /// What is allowed, or the nearest known name.
    public let hint: String

    /// In one line, without the line's number: the daemon makes a message of its own from the parts, with the file's
    /// name.
    public var description: String { "[\(section)] \(key): \(problem); \(hint)" }
}
