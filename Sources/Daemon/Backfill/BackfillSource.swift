/// Files of one Asterisk that tell of calls that were missed.
public struct BackfillSource: Sendable, Equatable {
    /// The `[pbx:NAME]` section they are of; nil: the only one, or the one whose name the ids in the files begin with.
    public var pbx: String?
    public var cdr: String?
    public var cel: String?

    public init(pbx: String?, cdr: String?, cel: String?) { (self.pbx, self.cdr, self.cel) = (pbx, cdr, cel) }
}
