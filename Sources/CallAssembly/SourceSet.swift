import Telephony

/// Who testified to a call, as a set of bits: each event's source is noted, which a hash would make dear.
struct SourceSet: OptionSet, Sendable {
    let rawValue: UInt8
    static let ami = SourceSet(rawValue: 1)
    static let agi = SourceSet(rawValue: 2)
    static let cdr = SourceSet(rawValue: 4)
    static let cel = SourceSet(rawValue: 8)

    /// As the record has it.
    var sources: Set<CallRecord.Source> { SourceSet.all[Int(rawValue)] }

    private static let all: [Set<CallRecord.Source>] = (UInt8(0)..<16).map { bits in
        let names: [(SourceSet, CallRecord.Source)] = [(.ami, .ami), (.agi, .agi), (.cdr, .cdr), (.cel, .cel)]
        return Set(names.filter { SourceSet(rawValue: bits).contains($0.0) }.map(\.1))
    }
}
