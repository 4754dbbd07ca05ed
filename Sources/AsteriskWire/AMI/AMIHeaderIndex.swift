/// Where each known header of the message in hand stands; one table, used again for each message.
@safe final class AMIHeaderIndex {
    /// Where one header's value stands in the message.
    struct Slot {
        /// Offset from the message's first byte.
        var start: Int32 = 0
        /// Bytes of the value, its CR LF not counted.
        var length: Int32 = 0
        /// The message this slot was filled for; any other generation means "not there".
        var generation: UInt32 = 0
    }
    /// Invariant: allocated for `AMIHeader.allCases.count` slots for the whole life of the object.
    let slots: UnsafeMutablePointer<Slot>
    /// Which message is in hand: one more for each, so that the slots of the last need not be emptied. Never 0 once a
    /// message was split.
    var generation: UInt32 = 0
    /// Where the LF of each line of the message stands; the decoder finds them on its way to the message's end.
    /// Invariant: allocated for `lineRoom` lines for the whole life of the object.
    let lineEnds: UnsafeMutablePointer<Int32>
    /// Lines that `lineEnds` has room for: the limit on headers.
    let lineRoom: Int
    /// Lines of the message, the empty one not counted; may pass `lineRoom`, then the rest was not noted.
    var lineCount = 0
    /// Which header stood on which line of the last message of each event name: Asterisk writes the same ones in the same
    /// order, so that a comparison with one name mostly does instead of a search.
    /// Invariant: allocated for `shapeLines` lines of each event name for the whole life of the object.
    let shapes: UnsafeMutablePointer<UInt8>
    /// More than nearly every event has without variables; lines beyond are found by a search.
    static let shapeLines = 64
    /// In `shapes`: no known header stood on that line.
    static let noHeader: UInt8 = 255
    /// How each header's line begins.
    /// Invariant: allocated for `prefixCount` headers for the whole life of the object.
    let prefixes: UnsafeMutablePointer<NameTable.Prefix>
    /// How many there are: one for each `AMIHeader`.
    let prefixCount: Int
    /// Byte range from the message's first to its last `ChanVariable` or kin; empty where it has none.
    var otherStart: Int32 = 0
    /// One past the last such line's end.
    var otherEnd: Int32 = 0
    /// The last known header that stood twice and must not; nil for none.
    var repeated: AMIHeader?
    /// Lines split; 0 while none is, 1 at least afterwards.
    var headerCount = 0
    /// `Privilege:` is the second line, as in every genuine event.
    var secondIsPrivilege = false
    /// The limit that a header or their number passed, and its value; the message is refused after it was handed out.
    var exceeded: (AMIDecodeError.Code, Int)?

    /// All headers, by name.
    static let names = NameTable(AMIHeader.allCases.map(\.rawValue))
    /// All headers, by ordinal: `allCases` would make a new array each time.
    static let all = AMIHeader.allCases

    /// - Parameter lines: how many lines of a message are split at most.
    init(lines: Int) {
        lineRoom = max(lines, 4)
        unsafe lineEnds = .allocate(capacity: lineRoom)
        unsafe lineEnds.initialize(repeating: 0, count: lineRoom)
        let places = AMIEventName.allCases.count * AMIHeaderIndex.shapeLines
        unsafe shapes = .allocate(capacity: places)
        unsafe shapes.initialize(repeating: AMIHeaderIndex.noHeader, count: places)
        unsafe slots = .allocate(capacity: AMIHeader.allCases.count)
        unsafe slots.initialize(repeating: Slot(), count: AMIHeader.allCases.count)
        prefixCount = AMIHeaderIndex.names.prefixes.count
        unsafe prefixes = .allocate(capacity: prefixCount)
        for (i, prefix) in AMIHeaderIndex.names.prefixes.enumerated() {
            unsafe (prefixes + i).initialize(to: prefix)
        }
    }
    deinit {
        unsafe slots.deallocate()
        unsafe lineEnds.deallocate()
        unsafe shapes.deallocate()
        unsafe prefixes.deallocate()
    }
}
