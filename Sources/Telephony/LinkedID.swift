/// Asterisk's name of a whole call: the `Linkedid` header, which is the `UniqueID` of the call's oldest channel.
///
/// A different type, because the channel it names may be gone, or be of no interest (half of a Local channel).
public struct LinkedID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The channel the call is named after.
    public let oldest: UniqueID
    public init(_ oldest: UniqueID) { self.oldest = oldest }
    @inlinable public static func == (a: LinkedID, b: LinkedID) -> Bool { a.oldest == b.oldest }
    public init(_ text: String) { oldest = UniqueID(text) }
    public var description: String { oldest.description }
    public func _rawHashValue(seed: Int) -> Int { oldest._rawHashValue(seed: seed) }
    public static func < (a: LinkedID, b: LinkedID) -> Bool { a.oldest < b.oldest }
}
