/// What the tests of all targets share: a scripted Asterisk, a webhook sink, captures.
///
/// `Captures/` are manager streams with the facts that must come out of them, one folder a scenario. Real Asterisk and
/// the SIP phones are not here but in `HookswitchLab`, which stands on no part of the product.
///
/// Nothing here is part of the product; only test targets import it.
public enum HookswitchTestKit {
    /// The checkout this was built from: the tests find the captures, the scripts and the samples below it.
    public static let repository: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/")
    }()

    /// The folder of golden captures.
    public static let captures = repository + "/Tests/HookswitchTestKit/Captures"
}
