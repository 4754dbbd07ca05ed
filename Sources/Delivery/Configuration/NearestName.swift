/// The candidate that differs from `word` by the fewest edits, if it is near enough to be what was meant.
///
/// Near enough: at most a third of the word's length, and at least two edits for anything longer than three letters.
/// - Complexity: product of the lengths, for each candidate. For error messages only.
func nearestName(to word: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(word.lowercased().utf8)
    let limit = wanted.count <= 3 ? 1 : max(2, wanted.count / 3)
    var best: (distance: Int, name: String)?
    for candidate in candidates {
        let distance = editDistance(wanted, Array(candidate.lowercased().utf8))
        if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best?.name
}

/// Levenshtein's distance: insertions, deletions and replacements, one each.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, y) in b.enumerated() {
            let replaced = diagonal + (x == y ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
        }
    }
    return row[b.count]
}

/// `nearest known: x` where there is one, else the list of all names.
func hintOfNames(_ word: String, among names: [String]) -> String {
    if let nearest = nearestName(to: word, among: names) { return "did you mean \"\(nearest)\"?" }
    return "allowed: \(names.joined(separator: ", "))"
}
