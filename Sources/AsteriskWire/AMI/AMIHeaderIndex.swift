/// Where each known header of the message in hand stands; one table, used again for each message.
///
/// Asterisk writes the headers of an event of one name in the same order each time. So what is kept is which header stood on
/// which line of the last event of that name: where the lines of the next one begin with the same names, as nearly all do,
/// nothing is written down again.
///
/// It lies in memory that the decoder owns, and messages point to it: so none of them counts references.
@safe struct AMIHeaderIndex: ~Copyable {
    /// What a message may hold.
    let limits: AMILimits
    /// Lines of the message in hand, 0 for a greeting. Set when it is split, or before, if its lines were noted when its end
    /// was looked for.
    var lineCount = 0
    /// Whether `lineStarts` and `lineCount` are those of the message in hand already, before it is split.
    var areLinesNoted = false
    /// Where each line of the message begins, and behind the last one where the empty line does.
    /// Invariant: allocated for `lineRoom` lines and two more for the whole life of the table; the first is 0.
    let lineStarts: UnsafeMutablePointer<Int32>
    /// Lines of a message that are split at most: the limit on headers, or a few more.
    let lineRoom: Int
    /// Which header stood on which line of the last message of each event name.
    /// Invariant: allocated for `shapeLines` lines of each event name for the whole life of the table; each is a place in
    /// `prefixes`, and what stands there but `noHeader` has that line as its place in `places`.
    let shapes: UnsafeMutablePointer<UInt8>
    /// More than nearly every event has without variables; lines beyond are found by a search.
    static let shapeLines = 64
    /// In `shapes`: no known header stood on that line, or one that had a line before.
    static let noHeader = UInt8(AMIHeader.allCases.count)
    /// The line of each header, for each event name; `nowhere` for none. It holds for the message in hand where the line is
    /// one of its lines, and below `shapeLines`; beyond, the line itself must be looked at.
    /// Invariant: allocated for all headers of each event name for the whole life of the table.
    let places: UnsafeMutablePointer<UInt16>
    /// Places of each event name in `places`.
    let headerCount: Int
    /// In `places`: more lines than a message may have.
    static let nowhere = UInt16.max
    /// Of `places`, those of the message in hand.
    var placesInHand: UnsafeMutablePointer<UInt16>
    /// How each header's line begins; behind the last what no line begins with, for `noHeader`.
    /// Invariant: allocated for all of them for the whole life of the table.
    let prefixes: UnsafeMutablePointer<NameTable.Prefix>
    /// Whether a header of the last event of each name was asked for: then one of the next will be, and its lines are
    /// noted when its end is looked for.
    /// Invariant: allocated for all event names for the whole life of the table.
    let wasSplit: UnsafeMutablePointer<Bool>
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
    init(limits: AMILimits) {
        var limits = limits
        limits.headers = min(limits.headers, Int(AMIHeaderIndex.nowhere))
        self.limits = limits
        lineRoom = max(limits.headers, 4)
        unsafe lineStarts = .allocate(capacity: lineRoom + 2)
        unsafe lineStarts.initialize(repeating: 0, count: lineRoom + 2)
        let lines = AMIEventName.allCases.count * AMIHeaderIndex.shapeLines
        unsafe shapes = .allocate(capacity: lines)
        unsafe shapes.initialize(repeating: AMIHeaderIndex.noHeader, count: lines)
        headerCount = AMIHeader.allCases.count
        unsafe places = .allocate(capacity: AMIEventName.allCases.count * headerCount)
        unsafe places.initialize(
            repeating: AMIHeaderIndex.nowhere, count: AMIEventName.allCases.count * headerCount)
        unsafe placesInHand = places
        unsafe wasSplit = .allocate(capacity: AMIEventName.allCases.count)
        unsafe wasSplit.initialize(repeating: false, count: AMIEventName.allCases.count)
        let prefixes = AMIHeaderIndex.names.prefixes + [.none]
        unsafe self.prefixes = .allocate(capacity: prefixes.count)
        for (i, prefix) in prefixes.enumerated() { unsafe (self.prefixes + i).initialize(to: prefix) }
    }
    deinit {
        unsafe lineStarts.deallocate()
        unsafe shapes.deallocate()
        unsafe places.deallocate()
        unsafe wasSplit.deallocate()
        unsafe prefixes.deallocate()
    }
}
