/// How many columns of a terminal a text takes, and how it is cut to fit.
///
/// Source: Unicode's East Asian Width (UAX 11), the wide and emoji ranges as terminals draw them; combining marks take none.
enum DisplayWidth {
    /// The columns that the text takes; it must hold no control characters.
    static func of(_ text: some StringProtocol) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + of($1) }
    }

    private static func of(_ character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        switch scalar.value {
        case 0x300...0x36F, 0x200B...0x200F, 0xFE00...0xFE0F: return 0
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// The text in exactly `width` columns, blanks added on the right, or cut with `…`.
    static func fit(_ text: String, _ width: Int) -> String {
        let cutText = cut(text, width)
        return cutText + String(repeating: " ", count: max(0, width - of(cutText)))
    }

    /// The text in at most `width` columns; what does not fit is `…`.
    static func cut(_ text: String, _ width: Int) -> String {
        guard of(text) > width else { return text }
        guard width > 0 else { return "" }
        var out = ""
        var used = 0
        for character in text {
            let next = of(character)
            if used + next > width - 1 { break }
            out.append(character)
            used += next
        }
        return out + "…"
    }

    /// The text in lines of at most `width` columns, broken wherever one is full: put together again it is the text.
    static func chop(_ text: String, _ width: Int) -> [String] {
        var lines = [""]
        var used = 0
        for character in text {
            let next = of(character)
            if used + next > max(1, width), used > 0 {
                lines.append("")
                used = 0
            }
            lines[lines.count - 1].append(character)
            used += next
        }
        return lines
    }

    /// The text in lines of at most `width` columns, broken at blanks, or anywhere in a word that is longer than a line.
    static func wrap(_ text: String, _ width: Int) -> [String] {
        guard width > 0 else { return [text] }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            let joined = line.isEmpty ? String(word) : "\(line) \(word)"
            if of(joined) <= width {
                line = joined
                continue
            }
            if !line.isEmpty { lines.append(line) }
            line = ""
            for character in word {
                if of(line) + of(character) > width {
                    lines.append(line)
                    line = ""
                }
                line.append(character)
            }
        }
        if !line.isEmpty || lines.isEmpty { lines.append(line) }
        return lines
    }
}
