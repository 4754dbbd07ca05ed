import Glibc

/// A file tree with real Asterisk in it, made by `Tests/Lab/make-tree`.
public enum LabTree: String, Sendable, CaseIterable {
    /// Asterisk 22, from Debian's testing.
    case forky
    /// Asterisk 16, from Debian 11.
    case bullseye

    /// Where all trees are kept: `$HOOKSWITCH_LAB_CACHE`, else `/var/cache/hookswitch-lab`.
    public static var cache: String { environment("HOOKSWITCH_LAB_CACHE") ?? "/var/cache/hookswitch-lab" }

    /// The tree's root folder.
    public var root: String { LabTree.cache + "/" + rawValue }

    /// Asterisk's major version in this tree, as the scenarios name it.
    public var major: Int { self == .forky ? 22 : 16 }

    /// Whether the tree has been made.
    public var isBuilt: Bool { access(root + "/usr/sbin/asterisk", X_OK) == 0 }

    /// Debian's version of the Asterisk inside, `1:22.10.1+dfsg…`; nil where the tree has not been made.
    public var asteriskVersion: String? {
        guard let status = readText(root + "/var/lib/dpkg/status") else { return nil }
        var isAsterisk = false
        for line in status.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "Package: asterisk" { isAsterisk = true }
            if line.isEmpty { isAsterisk = false }
            if isAsterisk, line.hasPrefix("Version: ") { return String(line.dropFirst(9)) }
        }
        return nil
    }
}
