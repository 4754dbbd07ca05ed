/// Where each known header of the message in hand stands; one table, used again for each message.
@safe final class AMIHeaderIndex {
    struct Slot {
        var start: Int32 = 0
        var length: Int32 = 0
        /// The message this slot was filled for; any other generation means "not there".
        var generation: UInt32 = 0
    }
    /// Invariant: allocated for `AMIHeader.allCases.count` slots for the whole life of the object.
    let slots: UnsafeMutablePointer<Slot>
    var generation: UInt32 = 0
    /// Where the LF of each line of the message stands; the decoder finds them on its way to the message's end.
    /// Invariant: allocated for `lineRoom` lines for the whole life of the object.
    let lineEnds: UnsafeMutablePointer<Int32>
    let lineRoom: Int
    /// Lines of the message, the empty one not counted; may pass `lineRoom`, then the rest was not noted.
    var lineCount = 0
    /// Which header stood on which line of the last message of each event name: Asterisk writes the same ones in the same
    /// order, so that a comparison with one name mostly does instead of a search.
    /// Invariant: allocated for `shapeLines` lines of each event name for the whole life of the object.
    let shapes: UnsafeMutablePointer<UInt8>
    static let shapeLines = 64
    static let noHeader: UInt8 = 255
    /// How each header's line begins.
    /// Invariant: allocated for `prefixCount` headers for the whole life of the object.
    let prefixes: UnsafeMutablePointer<NameTable.Prefix>
    let prefixCount: Int
    /// Byte range from the message's first to its last `ChanVariable` or kin; empty where it has none.
    var otherStart: Int32 = 0
    var otherEnd: Int32 = 0
    var repeated: AMIHeader?
    var headerCount = 0
    var secondIsPrivilege = false
    var exceeded: (AMIDecodeError.Code, Int)?

    static let names = NameTable(AMIHeader.allCases.map(\.rawValue))
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
