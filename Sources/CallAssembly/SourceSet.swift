import Telephony

/// Who testified to a call, as a set of bits: each event's source is noted, which a hash would make dear.
struct SourceSet: OptionSet, Sendable {
    /// A bit for each source, 0 to 15.
    let rawValue: UInt8
    /// Channel events of the manager stream, or its list of live channels.
    static let ami = SourceSet(rawValue: 1)
    /// The dialplan: a hangup handler or a tag, by FastAGI or the spool.
    static let agi = SourceSet(rawValue: 2)
    /// A CDR, as an event or from Asterisk's file.
    static let cdr = SourceSet(rawValue: 4)
    /// A CEL row, as an event or from Asterisk's file.
    static let cel = SourceSet(rawValue: 8)

    /// As the record has it.
    var sources: Set<CallRecord.Source> { SourceSet.all[Int(rawValue)] }

    private static let all: [Set<CallRecord.Source>] = (UInt8(0)..<16).map { bits in
        let names: [(SourceSet, CallRecord.Source)] = [(.ami, .ami), (.agi, .agi), (.cdr, .cdr), (.cel, .cel)]
        return Set(names.filter { SourceSet(rawValue: bits).contains($0.0) }.map(\.1))
    }
}
