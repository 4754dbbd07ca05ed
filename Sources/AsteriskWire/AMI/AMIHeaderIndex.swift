/// Where each known header of the message in hand stands; one table, used again for each message.
///
/// It lies in memory that the decoder owns, and messages point to it: so none of them counts references.
@safe struct AMIHeaderIndex: ~Copyable {
    /// Where one header's value stands in the message.
    struct Slot {
        /// Offset from the message's first byte.
        var start: Int32 = 0
        /// Bytes of the value, its CR LF not counted.
        var length: Int32 = 0
        /// The message this slot was filled for; any other generation means "not there".
        var generation: UInt32 = 0
    }
    /// Invariant: allocated for `AMIHeader.allCases.count` slots for the whole life of the table.
    let slots: UnsafeMutablePointer<Slot>
    /// Which message is in hand: one more for each, so that the slots of the last need not be emptied. Never 0 once a
    /// message was split.
    var generation: UInt32 = 0
    /// Where the LF of each line of the message stands, while it is split.
    /// Invariant: allocated for `lineRoom` lines and one more for the whole life of the table.
    let lineEnds: UnsafeMutablePointer<Int32>
    /// Lines of a message that are split at most: the limit on headers, or a few more.
    let lineRoom: Int
    /// Which header stood on which line of the last message of each event name: Asterisk writes the same ones in the same
    /// order, so that a comparison with one name mostly does instead of a search.
    /// Invariant: allocated for `shapeLines` lines of each event name for the whole life of the table; each is a place in
    /// `prefixes`.
    let shapes: UnsafeMutablePointer<UInt8>
    /// More than nearly every event has without variables; lines beyond are found by a search.
    static let shapeLines = 64
    /// In `shapes`: no known header stood on that line.
    static let noHeader = UInt8(AMIHeader.allCases.count)
    /// How each header's line begins; behind the last what no line begins with, for `noHeader`.
    /// Invariant: allocated for all of them for the whole life of the table.
    let prefixes: UnsafeMutablePointer<NameTable.Prefix>
    /// Byte range from the message's first to its last `ChanVariable` or kin; empty where it has none.
    var otherStart: Int32 = 0
    /// One past the last such line's end.
    var otherEnd: Int32 = 0
    /// The last known header that stood twice and must not; nil for none.
    var repeated: AMIHeader?
    /// Whether the message's lines have been split.
    var isSplit = false
    /// The limit that a header or their number passed, and its value; the message is refused after it was handed out.
    var exceeded: (AMIDecodeError.Code, Int)?

    /// All headers, by name.
    static let names = NameTable(AMIHeader.allCases.map(\.rawValue))
    /// All headers, by ordinal: `allCases` would make a new array each time.
    static let all = AMIHeader.allCases

    /// Knows no message yet.
    /// - Parameter limit: how many headers a message may have.
    init(limit: Int) {
        lineRoom = max(limit, 4)
        unsafe lineEnds = .allocate(capacity: lineRoom + 1)
        unsafe lineEnds.initialize(repeating: 0, count: lineRoom + 1)
        let places = AMIEventName.allCases.count * AMIHeaderIndex.shapeLines
        unsafe shapes = .allocate(capacity: places)
        unsafe shapes.initialize(repeating: AMIHeaderIndex.noHeader, count: places)
        unsafe slots = .allocate(capacity: AMIHeader.allCases.count)
        unsafe slots.initialize(repeating: Slot(), count: AMIHeader.allCases.count)
        let prefixes = AMIHeaderIndex.names.prefixes + [.none]
        unsafe self.prefixes = .allocate(capacity: prefixes.count)
        for (i, prefix) in prefixes.enumerated() { unsafe (self.prefixes + i).initialize(to: prefix) }
    }
    deinit {
        unsafe slots.deallocate()
        unsafe lineEnds.deallocate()
        unsafe shapes.deallocate()
        unsafe prefixes.deallocate()
    }
}
