import Diagnostics

/// What the arguments ask for: a verb with its options as they were written.
struct Invocation: Equatable {
    /// Decides which options and how many operands there may be.
    var verb: Verb
    /// Values by option name, with dashes; a flag's value is empty.
    var options: [String: String] = [:]
    /// The words that are no option, as many as the verb allows.
    var operands: [String] = []

    /// What is wrong with the arguments.
    struct UsageError: Error, Equatable {
        /// Nil where not even the verb is known.
        var verb: Verb?
        /// One line for a person, without a full stop.
        var problem: String
        /// The usage line of the verb, or of the program.
        var usage: String { verb?.usage ?? "usage: hookswitch VERB [OPTIONS]; hookswitch --help lists the verbs" }
    }
    /// What the arguments can be besides an error.
    enum Parsed: Equatable {
        /// A verb whose options and number of operands are right; the values are the verb's to read.
        case invocation(Invocation)
        /// The text that was asked for.
        case help(String)
    }

    /// Reads the arguments after the program's name. `--name=value` and `--name value` are the same; `--` ends the options.
    static func parse(_ arguments: [String]) throws(UsageError) -> Parsed {
        guard let first = arguments.first else { throw UsageError(verb: nil, problem: "no verb") }
        if first == "--help" || first == "-h" || first == "help" {
            if arguments.count > 1, let verb = Verb(rawValue: arguments[1]) { return .help(verb.help) }
            return .help(Verb.overview)
        }
        if first == "--version" { return .invocation(Invocation(verb: .version)) }
        guard let verb = Verb(rawValue: first) else {
            let hint = NearestName.hint(for: first, among: Verb.allCases.map(\.rawValue))
            throw UsageError(verb: nil, problem: "\"\(first)\" is no verb; \(hint)")
        }
        var invocation = Invocation(verb: verb)
        var rest = arguments.dropFirst()
        var areOptionsOver = false
        while let word = rest.popFirst() {
            if areOptionsOver || !word.hasPrefix("-") || word == "-" {
                invocation.operands.append(word)
                continue
            }
            if word == "--" {
                areOptionsOver = true
                continue
            }
            if word == "--help" || word == "-h" { return .help(verb.help) }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            guard let option = verb.options.first(where: { $0.name == name }) else {
                let hint = NearestName.hint(for: name, among: verb.options.map(\.name))
                throw UsageError(verb: verb, problem: "unknown option \(name); \(hint)")
            }
            guard invocation.options[name] == nil else {
                throw UsageError(verb: verb, problem: "\(name) is given twice")
            }
            if option.value == nil {
                guard parts.count == 1 else { throw UsageError(verb: verb, problem: "\(name) takes no value") }
                invocation.options[name] = ""
            } else if parts.count == 2 {
                invocation.options[name] = String(parts[1])
            } else if let value = rest.first, !verb.options.contains(where: { $0.name == value }) {
                invocation.options[name] = rest.removeFirst()
            } else {
                throw UsageError(verb: verb, problem: "\(name) needs a value: \(option.value ?? "")")
            }
        }
        let count = invocation.operands.count
        if count < verb.operandCount.lowerBound {
            throw UsageError(verb: verb, problem: "\(verb.operands) is missing")
        }
        if count > verb.operandCount.upperBound {
            throw UsageError(
                verb: verb, problem: "\"\(invocation.operands[verb.operandCount.upperBound])\" is one word too many")
        }
        return .invocation(invocation)
    }

    /// Whether a flag was given.
    func has(_ name: String) -> Bool { options[name] != nil }

    /// A whole number from 0, such as `--limit`.
    func number(_ name: String) throws(UsageError) -> Int? {
        guard let text = options[name] else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw UsageError(verb: verb, problem: "\(name) \(text): not a number")
        }
        return number
    }

    /// One of an enumeration's words.
    func word<T: RawRepresentable & CaseIterable>(_ name: String, _: T.Type) throws(UsageError) -> T?
    where T.RawValue == String {
        guard let text = options[name] else { return nil }
        if let value = T(rawValue: text) ?? T(rawValue: text.uppercased()) { return value }
        throw UsageError(
            verb: verb, problem: "\(name) \(text): \(NearestName.hint(for: text, among: T.allCases.map(\.rawValue)))")
    }
}
