/// A mistake inside one value, before it is known where the value stands.
package struct ValueError: Error, Equatable {
    /// What the error of the entry will have.
    var code: DeliveryConfigurationError.Code = .badValue
    /// In words, as `"10 parrots" is not a time`; holds the value where that cannot be a secret.
    package var problem: String
    /// What to write instead.
    package var hint: String

    /// For most mistakes: the value cannot be read as what the key takes (`badValue`).
    package init(problem: String, hint: String) { (self.problem, self.hint) = (problem, hint) }
    /// For what is wrong in another way: an unknown field, a conflict.
    init(code: DeliveryConfigurationError.Code, problem: String, hint: String) {
        (self.code, self.problem, self.hint) = (code, problem, hint)
    }
}
