/// The variables of one call: so few that looking at each in turn is quicker than a hash.
struct VariableList: Sendable, Sequence {
    /// One variable, its value, and what told it.
    struct Entry: Sendable {
        /// Without the underscores of inheritance.
        let name: String
        /// The latest; may be empty.
        var value: String
        /// The event that told this value first.
        var mark: Mark
    }
    private var all: [Entry] = []

    /// The value under that name; nil where there is none.
    subscript(name: String) -> String? { all.first { $0.name == name }?.value }
    /// What told that value.
    func mark(of name: String) -> Mark? { all.first { $0.name == name }?.mark }
    /// The same value told again keeps its first mark: that one decided.
    mutating func set(_ name: String, _ value: String, _ mark: Mark) {
        guard let place = all.firstIndex(where: { $0.name == name }) else {
            all.append(Entry(name: name, value: value, mark: mark))
            return
        }
        if all[place].value != value { (all[place].value, all[place].mark) = (value, mark) }
    }
    /// Adds what is not there yet, or empty.
    mutating func fill(from others: VariableList) {
        for entry in others where self[entry.name]?.isEmpty ?? true { set(entry.name, entry.value, entry.mark) }
    }
    /// In the order they were first set.
    func makeIterator() -> IndexingIterator<[Entry]> { all.makeIterator() }
}
