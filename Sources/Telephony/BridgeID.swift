/// A bridge: the `BridgeUniqueid` header, usually a UUID.
public struct BridgeID: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ text: String) { description = text }
}
