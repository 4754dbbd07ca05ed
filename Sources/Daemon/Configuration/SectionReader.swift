import Delivery
import Diagnostics

/// Takes the values of one section by key and remembers what was wrong.
struct SectionReader {
    /// What it reports; the section and file are filled in here.
    typealias Problem = ConfigurationError.Problem
    private let file: String
    /// What is read, for its title and lines.
    let section: INIFile.Section
    /// For what a value names: a file, an environment variable.
    let environment: ConfigurationEnvironment
    /// What was wrong so far.
    private(set) var problems: [Problem] = []
    private var asked: [String] = []
    /// Keys whose values are not known, because a variable or a file is missing; that has been told.
    private(set) var unresolved: Set<String> = []

    /// Reports at once the keys that are set twice.
    /// - Parameter file: as problems name it.
    init(file: String, section: INIFile.Section, environment: ConfigurationEnvironment) {
        (self.file, self.section, self.environment) = (file, section, environment)
        var seen: [String: Int] = [:]
        for setting in section.settings {
            if let first = seen.updateValue(setting.line, forKey: setting.key) {
                report(setting.line, setting.key, "is set twice", "the first is in line \(first); remove one")
            }
        }
    }

    /// Notes a mistake of a key, or of the section where `key` is empty.
    mutating func report(_ line: Int, _ key: String, _ problem: String, _ hint: String) {
        problems.append(
            Problem(file: file, line: line, section: section.title, key: key, problem: problem, hint: hint))
    }

    /// The line of a key, or of the section.
    func line(of key: String) -> Int { section.settings.first { $0.key == key }?.line ?? section.line }

    /// A value as text, environment variables filled in; nil where it is not set or wrong.
    mutating func text(_ key: String) -> String? {
        asked.append(key)
        guard let setting = section.settings.last(where: { $0.key == key }) else { return nil }
        return resolved(setting, keepsTemplateNames: false)
    }

    /// A value read by `parse`; nil where it is not set or wrong.
    mutating func value<T>(_ key: String, _ parse: (String) throws(ConfigurationValue.Mistake) -> T) -> T? {
        guard let text = text(key) else { return nil }
        do throws(ConfigurationValue.Mistake) {
            return try parse(text)
        } catch {
            report(line(of: key), key, error.problem, error.hint)
            return nil
        }
    }

    /// A length of time within bounds; nil where it is not set or wrong.
    mutating func duration(_ key: String, _ bounds: ClosedRange<Duration>, hint: String) -> Duration? {
        value(key) { (text) throws(ConfigurationValue.Mistake) in
            let duration = try ConfigurationText.duration(text)
            guard bounds.contains(duration) else {
                throw ConfigurationValue.Mistake(problem: "\(text) is out of range", hint: hint)
            }
            return duration
        }
    }

    /// A list, each item read by `parse`; nil where it is not set.
    mutating func list<T>(_ key: String, _ parse: (String) throws(ConfigurationValue.Mistake) -> T) -> [T]? {
        guard let text = text(key) else { return nil }
        var items: [T] = []
        for item in ConfigurationText.list(text) {
            do throws(ConfigurationValue.Mistake) {
                items.append(try parse(item))
            } catch {
                report(line(of: key), key, error.problem, error.hint)
            }
        }
        return items
    }

    /// `key`, which must be there.
    mutating func required(_ key: String, hint: String) -> String? {
        guard section.settings.contains(where: { $0.key == key }) else {
            asked.append(key)
            report(section.line, key, "is missing", hint)
            return nil
        }
        return text(key)
    }

    /// A secret, from `secret` or from the file that `secret_file` names.
    mutating func secret(hint: String) -> String? {
        asked += ["secret", "secret_file"]
        guard let setting = section.settings.last(where: { $0.key == "secret_file" }) else {
            return required("secret", hint: hint)
        }
        if section.settings.contains(where: { $0.key == "secret" }) {
            report(setting.line, "secret_file", "stands beside secret", "keep one of the two")
            return nil
        }
        guard let path = resolved(setting, keepsTemplateNames: false) else { return nil }
        return secret(inFile: path, setting.line)
    }

    /// All settings with their values filled in, for a section whose keys another module knows. `secret_file` becomes `secret`. Of
    /// a key that is set twice, which has been told, only the first.
    mutating func everything(templates: (String) -> Bool) -> [EndpointConfiguration.Entry] {
        var all: [EndpointConfiguration.Entry] = []
        for setting in section.settings where !asked.contains(setting.key) {
            asked.append(setting.key)
            guard let value = resolved(setting, keepsTemplateNames: templates(setting.key)) else {
                unresolved.insert(setting.key)
                continue
            }
            if setting.key == "secret_file" {
                guard let secret = secret(inFile: value, setting.line) else {
                    unresolved.insert("secret")
                    continue
                }
                all.append(.init("secret", secret, line: setting.line))
            } else {
                all.append(.init(setting.key, value, line: setting.line))
            }
        }
        return all
    }

    /// Reports every key that nobody asked for.
    mutating func finish() {
        for setting in section.settings where !asked.contains(setting.key) {
            report(setting.line, setting.key, "unknown key", NearestName.hint(for: setting.key, among: asked))
        }
    }

    private mutating func secret(inFile path: String, _ line: Int) -> String? {
        switch environment.contents(path) {
        case .success(let bytes):
            let text = String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
            if text.isEmpty { report(line, "secret_file", "\(path) is empty", "write the secret as its first line") }
            return text.isEmpty ? nil : text
        case .failure(let error):
            report(line, "secret_file", error.description, "the daemon's user must be able to read it")
            return nil
        }
    }

    /// Fills in `${NAME}`. In a template, names that are not written in capitals are fields of the record and stay.
    private mutating func resolved(_ setting: INIFile.Setting, keepsTemplateNames: Bool) -> String? {
        var out = ""
        var rest = Substring(setting.value)
        while let open = rest.firstRange(of: "${") {
            out += rest[..<open.lowerBound]
            guard let close = rest[open.upperBound...].firstIndex(of: "}") else {
                report(setting.line, setting.key, "${ without }", "write ${NAME} for an environment variable")
                return nil
            }
            let name = rest[open.upperBound..<close]
            let isVariable = name.utf8.allSatisfy {
                (65...90).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_")
            }
            if keepsTemplateNames && !isVariable {
                out += rest[open.lowerBound...close]
            } else if let value = environment.variable(String(name)) {
                out += value
            } else {
                report(
                    setting.line, setting.key, "the environment variable \(name) is not set",
                    "set it where the daemon is started, as in /etc/hookswitch/environment, or use secret_file")
                return nil
            }
            rest = rest[rest.index(after: close)...]
        }
        return out + rest
    }
}

extension Substring {
    /// The first place of an ASCII text.
    fileprivate func firstRange(of wanted: String) -> Range<Index>? {
        let bytes = Array(wanted.utf8)
        var at = startIndex
        while at < endIndex {
            if utf8[at...].starts(with: bytes) { return at..<utf8.index(at, offsetBy: bytes.count) }
            at = utf8.index(after: at)
        }
        return nil
    }
}
