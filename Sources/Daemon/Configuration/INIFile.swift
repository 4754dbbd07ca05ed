import CINI
import Synchronization

/// The sections and settings of an Asterisk-style file, each with its line, before anything is known of their meaning.
///
/// **Shape**: `[title]`, `key = value` or `key => value`; `;` starts a comment at the start of a line or after a blank; `\;` is a
/// semicolon that is none. inih reads the lines; what it leaves out is added here: line numbers, sections without a setting
/// (their names are checked too), titles beyond its 49 bytes, and a refusal of what Asterisk would act on and inih skips
/// (`#include`, `[section](template)`).
struct INIFile {
    /// One `key = value`.
    struct Setting: Equatable {
        /// As written before `=`; case counts.
        var key: String
        /// Without comment and blanks around it; environment variables not filled in yet.
        var value: String
        /// From 1.
        var line: Int
    }
    /// One `[title]` with what stands below it.
    struct Section: Equatable {
        /// Between the brackets, as written: `webhook:crm`.
        var title: String
        /// Of its title, from 1.
        var line: Int
        /// In the order of the file; a key that is set twice is there twice.
        var settings: [Setting] = []
    }
    /// A line that cannot be read.
    struct Mistake: Error, Equatable {
        /// From 1.
        var line: Int
        /// What is wrong, without a value, which may be a secret.
        var problem: String
        /// What would be right.
        var hint: String
    }

    /// In the order of the file; two of one title stay two.
    private(set) var sections: [Section] = []

    /// Reads the bytes of a file.
    /// - Throws: at the first line that is neither section, setting nor comment, or is too long.
    init(parsing bytes: [UInt8]) throws(Mistake) {
        let feed = Feed(bytes: bytes)
        let handle = Unmanaged.passUnretained(feed).toOpaque()
        let result = INIFile.library.withLock { _ in
            hookswitch_ini_parse(
                { line, size, stream in
                    let feed = Unmanaged<Feed>.fromOpaque(stream!).takeUnretainedValue()
                    return feed.next(into: line!, size: Int(size)) ? line : nil
                }, handle,
                { user, _, name, value in
                    let feed = Unmanaged<Feed>.fromOpaque(user!).takeUnretainedValue()
                    return feed.take(String(cString: name!), String(cString: value!)) ? 1 : 0
                }, handle)
        }
        if let mistake = feed.mistake { throw mistake }
        if result != 0 {
            throw Mistake(line: feed.line, problem: "not a setting", hint: "write key = value, [section] or ; comment")
        }
        sections = feed.sections
    }

    /// inih's settings are process-wide: one parse at a time.
    private static let library = Mutex(())

    /// What inih reads from, and what it has read.
    private final class Feed {
        let bytes: [UInt8]
        var at = 0
        var line = 0
        var sections: [Section] = []
        var mistake: Mistake?

        init(bytes: [UInt8]) { self.bytes = bytes }

        /// Gives inih the next line. A line that inih may not see ends the reading.
        func next(into buffer: UnsafeMutablePointer<CChar>, size: Int) -> Bool {
            guard at < bytes.count, mistake == nil else { return false }
            line += 1
            let end = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
            let text = bytes[at..<end]
            at = end + 1
            if text.count + 3 > size {
                mistake = Mistake(line: line, problem: "line of \(text.count) bytes", hint: "at most \(size - 3)")
            } else if text.contains(0) {
                mistake = Mistake(line: line, problem: "a zero byte", hint: "the file is not text")
            } else {
                note(text)
            }
            guard mistake == nil else { return false }
            for (i, byte) in text.enumerated() { buffer[i] = CChar(bitPattern: byte) }
            buffer[text.count] = CChar(bitPattern: UInt8(ascii: "\n"))
            buffer[text.count + 1] = 0
            return true
        }

        /// Looks at a line for what inih does not tell of.
        private func note(_ text: ArraySlice<UInt8>) {
            var line = Substring(String(decoding: text, as: UTF8.self))
            if self.line == 1, line.unicodeScalars.first == "\u{FEFF}" { line.unicodeScalars.removeFirst() }
            line = line.drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix("#") {
                mistake = Mistake(
                    line: self.line, problem: "a line that starts with #",
                    hint: "comments start with ; and there is no #include")
            } else if line.hasPrefix("["), let close = line.firstIndex(of: "]") {
                let rest = line[line.index(after: close)...].drop { $0 == " " || $0 == "\t" || $0 == "\r" }
                guard rest.isEmpty || rest.hasPrefix(";") else {
                    mistake = Mistake(
                        line: self.line, problem: "text after [section]",
                        hint: "templates are not known here; only a ; comment may follow")
                    return
                }
                let title = line[line.index(after: line.startIndex)..<close]
                sections.append(Section(title: String(title), line: self.line))
            }
        }

        func take(_ key: String, _ value: String) -> Bool {
            guard !sections.isEmpty else {
                mistake = Mistake(
                    line: line, problem: "\"\(key)\" stands before the first section", hint: "begin with [general]")
                return false
            }
            var value = Substring(value)
            // `key => value`, as many Asterisk files have it.
            if value.hasPrefix(">") { value = value.dropFirst().drop { $0 == " " || $0 == "\t" } }
            let text = value.split(separator: "\\;", omittingEmptySubsequences: false).joined(separator: ";")
            sections[sections.count - 1].settings.append(Setting(key: key, value: text, line: line))
            return true
        }
    }
}
