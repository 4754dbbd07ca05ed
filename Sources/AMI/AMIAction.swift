import AsteriskWire

/// One request to the manager.
public struct AMIAction: Sendable, Equatable {
    /// As `manager show commands` lists it, as `CoreShowChannels`.
    public var name: String
    /// In the order they are sent; names may repeat, as `Variable` does.
    public var headers: [Header]
    /// True when the answer is a list that says nothing of it at its start, as some do before Asterisk 12.
    public var isList: Bool

    /// One line, `name: value`.
    public struct Header: Sendable, Equatable {
        /// As the action's documentation spells it.
        public var name: String
        /// Sent as it is; CR, LF or NUL in it make the action unsendable.
        public var value: String
        public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// `Action` and `ActionID` are added when it is sent: they are not among the headers.
    public init(_ name: String, _ headers: [Header] = [], isList: Bool = false) {
        (self.name, self.headers, self.isList) = (name, headers, isList)
    }

    /// `Action: Ping`.
    public static let ping = AMIAction("Ping")
    /// Lists each live channel as a `CoreShowChannel` event.
    public static let coreShowChannels = AMIAction("CoreShowChannels", isList: true)
    /// Lists each live channel as a `Status` event, with the values of `variables`.
    public static func status(variables: [String] = []) -> AMIAction {
        let asked = variables.isEmpty ? [] : [Header("Variables", variables.joined(separator: ","))]
        return AMIAction("Status", asked, isList: true)
    }

    /// The bytes on the wire, up to and including the empty line.
    /// - Throws: `.badAction` for a CR, LF or NUL anywhere: it would start a header, or an action, of somebody else's making.
    func encoded(actionID: String) throws(AMIError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64 + headers.count * 32)
        for header in [Header("Action", name), Header("ActionID", actionID)] + headers {
            for text in [header.name, header.value] where text.utf8.contains(where: { $0 == 13 || $0 == 10 || $0 == 0 })
            {
                throw AMIError(
                    .badAction, operation: "send \(name.prefix(40))",
                    detail: "a line end in the \(text == header.name ? "name" : "value") of a header")
            }
            bytes.append(contentsOf: header.name.utf8)
            bytes.append(contentsOf: [UInt8(ascii: ":"), UInt8(ascii: " ")])
            bytes.append(contentsOf: header.value.utf8)
            bytes.append(contentsOf: [13, 10])
        }
        bytes.append(contentsOf: [13, 10])
        return bytes
    }
}
