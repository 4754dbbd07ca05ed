/// The name that was probably meant, for error messages about names that are not known.
public enum NearestName {
    /// The candidate that differs from `word` by the fewest edits, if it is near enough to be what was meant: a third of the
    /// word's length, at least two edits for words of more than three letters.
    /// - Complexity: the product of the lengths, for each candidate.
    public static func of(_ word: String, among candidates: some Sequence<String>) -> String? {
        // What is longer than twice any name was no slip of the pen, and might be a whole file.
        guard word.utf8.count <= 128 else { return nil }
        let wanted = Array(word.lowercased().utf8)
        let limit = wanted.count <= 3 ? 1 : max(2, wanted.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let known = Array(candidate.lowercased().utf8)
            // Each byte that one has more than the other is an edit.
            guard abs(known.count - wanted.count) <= limit else { continue }
            guard let distance = editDistance(wanted, known, atMost: limit) else { continue }
            if distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.name
    }

    /// A hint for a message: the nearest name, or all of them.
    public static func hint(for word: String, among candidates: [String]) -> String {
        if let nearest = of(word, among: candidates) { return "did you mean \"\(nearest)\"?" }
        return "allowed: \(candidates.joined(separator: ", "))"
    }

    /// Levenshtein's distance: insertions, deletions and replacements count one each; nil where it is more than `limit`.
    private static func editDistance(_ a: [UInt8], _ b: [UInt8], atMost limit: Int) -> Int? {
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            var least = i + 1
            row[0] = least
            for j in b.indices {
                let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(min(row[j], diagonal) + 1, replaced)
                least = min(least, row[j + 1])
            }
            // A row has nothing that is less than the least of the row before it.
            if least > limit { return nil }
        }
        return row[b.count] <= limit ? row[b.count] : nil
    }
}
