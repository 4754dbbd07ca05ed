/// The variables of one call: so few that looking at each in turn is quicker than a hash.
struct VariableList: Sendable, Sequence {
    private var all: [(name: String, value: String)] = []

    /// The value under that name; nil where there is none. Setting nil takes it out.
    subscript(name: String) -> String? {
        get { all.first { $0.name == name }?.value }
        set {
            let place = all.firstIndex { $0.name == name }
            switch (place, newValue) {
            case (let place?, let value?): all[place].value = value
            case (let place?, nil): all.remove(at: place)
            case (nil, let value?): all.append((name, value))
            case (nil, nil): break
            }
        }
    }
    /// In the order they were first set.
    func makeIterator() -> IndexingIterator<[(name: String, value: String)]> { all.makeIterator() }
}
