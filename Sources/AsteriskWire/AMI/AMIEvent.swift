/// A manager message that can be kept: its headers in order, repeated ones each time.
public struct AMIEvent: Sendable, Equatable {
    /// One line, `name: value`.
    public struct Header: Sendable, Equatable {
        /// As Asterisk spells it, `ChanVariable(PJSIP/1001-00000001)` included.
        public var name: String
        /// What follows the colon and one blank; C escapes stay as they are, bytes that are not UTF-8 are repaired.
        public var value: String
        public init(name: String, value: String) { (self.name, self.value) = (name, value) }
    }
    /// In the message's order, `Event` or `Response` first.
    public var headers: [Header]
    /// Stream offset of the message's first byte since connect.
    public var offset: Int64

    /// Copies a message out of the decoder's buffer.
    public init(_ message: borrowing AMIMessage) {
        var headers: [Header] = []
        unsafe message.forEachHeader { name, value in
            unsafe headers.append(
                Header(name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self)))
        }
        self.headers = headers
        offset = message.offset
    }
    /// For a message that was made, not read.
    public init(headers: [Header], offset: Int64 = 0) { (self.headers, self.offset) = (headers, offset) }

    /// The first header of this name; manager header names are compared as they are spelt.
    public subscript(name: String) -> String? { headers.first { $0.name == name }?.value }
    /// All headers of this name, as `ChanVariable` or `Output` have.
    public func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
    /// The event's name; nil for a response.
    public var name: String? { self["Event"] }
}
