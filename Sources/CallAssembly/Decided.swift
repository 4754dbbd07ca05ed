/// What was decided of one field of the record, and the event that decided it.
struct Decided<Value: Sendable>: Sendable {
    /// What the record says.
    var value: Value
    /// The event, and when it came; nil where no one moment decided.
    var mark: Mark?
    /// In words, for `show`.
    var reason: String

    /// `mark` is nil where no one moment decided; the evidence then stands at another that fits.
    init(_ value: Value, _ mark: Mark?, _ reason: String) {
        (self.value, self.mark, self.reason) = (value, mark, reason)
    }
}
