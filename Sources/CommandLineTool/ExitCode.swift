/// How the program ends; the contract's numbers.
public enum ExitCode: Int32, Sendable {
    case fine = 0
    /// Something was found or failed.
    case found = 1
    case wrongUsage = 2
    case badConfiguration = 3
}
