import Delivery
import Glibc

/// Asterisk's own configuration files, as far as `check` reads them: sections with their settings, includes followed.
///
/// **Shape**: `[name]`, `[name](!)`, `[name](+)`, `[name](template)`, `key = value`, `key => value`, `;` comments, `;--` block comments `--;`,
/// `#include "file"` and `#include file*.conf`, relative to the folder. **Source**: Asterisk's main/config.c (16 and 22).
struct AsteriskFiles {
    /// One `key = value` or `key => value`.
    struct Setting: Equatable {
        /// As written; Asterisk's own look-ups do not care for its case.
        var key: String
        /// Without comment and blanks around it; quotes stay.
        var value: String
    }
    /// One `[name]` with all that stands below it anywhere in the file, its templates' settings among them.
    struct Section: Equatable {
        /// As written between the brackets.
        var name: String
        /// In the order Asterisk reads them; a key may come several times.
        var settings: [Setting] = []

        /// The last value of a key; Asterisk's names do not care for case.
        func value(_ key: String) -> String? { settings.last { $0.key.lowercased() == key }?.value }
        /// All values of a key, in order.
        /// - Parameter key: in small letters.
        func values(_ key: String) -> [String] { settings.filter { $0.key.lowercased() == key }.map(\.value) }
    }
    /// What relative names of files and includes are taken from, `/etc/asterisk` on most hosts.
    let folder: String

    /// Reads nothing: each `sections` reads its file anew.
    init(folder: String) { self.folder = folder }

    /// Whether the folder can be read at all.
    var isThere: Bool { access(folder, R_OK | X_OK) == 0 }

    /// The sections of a file, those of one name put together; nil where it cannot be read.
    func sections(_ name: String) -> [Section]? {
        var sections: [Section] = []
        var current: Int?
        var files = AsteriskFiles.fileLimit
        guard read(path(name), depth: 0, &files, &sections, &current) else { return nil }
        return sections
    }

    private func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(folder)/\(name)" }

    /// Files read for one: far more than any PBX has, far fewer than files that include each other would be read.
    private static let fileLimit = 500

    private func read(
        _ path: String, depth: Int, _ files: inout Int, _ sections: inout [Section], _ current: inout Int?
    ) -> Bool {
        files -= 1
        guard depth < 10, files >= 0, let bytes = try? FileError.read(path) else { return false }
        var isInBlock = false
        for raw in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            var line = ConfigurationText.trimmed(raw.split(separator: "\r").first ?? "")
            if isInBlock {
                isInBlock = !line.contains("--;")
                continue
            }
            if line.hasPrefix(";--"), !line.hasPrefix(";---") {
                isInBlock = !line.contains("--;")
                continue
            }
            line = AsteriskFiles.withoutComment(line)
            if line.hasPrefix("#include") || line.hasPrefix("#tryinclude") {
                let name = ConfigurationText.trimmed(line.drop { $0 != " " && $0 != "\t" })
                    .filter { !"\"<>".contains($0) }
                for file in AsteriskFiles.matches(self.path(name)) {
                    _ = read(file, depth: depth + 1, &files, &sections, &current)
                }
            } else if line.hasPrefix("["), let close = line.firstIndex(of: "]") {
                let name = String(line[line.index(after: line.startIndex)..<close])
                let known = sections.firstIndex { $0.name == name }
                if known == nil { sections.append(Section(name: name)) }
                current = known ?? sections.count - 1
                let options = line[line.index(after: close)...].drop { $0 != "(" }.dropFirst().prefix { $0 != ")" }
                for template in ConfigurationText.list(String(options)) {
                    guard let from = sections.first(where: { $0.name == template }) else { continue }
                    sections[known ?? sections.count - 1].settings += from.settings
                }
            } else if let current, let equals = line.firstIndex(of: "=") {
                var value = line[line.index(after: equals)...]
                if value.hasPrefix(">") { value = value.dropFirst() }
                sections[current].settings.append(
                    Setting(
                        key: ConfigurationText.trimmed(line[..<equals]), value: ConfigurationText.trimmed(value)))
            }
        }
        return true
    }

    /// `;` begins a comment unless `\` stands before it.
    private static func withoutComment(_ line: String) -> String {
        var last: Character = " "
        for i in line.indices {
            if line[i] == ";", last != "\\" { return ConfigurationText.trimmed(line[..<i]) }
            last = line[i]
        }
        return line
    }

    /// Asterisk cuts a longer path off, and finds nothing there. `glob` calls itself for each folder of a pattern.
    private static let longestPath = 255

    private static func matches(_ pattern: String) -> [String] {
        guard pattern.utf8.count <= longestPath else { return [] }
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
    }

    /// Asterisk's yes (`ast_true`).
    static func isTrue(_ text: String?) -> Bool {
        text.map { ["yes", "true", "y", "t", "1", "on"].contains($0.lowercased()) } ?? false
    }
}
