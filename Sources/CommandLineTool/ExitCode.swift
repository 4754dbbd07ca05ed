/// How the program ends; the contract's numbers.
public enum ExitCode: Int32, Sendable {
    /// Also where there was nothing to show.
    case fine = 0
    /// Something was found or failed.
    case found = 1
    /// The arguments cannot be understood, or name what is not there; a usage line went to standard error.
    case wrongUsage = 2
    /// The configuration cannot be read or has a mistake; each was named on standard error.
    case badConfiguration = 3
}
