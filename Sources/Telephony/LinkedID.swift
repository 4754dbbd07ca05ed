/// Asterisk's name of a whole call: the `Linkedid` header, which is the `UniqueID` of the call's oldest channel.
///
/// A different type, because the channel it names may be gone, or be of no interest (half of a Local channel).
public struct LinkedID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The channel the call is named after.
    public let oldest: UniqueID
    /// The call whose oldest channel that is.
    public init(_ oldest: UniqueID) { self.oldest = oldest }
    @inlinable public static func == (a: LinkedID, b: LinkedID) -> Bool { a.oldest == b.oldest }
    /// Takes a linked id as Asterisk wrote it, of whatever form.
    public init(_ text: String) { oldest = UniqueID(text) }
    /// The very text Asterisk sent.
    public var description: String { oldest.description }
    public func _rawHashValue(seed: Int) -> Int { oldest._rawHashValue(seed: seed) }
    public static func < (a: LinkedID, b: LinkedID) -> Bool { a.oldest < b.oldest }
}
