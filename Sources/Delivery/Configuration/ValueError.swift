/// A mistake inside one value, before it is known where the value stands.
package struct ValueError: Error, Equatable {
    var code: DeliveryConfigurationError.Code = .badValue
    package var problem: String
    package var hint: String

    package init(problem: String, hint: String) { (self.problem, self.hint) = (problem, hint) }
    init(code: DeliveryConfigurationError.Code, problem: String, hint: String) {
        (self.code, self.problem, self.hint) = (code, problem, hint)
    }
}
