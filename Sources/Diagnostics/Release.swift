/// Which Hookswitch this is; also in the `user-agent` of each webhook.
public enum Release {
    /// Major, minor, patch: a change to the outside contract raises at least the minor number.
    public static let version = "0.1.0"
}
