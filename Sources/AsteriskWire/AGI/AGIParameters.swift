/// Names and values of a query, or of arguments written `name=value`, in their order.
public struct AGIParameters: Hashable, Sendable {
    /// All of them, decoded, repeated names each time.
    public private(set) var pairs: [Pair] = []

    /// One `name=value`, percent-decoded.
    public struct Pair: Hashable, Sendable {
        /// Empty for `=value`.
        public var name: String
        /// Empty for `name=` and for a name alone.
        public var value: String
        public init(name: String, value: String) { (self.name, self.value) = (name, value) }
    }

    /// Takes names and values that are decoded already.
    public init(_ pairs: [Pair] = []) { self.pairs = pairs }
    /// Reads `a=1&b=2`; empty pieces (`&&`) are passed over.
    public init(parsing query: ArraySlice<UInt8>) {
        for piece in query.split(separator: UInt8(ascii: "&")) { append(parsing: piece) }
    }
    /// The same for text.
    public init(parsing query: String) { self.init(parsing: Array(query.utf8)[...]) }

    /// Adds one `name=value`, percent-encoded; of a text without `=`, the name with an empty value.
    public mutating func append(parsing piece: ArraySlice<UInt8>) {
        let equals = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
        pairs.append(
            Pair(name: AGIText.decoded(piece[..<equals]), value: AGIText.decoded(piece[equals...].dropFirst())))
    }

    /// The first value of that name, which may be empty; nil where it does not occur.
    public subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }
    /// All values of that name, in their order.
    public func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }
    /// Not one name, not even without a value.
    public var isEmpty: Bool { pairs.isEmpty }
}
