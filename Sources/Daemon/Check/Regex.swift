import Glibc

/// POSIX extended regular expressions, as Asterisk compiles an eventfilter (`regcomp` with `REG_EXTENDED`).
enum Regex {
    /// Whether the pattern is found in the text; false for a pattern that cannot be compiled, which Asterisk leaves out too.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        var compiled = regex_t()
        guard regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0 else { return false }
        defer { regfree(&compiled) }
        return regexec(&compiled, text, 0, nil, 0) == 0
    }
}
