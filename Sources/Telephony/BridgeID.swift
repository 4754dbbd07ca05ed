/// A bridge: the `BridgeUniqueid` header, usually a UUID. Bridges that no event named (MeetMe, files, handlers) have
/// ids made up.
public struct BridgeID: Hashable, Sendable, CustomStringConvertible {
    /// The text as Asterisk sent it.
    public let description: String
    /// Takes any text.
    public init(_ text: String) { description = text }
}
