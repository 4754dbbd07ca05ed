/// Why files could not be backfilled: a call must not be told of the wrong Asterisk, because its id is made of that.
public enum BackfillError: Error, Sendable, Equatable, CustomStringConvertible {
    case unreadable(FileError)
    /// No section has this name.
    case unknown(String, allowed: [String])
    /// Several Asterisks are configured, and nothing tells which one wrote the files. The names are what their ids begin with, empty
    /// where they have none.
    case ambiguous(Set<String>, among: [String])

    public var description: String {
        switch self {
        case .unreadable(let error): error.description
        case .unknown(let name, let allowed):
            "no [pbx:\(name)]; allowed: \(allowed.joined(separator: ", "))"
        case .ambiguous(let names, let sections):
            "which Asterisk wrote this? "
                + (names.allSatisfy(\.isEmpty)
                    ? "its ids name no system"
                    : "its ids begin with \(names.sorted().filter { !$0.isEmpty }.joined(separator: ", "))")
                + "; configured are \(sections.map { "[pbx:\($0)]" }.joined(separator: ", "))"
        }
    }
    /// What to do.
    public var hint: String {
        switch self {
        case .unreadable: "check the file and its permissions"
        case .unknown: "as in hookswitch.conf"
        case .ambiguous: "give --pbx NAME, or write cdr = and cel = in that Asterisk's own [pbx:NAME] section"
        }
    }
}
